//! The ways in which runs could have fallen to the two sides.

use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use super::stepdown::{DRAWS, MOST_WAYS, p_of_all, p_of_drawn};

/// Ways to choose the runs of one side among those of both. If it makes no difference to which side
/// a run belongs, each of them is as likely as the one that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relabellings {
    /// Every one of them, that which was found included.
    All {
        /// How many there are.
        ways: usize,
    },
    /// Some, drawn at random.
    Some,
}

impl Relabellings {
    /// For `chosen` runs of `all`: every way if there are few enough.
    #[must_use]
    pub fn of(chosen: usize, all: usize) -> Self {
        match ways(chosen, all) {
            Some(ways) => Self::All { ways },
            None => Self::Some,
        }
    }

    /// Goes through the ways to choose `chosen` runs of `all`, given as the numbers of the runs.
    pub fn each(self, chosen: usize, all: usize, mut visit: impl FnMut(&[usize])) {
        match self {
            Self::All { .. } => every(chosen, all, visit),
            Self::Some => {
                let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
                let mut runs: Vec<usize> = (0..all).collect();
                for _draw in 0..DRAWS {
                    // The first steps of a shuffle (Fisher and Yates), wherever the last one ended.
                    for place in 0..chosen {
                        runs.swap(place, random.random_range(place..all));
                    }
                    visit(&runs[..chosen]);
                }
            }
        }
    }

    /// The p-value if so many of the ways were at least as extreme as what was found.
    #[must_use]
    pub fn p(self, extreme: usize) -> f64 {
        match self {
            Self::All { ways } => p_of_all(extreme, ways),
            Self::Some => p_of_drawn(extreme),
        }
    }
}

/// Goes through all subsets in the order of their numbers.
fn every(chosen: usize, all: usize, mut visit: impl FnMut(&[usize])) {
    let mut subset: Vec<usize> = (0..chosen).collect();
    loop {
        visit(&subset);
        // The last number that can still be raised.
        let Some(place) = (0..chosen)
            .rev()
            .find(|place| subset[*place] < all - chosen + place)
        else {
            return;
        };
        let next = subset[place] + 1;
        for (number, later) in (next..).zip(&mut subset[place..]) {
            *later = number;
        }
    }
}

/// How many subsets there are; `None` if they are too many to go through. With eight runs a side
/// there are 12,870.
fn ways(chosen: usize, all: usize) -> Option<usize> {
    let chosen = chosen.min(all.checked_sub(chosen)?);
    let mut ways = 1_usize;
    for step in 1..=chosen {
        // A product of `step` consecutive numbers is divisible by the product of the first `step`.
        ways = ways * (all - chosen + step) / step;
        if ways > MOST_WAYS {
            return None;
        }
    }
    Some(ways)
}

const SEED: u64 = 0x7065_726d_7574_6564;

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these numbers are exact")]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_runs_have_few_ways() {
        assert_eq!(Relabellings::of(4, 8), Relabellings::All { ways: 70 });
        assert_eq!(Relabellings::of(8, 16), Relabellings::All { ways: 12_870 });
        assert_eq!(Relabellings::of(9, 18), Relabellings::Some);
        assert_eq!(Relabellings::of(500, 1_000), Relabellings::Some);
        assert_eq!(
            Relabellings::of(1, 20_000),
            Relabellings::All { ways: 20_000 }
        );
    }

    #[test]
    fn subsets_come_in_order() {
        let mut seen = Vec::new();
        every(2, 4, |subset| seen.push(subset.to_vec()));
        assert_eq!(seen, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]);
    }

    #[test]
    fn p_counts_what_was_found() {
        assert_eq!(Relabellings::All { ways: 70 }.p(2), 2.0 / 70.0);
        assert_eq!(Relabellings::Some.p(0), 1.0 / 20_000.0);
        assert_eq!(Relabellings::Some.p(DRAWS), 1.0);
    }

    #[test]
    fn every_run_is_drawn_equally_often() {
        let mut drawn = [0_usize; 20];
        Relabellings::Some.each(10, 20, |subset| {
            assert_eq!(subset.iter().collect::<HashSet<_>>().len(), 10);
            for run in subset {
                drawn[*run] += 1;
            }
        });
        // Half of 19,999, and five standard deviations of 71.
        assert!(
            drawn.iter().all(|count| count.abs_diff(10_000) < 355),
            "{drawn:?}"
        );
    }

    proptest! {
        #[test]
        fn every_subset_comes_once(chosen in 1..6_usize, rest in 0..6_usize) {
            let mut seen = HashSet::new();
            let all = chosen + rest;
            every(chosen, all, |subset| {
                assert!(subset.windows(2).all(|pair| pair[0] < pair[1]));
                assert!(seen.insert(subset.to_vec()));
            });
            prop_assert_eq!(Some(seen.len()), ways(chosen, all));
        }
    }
}
