//! Designs, as tables have them and as rules demand them.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const LETTERS: [&str; 7] = ["A", "B", "C", "D", "E", "F", "G"];

#[track_caller]
fn design(wanted: Wanted, factors: &[usize]) -> Design {
    Design::new(wanted, factors).unwrap()
}

fn fraction(factors: usize, halvings: u32) -> Design {
    design(Wanted::Fraction { halvings }, &vec![2; factors])
}

fn levels(design: &Design) -> Vec<&[usize]> {
    design
        .variants
        .iter()
        .map(|variant| &variant.levels[..])
        .collect()
}

fn of(design: &Design, wanted: &Difference) -> Contrast {
    let mut all = design.contrasts().into_iter();
    all.find(|contrast| contrast.of == *wanted).unwrap()
}

#[test]
fn one_factor_at_a_time_has_every_other_level_alone() {
    let design = design(Wanted::OneFactor, &[2, 3]);
    let expected = [[0, 0], [1, 0], [0, 1], [0, 2], [0, 0]];
    assert_eq!(levels(&design), expected);
    let told: Vec<_> = design.contrasts();
    let groups: Vec<_> = told
        .iter()
        .map(|contrast| (&contrast.plus[..], &contrast.minus[..]))
        .collect();
    let reference = &[0][..];
    let expected = [[4], [1], [2], [3]];
    assert!(
        groups
            .iter()
            .zip(&expected)
            .all(|(found, plus)| *found == (&plus[..], reference))
    );
    assert_eq!(groups.len(), 4);
}

#[test]
fn a_factorial_has_every_combination() {
    let design = design(Wanted::Factorial, &[2, 3]);
    let expected = [[0, 0], [1, 0], [0, 1], [1, 1], [0, 2], [1, 2], [0, 0]];
    assert_eq!(levels(&design), expected);
    let level = of(
        &design,
        &Difference::Level {
            factor: 1,
            level: 2,
        },
    );
    assert_eq!((level.plus, level.minus), (vec![4, 5], vec![0, 1]));
    let both = Difference::Interaction {
        first: (0, 1),
        second: (1, 2),
    };
    let both = of(&design, &both);
    assert_eq!((both.plus, both.minus), (vec![0, 5], vec![1, 4]));
    // Noise, three levels, two interactions, five variants.
    assert_eq!(design.contrasts().len(), 1 + 3 + 2 + 5);
}

#[test]
fn signs_are_those_of_yates() {
    // Box, Hunter and Hunter, chapter 5: in standard order, A is - + - + ..., and AB + - - + ....
    let design = design(Wanted::Factorial, &[2, 2, 2]);
    let signs = |wanted| {
        let contrast = of(&design, &wanted);
        let sign = |variant| {
            if contrast.plus.contains(&variant) {
                '+'
            } else {
                '-'
            }
        };
        (0..8).map(sign).collect::<String>()
    };
    assert_eq!(
        signs(Difference::Level {
            factor: 0,
            level: 1
        }),
        "-+-+-+-+"
    );
    assert_eq!(
        signs(Difference::Level {
            factor: 2,
            level: 1
        }),
        "----++++"
    );
    let pair = |first, second| Difference::Interaction {
        first: (first, 1),
        second: (second, 1),
    };
    assert_eq!(signs(pair(0, 1)), "+--++--+");
    assert_eq!(signs(pair(0, 2)), "+-+--+-+");
    assert_eq!(signs(pair(1, 2)), "++----++");
}

#[test]
fn one_factor_alone_is_crossed_with_nothing() {
    let design = design(Wanted::Factorial, &[4]);
    assert!(!design.crossed);
    assert_eq!(design.contrasts().len(), 1 + 3);
    assert_eq!(design.described(&["A"]).kind, DesignKind::OneFactor);
}

#[test]
fn aliases_are_those_of_the_tables() {
    let aliases = |factors, halvings| fraction(factors, halvings).described(&LETTERS).aliases;
    assert_eq!(aliases(4, 1), ["A B = C D", "A C = B D", "A D = B C"]);
    assert_eq!(aliases(3, 1), ["A = - B C", "B = - A C", "C = - A B"]);
    assert!(aliases(5, 1).is_empty());
    // Box, Hunter and Hunter, chapter 6: each effect with three interactions.
    let saturated = aliases(7, 4);
    assert_eq!(saturated.len(), 7);
    assert_eq!(saturated[0], "A = - B D = - C E = - F G");
    // D = AB, E = AC: two interactions are told apart from all effects.
    let fifth = fraction(5, 2);
    assert_eq!(fifth.pairs(), [(1, 2), (1, 4)]);
    let described = fifth.described(&LETTERS);
    assert_eq!(described.resolution, Some(3));
    assert_eq!(described.generators, ["D = - A B", "E = - A C"]);
    assert!(described.aliases.contains(&"A = - B D = - C E".to_owned()));
    assert!(described.aliases.contains(&"B C = D E".to_owned()));
    assert!(design(Wanted::Factorial, &[2, 2]).aliases().is_empty());
}

