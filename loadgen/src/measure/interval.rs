//! How far an estimate can be relied on: 95 % intervals that assume nothing about how the times
//! are distributed, only that each probe tells something of its own. Probes that follow each
//! other through the same queue tell less than their number, so that intervals are, if anything,
//! narrower than they should be.

use super::binomial::{Binomial, WIDEST, floor, real};
use super::quantile::{Fraction, Quantile};

/// A time in a population in which the unanswered took for ever; in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edge {
    /// Nanoseconds.
    Value(u64),
    /// Among the unanswered.
    Lost,
}

impl From<Edge> for Quantile {
    fn from(edge: Edge) -> Self {
        match edge {
            Edge::Value(nanos) => Self::Value(nanos),
            Edge::Lost => Self::Lost,
        }
    }
}

/// Where a quantile of what a sample was drawn from lies, with 95 % confidence.
///
/// The ends are rounded outward as far as a histogram is coarse, so they hold for what was
/// measured to the nanosecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// No longer than the quantile.
    pub low: Edge,
    /// No shorter than the quantile.
    pub high: Edge,
}

/// The ranks between which a quantile lies, counted from 1 at the smallest of a sorted sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ranks {
    /// Zero stands for the shortest time there can be, none at all.
    pub(super) low: u64,
    pub(super) high: u64,
}

impl Ranks {
    /// The ranks l <= u of a sample of `population` with `P(X_(l) <= Q <= X_(u)) >= 0.95` for the
    /// quantile Q of what it was drawn from.
    ///
    /// How many of the sample are at or below Q is binomial, B(n, q), whatever the distribution;
    /// so l is the largest rank with `P(B < l) <= 0.025` and u the smallest with
    /// `P(B >= u) <= 0.025` (David and Nagaraja, Order Statistics, 3rd edition, 7.1). If even
    /// the largest of the sample is too small for that, it is the upper end nevertheless, and the
    /// lower end leaves as much less out; if even the smallest is too large, zero is the lower
    /// end.
    ///
    /// Exact for a standard deviation of up to 1,000 ranks. Beyond that the ranks are those of the
    /// normal distribution with the first two terms of its Cornish-Fisher expansion: they are
    /// wrong by less than 0.01 ranks, and rounded outward by more.
    ///
    /// The population must be [`Fraction::smallest_population`] at least.
    pub(super) fn of(fraction: Fraction, population: u64) -> Self {
        let q = fraction.value();
        let deviation = (real(population) * q * (1.0 - q)).sqrt();
        if deviation > WIDEST {
            return Self::approximate(fraction, population, deviation);
        }
        let distribution = Binomial::new(population, q);
        let high = distribution.seldom_reached(TAIL).min(population);
        let above = distribution.at_least(high);
        let low = distribution.seldom_below((2.0 * TAIL - above).min(TAIL));
        // They cross where nearly all of the population lies on one side.
        let rank = fraction.rank(population);
        Self {
            low: low.min(rank),
            high: high.max(rank),
        }
    }

    fn approximate(fraction: Fraction, population: u64, deviation: f64) -> Self {
        let rank = fraction.rank(population);
        let skew = (NORMAL * NORMAL - 1.0) * (1.0 - 2.0 * fraction.value()) / 6.0;
        let reach = |shift: f64| floor((NORMAL * deviation + shift).ceil()) + 1;
        // The rank is n q or up to 1 above it, and the correction for continuity is one half.
        Self {
            low: rank - reach(-skew).min(rank),
            high: rank.saturating_add(reach(skew)).min(population),
        }
    }
}

/// The chance that either end is on the wrong side.
pub(super) const TAIL: f64 = 0.025;

