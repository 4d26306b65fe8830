//! What stands for a pair of runs in a test: a number with the sign of their difference that rises
//! with its size, whatever the sizes are.
//!
//! The test is that of the signed ranks (Wilcoxon, Individual comparisons by ranking methods,
//! Biometrics Bulletin 1, 1945): differences are ranked by size, and each rank gets the sign of its
//! difference. A rank forgets how far off a run was that had bad luck. Pairs without a difference
//! have a rank, but no sign (Pratt, Remarks on zeros and ties in the Wilcoxon signed rank
//! procedures, Journal of the American Statistical Association 54, 1959), so that they count for
//! neither side.
//!
//! With six pairs, though, ranks know of nothing clearer than differences that all have one sign, and
//! several quantities each have two ways to look like that. Therefore a thousandth of the size, up to
//! three times the median one, is added to the rank: among differences that all lead the same way,
//! those that are about as large as each other count as clearer.

use std::cmp::Ordering;

use super::scores::ranks;
use super::shift::median;

/// The scores of one quantity, in the order of its pairs; the sum of their squares is 1, or all are
/// zero where no pair has a difference.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedScores {
    scores: Vec<f64>,
}

impl SignedScores {
    /// Those of the differences of the pairs.
    #[must_use]
    pub fn new(differences: &[f64]) -> Self {
        let sizes: Vec<f64> = differences.iter().map(|size| size.abs()).collect();
        let signed = |sizes: Vec<f64>| -> Vec<f64> {
            let pairs = sizes.into_iter().zip(differences);
            unit(pairs.map(|(size, by)| size * sign(*by)).collect())
        };
        let mut scores = signed(ranks(&sizes));
        for (score, size) in scores.iter_mut().zip(signed(clipped(&sizes))) {
            *score += size * TIE_BREAK;
        }
        Self {
            scores: unit(scores),
        }
    }

    /// The same where some pairs have no difference that is known: they count for neither side, and have
    /// no part in the ranks of the others.
    #[must_use]
    pub fn with_gaps(differences: &[Option<f64>]) -> Self {
        let known: Vec<f64> = differences.iter().copied().flatten().collect();
        let mut known = Self::new(&known).scores.into_iter();
        let score = |difference: &Option<f64>| difference.and_then(|_| known.next());
        let scores = differences.iter().map(score);
        Self {
            scores: scores.map(Option::unwrap_or_default).collect(),
        }
    }

    /// Pairs, those without a difference that is known among them.
    #[must_use]
    pub fn count(&self) -> usize {
        self.scores.len()
    }

    /// How far the differences lie from zero, up or down, if each is multiplied by one of `signs`,
    /// which are 1 or -1.
    #[must_use]
    pub fn statistic(&self, signs: &[f64]) -> f64 {
        let pairs = self.scores.iter().zip(signs);
        pairs.map(|(score, sign)| score * sign).sum::<f64>().abs()
    }

    /// Whether they lead up or down, taken together.
    #[must_use]
    pub fn direction(&self) -> Ordering {
        match self.scores.iter().sum::<f64>() {
            up if up > ROUNDING => Ordering::Greater,
            down if down < -ROUNDING => Ordering::Less,
            _ => Ordering::Equal,
        }
    }
}

fn sign(difference: f64) -> f64 {
    if difference == 0.0 {
        0.0
    } else {
        difference.signum()
    }
}

/// Sizes up to some times the median one; none where that is infinite.
fn clipped(sizes: &[f64]) -> Vec<f64> {
    match median(sizes) {
        Some(middle) if middle.is_finite() => {
            let most = FARTHEST * middle;
            sizes.iter().map(|size| size.min(most)).collect()
        }
        _ => vec![0.0; sizes.len()],
    }
}

/// The same with a sum of squares of 1, if it has any.
fn unit(mut values: Vec<f64>) -> Vec<f64> {
    let length = values.iter().map(|value| value * value).sum::<f64>().sqrt();
    if length > 0.0 {
        for value in &mut values {
            *value /= length;
        }
    }
    values
}

/// How much the size counts beside the rank.
const TIE_BREAK: f64 = 0.001;
/// In median sizes.
const FARTHEST: f64 = 3.0;
/// The scores are numbers below 1.
const ROUNDING: f64 = 1e-10;

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these numbers are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOST: f64 = f64::INFINITY;

    #[test]
    fn differences_of_nothing_say_nothing() {
        let scores = SignedScores::new(&[0.0; 6]);
        assert_eq!(scores.statistic(&[1.0; 6]), 0.0);
        assert_eq!(scores.direction(), Ordering::Equal);
        assert_eq!(SignedScores::new(&[]).direction(), Ordering::Equal);
    }

    #[test]
    fn pairs_without_a_difference_count_for_neither_side() {
        let scores = SignedScores::new(&[0.0, 0.0, 3.0, 2.0]);
        assert_eq!(&scores.scores[..2], [0.0, 0.0]);
        // Their ranks are taken, so that 2 and 3 have the ranks 3 and 4.
        assert!((scores.scores[2] - 0.8).abs() < 0.001);
    }

    #[test]
    fn most_ranks_decide_the_direction() {
        let direction = |differences: &[f64]| SignedScores::new(differences).direction();
        assert_eq!(direction(&[3.0, -1.0, -1.5]), Ordering::Greater);
        assert_eq!(direction(&[1e9, -1.0, -2.0, -3.0]), Ordering::Less);
        assert_eq!(direction(&[LOST, -1.0, 2.0]), Ordering::Greater);
        assert_eq!(direction(&[LOST, -LOST]), Ordering::Equal);
    }

    #[test]
    fn differences_of_one_size_are_clearer_than_those_of_many() {
        let alike = SignedScores::new(&[20.0, 20.1, 20.2, 20.3, 20.4, 20.5]);
        let vague = SignedScores::new(&[1.0, 200.0, 30.0, 5.0, 90.0, 400.0]);
        let (clear, all) = (alike.statistic(&[1.0; 6]), [1.0; 6]);
        assert!(clear > vague.statistic(&all));
        // But not clearer than better signs.
        let worse = alike.statistic(&[-1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
        assert!(worse < vague.statistic(&all));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_larger_difference_has_a_larger_score(
            differences in prop::collection::vec(
                prop_oneof![
                    9 => (-50..50_i32).prop_map(f64::from),
                    1 => Just(LOST),
                    1 => Just(-LOST),
                ],
                2..20,
            ),
        ) {
            let scores = SignedScores::new(&differences).scores;
            for (one, first) in differences.iter().enumerate() {
                for (other, second) in differences.iter().enumerate() {
                    prop_assert_eq!(first < second, scores[one] + 1e-12 < scores[other]);
                }
            }
        }

        #[test]
        fn turning_all_differences_round_turns_the_direction_alone(
            differences in prop::collection::vec(-9..9_i32, 1..12),
        ) {
            let numbers: Vec<f64> = differences.iter().copied().map(f64::from).collect();
            let turned: Vec<f64> = numbers.iter().map(|number| -number).collect();
            let (one, other) = (SignedScores::new(&numbers), SignedScores::new(&turned));
            let signs = vec![1.0; numbers.len()];
            prop_assert_eq!(one.statistic(&signs), other.statistic(&signs));
            prop_assert_eq!(one.direction(), other.direction().reverse());
        }
    }
}