#[test]
fn what_cannot_be_is_told_why() {
    let complaint =
        |wanted, factors: &[usize]| Design::new(wanted, factors).unwrap_err().to_string();
    assert!(complaint(Wanted::OneFactor, &[]).starts_with("an experiment needs a factor"));
    assert!(complaint(Wanted::OneFactor, &[2; 17]).starts_with("17 factors are too many"));
    assert!(complaint(Wanted::OneFactor, &[2, 1]).starts_with("factor 2 has one level"));
    assert!(complaint(Wanted::OneFactor, &[65, 2]).starts_with("66 variants are too many"));
    assert!(complaint(Wanted::OneFactor, &[usize::MAX; 3]).contains("are too many"));
    assert!(complaint(Wanted::Factorial, &[2; 7]).starts_with("128 variants are too many"));
    assert!(complaint(Wanted::Factorial, &[usize::MAX; 3]).contains("are too many"));
    assert!(complaint(Wanted::Fraction { halvings: 1 }, &[2; 16]).contains("are too many"));
}

fn designs() -> impl Strategy<Value = Design> {
    let levels = prop::collection::vec(2..4_usize, 1..4);
    let full = (levels, any::<bool>()).prop_map(|(levels, crossed)| {
        let wanted = if crossed {
            Wanted::Factorial
        } else {
            Wanted::OneFactor
        };
        Design::new(wanted, &levels).unwrap()
    });
    let part = (3..10_usize, 1..6_u32).prop_filter_map("it exists", |(factors, halvings)| {
        Design::new(Wanted::Fraction { halvings }, &vec![2; factors]).ok()
    });
    prop_oneof![full, part]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_reference_is_first_and_last_and_all_others_are_different(design in designs()) {
        let all = &design.variants;
        prop_assert!(all[0].levels.iter().all(|level| *level == 0));
        prop_assert_eq!(&all[0], &all[design.twin()]);
        let different: HashSet<&Variant> = all.iter().collect();
        prop_assert_eq!(different.len(), all.len() - 1);
        prop_assert_eq!(design.variant(&all[1].levels), Some(1));
    }

    #[test]
    fn both_sides_of_a_comparison_have_as_many_variants_and_none_in_common(design in designs()) {
        let contrasts = design.contrasts();
        for contrast in &contrasts {
            prop_assert!(!contrast.plus.is_empty());
            prop_assert_eq!(contrast.plus.len(), contrast.minus.len());
            prop_assert!(contrast.plus.iter().all(|variant| !contrast.minus.contains(variant)));
        }
        let different: HashSet<&Difference> = contrasts.iter().map(|contrast| &contrast.of).collect();
        prop_assert_eq!(different.len(), contrasts.len());
    }

    #[test]
    fn other_factors_fall_to_both_sides_alike(design in designs()) {
        // Else an effect would be that of another factor, too.
        for contrast in design.contrasts() {
            let Difference::Level { factor, .. } = contrast.of else { continue };
            for other in (0..design.factors.len()).filter(|other| *other != factor) {
                let sum = |side: &[usize]| -> usize {
                    side.iter().map(|variant| design.variants[*variant].levels[other]).sum()
                };
                prop_assert_eq!(sum(&contrast.plus), sum(&contrast.minus));
            }
        }
    }

    #[test]
    fn what_is_told_of_a_fraction_is_told_once(factors in 3..10_usize, halvings in 1..6_u32) {
        let Ok(design) = Design::new(Wanted::Fraction { halvings }, &vec![2; factors]) else {
            return Ok(());
        };
        let mut seen = HashSet::new();
        for contrast in design.contrasts() {
            let side = |group: Vec<usize>| { let mut group = group; group.sort_unstable(); group };
            if matches!(contrast.of, Difference::Level { .. } | Difference::Interaction { .. }) {
                let mut sides = [side(contrast.plus), side(contrast.minus)];
                sides.sort();
                prop_assert!(seen.insert(sides));
            }
        }
    }
}
