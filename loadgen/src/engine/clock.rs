//! The one clock of a run, and the one to compare with what the kernel stamps.

use std::time::{Duration, Instant, SystemTime};

use crate::time::{Offset, Realtime};

/// Tells how long ago a run started, by `CLOCK_MONOTONIC`: a stepped wall clock changes nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    epoch: Instant,
}

impl Clock {
    /// A run that starts after `delay`, by when every thread should be waiting for it.
    pub(super) fn starting_in(delay: Duration) -> Self {
        Self {
            epoch: Instant::now() + delay,
        }
    }

    /// The time now; the start itself as long as the run has not begun.
    pub(super) fn now(self) -> Offset {
        let elapsed = Instant::now().saturating_duration_since(self.epoch);
        Offset::from_nanos(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX))
    }

    /// What `CLOCK_REALTIME` showed at the moment `at`, which has just passed.
    pub(super) fn realtime_at(self, at: Offset) -> Realtime {
        real_time_of(at, || (realtime(), self.now()))
    }

    /// How long until the run begins.
    pub(super) fn until_start(self) -> Duration {
        self.epoch.saturating_duration_since(Instant::now())
    }
}

/// The time now by `CLOCK_REALTIME`; 1970 as long as it is set to an earlier year.
fn realtime() -> Realtime {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let nanos = since_1970.map_or(0, |since_1970| since_1970.as_nanos());
    Realtime::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Looks at both clocks, at this one last, until that took no longer than a look takes: a thread that
/// is held up in between looks again.
fn real_time_of(at: Offset, mut look: impl FnMut() -> (Realtime, Offset)) -> Realtime {
    let mut before = at;
    let mut tries = 1;
    loop {
        let (real, after) = look();
        if after.nanos_since(before) < AT_ONCE || tries == MOST_TRIES {
            return real.earlier_by(before.nanos_since(at));
        }
        before = after;
        tries += 1;
    }
}

/// Nanoseconds within which two looks at clocks count as one moment: many times what a look takes.
const AT_ONCE: u64 = 2_000;

/// A thread that is held up so often in a row is held up all the time.
const MOST_TRIES: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of the moment 1 us, if looks at the clocks show these microseconds; the run
    /// started at 100 us of real time.
    fn told(looks: &[(u64, u64)]) -> Realtime {
        let mut looks = looks.iter().map(|(real, now)| {
            let real = Realtime::from_nanos((100 + real) * 1_000);
            (real, Offset::from_nanos(now * 1_000))
        });
        let told = real_time_of(Offset::from_nanos(1_000), || looks.next().unwrap());
        assert_eq!(looks.next(), None);
        told
    }

    #[test]
    fn a_thread_that_is_held_up_between_two_looks_looks_again() {
        let expected = Realtime::from_nanos(101_000);
        assert_eq!(told(&[(1, 2)]), expected);
        assert_eq!(told(&[(500, 501), (501, 502)]), expected);
        assert_eq!(told(&[(1, 501), (501, 502)]), expected);
    }

    #[test]
    fn a_thread_that_is_held_up_all_the_time_takes_the_third_look() {
        let late = Realtime::from_nanos(101_000 + 400_000);
        assert_eq!(told(&[(1, 501), (600, 1_001), (1_401, 1_501)]), late);
    }
}
