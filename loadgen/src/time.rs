//! Points in time, counted from the start of a run.
//!
//! Nothing here reads a clock: whoever owns the clock makes the offsets. [`Realtime`] stands apart,
//! for what the kernel stamps: no round trip is measured by it.

use std::ops::Add;
use std::time::Duration;

/// A point in time: nanoseconds since the start of the run, 0 to 2^64 - 1 (584 years).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(u64);

impl Offset {
    /// The start of the run.
    pub const START: Self = Self(0);

    /// The point `nanos` nanoseconds after the start of the run.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the start of the run.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time that passed since `earlier`; zero if `earlier` is the later of the two.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.nanos_since(earlier))
    }

    /// Like [`since`](Self::since), in nanoseconds: `Duration` splits off the seconds, a division
    /// that the path of every probe can do without.
    #[must_use]
    pub const fn nanos_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The point `duration` later, or `None` if an offset cannot hold it.
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        let nanos = u64::try_from(duration.as_nanos()).ok()?;
        self.0.checked_add(nanos).map(Self)
    }
}

impl Add<Duration> for Offset {
    type Output = Self;

    /// # Panics
    ///
    /// If the sum is more than 2^64 - 1 ns; see [`Offset::checked_add`].
    fn add(self, duration: Duration) -> Self {
        self.checked_add(duration)
            .expect("a run is shorter than 584 years")
    }
}

/// A point of `CLOCK_REALTIME`, the clock of the kernel's stamps: nanoseconds since 1970, until the
/// year 2554. This clock can be stepped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Realtime(u64);

impl Realtime {
    /// The point `nanos` nanoseconds after the beginning of 1970.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The point `nanos` nanoseconds earlier, but not before 1970.
    #[must_use]
    pub const fn earlier_by(self, nanos: u64) -> Self {
        Self(self.0.saturating_sub(nanos))
    }

    /// Nanoseconds since `earlier`, or `None` if that is the later of the two.
    #[must_use]
    pub const fn nanos_since(self, earlier: Self) -> Option<u64> {
        self.0.checked_sub(earlier.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_since_a_later_point_is_zero() {
        let (early, late) = (Offset::from_nanos(3), Offset::from_nanos(10));
        assert_eq!(late.since(early), Duration::from_nanos(7));
        assert_eq!(early.since(late), Duration::ZERO);
    }

    #[test]
    fn a_sum_that_does_not_fit_is_none() {
        let last = Offset::from_nanos(u64::MAX);
        assert_eq!(last.checked_add(Duration::from_nanos(1)), None);
        assert_eq!(Offset::START.checked_add(Duration::MAX), None);
        assert_eq!(
            Offset::START + Duration::from_secs(1),
            Offset::from_nanos(1_000_000_000)
        );
    }
}
