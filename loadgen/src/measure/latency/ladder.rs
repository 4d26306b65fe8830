//! The quantiles of a distribution by their ranks, each with its interval, and its other figures.

use super::distribution::{Distribution, HIGHEST_NANOS};
use crate::measure::interval::{Edge, Interval, Ranks};
use crate::measure::quantile::{Estimate, Fraction, Intervals, Quantile, Quantiles, Summary};

impl Distribution {
    /// The figures to report, if besides the recorded values there are `unanswered` probes that
    /// took for ever.
    #[must_use]
    pub fn quantiles(&self, unanswered: u64) -> Quantiles {
        let count = self.count();
        let ladder = Ladder::of(self);
        let estimate = |fraction| ladder.estimate(fraction, unanswered);
        let (p50, p90, p99) = (
            estimate(Fraction::P50),
            estimate(Fraction::P90),
            estimate(Fraction::P99),
        );
        let (p99_9, p99_99) = (estimate(Fraction::P99_9), estimate(Fraction::P99_99));
        Quantiles {
            count,
            summary: (count > 0).then(|| self.summary(count)),
            p50: p50.value,
            p90: p90.value,
            p99: p99.value,
            p99_9: p99_9.value,
            p99_99: p99_99.value,
            max: self.largest(unanswered),
            intervals: Intervals {
                p50: p50.interval,
                p90: p90.interval,
                p99: p99.interval,
                p99_9: p99_9.interval,
                p99_99: p99_99.interval,
            },
        }
    }

    /// Any one quantile over the values and the `unanswered`, and its interval.
    #[must_use]
    pub fn estimate(&self, fraction: Fraction, unanswered: u64) -> Estimate {
        Ladder::of(self).estimate(fraction, unanswered)
    }

    /// The largest of the values and the `unanswered`.
    #[must_use]
    pub fn largest(&self, unanswered: u64) -> Quantile {
        match (unanswered, self.count()) {
            (1.., _) => Quantile::Lost,
            (0, 0) => Quantile::TooFew,
            (0, _) => Quantile::Value(self.max),
        }
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

/// The values of a distribution by their rank: each step holds the ranks up to a number.
struct Ladder<'a> {
    distribution: &'a Distribution,
    steps: Vec<Step>,
}

/// Values that a histogram does not tell apart.
struct Step {
    /// The rank of the largest of them, counted from 1 at the smallest of all.
    up_to: u64,
    value: u64,
}

impl<'a> Ladder<'a> {
    /// Goes through the histogram once, however many ranks are looked up afterwards.
    fn of(distribution: &'a Distribution) -> Self {
        let mut up_to = 0;
        let buckets = distribution.histogram.iter_recorded();
        let steps = buckets.map(|bucket| {
            up_to += bucket.count_since_last_iteration();
            let value = bucket.value_iterated_to();
            Step { up_to, value }
        });
        Self {
            steps: steps.collect(),
            distribution,
        }
    }

    /// The nearest-rank quantile over the values and the `unanswered`, and its interval.
    fn estimate(&self, fraction: Fraction, unanswered: u64) -> Estimate {
        let population = self.distribution.count() + unanswered;
        if population < fraction.smallest_population() {
            return Estimate {
                value: Quantile::TooFew,
                interval: None,
            };
        }
        let ranks = Ranks::of(fraction, population);
        let edge = |found: Option<u64>| found.map_or(Edge::Lost, Edge::Value);
        let value = self.highest(fraction.rank(population));
        Estimate {
            value: value.map_or(Quantile::Lost, Quantile::Value),
            interval: Some(Interval {
                low: edge(self.lowest(ranks.low)),
                high: edge(self.highest(ranks.high)),
            }),
        }
    }

    /// The value of the given rank, to 3 significant digits (a thousandth) and never rounded
    /// down; `None` among the unanswered. Past the histogram's top only the largest value is
    /// known, and given.
    fn highest(&self, rank: u64) -> Option<u64> {
        let Distribution { histogram, max, .. } = self.distribution;
        let highest = |value| histogram.highest_equivalent(value).min(*max);
        (rank <= self.distribution.count()).then(|| self.value(rank).map_or(*max, highest))
    }

