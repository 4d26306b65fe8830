//! Whether chance would have done as much: the permutation test (Fisher, The Design of Experiments,
//! 1935, section 21; Pitman 1937).
//!
//! If both sides are alike, then the runs could as well have fallen to the sides in any other way.
//! p is the part of these ways that look at least as different as the one that was found, up or
//! down. That needs no distribution to be known, and is exact for any number of runs: whatever runs
//! look like, p is 0.05 or less in at most 5 % of all comparisons of sides that are alike.
//!
//! Several quantities are corrected for being a family: see [`stepdown`](super::stepdown).

use super::relabelling::Relabellings;
use super::scores::Scores;
use super::stepdown::{Chance, StepDown};

/// Tests each quantity of a family, of which the first `from` values belong to one side and the
/// others to the other. All of them have the values of the same runs in the same order.
#[must_use]
pub fn test(family: &[Scores], from: usize) -> Vec<Chance> {
    let Some(all) = family.first().map(Scores::count) else {
        return Vec::new();
    };
    let found: Vec<usize> = (0..from).collect();
    let found: Vec<f64> = family
        .iter()
        .map(|scores| scores.statistic(&found))
        .collect();
    let relabellings = Relabellings::of(from, all);
    let mut family_wise = StepDown::new(found);
    relabellings.each(from, all, |side| {
        family_wise.note(|quantity| family[quantity].statistic(side));
    });
    family_wise.chances(|extreme| relabellings.p(extreme))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these numbers are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn p(from: &[f64], to: &[f64]) -> f64 {
        let all: Vec<f64> = from.iter().chain(to).copied().collect();
        test(&[Scores::new(&all)], from.len())[0].p
    }

    #[track_caller]
    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    }

    #[test]
    fn sides_that_do_not_overlap_are_the_two_most_extreme_ways() {
        assert_close(p(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]), 2.0 / 20.0);
        assert_close(p(&[5.0, 6.0, 7.0, 8.0], &[1.0, 2.0, 3.0, 4.0]), 2.0 / 70.0);
        assert_close(p(&[1.0], &[2.0, 3.0]), 2.0 / 3.0);
    }

    #[test]
    fn small_sets_have_the_p_of_the_tables_of_the_rank_sum() {
        // Mann and Whitney (1947): for sides of 4 and 4, P(U <= 1) = 2 / 70 and P(U <= 2) = 4 / 70.
        assert_close(p(&[1.0, 2.0, 3.0, 5.0], &[4.0, 6.0, 7.0, 8.0]), 4.0 / 70.0);
        // U = 4 of 3 and 4: P(U <= 4) = 11 / 35 by the same tables. Of the ways with U = 4, those
        // lying farther apart count, so that p is no more than twice that, and more than for U = 3.
        let found = p(&[1.0, 4.0, 5.0], &[2.0, 3.0, 6.0, 7.0]);
        assert!(
            2.0 * 7.0 / 35.0 < found && found <= 2.0 * 11.0 / 35.0,
            "{found}"
        );
    }

    #[test]
    fn ties_count_as_just_as_extreme() {
        // Of 6 ways to place two ones and two twos, 2 are as extreme as this one.
        assert_close(p(&[1.0, 1.0], &[2.0, 2.0]), 2.0 / 6.0);
        assert_close(p(&[1.0, 2.0], &[1.0, 2.0]), 1.0);
        assert_close(p(&[3.0; 5], &[3.0; 5]), 1.0);
    }

    #[test]
    fn the_lost_lie_above_all_others() {
        let lost = f64::INFINITY;
        assert_close(p(&[1.0, 2.0, 3.0, 9.0], &[lost; 4]), 2.0 / 70.0);
    }

    #[test]
    fn a_family_is_corrected_step_by_step() {
        // Two quantities of two runs a side. In the first, the ways {0,1} and {2,3} are clearest;
        // in the second {0,2} and {1,3}, and the one that was found is one of the other four.
        let first = Scores::new(&[1.0, 2.0, 9.0, 10.0]);
        let second = Scores::new(&[1.0, 9.0, 2.0, 10.0]);
        let chances = test(&[first.clone(), second.clone()], 2);
        assert_close(chances[0].p, 2.0 / 6.0);
        assert_close(chances[0].p_corrected, 4.0 / 6.0);
        assert_close(chances[1].p, 1.0 - 2.0 / 6.0);
        assert_close(chances[1].p_corrected, 1.0 - 2.0 / 6.0);
        let swapped = test(&[second, first], 2);
        assert_eq!((swapped[0], swapped[1]), (chances[1], chances[0]));
    }

    #[test]
    fn a_quantity_that_is_the_same_everywhere_costs_the_others_nothing() {
        let clear = Scores::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        let still = Scores::new(&[0.0; 8]);
        let chances = test(&[clear.clone(), still], 4);
        assert_close(chances[0].p_corrected, 2.0 / 70.0);
        assert_eq!((chances[1].p, chances[1].p_corrected), (1.0, 1.0));
        // Nor does one that moves with it.
        let chances = test(&[clear.clone(), clear], 4);
        assert_close(chances[1].p_corrected, 2.0 / 70.0);
    }

    #[test]
    fn four_runs_a_side_are_enough_for_a_difference_that_is_clear() {
        let clear = Scores::new(&[50.0, 51.0, 50.5, 49.0, 70.0, 71.0, 70.5, 900.0]);
        let noise = [
            [4.0, 1.0, 8.0, 3.0, 2.0, 7.0, 5.0, 6.0],
            [1.0, 8.0, 5.0, 4.0, 3.0, 2.0, 6.0, 7.0],
            [7.0, 2.0, 3.0, 8.0, 6.0, 1.0, 4.0, 5.0],
        ];
        let mut family = vec![clear];
        family.extend(noise.iter().map(|values| Scores::new(values)));
        let chances = test(&family, 4);
        assert_close(chances[0].p_corrected, 2.0 / 70.0);
        assert!(chances[1..].iter().all(|chance| chance.p_corrected > 0.05));
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![9 => (0..30_i32).prop_map(f64::from), 1 => Just(f64::INFINITY)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_side_is_no_different_from_itself(side in prop::collection::vec(value(), 1..8)) {
            prop_assert_eq!(p(&side, &side), 1.0);
        }

        #[test]
        fn a_correction_only_ever_raises_p(
            runs in prop::collection::vec((value(), value(), value()), 4..13),
        ) {
            let family: Vec<Scores> = [
                runs.iter().map(|run| run.0).collect::<Vec<f64>>(),
                runs.iter().map(|run| run.1).collect(),
                runs.iter().map(|run| run.2).collect(),
            ]
            .iter()
            .map(|values| Scores::new(values))
            .collect();
            for chance in test(&family, runs.len() / 2) {
                prop_assert!(0.0 < chance.p && chance.p <= chance.p_corrected);
                prop_assert!(chance.p_corrected <= 1.0);
            }
        }
    }
}
