//! What is reported of a distribution, with the probes that never came back in it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::binomial::floor;
use super::interval::Interval;
use crate::decimal::{self, DecimalError};

/// What is reported of a distribution. All values in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantiles {
    /// Values recorded, which leaves out probes without an answer in time.
    pub count: u64,
    /// Of the recorded values alone; `None` if there are none.
    pub summary: Option<Summary>,
    /// The median.
    pub p50: Quantile,
    /// Nine in ten were no slower.
    pub p90: Quantile,
    /// 99 in a hundred were no slower.
    pub p99: Quantile,
    /// 999 in a thousand were no slower.
    pub p99_9: Quantile,
    /// 9,999 in ten thousand were no slower.
    pub p99_99: Quantile,
    /// The largest value, exactly, if nothing is unanswered.
    pub max: Quantile,
    /// How far the quantiles can be relied on.
    pub intervals: Intervals,
}

/// Figures of the recorded values that say nothing about the missing ones, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The smallest value, exactly.
    pub min: u64,
    /// The arithmetic mean, rounded.
    pub mean: u64,
    /// The standard deviation of the values about their mean (divisor n), rounded down.
    pub stdev: u64,
}

/// One quantile of a population in which the unanswered took for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantile {
    /// Nanoseconds.
    Value(u64),
    /// The rank falls among the unanswered.
    Lost,
    /// Too few probes to say anything about this quantile; see [`Fraction::smallest_population`].
    TooFew,
}

/// A quantile and how far it can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The quantile of the sample.
    pub value: Quantile,
    /// Where that of what the sample was drawn from lies; `None` if there were too few probes.
    pub interval: Option<Interval>,
}

/// The intervals of the quantiles in a [`Quantiles`]; `None` for those with too few probes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of `Quantiles`")]
pub struct Intervals {
    pub p50: Option<Interval>,
    pub p90: Option<Interval>,
    pub p99: Option<Interval>,
    pub p99_9: Option<Interval>,
    pub p99_99: Option<Interval>,
}

/// The fraction of a population that lies at or below a quantile: above 0 and below 1, in steps
/// of a thousand-millionth. Written as a percentile: `p99.9`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fraction {
    billionths: u32,
}

impl Fraction {
    /// One half.
    pub const P50: Self = Self::of(500_000_000);
    /// 90 %.
    pub const P90: Self = Self::of(900_000_000);
    /// 99 %.
    pub const P99: Self = Self::of(990_000_000);
    /// 99.9 %.
    pub const P99_9: Self = Self::of(999_000_000);
    /// 99.99 %.
    pub const P99_99: Self = Self::of(999_900_000);

    const fn of(billionths: u32) -> Self {
        Self { billionths }
    }

    /// So many thousand-millionths, or `None` if that is nothing or everything.
    #[must_use]
    pub fn from_billionths(billionths: u64) -> Option<Self> {
        let billionths = u32::try_from(billionths).ok()?;
        (1..WHOLE)
            .contains(&billionths)
            .then_some(Self::of(billionths))
    }

    /// The fraction as a real number, above 0 and below 1.
    #[must_use]
    pub fn value(self) -> f64 {
        f64::from(self.billionths) / f64::from(WHOLE)
    }

    /// The smallest population of which the largest value is, with 95 % confidence, no smaller
    /// than this quantile of what it was drawn from: 1 - q^n >= 0.95, so n >= ln 0.05 / ln q.
    #[must_use]
    pub fn smallest_population(self) -> u64 {
        // Of 1 - q, which is exact where q is close to 1.
        let beyond = f64::from(WHOLE - self.billionths) / f64::from(WHOLE);
        floor((0.05_f64.ln() / (-beyond).ln_1p()).ceil())
    }

    /// The nearest rank, `ceil(q * population)`, counted from 1.
    pub(super) fn rank(self, population: u64) -> u64 {
        let product = u128::from(population) * u128::from(self.billionths);
        u64::try_from(product.div_ceil(WHOLE.into()))
            .expect("a rank is no larger than its population")
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "p{}",
            decimal::written(self.billionths.into(), 7)
        )
    }
}

