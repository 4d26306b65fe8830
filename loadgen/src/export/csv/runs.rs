//! A row an interval of a run, or a row a run of a sweep.

use super::record::{quantile, text, verdict};
use crate::decimal;
use crate::results::{Distribution, Period, Run, Spread, Sweep, SweepTrial};
use crate::sweep::Direction;

/// A row an interval. A run without intervals has one row, for the whole window.
#[must_use]
pub fn run(run: &Run) -> String {
    let header = ["from_s", "to_s"]
        .into_iter()
        .chain(PERIOD_COUNTS)
        .chain(["sent_pps", "received_pps"])
        .map(str::to_owned)
        .chain(quantile_names(&["p50", "p90", "p99", "p99_9", "max"]));
    let header: Vec<String> = header.collect();
    let rows: Vec<Vec<String>> = if run.intervals.is_empty() {
        vec![whole(run)]
    } else {
        run.intervals.iter().map(period).collect()
    };
    text(&header, &rows)
}

/// A row a run.
#[must_use]
pub fn sweep(sweep: &Sweep) -> String {
    let header = ["direction", "rate_pps"]
        .into_iter()
        .chain(RUN_COUNTS)
        .chain(["sent_pps", "received_pps"])
        .map(str::to_owned)
        .chain(quantile_names(&[
            "p50", "p90", "p99", "p99_9", "p99_99", "max",
        ]))
        .chain(["verdict".to_owned()]);
    let header: Vec<String> = header.collect();
    let rows: Vec<Vec<String>> = sweep.trials.iter().map(trial).collect();
    text(&header, &rows)
}

const PERIOD_COUNTS: [&str; 9] = [
    "sent",
    "not_sent",
    "received",
    "lost",
    "duplicated",
    "reordered",
    "corrupted",
    "foreign",
    "stale",
];

const RUN_COUNTS: [&str; 6] = ["scheduled", "sent", "not_sent", "received", "late", "lost"];

fn quantile_names(quantiles: &[&str]) -> Vec<String> {
    let clocks = ["from_due", "from_send", "lateness"].into_iter();
    let names = clocks.flat_map(|clock| {
        let names = quantiles.iter();
        names.map(move |name| format!("{clock}_{name}_ns"))
    });
    names.collect()
}

fn period(period: &Period) -> Vec<String> {
    let length = period.to_ns.saturating_sub(period.from_ns);
    let counts = [
        period.sent,
        period.not_sent,
        period.received,
        period.lost,
        period.duplicated,
        period.reordered,
        period.corrupted,
        period.foreign,
        period.stale,
    ];
    let spreads = [
        &period.rtt_ns.from_due,
        &period.rtt_ns.from_send,
        &period.lateness_ns,
    ];
    let mut row = vec![seconds(period.from_ns), seconds(period.to_ns)];
    row.extend(counts.map(|count| count.to_string()));
    row.extend([period.sent, period.received].map(|count| rate(count, length)));
    row.extend(spreads.into_iter().flat_map(spread));
    row
}

/// A run as its one interval: there the late are lost too.
fn whole(run: &Run) -> Vec<String> {
    let counts = &run.counts;
    let numbers = [
        counts.sent,
        counts.not_sent,
        counts.received,
        counts.lost + counts.late,
        counts.duplicated,
        counts.reordered,
        counts.corrupted,
        counts.foreign,
        counts.stale,
    ];
    let of = |times: &Distribution| {
        spread(&Spread {
            p50: times.p50,
            p90: times.p90,
            p99: times.p99,
            p99_9: times.p99_9,
            max: times.max,
        })
    };
    let mut row = vec![seconds(0), seconds(run.window_ns)];
    row.extend(numbers.map(|count| count.to_string()));
    row.extend([counts.sent, counts.received].map(|count| rate(count, run.window_ns)));
    let times = [
        &run.rtt_ns.from_due,
        &run.rtt_ns.from_send,
        &run.lateness_ns,
    ];
    row.extend(times.into_iter().flat_map(of));
    row
}

