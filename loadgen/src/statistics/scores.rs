//! What stands for a run in a test: a number that rises with its value, whatever the values are.
//!
//! The test is that of Wilcoxon (Individual comparisons by ranking methods, Biometrics Bulletin 1,
//! 1945) and of Mann and Whitney: a side is high if its runs have high ranks among all runs. Runs
//! have bad luck of any size, by the hypervisor or by the host, and a rank forgets the size: one run
//! of ten that took a thousand times as long counts as one that was slower. Where runs are normally
//! distributed such a test needs 5 % more runs than one of the means, and where tails are heavy it
//! needs a fraction (Lehmann, Nonparametrics, 1975, section 2.4).
//!
//! With four runs a side, though, ranks alone know of nothing clearer than sides that do not overlap,
//! which one of five quantities does by chance in 11 % of all cases. Therefore a thousandth of the
//! distance from the median, up to three median deviations, is added to the rank: among rank sums
//! that are equal, sides that lie farther apart then count as clearer.

use super::real;
use super::shift::{mean, spread};

/// The scores of one quantity, in the order of its values; their sum is zero, and that of their
/// squares 1, or all are zero where all values are equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    scores: Vec<f64>,
}

impl Scores {
    /// The scores of the values of both sides together.
    #[must_use]
    pub fn new(values: &[f64]) -> Self {
        let mut scores = standardized(&ranks(values));
        let apart = standardized(&distances(values));
        for (score, apart) in scores.iter_mut().zip(apart) {
            *score += apart * TIE_BREAK;
        }
        Self {
            scores: standardized(&scores),
        }
    }

    /// Values.
    #[must_use]
    pub fn count(&self) -> usize {
        self.scores.len()
    }

    /// How far the side that has the values with these numbers lies from the middle, up or down.
    ///
    /// It is the same for the other side, whose scores make up the rest of zero.
    #[must_use]
    pub fn statistic(&self, side: &[usize]) -> f64 {
        side.iter().map(|run| self.scores[*run]).sum::<f64>().abs()
    }
}

/// Counted from 1; equal values share the mean of their ranks.
pub(super) fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |value: &f64| {
        let below = values.iter().filter(|other| *other < value).count();
        let above = values.iter().filter(|other| *other > value).count();
        let level = values.len() - below - above;
        real(below) + real(level + 1) / 2.0
    };
    values.iter().map(rank).collect()
}

/// From the median, up to some median deviations; none where these are infinite.
fn distances(values: &[f64]) -> Vec<f64> {
    let Some((middle, spread)) = spread(values) else {
        return vec![0.0; values.len()];
    };
    let most = FARTHEST * spread;
    let distance = |value: &f64| (value - middle).clamp(-most, most);
    values.iter().map(distance).collect()
}

fn standardized(values: &[f64]) -> Vec<f64> {
    let mean = mean(values);
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let length = centred
        .iter()
        .map(|value| value * value)
        .sum::<f64>()
        .sqrt();
    if length == 0.0 {
        return centred;
    }
    centred.iter().map(|value| value / length).collect()
}

/// How much the distance counts beside the rank.
const TIE_BREAK: f64 = 0.001;
/// In median deviations.
const FARTHEST: f64 = 3.0;

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these numbers are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_values_share_their_ranks() {
        let lost = f64::INFINITY;
        assert_eq!(ranks(&[7.0, 1.0, 7.0, 3.0]), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(ranks(&[lost, 1.0, lost]), [2.5, 1.0, 2.5]);
    }

    #[test]
    fn values_that_are_all_equal_say_nothing() {
        assert_eq!(Scores::new(&[5.0; 8]).statistic(&[0, 1, 2, 3]), 0.0);
        assert_eq!(Scores::new(&[f64::INFINITY; 8]).statistic(&[0, 1]), 0.0);
    }

    #[test]
    fn sides_farther_apart_are_clearer_at_the_same_ranks() {
        let clear = Scores::new(&[1.0, 1.1, 1.2, 1.3, 9.0, 9.1, 9.2, 9.3]);
        let vague = Scores::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        let side = [0, 1, 2, 3];
        assert!(clear.statistic(&side) > vague.statistic(&side));
        // But not clearer than better ranks.
        assert!(clear.statistic(&[0, 1, 2, 4]) < vague.statistic(&side));
    }

    proptest! {
        #[test]
        fn a_larger_value_has_a_larger_score(
            values in prop::collection::vec(
                prop_oneof![9 => (0..50_i32).prop_map(f64::from), 1 => Just(f64::INFINITY)], 2..20,
            ),
        ) {
            let scores = Scores::new(&values).scores;
            for (one, first) in values.iter().enumerate() {
                for (other, second) in values.iter().enumerate() {
                    prop_assert_eq!(first < second, scores[one] + 1e-12 < scores[other]);
                }
            }
        }

        #[test]
        fn both_sides_lie_equally_far_from_the_middle(
            values in prop::collection::vec(0.0..1e6_f64, 2..20), first in 1..19_usize,
        ) {
            let scores = Scores::new(&values);
            let numbers: Vec<usize> = (0..values.len()).collect();
            let (one, other) = numbers.split_at(first.min(values.len()));
            prop_assert!((scores.statistic(one) - scores.statistic(other)).abs() < 1e-12);
        }
    }
}
