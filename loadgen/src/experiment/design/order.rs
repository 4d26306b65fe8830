//! In which order the variants of a block run.

use rand::{Rng, RngExt};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

/// The numbers of so many variants in the order of a block, which is counted from 0.
///
/// Every order is as likely as any other one, and each block has its own, whatever other blocks there
/// are: an experiment that goes on where it was broken off goes on in the same order.
#[must_use]
pub fn order(seed: u64, block: u32, variants: usize) -> Vec<usize> {
    // Seeds that lie close together must not share blocks, so that one is not a block more than another.
    let start = Xoshiro256PlusPlus::seed_from_u64(seed).next_u64();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(start.wrapping_add(block.into()));
    let mut order: Vec<usize> = (0..variants).collect();
    // Fisher and Yates.
    for place in 0..variants {
        order.swap(place, random.random_range(place..variants));
    }
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_seed_means_the_same_order_for_ever() {
        let orders = [(1, 0), (1, 1), (2, 0)].map(|(seed, block)| order(seed, block, 5));
        assert_eq!(orders, [[0, 1, 4, 2, 3], [2, 4, 0, 1, 3], [2, 1, 0, 3, 4]]);
        assert!(order(7, 0, 0).is_empty());
    }

    #[test]
    fn every_variant_has_every_place_equally_often() {
        let mut seen = [[0_usize; 4]; 4];
        for block in 0..6_000 {
            for (place, variant) in order(9, block, 4).into_iter().enumerate() {
                seen[variant][place] += 1;
            }
        }
        // A quarter of 6,000, and five standard deviations of 34.
        let even = |count: &usize| count.abs_diff(1_500) < 170;
        assert!(seen.iter().flatten().all(even), "{seen:?}");
    }

    #[test]
    fn every_order_is_as_likely() {
        let mut seen = std::collections::HashMap::new();
        for seed in 0..6_000 {
            *seen.entry(order(seed, 3, 3)).or_insert(0_usize) += 1;
        }
        // A sixth of 6,000, and five standard deviations of 29.
        assert_eq!(seen.len(), 6);
        assert!(
            seen.values().all(|count| count.abs_diff(1_000) < 145),
            "{seen:?}"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_variant_runs_once(seed: u64, block: u32, variants in 1..65_usize) {
            let mut found = order(seed, block, variants);
            prop_assert_eq!(&found, &order(seed, block, variants));
            found.sort_unstable();
            prop_assert_eq!(found, (0..variants).collect::<Vec<_>>());
        }
    }
}