    /// The same, never rounded up. Past the histogram's top only that top is known to be
    /// exceeded, and given; rank 0 is no time at all.
    fn lowest(&self, rank: u64) -> Option<u64> {
        let Distribution { histogram, min, .. } = self.distribution;
        let lowest = |value| histogram.lowest_equivalent(value).max(*min);
        match rank {
            0 => Some(0),
            rank if rank > self.distribution.count() => None,
            rank => Some(self.value(rank).map_or(HIGHEST_NANOS.max(*min), lowest)),
        }
    }

    /// A value that the histogram does not tell from that of the given rank; `None` past its top.
    fn value(&self, rank: u64) -> Option<u64> {
        let step = self.steps.partition_point(|step| step.up_to < rank);
        self.steps.get(step).map(|step| step.value)
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
    use rand::SeedableRng;
    use rand_distr::{Distribution as _, LogNormal};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;
    use crate::measure::binomial::floor;
    use crate::measure::latency::distribution::tests::distribution;

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
    fn values_over_the_top_keep_their_place_among_the_ranks() {
        let values = distribution((1..=900).chain((0..100).map(|_| HIGHEST_NANOS * 2)));
        let quantiles = values.quantiles(0);
        assert_eq!((values.count(), values.over()), (1_000, 100));
        assert_eq!(quantiles.p90, Quantile::Value(900));
        assert_eq!(quantiles.p99, Quantile::Value(HIGHEST_NANOS * 2));
        let p99 = Interval {
            low: Edge::Value(HIGHEST_NANOS),
            high: Edge::Value(HIGHEST_NANOS * 2),
        };
        assert_eq!(quantiles.intervals.p99, Some(p99));
    }

    #[test]
    fn an_interval_reaches_as_far_as_its_ranks() {
        // The ranks of a median of 100 are 40 and 61.
        let values = distribution(1..=100);
        let p50 = Interval {
            low: Edge::Value(40),
            high: Edge::Value(61),
        };
        assert_eq!(values.quantiles(0).intervals.p50, Some(p50));
        let of_fewer = distribution(1..=60).quantiles(40).intervals;
        assert_eq!(of_fewer.p50.unwrap().high, Edge::Lost);
        assert_eq!(distribution(1..=4).quantiles(0).intervals.p50, None);
    }

    /// Times as networks have them: about 50 us, with a long tail.
    fn samples(seed: u64, count: usize) -> Vec<u64> {
        let random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let times = LogNormal::new(50_000_f64.ln(), 1.0).unwrap();
        times.sample_iter(random).take(count).map(floor).collect()
    }

    #[track_caller]
    fn assert_within_a_thousandth(estimated: Quantile, exact: u64) {
        let Quantile::Value(value) = estimated else {
            panic!("{estimated:?} in place of {exact}");
        };
        assert!(
            value >= exact && value - exact <= exact / 1_000,
            "{value} {exact}"
        );
    }

    #[test]
    fn quantiles_of_a_million_are_those_of_the_sorted_samples() {
        for seed in 1..=3 {
            let mut sorted = samples(seed, 1_000_000);
            let values = distribution(sorted.iter().copied());
            sorted.sort_unstable();
            for name in ["p1", "p50", "p90", "p99", "p99.9", "p99.99", "p99.999"] {
                let fraction: Fraction = name.parse().unwrap();
                let estimate = values.estimate(fraction, 0);
                let at = |rank: u64| sorted[usize::try_from(rank).unwrap() - 1];
                assert_within_a_thousandth(estimate.value, at(fraction.rank(1_000_000)));
                let ranks = Ranks::of(fraction, 1_000_000);
                let interval = estimate.interval.unwrap();
                assert!(interval.low <= Edge::Value(at(ranks.low)), "{name}");
                assert!(interval.high >= Edge::Value(at(ranks.high)), "{name}");
            }
            assert_eq!(values.quantiles(0).max, Quantile::Value(sorted[999_999]));
        }
    }

    #[test]
    fn pooled_quantiles_are_those_of_all_samples_in_one_histogram() {
        let parts = [samples(1, 200_000), samples(2, 50_000), samples(3, 1_000)];
        let mut merged = Distribution::new();
        for part in &parts {
            merged.merge(&distribution(part.iter().copied()));
        }
        let mut all = parts.concat();
        assert_eq!(
            merged.quantiles(7),
            distribution(all.iter().copied()).quantiles(7)
        );
        all.sort_unstable();
        assert_within_a_thousandth(merged.quantiles(0).p99, all[248_490 - 1]);
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
    }
}
