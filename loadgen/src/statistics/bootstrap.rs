//! Between which ends a shift lies with 95 % confidence, from the values of the runs alone.
//!
//! The bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8 and 13;
//! Davison and Hinkley, Bootstrap Methods and their Application, 1997, chapter 5) draws as many runs
//! again from each side as it has, with replacement, and looks at how much the shift changes. The
//! interval lies between two quantiles of the shifts that are found.
//!
//! At 2.5 % and 97.5 % such an interval is too narrow for few runs: drawn again, n values vary by
//! (n - 1) / n of what they should, and the normal distribution stands in for Student's. With four
//! runs a side it holds the truth in 90 % of all cases instead of 95. So the quantiles are taken
//! farther out, as Hesterberg proposes (What Teachers Should Know About the Bootstrap, The American
//! Statistician 69, 2015, section 3.3, "expanded percentile interval"): at Phi(-s t) and its mirror
//! image, where s^2 = n / (n - 1) and t is the 97.5 % quantile of Student's distribution. With n the
//! smaller side, and the 2 (n - 1) degrees of freedom of two sides like it, the interval held the
//! truth in 95 to 97 % of simulated cases with 4 to 20 runs a side, for normal, skewed and
//! heavy-tailed runs alike; a test keeps to that.
//!
//! Of the other intervals, `BCa` and the studentized one need an estimate of the variance that four
//! runs do not give (for means: up to six times as wide), and neither knows what to do with runs
//! whose quantile is lost.

use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use super::real;
use super::shift::Differences;

/// Where a shift lies, with 95 % confidence. An end is infinite where runs are lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// No larger than the shift.
    pub low: f64,
    /// No smaller than the shift.
    pub high: f64,
}

/// The interval of the shift; `None` if a side has one value only.
#[must_use]
pub fn interval(differences: &Differences) -> Option<Interval> {
    let (from, to) = differences.sides();
    interval_of(differences, draws(from * to))
}

/// The same from so many draws.
pub(super) fn interval_of(differences: &Differences, draws: usize) -> Option<Interval> {
    let (from, to) = differences.sides();
    let tail = tail(from.min(to))?;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let mut shifts: Vec<f64> = (0..draws)
        .map(|_draw| {
            let (from, to) = (again(from, &mut random), again(to, &mut random));
            differences.shift_of(&from, &to)
        })
        .collect();
    shifts.sort_by(f64::total_cmp);
    let rank = rank(draws, tail);
    Some(Interval {
        low: shifts[rank],
        high: shifts[draws - 1 - rank],
    })
}

/// How often each of `values` comes up when as many are drawn.
fn again(values: usize, random: &mut Xoshiro256PlusPlus) -> Vec<usize> {
    let mut counts = vec![0; values];
    for _draw in 0..values {
        counts[random.random_range(0..values)] += 1;
    }
    counts
}

/// The part of the shifts that lies beyond each end, for a smaller side of so many values.
fn tail(values: usize) -> Option<f64> {
    if values < 2 {
        return None;
    }
    let narrow = (real(values) / real(values - 1)).sqrt();
    let student = StudentsT::new(0.0, 1.0, real(2 * (values - 1))).ok()?;
    Some(Normal::standard().cdf(-narrow * student.inverse_cdf(0.975)))
}

/// How many shifts lie beyond the end: of B, the end is the one with the rank (B + 1) times the
/// tail (Davison and Hinkley, 5.2).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a part of the number of draws"
)]
fn rank(draws: usize, tail: f64) -> usize {
    ((real(draws + 1) * tail) as usize).saturating_sub(1)
}

/// How often to draw: fewer times where a draw takes long, so that no number of runs takes longer
/// than some seconds.
fn draws(pairs: usize) -> usize {
    (WORK / pairs).clamp(FEWEST_DRAWS, DRAWS)
}

const DRAWS: usize = 9_999;
const FEWEST_DRAWS: usize = 999;
/// Pairs looked at in all.
const WORK: usize = 400_000_000;
const SEED: u64 = 0x0062_6f6f_7473_7472;

#[cfg(test)]
mod tests {
    use super::*;

    const LOST: f64 = f64::INFINITY;

    #[track_caller]
    fn ends(from: &[f64], to: &[f64]) -> (f64, f64) {
        let interval = interval(&Differences::new(from, to)).unwrap();
        (interval.low, interval.high)
    }

    #[test]
    fn the_tail_is_that_of_the_formula() {
        // sqrt(4 / 3) times 2.446912 are 2.825450.
        assert!((tail(4).unwrap() - 0.002_360_710).abs() < 1e-8);
        // sqrt(10 / 9) times 2.100922 are 2.214566.
        assert!((tail(10).unwrap() - 0.013_394_925).abs() < 1e-8);
        // With many runs there is nothing left to widen: 2.5 %.
        assert!((tail(1_000).unwrap() - 0.025).abs() < 2e-4);
        assert_eq!(tail(1), None);
    }

    #[test]
    fn values_without_spread_have_an_interval_without_width() {
        assert_eq!(ends(&[5.0; 4], &[7.0; 6]), (2.0, 2.0));
    }

    #[test]
    fn the_interval_holds_the_shift_and_lies_within_the_differences() {
        let (from, to) = ([1.0, 2.0, 4.0, 8.0, 9.0], [3.0, 5.0, 7.0, 11.0, 30.0]);
        let differences = Differences::new(&from, &to);
        let (low, high) = ends(&from, &to);
        assert!(low <= differences.shift() && differences.shift() <= high);
        assert!(-6.0 <= low && high <= 29.0, "{low} to {high}");
        assert!(low < high);
    }

    #[test]
    fn the_same_values_give_the_same_interval() {
        let (from, to) = ([1.0, 2.0, 4.0, 8.0], [3.0, 5.0, 7.0, 11.0]);
        assert_eq!(ends(&from, &to), ends(&from, &to));
    }

    #[test]
    fn an_end_is_infinite_where_runs_are_lost() {
        let (low, high) = ends(&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, LOST, LOST]);
        assert!(low.is_finite() && high == LOST, "{low} to {high}");
        assert_eq!(ends(&[LOST; 4], &[LOST; 4]), (0.0, 0.0));
        assert_eq!(ends(&[1.0; 4], &[LOST; 4]), (LOST, LOST));
    }

    #[test]
    fn many_runs_are_drawn_less_often_but_often_enough() {
        assert_eq!(draws(100), DRAWS);
        assert_eq!(draws(100_000), 4_000);
        assert_eq!(draws(1_000_000_000), FEWEST_DRAWS);
    }
}
