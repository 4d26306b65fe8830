//! How far from zero differences lie, and between which ends that is known to lie with 95 %
//! confidence, by the averages of all pairs of them.
//!
//! The median of these averages (Walsh, Some significance tests for the median which are valid under
//! very general conditions, Annals of Mathematical Statistics 20, 1949) is the estimate of Hodges and
//! Lehmann (Estimates of location based on rank tests, Annals of Mathematical Statistics 34, 1963):
//! up to 29 % of the differences may be as far off as they like without taking it along, and where
//! they are normally distributed it is nearly as exact as their mean.
//!
//! The interval is that of Tukey (Hollander and Wolfe, Nonparametric Statistical Methods, section 3.3):
//! it leaves out as many averages at each end as the rank sum of the differences below zero reaches
//! in at most 2.5 % of all ways to set their signs. It needs no distribution to be known but that
//! differences lie about their middle in the same way above and below, which those of runs that could
//! as well be swapped do. Where differences are level it is wider than it had to be.

use super::bootstrap::Interval;
use super::shift::midpoint;
use super::{FEWEST_PAIRS, LEVEL};

/// The averages of every difference with itself and every other one, in order.
#[derive(Clone, Debug)]
pub struct Averages {
    averages: Vec<f64>,
    differences: usize,
}

impl Averages {
    /// Those of the differences, of which there is one at least.
    #[must_use]
    pub fn new(differences: &[f64]) -> Self {
        let mut averages = Vec::with_capacity(count(differences.len()));
        for (place, one) in differences.iter().enumerate() {
            averages.extend(
                differences[place..]
                    .iter()
                    .map(|other| midpoint(*one, *other)),
            );
        }
        averages.sort_by(f64::total_cmp);
        Self {
            averages,
            differences: differences.len(),
        }
    }

    /// Their median.
    #[must_use]
    pub fn middle(&self) -> f64 {
        let upper = self.averages.len() / 2;
        match self.averages.len() % 2 {
            1 => self.averages[upper],
            _ => midpoint(self.averages[upper - 1], self.averages[upper]),
        }
    }

    /// The ends of the interval of the median; `None` if there are too few differences for one.
    #[must_use]
    pub fn interval(&self) -> Option<Interval> {
        let left_out = left_out(self.differences)?;
        Some(Interval {
            low: self.averages[left_out],
            high: self.averages[self.averages.len() - 1 - left_out],
        })
    }
}

/// How many averages so many differences have.
fn count(differences: usize) -> usize {
    differences * (differences + 1) / 2
}

/// How many of them lie beyond each end: the largest rank sum that comes about in at most 2.5 % of all
/// ways counts them, from 0. `None` if none is as rare.
fn left_out(differences: usize) -> Option<usize> {
    if differences < FEWEST_PAIRS {
        return None;
    }
    let mut below = 0.0;
    let sums = rank_sums(differences);
    let often = sums.iter().position(|chance| {
        below += chance;
        2.0 * below > LEVEL
    });
    often?.checked_sub(1)
}

