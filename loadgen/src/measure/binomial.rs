//! The binomial distribution, as far as intervals need it.

/// How many of `n` independent trials succeed, each with the same chance.
///
/// Only what lies about the mean is held: everything that has a chance of over 1e-20 of the
/// largest, which is within 10 standard deviations. Each chance follows from its neighbour's by
/// their ratio, from the largest outward, and the sum of all makes them absolute; so neither a
/// factorial nor a logarithm is needed, nothing underflows, and the relative error is below
/// 10^-11 for a standard deviation of up to [`WIDEST`].
#[derive(Clone, Debug)]
pub(super) struct Binomial {
    /// The number of successes that the first of the chances is for.
    first: u64,
    /// Relative to the largest.
    chances: Vec<f64>,
    sum: f64,
}

/// The standard deviation, in trials, up to which distributions are worked out term by term.
pub(super) const WIDEST: f64 = 1_000.0;

impl Binomial {
    /// The distribution of the successes of `trials`, each with the given `chance`, above 0 and
    /// below 1. Takes memory and time in proportion to the standard deviation.
    pub(super) fn new(trials: u64, chance: f64) -> Self {
        let odds = chance / (1.0 - chance);
        let most_likely = floor(real(trials.saturating_add(1)) * chance).min(trials);
        let mut chances = Vec::new();
        let (mut successes, mut weight) = (most_likely, 1.0);
        while weight > NEGLIGIBLE {
            chances.push(weight);
            if successes == 0 {
                break;
            }
            // b(k - 1) / b(k) = k / (n - k + 1) / odds
            weight *= real(successes) / real(trials - successes + 1) / odds;
            successes -= 1;
        }
        let first = most_likely + 1 - chances.len() as u64;
        chances.reverse();
        (successes, weight) = (most_likely, 1.0);
        while successes < trials {
            // b(k + 1) / b(k) = (n - k) / (k + 1) * odds
            weight *= real(trials - successes) / real(successes + 1) * odds;
            if weight <= NEGLIGIBLE {
                break;
            }
            successes += 1;
            chances.push(weight);
        }
        let sum = chances.iter().sum();
        Self {
            first,
            chances,
            sum,
        }
    }

    /// The most successes of which it holds that the chance of fewer is at most `chance`: the
    /// largest `k` with `P(B < k) <= chance`. Zero if none else fits.
    pub(super) fn seldom_below(&self, chance: f64) -> u64 {
        let mut tail = 0.0;
        let fitting = self.chances.iter().take_while(|weight| {
            tail += *weight;
            tail <= chance * self.sum
        });
        self.first + fitting.count() as u64
    }

    /// The fewest successes of which it holds that the chance of as many or more is at most
    /// `chance`: the smallest `k` with `P(B >= k) <= chance`. One more than there are trials if
    /// none else fits.
    pub(super) fn seldom_reached(&self, chance: f64) -> u64 {
        let mut tail = 0.0;
        let fitting = self.chances.iter().rev().take_while(|weight| {
            tail += *weight;
            tail <= chance * self.sum
        });
        self.first + (self.chances.len() - fitting.count()) as u64
    }

    /// The chance of `successes` or fewer.
    pub(super) fn at_most(&self, successes: u64) -> f64 {
        let held = successes.saturating_add(1).saturating_sub(self.first);
        let held =
            usize::try_from(held).map_or(self.chances.len(), |held| held.min(self.chances.len()));
        self.chances[..held].iter().sum::<f64>() / self.sum
    }

    /// The chance of `successes` or more.
    pub(super) fn at_least(&self, successes: u64) -> f64 {
        let below = usize::try_from(successes.saturating_sub(self.first));
        let below = below.map_or(self.chances.len(), |below| below.min(self.chances.len()));
        self.chances[below..].iter().sum::<f64>() / self.sum
    }
}

/// A number of trials as a real number: exact up to 2^53, to 16 digits beyond.
#[expect(
    clippy::cast_precision_loss,
    reason = "16 digits are plenty where numbers are so large"
)]
pub(super) fn real(number: u64) -> f64 {
    number as f64
}

/// The whole number at or below a real number that is not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast keeps to the range of its type, and rounds down"
)]
pub(super) fn floor(number: f64) -> u64 {
    number as u64
}

/// Chances below this part of the largest are left out: all of them together are below 1e-17.
const NEGLIGIBLE: f64 = 1e-20;

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every chance from Pascal's triangle, by adding alone.
    pub(in crate::measure) fn chances(trials: u64, chance: f64) -> Vec<f64> {
        let mut row = vec![1.0];
        for _ in 0..trials {
            let mut next = vec![0.0; row.len() + 1];
            for (successes, weight) in row.iter().enumerate() {
                next[successes] += weight * (1.0 - chance);
                next[successes + 1] += weight * chance;
            }
            row = next;
        }
        row
    }

    #[test]
    fn a_large_distribution_is_symmetric_where_it_should_be() {
        let coins = Binomial::new(1_000_000, 0.5);
        let heads = coins.seldom_below(0.025);
        assert_eq!(coins.seldom_reached(0.025), 1_000_001 - heads);
        assert!((coins.at_most(499_999) + coins.at_least(500_000) - 1.0).abs() < 1e-11);
    }

    #[test]
    fn the_rare_events_of_many_trials_are_those_of_poisson() {
        // P(0) = exp(-3), to a relative error of n p^2.
        let rare = Binomial::new(3_000_000_000_000, 1e-12);
        assert!((rare.at_most(0) - (-3.0_f64).exp()).abs() < 1e-10);
        assert!((rare.at_least(1) + rare.at_most(0) - 1.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn the_tails_are_those_of_pascals_triangle(
            trials in 1..200_u64, chance in 0.001..0.999_f64, successes in 0..200_u64,
        ) {
            let exact = chances(trials, chance);
            let successes = successes.min(trials);
            let split = usize::try_from(successes).unwrap();
            let distribution = Binomial::new(trials, chance);
            let at_most: f64 = exact[..=split].iter().sum();
            let at_least: f64 = exact[split..].iter().sum();
            prop_assert!((distribution.at_most(successes) - at_most).abs() < 1e-12);
            prop_assert!((distribution.at_least(successes) - at_least).abs() < 1e-12);
        }

        #[test]
        fn the_bounds_are_the_tightest_that_fit(
            trials in 1..200_u64, chance in 0.001..0.999_f64, tail in 0.001..0.2_f64,
        ) {
            let distribution = Binomial::new(trials, chance);
            let low = distribution.seldom_below(tail);
            prop_assert!(low == 0 || distribution.at_most(low - 1) <= tail);
            prop_assert!(distribution.at_most(low) > tail);
            let high = distribution.seldom_reached(tail);
            prop_assert!(high == trials + 1 || distribution.at_least(high) <= tail);
            prop_assert!(distribution.at_least(high - 1) > tail);
        }
    }
}
