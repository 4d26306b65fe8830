//! Whether chance would have done as much to pairs: the sign-flip test (Fisher, The Design of
//! Experiments, 1935, section 21).
//!
//! If it makes no difference which of two runs that were made side by side is which, then the
//! difference of each pair could as well have had the other sign. p is the part of all ways to set
//! the signs that look at least as different from zero as the one that was found, up or down. That
//! needs no distribution to be known and nothing to be alike from pair to pair: what changes in
//! the course of time falls on both runs of a pair.
//!
//! All quantities of a pair change their signs together, and are corrected for being a family: see
//! [`stepdown`](super::stepdown).

use rand::Rng;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use super::signed::SignedScores;
use super::stepdown::{Chance, DRAWS, MOST_WAYS, StepDown, p_of_all, p_of_drawn};

/// Tests each quantity of a family. All of them have the differences of the same pairs in the same
/// order.
#[must_use]
pub fn test(family: &[SignedScores]) -> Vec<Chance> {
    let Some(pairs) = family.first().map(SignedScores::count) else {
        return Vec::new();
    };
    let found = vec![1.0; pairs];
    let found = family.iter().map(|scores| scores.statistic(&found));
    let mut family_wise = StepDown::new(found.collect());
    let flips = Flips::of(pairs);
    flips.each(pairs, |signs| {
        family_wise.note(|quantity| family[quantity].statistic(signs));
    });
    family_wise.chances(|extreme| flips.p(extreme))
}

/// Ways to set the signs of the differences. A way and its mirror image lie equally far from zero, so
/// one of them stands for both: the one that leaves the last sign as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flips {
    /// Every one of them, that which was found included.
    All { ways: usize },
    /// Some, drawn at random.
    Some,
}

impl Flips {
    /// Of so many pairs: every way if there are few enough, which they are up to 15 pairs.
    fn of(pairs: usize) -> Self {
        let free = u32::try_from(pairs.saturating_sub(1)).unwrap_or(u32::MAX);
        match 1_usize.checked_shl(free).filter(|ways| *ways <= MOST_WAYS) {
            Some(ways) => Self::All { ways },
            None => Self::Some,
        }
    }

    fn each(self, pairs: usize, mut visit: impl FnMut(&[f64])) {
        let mut signs = vec![1.0; pairs];
        match self {
            Self::All { ways } => {
                for way in 0..ways {
                    for (place, sign) in signs.iter_mut().enumerate() {
                        *sign = signed(way >> place & 1 == 1);
                    }
                    visit(&signs);
                }
            }
            Self::Some => {
                let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
                for _draw in 0..DRAWS {
                    for some in signs.chunks_mut(64) {
                        let bits = random.next_u64();
                        for (place, sign) in some.iter_mut().enumerate() {
                            *sign = signed(bits >> place & 1 == 1);
                        }
                    }
                    visit(&signs);
                }
            }
        }
    }

    /// The p-value if so many of the ways were at least as extreme as what was found.
    fn p(self, extreme: usize) -> f64 {
        match self {
            Self::All { ways } => p_of_all(extreme, ways),
            Self::Some => p_of_drawn(extreme),
        }
    }
}

fn signed(turned: bool) -> f64 {
    if turned { -1.0 } else { 1.0 }
}