/// How likely each sum of the ranks below zero is, from a sum of 0 to the middle one, if each rank from
/// 1 to `differences` is above or below as a coin falls.
fn rank_sums(differences: usize) -> Vec<f64> {
    let mut chances = vec![0.0_f64; count(differences) / 2 + 1];
    chances[0] = 1.0;
    for rank in 1..=differences {
        for sum in (0..chances.len()).rev() {
            let with = sum.checked_sub(rank).map_or(0.0, |rest| chances[rest]);
            chances[sum] = chances[sum].midpoint(with);
        }
    }
    chances
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these numbers are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOST: f64 = f64::INFINITY;

    #[track_caller]
    fn found(differences: &[f64]) -> (f64, f64, f64) {
        let averages = Averages::new(differences);
        let interval = averages.interval().unwrap();
        (interval.low, averages.middle(), interval.high)
    }

    #[test]
    fn the_averages_left_out_are_those_of_the_tables() {
        // Two-sided 5 % points of the rank sum (Wilcoxon 1945; Hollander and Wolfe, table A.4).
        for (differences, largest) in [
            (6, 0),
            (7, 2),
            (8, 3),
            (9, 5),
            (10, 8),
            (11, 10),
            (12, 13),
            (15, 25),
            (20, 52),
            (25, 89),
            (30, 137),
            (50, 434),
        ] {
            assert_eq!(left_out(differences), Some(largest), "{differences}");
        }
        assert_eq!((left_out(5), left_out(0)), (None, None));
    }

    #[test]
    fn the_confidence_is_that_of_the_tables() {
        let beyond =
            |differences, sum: usize| 2.0 * rank_sums(differences)[..=sum].iter().sum::<f64>();
        // 96.9 % of six with the whole range, and 95.1 % of ten with the ninth of each end.
        assert_eq!(beyond(6, 0), 2.0 / 64.0);
        assert_eq!(beyond(10, 8), 50.0 / 1024.0);
        assert!(beyond(10, 9) > LEVEL);
    }

    #[test]
    fn six_differences_have_the_whole_range_and_ten_the_ninth_of_each_end() {
        assert_eq!(found(&[3.0, 1.0, 6.0, 2.0, 5.0, 4.0]), (1.0, 3.5, 6.0));
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        // From below: 1, 1.5, two of 2, two of 2.5, three of 3.
        assert_eq!(found(&ten), (3.0, 5.5, 8.0));
    }

    #[test]
    fn a_published_example_has_its_published_interval() {
        // Hamilton's depression scale of nine patients before and after a tranquilliser (Hollander
        // and Wolfe, examples 3.1, 3.3 and 3.4): the estimate is -0.46, and the 96.1 % interval,
        // from the 6th average of each end, -0.786 to -0.010.
        let patients = [
            -0.952, 0.147, -1.022, -0.430, -0.620, -0.590, -0.490, 0.080, -0.010,
        ];
        let (low, middle, high) = found(&patients);
        assert!((middle + 0.46).abs() < 1e-9, "{middle}");
        assert!(
            (low + 0.786).abs() < 1e-9 && (high + 0.010).abs() < 1e-9,
            "{low} to {high}"
        );
    }

    #[test]
    fn what_is_lost_lies_beyond_all_numbers() {
        assert_eq!(found(&[LOST; 6]), (LOST, LOST, LOST));
        assert_eq!(found(&[-LOST; 6]), (-LOST, -LOST, -LOST));
        assert_eq!(found(&[1.0, 1.0, 1.0, 1.0, 1.0, LOST]), (1.0, 1.0, LOST));
        let (low, middle, high) = found(&[-LOST, -LOST, -LOST, LOST, LOST, LOST]);
        assert_eq!((low, middle, high), (-LOST, 0.0, LOST));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_interval_holds_the_middle_and_turns_with_the_signs(
            differences in prop::collection::vec(
                prop_oneof![9 => (-999..999_i32).prop_map(f64::from), 1 => Just(LOST)], 6..20,
            ),
        ) {
            let turned: Vec<f64> = differences.iter().map(|difference| -difference).collect();
            let (low, middle, high) = found(&differences);
            prop_assert!(low <= middle && middle <= high);
            prop_assert_eq!(found(&turned), (-high, -middle, -low));
        }

        #[test]
        fn more_to_each_is_as_much_more_to_all(
            differences in prop::collection::vec((-999..999_i32).prop_map(f64::from), 6..20),
            more in (-999..999_i32).prop_map(f64::from),
        ) {
            let raised: Vec<f64> = differences.iter().map(|difference| difference + more).collect();
            let (low, middle, high) = found(&differences);
            prop_assert_eq!(found(&raised), (low + more, middle + more, high + more));
        }
    }
}
