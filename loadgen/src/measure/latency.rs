//! How long it took: three distributions.

use hdrhistogram::Histogram;

use super::quantile::{Fraction, Quantile, Quantiles, Summary};
use super::sequence::RoundTrip;
use crate::time::Offset;

/// The highest value a histogram resolves, two minutes, in nanoseconds.
pub const HIGHEST_NANOS: u64 = 120_000_000_000;

/// The round trips and the lateness of a thread, a flow or a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    /// From when the schedule wanted the probe sent until the answer: what a user would have
    /// waited, the generator's own lateness included. The headline.
    pub from_due: Distribution,
    /// From when the probe was sent until the answer.
    pub from_send: Distribution,
    /// From when the schedule wanted the probe sent until it was: the generator's own fault.
    pub lateness: Distribution,
}

impl Latency {
    /// Nothing recorded yet; all the memory it will ever need (under 1 MiB) is taken here.
    #[must_use]
    pub fn new() -> Self {
        Self {
            from_due: Distribution::new(),
            from_send: Distribution::new(),
            lateness: Distribution::new(),
        }
    }

    /// Records a probe that was sent. One sent early, which no generator should do, has no
    /// lateness.
    pub fn sent(&mut self, due: Offset, at: Offset) {
        self.lateness.record(at.nanos_since(due));
    }

    /// Records a probe that was answered in time.
    pub fn answered(&mut self, trip: &RoundTrip) {
        self.from_due.record(trip.answered.nanos_since(trip.due));
        self.from_send.record(trip.answered.nanos_since(trip.sent));
    }

    /// Adds what another thread recorded.
    pub fn merge(&mut self, other: &Self) {
        self.from_due.merge(&other.from_due);
        self.from_send.merge(&other.from_send);
        self.lateness.merge(&other.lateness);
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::new()
    }
}

/// Values in nanoseconds: a histogram of 3 significant digits from 0 to [`HIGHEST_NANOS`], with
/// count, extremes and sums kept exactly beside it.
///
/// Zero is recorded as zero. A value over the top is in every exact figure and counted in
/// [`over`](Self::over); the histogram does not hold it.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    histogram: Histogram<u64>,
    over: u64,
    min: u64,
    max: u64,
    /// Exact: 2^64 values of 2^64 ns each just fit, and so do the squares of 2^40 times two
    /// minutes.
    sum: u128,
    sum_of_squares: u128,
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

    /// The figures to report, if besides the recorded values there are `unanswered` probes that
    /// took for ever.
    #[must_use]
    pub fn quantiles(&self, unanswered: u64) -> Quantiles {
        let count = self.count();
        let quantile = |fraction| self.quantile(fraction, unanswered);
        Quantiles {
            count,
            summary: (count > 0).then(|| self.summary(count)),
            p50: quantile(Fraction::P50),
            p90: quantile(Fraction::P90),
            p99: quantile(Fraction::P99),
            p99_9: quantile(Fraction::P99_9),
            p99_99: quantile(Fraction::P99_99),
            max: match (unanswered, count) {
                (1.., _) => Quantile::Lost,
                (0, 0) => Quantile::TooFew,
                (0, _) => Quantile::Value(self.max),
            },
        }
    }

    /// The nearest-rank quantile over the values and the `unanswered`.
    fn quantile(&self, fraction: Fraction, unanswered: u64) -> Quantile {
        let population = self.count() + unanswered;
        if population < fraction.smallest_population() {
            return Quantile::TooFew;
        }
        let rank = fraction.rank(population);
        if rank > self.count() {
            return Quantile::Lost;
        }
        Quantile::Value(self.value_at(rank))
    }

    /// The value of the given rank, counted from 1 at the smallest, to 3 significant digits and
    /// never rounded down. Past the histogram's top only the largest value is known, and given.
    fn value_at(&self, rank: u64) -> u64 {
        let mut seen = 0;
        for bucket in self.histogram.iter_recorded() {
            seen += bucket.count_since_last_iteration();
            if seen >= rank {
                let highest = self
                    .histogram
                    .highest_equivalent(bucket.value_iterated_to());
                return highest.min(self.max);
            }
        }
        self.max
    }

    fn summary(&self, count: u64) -> Summary {
        let wide = u128::from(count);
        let (mean, rest) = (self.sum / wide, self.sum % wide);
        // Sum of (x - mean)^2 = sum of x^2 - (sum of x)^2 / n, the division exact to one part.
        let square_of_sum = self
            .sum
            .saturating_mul(mean)
            .saturating_add(self.sum.saturating_mul(rest) / wide);
        let variance = self.sum_of_squares.saturating_sub(square_of_sum) / wide;
        Summary {
            min: self.min,
            mean: narrow(mean + u128::from(rest * 2 >= wide)),
            stdev: narrow(variance.isqrt()),
        }
    }
}