const SEED: u64 = 0x666c_6970_7065_6473;

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these numbers are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn p(differences: &[f64]) -> f64 {
        test(&[SignedScores::new(differences)])[0].p
    }

    #[test]
    fn differences_of_one_sign_are_the_two_most_extreme_ways() {
        assert_eq!(p(&[1.0, 2.0, 3.0, 4.0, 5.0]), 2.0 / 32.0);
        assert_eq!(p(&[-1.0, -2.0, -3.0, -4.0, -5.0, -6.0]), 2.0 / 64.0);
        assert_eq!(p(&[f64::INFINITY; 6]), 2.0 / 64.0);
        assert_eq!(p(&[7.0]), 1.0);
    }

    #[test]
    fn a_pair_that_is_not_known_changes_nothing() {
        let known = [1.0, -2.0, 3.0, 4.0, 5.0, 6.5];
        let gaps: Vec<Option<f64>> = known.iter().copied().map(Some).collect();
        let gaps = [&[None], &gaps[..3], &[None], &gaps[3..]].concat();
        let found = test(&[SignedScores::with_gaps(&gaps)])[0].p;
        assert_eq!(found, p(&known));
    }

    #[test]
    fn p_is_that_of_the_tables_of_the_signed_ranks_but_for_ties_that_are_broken() {
        // Of 10 pairs, P(W <= 8) = 25 / 1024 (Wilcoxon 1945; Hollander and Wolfe, table A.4), and
        // P(W <= 7) = 19 / 1024. The tie-break tells ways with W = 8 apart, so that p lies between.
        let mut differences: Vec<f64> = (1..=10).map(f64::from).collect();
        differences[7] = -8.0;
        let found = p(&differences);
        assert!(
            2.0 * 19.0 / 1024.0 < found && found <= 2.0 * 25.0 / 1024.0,
            "{found}"
        );
    }

    #[test]
    fn ties_have_the_p_of_the_binomial_distribution() {
        // Nine of ten that are all as large: 2 (1 + 10) / 1024.
        let mut differences = [1.0; 10];
        differences[3] = -1.0;
        assert_eq!(p(&differences), 22.0 / 1024.0);
        // Pairs without a difference are as if they were not there.
        assert_eq!(p(&[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]), 2.0 / 64.0);
        assert_eq!(p(&[0.0; 6]), 1.0);
    }

    #[test]
    fn darwins_plants_have_the_p_that_fisher_found() {
        // Zea mays, crossed against self-fertilised, in eighths of an inch (Fisher 1935, section 17).
        // The differences themselves have p = 1726 / 32768 = 0.0527 there; the signed ranks say
        // W- = 24, of which P(W <= 24) = 0.0206.
        let plants = [
            49.0, -67.0, 8.0, 16.0, 6.0, 23.0, 28.0, 41.0, 14.0, 29.0, 56.0, 24.0, 75.0, 60.0,
            -48.0,
        ];
        let found = p(&plants);
        assert!((found - 0.0413).abs() < 0.001, "{found}");
    }

    #[test]
    fn many_pairs_are_drawn_at_random_and_p_is_about_the_same() {
        assert_eq!(Flips::of(15), Flips::All { ways: 16_384 });
        assert_eq!(Flips::of(16), Flips::Some);
        assert_eq!(Flips::of(1_000), Flips::Some);
        // Of 16 pairs as large as each other, 12 or more of one sign: 2 * 2517 / 65536.
        let mut differences = [1.0; 16];
        differences[..4].fill(-1.0);
        assert!((p(&differences) - 0.0768).abs() < 0.006);
        assert_eq!(p(&[1.0; 100]), 1.0 / 20_000.0);
    }

    #[test]
    fn every_sign_is_drawn_equally_often() {
        let mut turned = [0_usize; 70];
        Flips::Some.each(70, |signs| {
            for (count, sign) in turned.iter_mut().zip(signs) {
                *count += usize::from(*sign < 0.0);
            }
        });
        // Half of 19,999, and five standard deviations of 71.
        assert!(
            turned.iter().all(|count| count.abs_diff(10_000) < 355),
            "{turned:?}"
        );
    }

    #[test]
    fn a_quantity_that_moves_with_another_costs_it_nothing_and_one_that_does_not_does() {
        let clear = SignedScores::new(&[20.0, 20.1, 20.2, 20.3, 20.4, 20.5]);
        let noise = SignedScores::new(&[4.0, -9.0, 100.0, -60.0, -8.0, 7.0]);
        let still = SignedScores::new(&[0.0; 6]);
        let chances = test(&[clear.clone(), clear.clone(), still, noise]);
        assert_eq!(chances[0].p_corrected, 2.0 / 64.0);
        assert_eq!(chances[1].p_corrected, 2.0 / 64.0);
        assert_eq!((chances[2].p, chances[2].p_corrected), (1.0, 1.0));
        assert!(chances[3].p_corrected > 0.5);
        // Differences that are larger, but far from as large as each other, are less clear.
        let vague = SignedScores::new(&[40.0, -90.0, 41.0, -60.0, -55.0, 45.0]);
        let chances = test(&[vague, clear]);
        assert!(chances[0].p_corrected >= chances[0].p);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_correction_only_ever_raises_p(
            pairs in prop::collection::vec((-9..9_i32, -9..9_i32, -9..9_i32), 1..9),
        ) {
            let family: Vec<SignedScores> = [
                pairs.iter().map(|pair| f64::from(pair.0)).collect::<Vec<f64>>(),
                pairs.iter().map(|pair| f64::from(pair.1)).collect(),
                pairs.iter().map(|pair| f64::from(pair.2)).collect(),
            ]
            .iter()
            .map(|differences| SignedScores::new(differences))
            .collect();
            for chance in test(&family) {
                prop_assert!(0.0 < chance.p && chance.p <= chance.p_corrected);
                prop_assert!(chance.p_corrected <= 1.0);
            }
        }

        #[test]
        fn the_other_direction_is_as_likely(pairs in prop::collection::vec(-9..9_i32, 1..10)) {
            let there: Vec<f64> = pairs.iter().copied().map(f64::from).collect();
            let back: Vec<f64> = there.iter().map(|number| -number).collect();
            prop_assert_eq!(p(&there), p(&back));
        }
    }
}
