//! How often each size is drawn, and the sizes that are refused.

use std::collections::BTreeMap;

use super::*;

const SEEDS: [u64; 5] = [0, 1, 2, 0x6c6f_6164_6765_6e31, u64::MAX];

fn part(size: u16, percent: Option<u64>) -> Part {
    let percentage = percent.map(|percent| Share::from_billionths(percent * 10_000_000).unwrap());
    Part { size, percentage }
}

fn mix(parts: &[(u16, Option<u64>)]) -> Result<Sizes, SizesError> {
    Sizes::mix(
        parts
            .iter()
            .map(|&(size, percent)| part(size, percent))
            .collect(),
    )
}

/// Whether the counts of a hundred thousand probes are as likely as not under `expected`, by
/// the chi-square test: the statistic stays under `limit`, which is passed once in a hundred
/// thousand seeds.
#[track_caller]
fn assert_portions(sizes: &Sizes, expected: &[(u16, f64)], limit: f64) {
    for seed in SEEDS {
        let mut counts: BTreeMap<u16, u32> = BTreeMap::new();
        for index in 0..100_000 {
            *counts.entry(sizes.of(seed, index)).or_default() += 1;
        }
        assert_eq!(counts.values().sum::<u32>(), 100_000);
        assert!(
            counts
                .keys()
                .all(|size| expected.iter().any(|(one, _)| one == size))
        );
        let statistic = expected.iter().map(|(size, portion)| {
            let (seen, wanted) = (counts.get(size).copied().unwrap_or(0), portion * 100_000.0);
            (f64::from(seen) - wanted).powi(2) / wanted
        });
        let statistic: f64 = statistic.sum();
        assert!(statistic < limit, "{sizes}: {statistic} with seed {seed}");
    }
}

#[test]
fn a_mix_has_its_portions() {
    let sizes = mix(&[(64, None), (512, Some(20)), (1_400, Some(5))]).unwrap();
    let expected = [(64, 0.75), (512, 0.2), (1_400, 0.05)];
    assert_portions(&sizes, &expected, 23.0);
}

#[test]
fn imix_is_seven_to_four_to_one() {
    let expected = [(40, 7.0 / 12.0), (524, 4.0 / 12.0), (1_472, 1.0 / 12.0)];
    assert_portions(&Sizes::imix(), &expected, 23.0);
    assert_eq!(
        (Sizes::imix().smallest(), Sizes::imix().largest()),
        (40, 1_472)
    );
}

#[test]
fn a_range_is_even_with_both_its_ends() {
    let sizes = Sizes::range(64, 73).unwrap();
    let expected: Vec<(u16, f64)> = (64..=73).map(|size| (size, 0.1)).collect();
    assert_portions(&sizes, &expected, 40.0);
    assert_eq!((sizes.smallest(), sizes.largest()), (64, 73));
}

#[test]
fn a_size_tells_nothing_of_the_next() {
    let sizes = mix(&[(64, Some(50)), (128, Some(50))]).unwrap();
    for seed in SEEDS {
        let pairs = (0..100_000).filter(|i| sizes.of(seed, *i) == sizes.of(seed, i + 1));
        let equal = pairs.count();
        assert!(
            (49_300..50_700).contains(&equal),
            "{equal} with seed {seed}"
        );
    }
}

#[test]
fn another_seed_draws_other_sizes() {
    let sizes = Sizes::range(40, 1_400).unwrap();
    let drawn = |seed| {
        (0..50)
            .map(|index| sizes.of(seed, index))
            .collect::<Vec<_>>()
    };
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
}

#[test]
fn a_seed_means_the_same_in_every_version() {
    let drawn: Vec<u16> = (0..8).map(|index| Sizes::imix().of(1, index)).collect();
    assert_eq!(drawn, [40, 524, 40, 40, 1_472, 40, 524, 40]);
}

#[test]
fn the_mean_is_weighted() {
    let sizes = mix(&[(100, Some(75)), (500, None)]).unwrap();
    assert!((sizes.mean() - 200.0).abs() < 1e-9);
    let imix = (7.0 * 40.0 + 4.0 * 524.0 + 1_472.0) / 12.0;
    assert!((Sizes::imix().mean() - imix).abs() < 1e-9);
    assert!((Sizes::range(64, 1_472).unwrap().mean() - 768.0).abs() < 1e-9);
    assert!((Sizes::one(64).unwrap().mean() - 64.0).abs() < 1e-9);
}

#[test]
fn sizes_that_no_probe_can_have_are_refused() {
    assert_eq!(Sizes::one(39), None);
    assert_eq!(Sizes::one(65_508), None);
    assert!(Sizes::one(40).is_some() && Sizes::one(65_507).is_some());
    assert_eq!(mix(&[(39, None)]), Err(SizesError::TooSmall { size: 39 }));
    let error = Sizes::range(64, 65_508);
    assert_eq!(error, Err(SizesError::TooLarge { size: 65_508 }));
    assert!(matches!(
        Sizes::range(65, 64),
        Err(SizesError::Order { .. })
    ));
}

#[test]
fn percentages_make_a_hundred() {
    let sentence = |parts: &[(u16, Option<u64>)]| mix(parts).unwrap_err().to_string();
    assert_eq!(
        sentence(&[(64, None), (70, None)]),
        "64 and 70 have no percentage: only one part can take the rest"
    );
    assert_eq!(
        sentence(&[(64, None), (70, Some(100))]),
        "nothing is left for 64: the other parts make 100%"
    );
    assert_eq!(
        sentence(&[(64, Some(70)), (70, Some(20))]),
        "the percentages make 90%, not 100%"
    );
    assert_eq!(sentence(&[]), "the percentages make 0%, not 100%");
}
