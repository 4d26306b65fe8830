//! What the scheduler did to a thread: `/proc/thread-self/schedstat` and `status`.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use super::{Figure, both, unreadable};

/// Times that a thread did not run although it wanted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduling {
    /// Times that it had to make room for another thread.
    pub involuntary_switches: Figure<u64>,
    /// How long it was ready and had no processor.
    pub run_queue_wait: Figure<Duration>,
}

/// The files of one thread. Opened once, so that reading them takes two calls and no memory.
#[derive(Debug)]
pub(crate) struct Watch {
    schedstat: Figure<File>,
    status: Figure<File>,
}

impl Watch {
    /// Of the calling thread, wherever it is read from.
    pub(crate) fn this_thread() -> Self {
        let open = |path| File::open(path).map_err(|error| unreadable(Path::new(path), &error));
        Self {
            schedstat: open(SCHEDSTAT),
            status: open(STATUS),
        }
    }

    /// What was counted since the thread was started. Takes some ten microseconds.
    pub(crate) fn read(&self) -> Scheduling {
        let mut buffer = [0; LONGEST];
        let waited = text(&self.schedstat, SCHEDSTAT, &mut buffer).and_then(parse_schedstat);
        let switches = text(&self.status, STATUS, &mut buffer).and_then(parse_status);
        Scheduling {
            involuntary_switches: switches,
            run_queue_wait: waited,
        }
    }
}

impl Scheduling {
    /// A thread of which nothing is known, for one reason.
    #[must_use]
    pub fn unknown(reason: &str) -> Self {
        Self {
            involuntary_switches: Err(reason.to_owned()),
            run_queue_wait: Err(reason.to_owned()),
        }
    }

    /// What came about since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let switches = both(&before.involuntary_switches, &self.involuntary_switches);
        let waited = both(&before.run_queue_wait, &self.run_queue_wait);
        Self {
            involuntary_switches: switches.map(|(before, after)| after.saturating_sub(*before)),
            run_queue_wait: waited.map(|(before, after)| after.saturating_sub(*before)),
        }
    }
}

/// `ran waited slices`, the first two in nanoseconds (`Documentation/scheduler/sched-stats.rst`).
fn parse_schedstat(text: &str) -> Figure<Duration> {
    let mut columns = text.split_ascii_whitespace();
    let mut number = || columns.next()?.parse::<u64>().ok();
    match (number(), number(), number()) {
        // A kernel that does not keep these counts (CONFIG_SCHED_INFO) shows zeros, also of a
        // thread that is running.
        (Some(0), Some(0), Some(0)) => Err("the kernel keeps no run-queue times".to_owned()),
        (Some(_), Some(waited), Some(_)) => Ok(Duration::from_nanos(waited)),
        _ => Err(format!("{SCHEDSTAT} is not three numbers")),
    }
}

fn parse_status(text: &str) -> Figure<u64> {
    let mut lines = text.lines();
    let number = lines.find_map(|line| line.strip_prefix("nonvoluntary_ctxt_switches:"));
    let number = number.and_then(|number| number.trim().parse().ok());
    number.ok_or_else(|| format!("{STATUS} has no nonvoluntary_ctxt_switches"))
}

fn text<'a>(file: &Figure<File>, name: &str, buffer: &'a mut [u8; LONGEST]) -> Figure<&'a str> {
    let file = file.as_ref().map_err(Clone::clone)?;
    let length = file
        .read_at(buffer, 0)
        .map_err(|error| unreadable(Path::new(name), &error))?;
    // A thread may have any bytes for a name, but the lines that matter are plain.
    let text = buffer[..length].utf8_chunks().map(|chunk| chunk.valid());
    Ok(text.max_by_key(|valid| valid.len()).unwrap_or_default())
}

const SCHEDSTAT: &str = "/proc/thread-self/schedstat";
const STATUS: &str = "/proc/thread-self/status";

/// Bytes of the longest status, with room for the masks of thousands of processors.
const LONGEST: usize = 8_192;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SAMPLE: &str = "\
Name:\tprober-0
State:\tR (running)
voluntary_ctxt_switches:\t25
nonvoluntary_ctxt_switches:\t10
";

    #[test]
    fn the_second_number_is_the_wait() {
        let waited = parse_schedstat("352718611 1209041 36\n");
        assert_eq!(waited, Ok(Duration::from_nanos(1_209_041)));
    }

    #[test]
    fn a_kernel_that_does_not_count_is_told_from_a_thread_that_never_waited() {
        assert!(parse_schedstat("0 0 0\n").is_err());
        assert_eq!(parse_schedstat("1 0 1\n"), Ok(Duration::ZERO));
    }

    #[test]
    fn switches_are_those_that_the_thread_did_not_want() {
        assert_eq!(parse_status(SAMPLE), Ok(10));
        assert!(parse_status("voluntary_ctxt_switches:\t25\n").is_err());
    }

    #[test]
    fn a_thread_is_watched_wherever_its_counts_are_read() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let watch = Watch::this_thread();
            let early = watch.read();
            sender.send(watch).unwrap();
            early
        });
        let watch = receiver.recv().unwrap();
        let early = thread.join().unwrap();
        let switches = early.involuntary_switches.clone().unwrap();
        // The thread may have ended, and then there is nothing to read.
        if let Ok(late) = watch.read().involuntary_switches {
            assert!(late >= switches);
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "(nonvoluntary_ctxt_switches:.{0,20}\n|.{0,40}\n){0,4}") {
            let _read: (Figure<u64>, Figure<Duration>) =
                (parse_status(&text), parse_schedstat(&text));
        }

        #[test]
        fn what_the_kernel_prints_is_read(ran in 1..u64::MAX, waited: u64, slices: u64) {
            let text = format!("{ran} {waited} {slices}\n");
            prop_assert_eq!(parse_schedstat(&text), Ok(Duration::from_nanos(waited)));
        }
    }
}
