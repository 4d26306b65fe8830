//! What is known where a variant was given up.

use super::*;
use crate::experiment::effects::goal::wanted;
use crate::results::examples;

/// Levels that help one by one, and two that cannot be run together, given up from a block on.
fn torn(from: u32) -> Made {
    let mut made = Made::new(
        Wanted::Factorial,
        &[2, 2],
        (9, &USUAL),
        |block, number, levels| {
            let gain = 10_000 * levels[0] as u64 + 20_000 * levels[1] as u64;
            usual(100_000 + luck(block, number) - gain)
        },
    );
    made.stop(3, from);
    made
}

#[test]
fn without_a_variant_its_name_is_why_levels_are_not_known() {
    let found = torn(2).analysis();
    for unknown in found.effects.iter().chain(&found.interactions) {
        assert_eq!(
            unknown.reason.as_deref(),
            Some("2 blocks have all their runs, since A1B1 is not run any more")
        );
    }
    // It is not for want of blocks.
    assert!(found.warnings.is_empty(), "{:?}", found.warnings);
}

#[test]
fn without_a_variant_the_best_of_the_others_is_taken() {
    let best = torn(0).analysis().best;
    assert_eq!((best.levels, best.variant), (Some(vec![0, 1]), Some(2)));
    assert!(
        best.sentence.starts_with("B=1: p50 -20") || best.sentence.starts_with("B=1: p50 -19"),
        "{}",
        best.sentence
    );
    let why = "the best of the variants that were tried; A1B1 is not run any more";
    assert!(best.sentence.contains(why), "{}", best.sentence);
}

#[test]
fn what_was_given_up_late_is_known_and_not_the_best() {
    let found = torn(8).analysis();
    let known = |of| effect(&found.effects, &of, "p50").finding;
    assert_eq!(known(level(0, 1)), Finding::Better);
    assert_eq!(known(level(1, 1)), Finding::Better);
    assert_eq!(found.best.variant, Some(2), "{}", found.best.sentence);
}

#[test]
fn a_level_that_was_given_up_is_not_the_best_either() {
    let mut made = Made::new(
        Wanted::OneFactor,
        &[3],
        (10, &USUAL),
        |block, number, levels| usual(100_000 + luck(block, number) - 9_000 * levels[0] as u64),
    );
    made.stop(2, 9);
    let found = made.analysis();
    let better = effect(&found.effects, &level(0, 2), "p50").finding;
    assert_eq!(better, Finding::Better);
    assert_eq!(found.best.levels, Some(vec![1]));
    made.stop(1, 9);
    let best = made.analysis().best;
    assert_eq!(best.levels, None);
    assert!(
        best.sentence.ends_with("could be run to the end"),
        "{}",
        best.sentence
    );
}

#[test]
fn where_no_other_variant_helps_that_is_told_with_the_reason() {
    let mut made = Made::new(
        Wanted::Factorial,
        &[2, 2],
        (9, &USUAL),
        |block, number, _| usual(100_000 + luck(block, number)),
    );
    made.stop(3, 0);
    let best = made.analysis().best;
    assert_eq!(best.levels, None);
    let sentence = "A1B1 is not run any more, so that what each level does by itself is not known, \
                    and there is no evidence that any variant that was tried helps";
    assert_eq!(best.sentence, sentence);
}

#[test]
fn enough_is_known_when_what_can_be_known_is() {
    let mut experiment = examples::factorial();
    let design = Design::new(Wanted::Factorial, &[2, 3]).unwrap();
    for variant in &mut experiment.variants {
        variant.stopped = None;
    }
    analyse(&Observed::of(&design, &experiment)).write_to(&mut experiment);
    let levels = |effects: &[Effect]| {
        effects
            .iter()
            .any(|one| matches!(one.of, EffectOf::Level { .. }))
    };
    assert_eq!(wanted(&design, &experiment), experiment.effects);
    experiment.variants[5].stopped = Some("it fell over".to_owned());
    // The one level that does without that variant.
    let left = wanted(&design, &experiment);
    assert!(levels(&left) && left.iter().all(|one| one.of == level(1, 1)));
    experiment.variants[3].stopped = Some("it fell over".to_owned());
    let left = wanted(&design, &experiment);
    assert!(!left.is_empty() && !levels(&left));
}