impl FromStr for Fraction {
    type Err = FractionError;

    /// Reads a percentile: `p50`, `p99.9`.
    fn from_str(typed: &str) -> Result<Self, FractionError> {
        let name = || typed.to_owned();
        let percent = typed
            .strip_prefix('p')
            .ok_or_else(|| FractionError::NotAPercentile { typed: name() })?;
        let billionths =
            decimal::scaled(percent, u64::from(WHOLE) / 100).map_err(|error| match error {
                DecimalError::NotANumber => FractionError::NotAPercentile { typed: name() },
                DecimalError::TooFine => FractionError::TooFine { typed: name() },
                DecimalError::TooLarge => FractionError::Range { typed: name() },
            })?;
        Self::from_billionths(billionths).ok_or_else(|| FractionError::Range { typed: name() })
    }
}

/// Why a percentile could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum FractionError {
    /// Not a `p` and a number.
    #[error("'{typed}' is not a percentile: write p50 or p99.9")]
    NotAPercentile { typed: String },
    /// Rounding would name another one.
    #[error("'{typed}' is finer than p99.9999999, which is the finest possible")]
    TooFine { typed: String },
    /// Nothing at all, or everything, or more.
    #[error("'{typed}' is out of range: percentiles lie between p0 and p100")]
    Range { typed: String },
}

/// Everything, in thousand-millionths.
const WHOLE: u32 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_needed_populations_follow_from_the_formula() {
        let needed = ["p50", "p90", "p99", "p99.9", "p99.99"]
            .map(|name| name.parse::<Fraction>().unwrap().smallest_population());
        assert_eq!(needed, [5, 29, 299, 2_995, 29_956]);
        let extremes = ["p0.0000001", "p99.9999999"]
            .map(|name| name.parse::<Fraction>().unwrap().smallest_population());
        assert_eq!(extremes, [1, 2_995_732_273]);
    }

    #[test]
    fn ranks_of_large_populations_are_exact() {
        assert_eq!(
            Fraction::P99_99.rank(10_000_000_000_000_000),
            9_999_000_000_000_000
        );
        assert_eq!(
            Fraction::P99_99.rank(10_000_000_000_000_001),
            9_999_000_000_000_001
        );
        assert_eq!(Fraction::P50.rank(u64::MAX), 1 << 63);
    }

    #[test]
    fn a_wrong_percentile_is_told_why() {
        let complaint = |typed: &str| typed.parse::<Fraction>().unwrap_err().to_string();
        let meaning = "is not a percentile: write p50 or p99.9";
        for typed in ["", "p", "99", "p99.", "p-1", "P50", "pp50", "p50%"] {
            assert_eq!(complaint(typed), format!("'{typed}' {meaning}"));
        }
        for typed in ["p0", "p100", "p101", "p99999999999999999999"] {
            assert!(complaint(typed).contains("out of range"), "{typed}");
        }
        assert!(complaint("p99.99999999").contains("p99.9999999, which is the finest"));
    }

    proptest! {
        #[test]
        fn a_fraction_is_read_as_it_is_written(parts in 1..u64::from(WHOLE)) {
            let fraction = Fraction::from_billionths(parts).unwrap();
            prop_assert_eq!(fraction.to_string().parse(), Ok(fraction));
        }

        #[test]
        fn the_smallest_population_is_the_first_that_is_enough(parts in 1..999_990_000_u64) {
            let fraction = Fraction::from_billionths(parts).unwrap();
            let chance = |population: u64| {
                1.0 - fraction.value().powi(i32::try_from(population).unwrap())
            };
            let smallest = fraction.smallest_population();
            prop_assert!(chance(smallest) >= 0.95 - 1e-9);
            prop_assert!(smallest == 1 || chance(smallest - 1) < 0.95 + 1e-9);
        }
    }
}
