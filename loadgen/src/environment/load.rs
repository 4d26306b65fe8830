//! What everybody's programs were doing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Reasons, files, memory};
use crate::host::{Figure, stat::TICK};

/// The load of the machine around a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Before it began.
    pub at_start: Moment,
    /// When it had ended.
    pub at_end: Option<Moment>,
    /// What part of the time of all processors was used in between, by everybody, 0 to 1. The run
    /// itself is among them.
    pub cpu_use: Option<f64>,
}

/// The load at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// How many threads ran or wanted to, on average over one, five and fifteen minutes.
    pub load_average: Option<[f64; 3]>,
    /// Threads that run or want to right now, this one among them.
    pub running: Option<u64>,
    /// All threads.
    pub threads: Option<u64>,
    /// In what part of the last ten seconds some thread waited for a processor, in percent.
    pub cpu_pressure_percent: Option<f64>,
    /// Memory to be had without moving anything out of it.
    pub memory_available_bytes: Option<u64>,
    /// Processor time that was used since the machine was started, by everybody.
    pub cpu_busy_ns: Option<u64>,
    /// Processor time that nobody wanted.
    pub cpu_idle_ns: Option<u64>,
    /// Processor time that a hypervisor took.
    pub cpu_stolen_ns: Option<u64>,
}

impl Load {
    /// Looks for the first time.
    pub(super) fn begin(mut reasons: Reasons<'_>) -> Self {
        let later = || "the run has not ended".to_owned();
        Self {
            at_start: Moment::read(reasons.group("at_start")),
            at_end: reasons.known(AT_END, Err(later())),
            cpu_use: reasons.known(CPU_USE, Err(later())),
        }
    }

    /// Looks again.
    pub(super) fn end(&mut self, mut reasons: Reasons<'_>) {
        reasons.forget(AT_END);
        reasons.forget(CPU_USE);
        let at_end = Moment::read(reasons.group(AT_END));
        self.cpu_use = reasons.known(CPU_USE, at_end.use_since(&self.at_start));
        self.at_end = Some(at_end);
    }
}

const AT_END: &str = "at_end";
const CPU_USE: &str = "cpu_use";

impl Moment {
    pub(super) fn read(mut reasons: Reasons<'_>) -> Self {
        let average = files::text("/proc/loadavg").and_then(|text| average(&text));
        let part = |of: fn(&Average) -> u64| average.as_ref().map(of).map_err(Clone::clone);
        let time = files::text("/proc/stat").and_then(|text| time(&text));
        let nanos = |of: fn(&Time) -> u64| time.as_ref().map(of).map_err(Clone::clone);
        let pressure = files::text("/proc/pressure/cpu").and_then(|text| pressure(&text));
        let available =
            files::text("/proc/meminfo").and_then(|text| memory::bytes(&text, "MemAvailable"));
        let load_average = average.as_ref().map(|average| average.of_minutes);
        Self {
            load_average: reasons.known("load_average", load_average.map_err(Clone::clone)),
            running: reasons.known("running", part(|average| average.running)),
            threads: reasons.known("threads", part(|average| average.threads)),
            cpu_pressure_percent: reasons.known("cpu_pressure_percent", pressure),
            memory_available_bytes: reasons.known("memory_available_bytes", available),
            cpu_busy_ns: reasons.known("cpu_busy_ns", nanos(|time| time.busy)),
            cpu_idle_ns: reasons.known("cpu_idle_ns", nanos(|time| time.idle)),
            cpu_stolen_ns: reasons.known("cpu_stolen_ns", nanos(|time| time.stolen)),
        }
    }

    /// What part of all processor time since `before` was used.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share, of far fewer than 2^53 ticks"
    )]
    fn use_since(&self, before: &Self) -> Figure<f64> {
        let since = |of: fn(&Self) -> Option<u64>| {
            let time = of(self).zip(of(before));
            let time = time.map(|(after, before)| after.saturating_sub(before));
            time.ok_or_else(|| "processor times are unknown".to_owned())
        };
        let busy = since(|moment| moment.cpu_busy_ns)?;
        let stolen = since(|moment| moment.cpu_stolen_ns)?;
        let all = busy + stolen + since(|moment| moment.cpu_idle_ns)?;
        if all == 0 {
            return Err("no tick of the processors' clock passed in between".to_owned());
        }
        Ok(busy as f64 / all as f64)
    }
}

struct Average {
    of_minutes: [f64; 3],
    running: u64,
    threads: u64,
}

