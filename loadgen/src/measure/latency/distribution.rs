//! Values and how often each came.

use hdrhistogram::Histogram;

/// The highest value a histogram resolves, two minutes, in nanoseconds.
pub const HIGHEST_NANOS: u64 = 120_000_000_000;

/// Values in nanoseconds: a histogram of 3 significant digits from 0 to [`HIGHEST_NANOS`], with
/// count, extremes and sums kept exactly beside it.
///
/// Zero is recorded as zero. A value over the top is in every exact figure and counted in
/// [`over`](Self::over); the histogram does not hold it.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    pub(super) histogram: Histogram<u64>,
    over: u64,
    pub(super) min: u64,
    pub(super) max: u64,
    /// Exact: 2^64 values of 2^64 ns each just fit, and so do the squares of 2^40 times two
    /// minutes.
    pub(super) sum: u128,
    pub(super) sum_of_squares: u128,
}

impl Distribution {
    /// Nothing recorded yet.
    ///
    /// # Panics
    ///
    /// Never: the histogram's bounds are constants.
    #[must_use]
    pub fn new() -> Self {
        Self {
            histogram: Histogram::new_with_bounds(1, HIGHEST_NANOS, 3)
                .expect("the bounds are in order and the digits few"),
            over: 0,
            min: u64::MAX,
            max: 0,
            sum: 0,
            sum_of_squares: 0,
        }
    }

    /// Records one value.
    pub fn record(&mut self, nanos: u64) {
        if nanos > HIGHEST_NANOS || self.histogram.record(nanos).is_err() {
            self.over += 1;
        }
        self.min = self.min.min(nanos);
        self.max = self.max.max(nanos);
        let wide = u128::from(nanos);
        self.sum += wide;
        self.sum_of_squares = self.sum_of_squares.saturating_add(wide * wide);
    }

    /// Records one value `count` times; nothing for none.
    pub fn record_many(&mut self, nanos: u64, count: u64) {
        if count == 0 {
            return;
        }
        if nanos > HIGHEST_NANOS || self.histogram.record_n(nanos, count).is_err() {
            self.over += count;
        }
        self.min = self.min.min(nanos);
        self.max = self.max.max(nanos);
        let (wide, count) = (u128::from(nanos), u128::from(count));
        self.sum += wide * count;
        let squares = (wide * wide).saturating_mul(count);
        self.sum_of_squares = self.sum_of_squares.saturating_add(squares);
    }

    /// Adds what another distribution holds.
    ///
    /// # Panics
    ///
    /// Never: all distributions have the same bounds.
    pub fn merge(&mut self, other: &Self) {
        self.histogram
            .add(&other.histogram)
            .expect("the bounds are equal");
        self.over += other.over;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
        self.sum_of_squares = self.sum_of_squares.saturating_add(other.sum_of_squares);
    }

    /// What has been recorded since it was as it is in `before`. An extreme that `before` had
    /// already is that of the histogram instead, to 3 significant digits.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let mut histogram = self.histogram.clone();
        if histogram.subtract(&before.histogram).is_err() {
            // It was not an earlier state of this one.
            histogram.reset();
        }
        let (min, max) = if histogram.is_empty() {
            (u64::MAX, 0)
        } else {
            (histogram.min(), histogram.max())
        };
        let over = self.over.saturating_sub(before.over);
        Self {
            histogram,
            over,
            min: if self.min < before.min { self.min } else { min },
            max: if self.max > before.max || over > 0 {
                self.max
            } else {
                max.min(self.max)
            },
            sum: self.sum.saturating_sub(before.sum),
            sum_of_squares: self.sum_of_squares.saturating_sub(before.sum_of_squares),
        }
    }

    /// Holds nothing again, and keeps its memory.
    pub fn clear(&mut self) {
        self.histogram.reset();
        self.over = 0;
        self.min = u64::MAX;
        self.max = 0;
        self.sum = 0;
        self.sum_of_squares = 0;
    }

    /// What is known exactly beside the histogram.
    #[must_use]
    pub fn exact(&self) -> Exact {
        Exact {
            over: self.over,
            min: self.min,
            max: self.max,
            sum: self.sum,
            sum_of_squares: self.sum_of_squares,
        }
    }

    /// A distribution put together again from its [`histogram`](Self::histogram) and what is known
    /// [`exactly`](Self::exact) beside it.
    #[must_use]
    pub fn from_parts(histogram: Histogram<u64>, exact: Exact) -> Self {
        Self {
            histogram,
            over: exact.over,
            min: exact.min,
            max: exact.max,
            sum: exact.sum,
            sum_of_squares: exact.sum_of_squares,
        }
    }

    /// Values recorded, those over the top included.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.histogram.len() + self.over
    }

    /// Values over [`HIGHEST_NANOS`].
    #[must_use]
    pub fn over(&self) -> u64 {
        self.over
    }

    /// The histogram of the values up to [`HIGHEST_NANOS`].
    #[must_use]
    pub fn histogram(&self) -> &Histogram<u64> {
        &self.histogram
    }
}

impl Default for Distribution {
    fn default() -> Self {
        Self::new()
    }
}

/// What a [`Distribution`] knows exactly: in nanoseconds, and over all values, those over the top
/// included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exact {
    /// Values over [`HIGHEST_NANOS`].
    pub over: u64,
    /// The smallest value; `u64::MAX` without any.
    pub min: u64,
    /// The largest value; 0 without any.
    pub max: u64,
    /// The sum of all values.
    pub sum: u128,
    /// The sum of their squares.
    pub sum_of_squares: u128,
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    pub(in crate::measure::latency) fn distribution(
        values: impl IntoIterator<Item = u64>,
    ) -> Distribution {
        let mut distribution = Distribution::new();
        values
            .into_iter()
            .for_each(|value| distribution.record(value));
        distribution
    }

    proptest! {
        #[test]
        fn recording_many_at_once_equals_recording_each(value: u64, count in 0..20_u64) {
            let mut at_once = Distribution::new();
            at_once.record_many(value, count);
            prop_assert_eq!(at_once, distribution((0..count).map(|_| value)));
        }

        #[test]
        fn what_came_since_is_what_was_recorded_since(
            before in vec(0..HIGHEST_NANOS * 2, 0..50), after in vec(0..HIGHEST_NANOS, 1..50),
        ) {
            let earlier = distribution(before.clone());
            let since = distribution(before.into_iter().chain(after.clone())).since(&earlier);
            let alone = distribution(after);
            prop_assert_eq!(since.histogram(), alone.histogram());
            prop_assert_eq!((since.count(), since.sum), (alone.count(), alone.sum));
            prop_assert!(since.max >= alone.max && since.max - alone.max <= alone.max / 1_000);
            prop_assert!(since.min <= alone.min && alone.min - since.min <= alone.min / 1_000);
        }

        #[test]
        fn merging_equals_recording_in_one_place(
            left in vec(any::<u64>(), 0..50), right in vec(0..1_000_000_u64, 0..50),
        ) {
            let mut merged = distribution(left.clone());
            merged.merge(&distribution(right.clone()));
            prop_assert_eq!(merged, distribution(left.into_iter().chain(right)));
        }
    }
}
