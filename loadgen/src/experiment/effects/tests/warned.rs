//! What is warned of in runs that are made up.

use super::*;

#[test]
fn variants_that_are_alike_and_differ_are_warned_of() {
    let made = Made::new(Wanted::OneFactor, &[2], (10, &USUAL), |block, number, _| {
        usual(100_000 + luck(block, number) + if number == 2 { 9_000 } else { 0 })
    });
    let warnings = made.analysis().warnings;
    let begins =
        "two variants that are alike differ: something else changes from run to run (p50 +";
    assert!(
        warnings.len() == 1 && warnings[0].starts_with(begins),
        "{warnings:?}"
    );
}

#[test]
fn too_few_blocks_for_so_many_comparisons_are_warned_of() {
    let made = Made::new(Wanted::OneFactor, &[5], (7, &USUAL), |block, number, _| {
        usual(100_000 + luck(block, number))
    });
    let begins = "with 7 blocks, none of the effects of a level can be evident: there are 4, which \
                  takes 8 blocks at least";
    assert_eq!(made.analysis().warnings, [begins]);
}

#[test]
fn where_no_effect_is_known_for_want_of_blocks_the_effects_alone_say_so() {
    let made = Made::new(Wanted::OneFactor, &[2], (1, &USUAL), |block, number, _| {
        usual(100_000 + luck(block, number))
    });
    let analysis = made.analysis();
    assert_eq!(analysis.warnings, [""; 0]);
    let reason = "1 block has all its runs, and at least 6 are wanted";
    assert_eq!(analysis.effects[0].reason.as_deref(), Some(reason));
}

#[test]
fn many_runs_that_do_not_count_are_warned_of() {
    let mut made = Made::new(Wanted::OneFactor, &[2], (10, &USUAL), |block, number, _| {
        usual(100_000 + luck(block, number))
    });
    for run in made.runs.iter_mut().take(6) {
        run.left_out = Some("it proves nothing".to_owned());
    }
    assert!(made.analysis().warnings.is_empty());
    made.runs[6].left_out = Some("it proves nothing".to_owned());
    let warnings = made.analysis().warnings;
    assert!(
        warnings[0].starts_with("7 of 30 runs do not count"),
        "{warnings:?}"
    );
}

#[test]
fn a_machine_that_changes_is_warned_of() {
    let made = |step: u64| {
        Made::new(
            Wanted::OneFactor,
            &[2],
            (12, &USUAL),
            move |block, number, _| {
                usual(100_000 + luck(block, number) + u64::from(block / 6) * step)
            },
        )
    };
    let warnings = made(0).analysis().warnings;
    assert!(warnings.is_empty(), "{warnings:?}");
    let warnings = made(30_000).analysis().warnings;
    let begins = "the machine changed meanwhile: p50 +";
    assert!(
        warnings.len() == 1 && warnings[0].starts_with(begins),
        "{warnings:?}"
    );
}