/// What a normal variable exceeds with that chance, in standard deviations.
pub(super) const NORMAL: f64 = 1.959_963_984_540_054;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;
    use crate::measure::binomial::tests::chances;

    fn fraction(name: &str) -> Fraction {
        name.parse().unwrap()
    }

    #[test]
    fn known_samples_have_the_ranks_of_the_tables() {
        // Hahn and Meeker, Statistical Intervals: the median of 100, and of the fewest.
        let of = |name, population| {
            let ranks = Ranks::of(fraction(name), population);
            (ranks.low, ranks.high)
        };
        assert_eq!(of("p50", 100), (40, 61));
        assert_eq!(of("p50", 6), (1, 6));
        assert_eq!(of("p50", 5), (0, 5));
        assert_eq!(of("p99", 299).1, 299);
    }

    #[test]
    fn ranks_of_the_largest_populations_take_no_longer() {
        let ranks = Ranks::of(Fraction::P50, 1_000_000_000_000);
        assert_eq!(500_000_000_000 - ranks.low, 979_983);
        assert_eq!(ranks.high - 500_000_000_000, 979_983);
        let ranks = Ranks::of(fraction("p99.9999999"), 1_000_000_000_000);
        assert!(ranks.high - 999_999_999_000 < 65 && 999_999_999_000 - ranks.low < 65);
        assert!(Ranks::of(Fraction::P50, u64::MAX).high > 1 << 63);
    }

    #[test]
    fn the_approximation_is_never_narrower_than_the_truth_nor_much_wider() {
        for (name, population) in [
            ("p50", 4_000_003),
            ("p90", 12_345_678),
            ("p99.9", 2_000_000_000),
        ] {
            let fraction = fraction(name);
            let q = fraction.value();
            let deviation = (real(population) * q * (1.0 - q)).sqrt();
            assert!(deviation > WIDEST, "{name}");
            let exact = Binomial::new(population, q);
            let ranks = Ranks::approximate(fraction, population, deviation);
            let low = exact.seldom_below(TAIL) - ranks.low;
            let high = ranks.high - exact.seldom_reached(TAIL);
            assert!(
                low <= 3 && high <= 3,
                "{name}: {low} and {high} ranks wider"
            );
        }
    }

    #[test]
    fn nineteen_of_twenty_samples_have_the_quantile_in_their_interval() {
        for name in ["p50", "p90", "p99"] {
            let fraction = fraction(name);
            let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
            let ranks = Ranks::of(fraction, 1_000);
            let covering = (0..400).filter(|_sample| {
                // Of numbers between 0 and 1 the quantile is the fraction itself.
                let mut sample: Vec<f64> = (0..1_000).map(|_| random.random()).collect();
                sample.sort_unstable_by(f64::total_cmp);
                let at = |rank: u64| sample[usize::try_from(rank).unwrap() - 1];
                (at(ranks.low)..=at(ranks.high)).contains(&fraction.value())
            });
            let covering = covering.count();
            assert!(covering >= 372, "{name}: {covering} of 400");
        }
    }

    fn fractions() -> impl Strategy<Value = Fraction> {
        (1..1_000_000_000_u64).prop_map(|parts| Fraction::from_billionths(parts).unwrap())
    }

    proptest! {
        #[test]
        fn the_ranks_agree_with_a_sum_over_all_outcomes(
            percent in 1..100_u64, population in 1..200_u64,
        ) {
            let fraction = Fraction::from_billionths(percent * 10_000_000).unwrap();
            prop_assume!(population >= fraction.smallest_population());
            let ranks = Ranks::of(fraction, population);
            let chances = chances(population, fraction.value());
            let of = |range: std::ops::Range<u64>| -> f64 {
                range.map(|count| chances[usize::try_from(count).unwrap()]).sum()
            };
            let rank = fraction.rank(population);
            // Q is at or above X_(l) if B >= l, and below X_(u) if B < u.
            prop_assert!(of(ranks.low..ranks.high) >= 0.95 - 1e-12, "{ranks:?}");
            prop_assert!(ranks.low <= rank && rank <= ranks.high);
            let low = (0..=rank).rev().find(|low| of(0..*low) <= 0.025).unwrap();
            let high = (rank..population).find(|high| of(*high..population + 1) <= 0.025);
            prop_assert_eq!(ranks.high, high.unwrap_or(population));
            prop_assert!(ranks.low == low || ranks.high == population);
        }

        #[test]
        fn the_interval_holds_the_rank_itself_and_follows_the_fraction(
            left in fractions(), right in fractions(), population in 1..2_000_000_000_000_u64,
        ) {
            let (lower, higher) = if left < right { (left, right) } else { (right, left) };
            prop_assume!(population >= higher.smallest_population());
            let (below, above) = (Ranks::of(lower, population), Ranks::of(higher, population));
            for (ranks, fraction) in [(below, lower), (above, higher)] {
                let rank = fraction.rank(population);
                prop_assert!(ranks.low <= rank && rank <= ranks.high && ranks.high <= population);
            }
            // Where the two ways to work them out meet, the outward rounding shows.
            prop_assert!(below.low <= above.low + 4 && below.high <= above.high + 4);
        }
    }
}