/// `0.20 0.18 0.12 1/80 11206` (`proc_loadavg(5)`).
fn average(text: &str) -> Figure<Average> {
    let mut columns = text.split_ascii_whitespace();
    let mut minutes = || {
        columns
            .next()?
            .parse::<f64>()
            .ok()
            .filter(|load| load.is_finite())
    };
    let of_minutes = (minutes(), minutes(), minutes());
    let threads = columns.next().and_then(|column| column.split_once('/'));
    let threads = threads.map(|(running, all)| (running.parse(), all.parse()));
    match (of_minutes, threads) {
        ((Some(one), Some(five), Some(fifteen)), Some((Ok(running), Ok(threads)))) => Ok(Average {
            of_minutes: [one, five, fifteen],
            running,
            threads,
        }),
        _ => Err(format!("/proc/loadavg says {text:?}")),
    }
}

/// `some avg10=0.00 ...`, and a line `full` (`Documentation/accounting/psi.rst`).
fn pressure(text: &str) -> Figure<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("some "));
    let figure = line.and_then(|line| line.split(' ').find_map(|part| part.strip_prefix("avg10=")));
    let figure = figure.and_then(|figure| figure.parse::<f64>().ok());
    figure
        .filter(|percent| percent.is_finite())
        .ok_or_else(|| format!("/proc/pressure/cpu says {text:?}"))
}

/// In nanoseconds.
struct Time {
    busy: u64,
    idle: u64,
    stolen: u64,
}

/// `cpu user nice system idle iowait irq softirq steal ...` (`proc_stat(5)`); what guests used is
/// part of `user` and `nice`.
fn time(text: &str) -> Figure<Time> {
    let line = text.lines().find_map(|line| line.strip_prefix("cpu "));
    let columns = line.unwrap_or_default().split_ascii_whitespace();
    let ticks: Vec<u64> = columns
        .take(8)
        .map_while(|column| column.parse().ok())
        .collect();
    let [user, nice, system, idle, waiting, irq, softirq, stolen] = ticks[..] else {
        return Err("/proc/stat has no line of all processors with a steal column".to_owned());
    };
    let nanos = |ticks: &[u64]| {
        let ticks = ticks
            .iter()
            .fold(0, |sum: u64, ticks| sum.saturating_add(*ticks));
        let time = TICK.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX));
        u64::try_from(Duration::as_nanos(&time)).unwrap_or(u64::MAX)
    };
    Ok(Time {
        busy: nanos(&[user, nice, system, irq, softirq]),
        idle: nanos(&[idle, waiting]),
        stolen: nanos(&[stolen]),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moment(busy: u64, idle: u64, stolen: u64) -> Moment {
        Moment {
            load_average: None,
            running: None,
            threads: None,
            cpu_pressure_percent: None,
            memory_available_bytes: None,
            cpu_busy_ns: Some(busy),
            cpu_idle_ns: Some(idle),
            cpu_stolen_ns: Some(stolen),
        }
    }

    #[test]
    fn the_load_is_read_in_its_columns() {
        let average = average("0.20 1.18 2.12 3/80 11206\n").unwrap();
        assert_eq!(
            average.of_minutes.map(|load| format!("{load:.2}")),
            ["0.20", "1.18", "2.12"]
        );
        assert_eq!((average.running, average.threads), (3, 80));
    }

    #[test]
    fn pressure_is_that_of_some_thread() {
        let text = "some avg10=1.50 avg60=7.59 total=3\nfull avg10=0.25 avg60=0.00 total=0\n";
        assert_eq!(pressure(text), Ok(1.5));
        assert!(pressure("full avg10=0.25\n").is_err());
    }

    #[test]
    fn processor_time_is_used_or_idle_or_stolen() {
        let time = time("cpu  1 2 3 40 5 6 7 8 1 0\ncpu0 1 2 3 4 5 6 7 8 9 0\n").unwrap();
        let tick = 10_000_000;
        let told = (time.busy, time.idle, time.stolen);
        assert_eq!(told, (19 * tick, 45 * tick, 8 * tick));
    }

    #[test]
    fn use_is_a_share_of_all_time_in_between() {
        let before = moment(100, 1_000, 0);
        assert_eq!(moment(130, 1_060, 10).use_since(&before), Ok(0.3));
        assert!(before.use_since(&before).unwrap_err().contains("no tick"));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(
            text in "((cpu |some avg10=)?([0-9.]{0,21}[ /]){0,9}\n|.{0,20}\n){0,4}",
        ) {
            let _read: (bool, bool, bool) =
                (average(&text).is_ok(), pressure(&text).is_ok(), time(&text).is_ok());
        }
    }
}
