//! What is reported of a distribution, with the probes that never came back in it.

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

/// The fraction of a population that lies at or below a quantile, in ten-thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction(u16);

impl Fraction {
    /// One half.
    pub const P50: Self = Self(5_000);
    /// 90 %.
    pub const P90: Self = Self(9_000);
    /// 99 %.
    pub const P99: Self = Self(9_900);
    /// 99.9 %.
    pub const P99_9: Self = Self(9_990);
    /// 99.99 %.
    pub const P99_99: Self = Self(9_999);

    /// The smallest population of which the largest value is, with 95 % confidence, no smaller
    /// than this quantile of what it was drawn from: 1 - q^n >= 0.95, so n >= ln 0.05 / ln q.
    #[must_use]
    pub const fn smallest_population(self) -> u64 {
        match self {
            Self::P50 => 5,
            Self::P90 => 29,
            Self::P99 => 299,
            Self::P99_9 => 2_995,
            _ => 29_956,
        }
    }

    /// The nearest rank, `ceil(q * population)`, counted from 1.
    pub(super) fn rank(self, population: u64) -> u64 {
        let rank = (u128::from(population) * u128::from(self.0)).div_ceil(10_000);
        u64::try_from(rank).expect("a rank is no larger than its population")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_needed_populations_follow_from_the_formula() {
        let all = [
            Fraction::P50,
            Fraction::P90,
            Fraction::P99,
            Fraction::P99_9,
            Fraction::P99_99,
        ];
        for fraction in all {
            let q = f64::from(fraction.0) / 10_000.0;
            let chance = |population: u64| 1.0 - q.powi(i32::try_from(population).unwrap());
            let smallest = fraction.smallest_population();
            assert!(
                chance(smallest) >= 0.95 && chance(smallest - 1) < 0.95,
                "{fraction:?}"
            );
        }
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
}
