//! Which levels are taken of runs that are made up.

use super::*;

#[test]
fn two_levels_that_help_one_by_one_were_not_tried_together() {
    let made = Made::new(
        Wanted::OneFactor,
        &[2, 2],
        (10, &USUAL),
        |block, number, levels| {
            let gain = 10_000 * levels[0] as u64 + 5_000 * levels[1] as u64;
            usual(100_000 + luck(block, number) - gain)
        },
    );
    let best = made.analysis().best;
    assert_eq!((best.levels, best.variant), (Some(vec![1, 1]), None));
    let begins = "A=1 and B=1 help, each by itself; the combination was not tried: A=1 p50 -";
    assert!(best.sentence.starts_with(begins), "{}", best.sentence);
    assert!(best.sentence.contains("; B=1 p50 -"), "{}", best.sentence);
}

#[test]
fn of_crossed_levels_that_help_the_gain_is_that_of_their_variant() {
    let made = Made::new(
        Wanted::Factorial,
        &[2, 2],
        (12, &USUAL),
        |block, number, levels| {
            let gain = 10_000 * levels[0] as u64 + 10_000 * levels[1] as u64;
            usual(100_000 + luck(block, number) - gain)
        },
    );
    let found = made.analysis();
    assert_eq!(
        (&found.best.levels, found.best.variant),
        (&Some(vec![1, 1]), Some(3))
    );
    let sentence = &found.best.sentence;
    assert!(
        sentence.starts_with("A=1 and B=1 help: p50 -"),
        "{sentence}"
    );
    let whole = by(&found.against_reference, &EffectOf::Variant { variant: 3 });
    assert!((whole + 20_000).abs() < 1_500, "{whole}");
}

#[test]
fn levels_that_spoil_each_other_are_not_put_together() {
    // Each takes 20 us off, and both together nothing.
    let made = Made::new(
        Wanted::Factorial,
        &[2, 3],
        (14, &USUAL),
        |block, number, levels| {
            let gain = match levels {
                [1, 0] => 20_000,
                [0, 1] => 24_000,
                _ => 0,
            };
            usual(100_000 + luck(block, number) - gain)
        },
    );
    let best = made.analysis().best;
    assert_eq!((best.levels, best.variant), (Some(vec![0, 1]), Some(2)));
    assert!(
        best.sentence.starts_with("B=1: p50 -2"),
        "{}",
        best.sentence
    );
    assert!(
        best.sentence
            .contains("the best of the variants that were tried")
    );
}

#[test]
fn levels_that_help_only_together_are_found_together() {
    let made = Made::new(
        Wanted::Factorial,
        &[2, 2],
        (14, &USUAL),
        |block, number, levels| {
            let gain = if levels == [1, 1] { 20_000 } else { 0 };
            usual(100_000 + luck(block, number) - gain)
        },
    );
    let best = made.analysis().best;
    assert_eq!((best.levels, best.variant), (Some(vec![1, 1]), Some(3)));
}

#[test]
fn what_loses_more_is_not_the_best() {
    let made = Made::new(
        Wanted::OneFactor,
        &[2],
        (10, &USUAL),
        |block, number, levels| {
            let other = levels[0] as u64;
            let mut values = usual(100_000 + luck(block, number) - 20_000 * other);
            values[2] = Quantile::Value(luck(block, number) + 1_000_000 * other);
            values
        },
    );
    let found = made.analysis();
    assert_eq!(
        effect(&found.effects, &level(0, 1), "p50").finding,
        Finding::Better
    );
    assert_eq!(
        effect(&found.effects, &level(0, 1), "loss").finding,
        Finding::Worse
    );
    assert_eq!(found.best.levels, None);
    assert!(
        found
            .best
            .sentence
            .ends_with("what makes p50 less loses more")
    );
    let by_loss = made.judged("loss").best;
    assert_eq!(by_loss.sentence, "no evidence that any of these helps");
    assert!(
        made.judged("p90")
            .best
            .sentence
            .starts_with("p90 is not compared")
    );
}
