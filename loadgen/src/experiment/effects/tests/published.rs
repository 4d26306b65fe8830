//! What is found in published experiments.

#![expect(clippy::float_cmp, reason = "these numbers are exact")]

use super::*;

#[test]
fn the_pilot_plant_has_its_published_effects() {
    // Box, Hunter and Hunter, Statistics for Experimenters, second edition, 2005, table 5.2:
    // temperature, concentration, catalyst; the yield of each cell. In thousandths, so that halves are
    // exact.
    let yields = [60, 72, 54, 68, 52, 83, 45, 80];
    let made = Made::new(Wanted::Factorial, &[2; 3], (8, &["p50"]), |_, number, _| {
        vec![Quantile::Value(yields[number % 8] * 1_000)]
    });
    let found = made.analysis();
    let effects = [0, 1, 2].map(|factor| by(&found.effects, &level(factor, 1)));
    assert_eq!(effects, [23_000, -5_000, 1_500]);
    let pair = |first, second| EffectOf::Interaction {
        first,
        first_level: 1,
        second,
        second_level: 1,
    };
    let pairs =
        [(0, 1), (0, 2), (1, 2)].map(|(one, other)| by(&found.interactions, &pair(one, other)));
    assert_eq!(pairs, [1_500, 10_000, 0]);
    let against = by(&found.against_reference, &EffectOf::Variant { variant: 5 });
    assert_eq!(against, 23_000);
    assert_eq!(by(&found.noise, &EffectOf::Noise), 0);
    let none = effect(&found.interactions, &pair(1, 2), "p50");
    assert_eq!(none.finding, Finding::NoEvidence);
}

#[test]
fn shoes_of_two_materials_differ_as_published() {
    // Box, Hunter and Hunter, chapter 3: the wear of soles of two materials on the feet of ten boys, who
    // are the blocks. Of the 1,024 ways to flip signs, 7 have a mean as far up: p is 0.014.
    let a = [132, 82, 109, 143, 107, 66, 95, 108, 88, 133];
    let b = [140, 88, 112, 142, 118, 64, 98, 113, 93, 136];
    let made = Made::new(
        Wanted::OneFactor,
        &[2],
        (10, &["p50"]),
        |block, number, _| {
            let worn = if number == 1 { b } else { a };
            vec![Quantile::Value(worn[block as usize] * 1_000)]
        },
    );
    let found = made.analysis();
    let shoes = effect(&found.effects, &level(0, 1), "p50");
    let shift = shoes.shift.unwrap();
    assert_eq!(shoes.finding, Finding::Worse);
    assert_eq!(shoes.each[0], Some(Change::By(8_000)));
    // The mean of the differences is 4.1. Of their 55 averages the 28th is 4.0, the 9th 1.0 and the
    // 47th 7.0.
    let ends = [shift.by, shift.low, shift.high];
    assert_eq!(ends, [4_000, 1_000, 7_000].map(Change::By));
    assert!(0.004 < shift.p && shift.p < 0.015, "{}", shift.p);
    assert_eq!(shift.p, shift.p_corrected);
}
