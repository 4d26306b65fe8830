//! The wall clock against the monotonic one.

use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

use super::Figure;

/// Both clocks at nearly one moment, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clocks {
    monotonic: i128,
    wall: i128,
}

impl Clocks {
    /// Reads the wall clock between two looks at the monotonic one that lie close together.
    ///
    /// # Errors
    /// If the thread was held up every time.
    pub(super) fn read() -> Figure<Self> {
        let tries = (0..TRIES).map(|_| {
            let before = nanos(clock_gettime(ClockId::Monotonic));
            let wall = nanos(clock_gettime(ClockId::Realtime));
            let after = nanos(clock_gettime(ClockId::Monotonic));
            let monotonic = before.midpoint(after);
            (after - before, Self { monotonic, wall })
        });
        let closest = tries.min_by_key(|(apart, _)| *apart);
        closest
            .filter(|(apart, _)| *apart < APART.as_nanos().cast_signed())
            .map(|(_, clocks)| clocks)
            .ok_or_else(|| "the clocks could not be read together".to_owned())
    }

    /// How far the wall clock went ahead of the monotonic one since `before`, in nanoseconds.
    pub(super) fn step_since(&self, before: &Self) -> i64 {
        let step = (self.wall - before.wall) - (self.monotonic - before.monotonic);
        i64::try_from(step).unwrap_or(if step < 0 { i64::MIN } else { i64::MAX })
    }
}

fn nanos(time: Timespec) -> i128 {
    i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
}

const TRIES: usize = 5;

/// How long a reading may take: far above what it does take, far below any step worth telling.
const APART: Duration = Duration::from_micros(100);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_clock_that_was_set_back_shows_as_a_step_back() {
        let before = Clocks {
            monotonic: 5,
            wall: 1_000_000_000,
        };
        let after = Clocks {
            monotonic: 10,
            wall: 5,
        };
        assert_eq!(after.step_since(&before), -1_000_000_000);
    }

    proptest! {
        #[test]
        fn a_step_is_what_the_monotonic_clock_does_not_explain(
            passed in 0..i64::MAX, step in -1_000_000_000_000..1_000_000_000_000_i64,
        ) {
            let before = Clocks { monotonic: 0, wall: 0 };
            let after = Clocks {
                monotonic: passed.into(),
                wall: i128::from(passed) + i128::from(step),
            };
            prop_assert_eq!(after.step_since(&before), step);
        }
    }
}