impl Default for Distribution {
    fn default() -> Self {
        Self::new()
    }
}

/// For results that are smaller than a 64-bit number that went into them.
fn narrow(wide: u128) -> u64 {
    u64::try_from(wide).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn distribution(values: impl IntoIterator<Item = u64>) -> Distribution {
        let mut distribution = Distribution::new();
        values
            .into_iter()
            .for_each(|value| distribution.record(value));
        distribution
    }

    #[test]
    fn a_quantile_among_the_unanswered_is_lost() {
        let answered = distribution(1..=990);
        assert_eq!(answered.quantiles(10).p99, Quantile::Value(990));
        assert_eq!(answered.quantiles(11).p99, Quantile::Lost);
        assert_eq!(answered.quantiles(10).max, Quantile::Lost);
        assert_eq!(answered.quantiles(0).max, Quantile::Value(990));
    }

    #[test]
    fn too_few_probes_say_nothing_about_the_tail() {
        assert_eq!(distribution(0..298).quantiles(0).p99, Quantile::TooFew);
        assert_eq!(distribution(0..298).quantiles(1).p99, Quantile::Value(296));
        assert_eq!(distribution([]).quantiles(0).max, Quantile::TooFew);
        assert_eq!(distribution([]).quantiles(0).summary, None);
    }

    #[test]
    fn a_value_over_the_top_is_counted_and_still_the_maximum() {
        let values = distribution([0, 1, 2, HIGHEST_NANOS, HIGHEST_NANOS * 2]);
        assert_eq!((values.over(), values.count()), (1, 5));
        assert_eq!(values.quantiles(0).max, Quantile::Value(HIGHEST_NANOS * 2));
        assert_eq!(values.quantiles(0).summary.unwrap().min, 0);
    }

    #[test]
    fn a_rank_past_the_histogram_is_not_understated() {
        let values = distribution([HIGHEST_NANOS + 1; 5]);
        assert_eq!(values.quantiles(0).p50, Quantile::Value(HIGHEST_NANOS + 1));
    }

    #[test]
    fn mean_and_deviation_are_those_of_the_values() {
        let summary = distribution([2, 4, 4, 4, 5, 5, 7, 9]).quantiles(0).summary;
        let expected = Summary {
            min: 2,
            mean: 5,
            stdev: 2,
        };
        assert_eq!(summary, Some(expected));
    }

    proptest! {
        #[test]
        fn quantiles_agree_with_sorted_values_to_a_thousandth(
            mut values in vec(0..HIGHEST_NANOS, 300..600), unanswered in 0..50_u64,
        ) {
            let quantiles = distribution(values.iter().copied()).quantiles(unanswered);
            values.sort_unstable();
            let population = values.len() as u64 + unanswered;
            for (quantile, percent) in [(quantiles.p50, 50), (quantiles.p90, 90), (quantiles.p99, 99)] {
                let rank = usize::try_from((population * percent).div_ceil(100)).unwrap();
                match (values.get(rank - 1), quantile) {
                    (Some(exact), Quantile::Value(value)) => {
                        prop_assert!(value >= *exact && value - exact <= exact / 1_000);
                    }
                    (exact, quantile) => {
                        prop_assert_eq!((exact, quantile), (None, Quantile::Lost));
                    }
                }
            }
        }

        #[test]
        fn recording_many_at_once_equals_recording_each(value: u64, count in 0..20_u64) {
            let mut at_once = Distribution::new();
            at_once.record_many(value, count);
            prop_assert_eq!(at_once, distribution((0..count).map(|_| value)));
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
