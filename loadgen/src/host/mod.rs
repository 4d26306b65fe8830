//! What the host did to a run: processor time stolen, waited for, forbidden; clocks that jumped.
//!
//! Everything is read twice, shortly before the measured window and after it, and never between.
//! What cannot be read is an [`Err`] with the reason, never 0. Files:
//!
//! - [`stat`]: processor time that a hypervisor took (`/proc/stat`);
//! - [`thread`]: what the scheduler did to a sending thread;
//! - [`cgroup`]: whether the group of the process was throttled;
//! - [`thermal`]: whether a processor was too hot;
//! - [`clocks`]: the two clocks, read together.
//!
//! The text of each source is parsed by a pure function.

pub mod cgroup;
pub mod clocks;
pub mod stat;
pub mod thermal;
pub mod thread;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use self::cgroup::Throttling;
use self::clocks::Clocks;
use self::stat::Stolen;
use self::thread::Scheduling;

/// A figure, or in half a sentence why it is unknown.
pub type Figure<T> = Result<T, String>;

/// What the host counted up to one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    at: Instant,
    stolen: Figure<Stolen>,
    cpu_time: Duration,
    throttling: Figure<Throttling>,
    hot: Figure<u64>,
    clocks: Figure<Clocks>,
}

/// What happened on the host between two moments around the measured window.
#[derive(Clone, Debug, PartialEq)]
pub struct Host {
    /// How long it was between them.
    pub span: Duration,
    /// Time that a hypervisor took from the two processors that lost the most: a probe needs one to
    /// be sent from and one to be answered from. In steps of 10 ms a processor.
    pub stolen: Figure<Duration>,
    /// What the scheduler did to each sending thread.
    pub threads: Vec<Scheduling>,
    /// Processor time of this whole process.
    pub cpu_time: Figure<Duration>,
    /// Time for which the process had to pause because its control group had used up its share.
    pub throttled: Figure<Duration>,
    /// Times that a processor slowed itself down because it was too hot.
    pub hot: Figure<u64>,
    /// By how much the wall clock moved against the monotonic one, in nanoseconds.
    pub clock_step: Figure<i64>,
}

impl Snapshot {
    /// Reads everything once; takes a fraction of a millisecond.
    #[must_use]
    pub fn take() -> Self {
        Self {
            at: Instant::now(),
            stolen: read("/proc/stat").and_then(|text| stat::parse(&text)),
            cpu_time: cpu_time(),
            throttling: Throttling::read(),
            hot: thermal::times_too_hot(),
            clocks: Clocks::read(),
        }
    }
}

impl Host {
    /// What happened from `before` to `after`; the threads counted for themselves.
    #[must_use]
    pub fn between(before: &Snapshot, after: &Snapshot, threads: Vec<Scheduling>) -> Self {
        Self {
            span: after.at.saturating_duration_since(before.at),
            stolen: both(&before.stolen, &after.stolen)
                .and_then(|(before, after)| after.since(before)),
            threads,
            cpu_time: Ok(after.cpu_time.saturating_sub(before.cpu_time)),
            throttled: both(&before.throttling, &after.throttling)
                .map(|(before, after)| after.since(*before)),
            hot: both(&before.hot, &after.hot).map(|(before, after)| after.saturating_sub(*before)),
            clock_step: both(&before.clocks, &after.clocks)
                .map(|(before, after)| after.step_since(before)),
        }
    }

    /// A host of which nothing is known, for one reason.
    #[must_use]
    pub fn unknown(reason: &str) -> Self {
        let reason = || reason.to_owned();
        Self {
            span: Duration::ZERO,
            stolen: Err(reason()),
            threads: vec![Scheduling::unknown(&reason())],
            cpu_time: Err(reason()),
            throttled: Err(reason()),
            hot: Err(reason()),
            clock_step: Err(reason()),
        }
    }

    /// What part of the time one of the two processors of a probe's way was stolen, 0 to 1.
    ///
    /// # Errors
    /// Why it is unknown.
    pub fn stolen_share(&self) -> Figure<f64> {
        let stolen = self.stolen.clone()?;
        Ok(share(stolen, self.span).min(1.0))
    }

    /// Times that a sending thread had to make room for another one.
    ///
    /// # Errors
    /// Why it is unknown.
    pub fn involuntary_switches(&self) -> Figure<u64> {
        let threads = self.threads.iter();
        threads.map(|one| one.involuntary_switches.clone()).sum()
    }

    /// How long the sending threads, all together, wanted to run and had no processor.
    ///
    /// # Errors
    /// Why it is unknown.
    pub fn run_queue_wait(&self) -> Figure<Duration> {
        let threads = self.threads.iter();
        threads.map(|one| one.run_queue_wait.clone()).sum()
    }
}

/// What part of `whole` a time is; nothing of nothing is none.
pub(crate) fn share(part: Duration, whole: Duration) -> f64 {
    if whole.is_zero() {
        return 0.0;
    }
    part.as_secs_f64() / whole.as_secs_f64()
}

fn both<'a, T>(before: &'a Figure<T>, after: &'a Figure<T>) -> Figure<(&'a T, &'a T)> {
    let before = before.as_ref().map_err(Clone::clone)?;
    let after = after.as_ref().map_err(Clone::clone)?;
    Ok((before, after))
}

/// The figure, or `None` and the reason under its name.
pub(crate) fn known<T>(
    name: &str,
    figure: Figure<T>,
    reasons: &mut BTreeMap<String, String>,
) -> Option<T> {
    match figure {
        Ok(figure) => Some(figure),
        Err(reason) => {
            reasons.insert(name.to_owned(), reason);
            None
        }
    }
}

/// A whole file of `/proc` or `/sys`.
pub(crate) fn read(path: impl AsRef<Path>) -> Figure<String> {
    let path = path.as_ref();
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

pub(crate) fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("cannot read {}: {error}", path.display())
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_shows_as_processor_time_of_the_process() {
        let before = Snapshot::take();
        let spun = |from: &Snapshot| cpu_time().saturating_sub(from.cpu_time);
        while spun(&before) < Duration::from_millis(5) {
            std::hint::spin_loop();
        }
        let host = Host::between(&before, &Snapshot::take(), Vec::new());
        assert!(host.cpu_time.unwrap() >= Duration::from_millis(5));
        assert!(host.span > Duration::ZERO);
    }

    #[test]
    fn what_one_thread_could_not_tell_is_unknown_of_all() {
        let now = Snapshot::take();
        let one = Scheduling {
            involuntary_switches: Ok(3),
            run_queue_wait: Ok(Duration::from_micros(7)),
        };
        let host = Host::between(&now, &now, vec![one.clone(), one.clone()]);
        assert_eq!(host.involuntary_switches(), Ok(6));
        assert_eq!(host.run_queue_wait(), Ok(Duration::from_micros(14)));
        let other = Scheduling {
            run_queue_wait: Err("a reason".to_owned()),
            ..one.clone()
        };
        let host = Host::between(&now, &now, vec![one, other]);
        assert_eq!(host.involuntary_switches(), Ok(6));
        assert_eq!(host.run_queue_wait(), Err("a reason".to_owned()));
    }
}