fn spread(spread: &Spread) -> [String; 5] {
    [spread.p50, spread.p90, spread.p99, spread.p99_9, spread.max].map(quantile)
}

fn trial(trial: &SweepTrial) -> Vec<String> {
    let SweepTrial { direction, run } = trial;
    let direction = match direction {
        Direction::Up => "up",
        Direction::Down => "down",
    };
    let counts = &run.counts;
    let numbers = [
        counts.scheduled,
        counts.sent,
        counts.not_sent,
        counts.received,
        counts.late,
        counts.lost,
    ];
    let mut row = vec![
        direction.to_owned(),
        run.plan.rate.clone().unwrap_or_default(),
    ];
    row.extend(numbers.map(|count| count.to_string()));
    row.extend([counts.sent, counts.received].map(|count| rate(count, run.window_ns)));
    for times in [
        &run.rtt_ns.from_due,
        &run.rtt_ns.from_send,
        &run.lateness_ns,
    ] {
        let quantiles = [
            times.p50,
            times.p90,
            times.p99,
            times.p99_9,
            times.p99_99,
            times.max,
        ];
        row.extend(quantiles.map(quantile));
    }
    row.push(verdict(run.verdict.outcome).to_owned());
    row
}

fn seconds(nanos: u64) -> String {
    decimal::written(nanos, 9)
}

/// So many in so many nanoseconds as a number a second, to a thousandth; empty for no time.
fn rate(count: u64, nanos: u64) -> String {
    let nanos = u128::from(nanos);
    let thousandths = (u128::from(count) * 1_000_000_000_000 + nanos / 2).checked_div(nanos);
    let thousandths = thousandths.and_then(|rate| u64::try_from(rate).ok());
    thousandths.map_or_else(String::new, |rate| decimal::written(rate, 3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::{in_intervals, run as finished};
    use crate::results::{SweepSchema, SweepTrial};

    #[test]
    fn a_run_without_intervals_is_one_row() {
        let mut old = finished();
        old.intervals.clear();
        let expected = "\
from_s,to_s,sent,not_sent,received,lost,duplicated,reordered,corrupted,foreign,stale,sent_pps,\
received_pps,from_due_p50_ns,from_due_p90_ns,from_due_p99_ns,from_due_p99_9_ns,from_due_max_ns,\
from_send_p50_ns,from_send_p90_ns,from_send_p99_ns,from_send_p99_9_ns,from_send_max_ns,\
lateness_p50_ns,lateness_p90_ns,lateness_p99_ns,lateness_p99_9_ns,lateness_max_ns\r\n\
0,0.1,993,7,989,4,1,2,0,0,0,9930,9890,21000,21000,21000,,lost,20000,20000,20000,,lost,\
1000,1000,1000,,1000\r\n";
        assert_eq!(run(&old), expected);
    }

    #[test]
    fn an_interval_is_a_row_with_its_own_rates() {
        let text = run(&in_intervals());
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!((lines.len(), lines[3]), (4, ""));
        let first = "0,1,500,0,498,2,0,0,0,0,0,500,498,1004031,1807359,1988607,,lost,";
        assert!(lines[1].starts_with(first), "{}", lines[1]);
        assert!(lines[2].starts_with("1,2.5,750,0,750,0,"), "{}", lines[2]);
        let columns = lines[0].split(',').count();
        assert!(
            lines[1..3]
                .iter()
                .all(|line| line.split(',').count() == columns)
        );
    }

    #[test]
    fn a_run_of_a_sweep_is_a_row() {
        let swept = Sweep {
            schema: SweepSchema::Sweep1,
            knee: None,
            planned: 1,
            trials: vec![SweepTrial {
                direction: Direction::Down,
                run: finished(),
            }],
        };
        let text = sweep(&swept);
        let row = text.split("\r\n").nth(1).unwrap();
        let start = "down,10000,1000,993,7,989,2,2,9930,9890,21000,21000,21000,,,lost,";
        assert!(row.starts_with(start), "{row}");
        assert!(row.ends_with(",valid"), "{row}");
    }
}
