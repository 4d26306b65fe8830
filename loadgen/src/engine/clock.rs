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

    /// What `CLOCK_REALTIME` showed at the moment `at`, which has just passed. A thread that is held
    /// up between looking at one clock and at the other looks again.
    pub(super) fn realtime_at(self, at: Offset) -> Realtime {
        let mut before = at;
        let mut tries = 1;
        loop {
            let real = realtime();
            let after = self.now();
            if after.nanos_since(before) < AT_ONCE || tries == MOST_TRIES {
                return real.earlier_by(before.nanos_since(at));
            }
            before = after;
            tries += 1;
        }
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

/// Nanoseconds within which two looks at clocks count as one moment: many times what a look takes.
const AT_ONCE: u64 = 2_000;

/// A thread that is held up so often in a row is held up all the time.
const MOST_TRIES: u32 = 3;
