//! What is found in runs that are made up.

#![expect(clippy::float_cmp, reason = "these numbers are exact")]

use super::*;
use crate::experiment::effects::goal::{is_reached, precision, quantity};
use crate::precision::Goal;

#[test]
fn a_level_that_helps_is_found_with_its_gain_as_a_part_of_the_reference() {
    let made = Made::new(
        Wanted::OneFactor,
        &[2, 3],
        (10, &USUAL),
        |block, number, levels| {
            // Blocks drift by far more than the level does.
            let helped = if levels[1] == 2 { 20_000 } else { 0 };
            usual(100_000 + u64::from(block) * 50_000 + luck(block, number) - helped)
        },
    );
    let found = made.analysis();
    let helps = effect(&found.effects, &level(1, 2), "p50");
    assert_eq!(helps.finding, Finding::Better);
    let part = helps.shift.unwrap().part().unwrap();
    // The reference's median is 325 us and a little.
    assert!((part + 20.0 / 326.0).abs() < 0.006, "{part}");
    for other in [level(0, 1), level(1, 1)] {
        assert_eq!(
            effect(&found.effects, &other, "p50").finding,
            Finding::NoEvidence
        );
    }
    assert_eq!(
        effect(&found.effects, &level(1, 2), "p99").finding,
        Finding::NoEvidence
    );
    assert!(found.interactions.is_empty() && found.against_reference.is_empty());
    assert_eq!(
        (found.best.levels, found.best.variant),
        (Some(vec![0, 2]), Some(3))
    );
    let sentence = found.best.sentence;
    assert!(sentence.starts_with("B=2 helps: p50 -2"), "{sentence}");
    assert!(
        sentence.contains(" us, -6.") && sentence.contains("95 % within"),
        "{sentence}"
    );
}

#[test]
fn fewer_than_six_blocks_say_nothing_and_six_say_what_is_clear() {
    let made = |blocks| {
        Made::new(
            Wanted::OneFactor,
            &[2],
            (blocks, &["p50"]),
            |block, number, levels| {
                vec![Quantile::Value(
                    100_000 + luck(block, number) - 20_000 * levels[0] as u64,
                )]
            },
        )
    };
    let five = made(5).analysis();
    let unknown = effect(&five.effects, &level(0, 1), "p50");
    assert_eq!(
        (unknown.finding, unknown.shift),
        (Finding::TooFewBlocks, None)
    );
    let reason = "5 blocks have all their runs, and at least 6 are wanted";
    assert_eq!(unknown.reason.as_deref(), Some(reason));
    assert_eq!(unknown.each.len(), 5);
    assert_eq!(
        five.best.sentence,
        format!("too few blocks to say anything: {reason}")
    );
    // Which is enough of it.
    assert_eq!(five.warnings, [""; 0]);
    let six = made(6).analysis();
    let known = effect(&six.effects, &level(0, 1), "p50");
    assert_eq!(
        (known.finding, known.shift.unwrap().p),
        (Finding::Better, 2.0 / 64.0)
    );
    assert!(six.warnings.is_empty(), "{:?}", six.warnings);
    let nothing = made(0).analysis();
    assert_eq!(nothing.effects[0].finding, Finding::TooFewBlocks);
    assert!(nothing.warnings.is_empty());
}

#[test]
fn a_block_without_one_of_the_runs_does_not_count() {
    let mut made = Made::new(
        Wanted::OneFactor,
        &[2, 2],
        (8, &USUAL),
        |block, number, _| usual(100_000 + luck(block, number)),
    );
    // Variant 1 of block 2 is left out, and its second attempt as well; that of block 3 counts.
    made.runs[2 * 4 + 1].left_out = Some("it proves nothing".to_owned());
    let mut again = made.runs[2 * 4 + 1].clone();
    again.attempt = 1;
    made.runs.push(again);
    made.runs[3 * 4 + 1].left_out = Some("it proves nothing".to_owned());
    let mut again = made.runs[3 * 4 + 1].clone();
    (again.attempt, again.left_out) = (1, None);
    made.runs.push(again);
    let found = made.analysis();
    let known = |of| {
        effect(&found.effects, &of, "p50")
            .each
            .iter()
            .map(Option::is_some)
            .collect::<Vec<_>>()
    };
    let expected = [true, true, false, true, true, true, true, true];
    assert_eq!(known(level(0, 1)), expected);
    assert_eq!(known(level(1, 1)), [true; 8]);
    // A run of a variant that there is not, is nobody's.
    made.runs.push(run(0, 99, usual(1)));
    assert_eq!(made.analysis().effects, found.effects);
}

#[test]
fn a_quantity_that_some_runs_do_not_have_is_not_judged() {
    let mut made = Made::new(
        Wanted::OneFactor,
        &[2],
        (8, &["p50", "p99.9", "cpu"]),
        |block, number, _| {
            vec![
                Quantile::Value(luck(block, number)),
                Quantile::Value(5),
                Quantile::TooFew,
            ]
        },
    );
    made.runs[1].values[1] = Quantile::TooFew;
    let found = made.analysis();
    let tail = effect(&found.effects, &level(0, 1), "p99.9");
    assert_eq!(tail.finding, Finding::NotMeasured);
    let reason = "1 of 16 runs do not have it: it takes 2,995 answers a run";
    assert_eq!(tail.reason.as_deref(), Some(reason));
    assert_eq!((tail.each[0], tail.each[1]), (None, Some(Change::By(0))));
    let cpu = effect(&found.effects, &level(0, 1), "cpu");
    assert_eq!(cpu.reason.as_deref(), Some("16 of 16 runs do not have it"));
    assert_eq!(
        effect(&found.effects, &level(0, 1), "p50").finding,
        Finding::NoEvidence
    );
    let best = made.judged("cpu").best.sentence;
    assert_eq!(
        best,
        "nothing can be judged by cpu: 16 of 16 runs do not have it"
    );
}

/// Runs of 10 blocks of which some have no processor time, for this reason.
fn without_cpu(lacks: impl Fn(u32, usize) -> bool) -> Made {
    let mut made = Made::new(
        Wanted::OneFactor,
        &[2],
        (10, &["p50", "cpu"]),
        |block, number, levels| {
            let cpu = 2_000 + luck(block, number) / 10 + 900 * levels[0] as u64;
            let cpu = if lacks(block, number) {
                Quantile::TooFew
            } else {
                Quantile::Value(cpu)
            };
            vec![Quantile::Value(100_000 + luck(block, number)), cpu]
        },
    );
    for run in &mut made.runs {
        if run.values[1] == Quantile::TooFew {
            run.cpu_unknown = Some("the server runs elsewhere".to_owned());
        }
    }
    made
}

#[test]
fn why_processor_time_is_not_known_is_told() {
    let found = without_cpu(|_, _| true).analysis();
    let cpu = effect(&found.effects, &level(0, 1), "cpu");
    assert_eq!(cpu.finding, Finding::NotMeasured);
    let reason = "20 of 20 runs do not have it: the server runs elsewhere";
    assert_eq!(cpu.reason.as_deref(), Some(reason));
    // The effects say so already.
    assert!(found.warnings.is_empty(), "{:?}", found.warnings);
}

#[test]
fn a_run_without_processor_time_takes_its_block_with_it_and_no_other() {
    let whole = without_cpu(|_, _| false).analysis();
    let found = without_cpu(|block, number| (block, number) == (3, 1)).analysis();
    let of = |found: &Analysis, quantity| effect(&found.effects, &level(0, 1), quantity).clone();
    let cpu = of(&found, "cpu");
    assert_eq!(cpu.finding, Finding::Worse);
    assert_eq!(cpu.each.iter().flatten().count(), 9);
    assert_eq!(cpu.each[3], None);
    assert_eq!(
        of(&found, "p50").shift.unwrap().by,
        of(&whole, "p50").shift.unwrap().by
    );
    let warning = "cpu is not known of 1 of 30 runs (the server runs elsewhere): their blocks do not \
                   count for it";
    assert_eq!(found.warnings, [warning]);
    // Five blocks are too few.
    let known = without_cpu(|block, number| block < 5 && number == 1).analysis();
    assert_eq!(of(&known, "cpu").finding, Finding::NotMeasured);
}

#[test]
fn what_is_lost_is_worse_than_any_time_and_no_worse_than_its_like() {
    let made = |other, reference| {
        Made::new(
            Wanted::OneFactor,
            &[2],
            (8, &["p50"]),
            move |_, _, levels| vec![if levels[0] == 1 { other } else { reference }],
        )
    };
    let (time, lost) = (Quantile::Value(5_000_000), Quantile::Lost);
    let found = made(lost, time).analysis();
    let worse = effect(&found.effects, &level(0, 1), "p50");
    assert_eq!(
        (worse.finding, worse.shift.unwrap().by),
        (Finding::Worse, Change::ToLost)
    );
    assert_eq!(worse.shift.unwrap().relative, None);
    let found = made(time, lost).analysis();
    let better = effect(&found.effects, &level(0, 1), "p50");
    assert_eq!(
        (better.finding, better.each[0]),
        (Finding::Better, Some(Change::FromLost))
    );
    assert_eq!(found.best.levels, Some(vec![1]));
    let same = made(lost, lost).analysis();
    let same = effect(&same.effects, &level(0, 1), "p50");
    assert_eq!(
        (same.finding, same.shift.unwrap().by),
        (Finding::NoEvidence, Change::By(0))
    );
}

#[test]
fn every_comparison_of_a_family_has_its_price_and_the_noise_has_none() {
    let made = |levels| {
        Made::new(
            Wanted::OneFactor,
            &[levels],
            (10, &["p50"]),
            |block, number, levels| {
                vec![Quantile::Value(
                    100_000 + luck(block, number) - 20_000 * (levels[0] as u64).min(1),
                )]
            },
        )
    };
    let corrected = |found: &Analysis| {
        effect(&found.effects, &level(0, 1), "p50")
            .shift
            .unwrap()
            .p_corrected
    };
    let (two, four) = (made(2).analysis(), made(4).analysis());
    assert_eq!(corrected(&two), 2.0 / 1_024.0);
    assert_eq!(corrected(&four), 3.0 * corrected(&two));
    for found in [&two, &four] {
        let noise = found.noise[0].shift.unwrap();
        assert_eq!(noise.p, noise.p_corrected);
    }
    assert!(
        four.effects
            .iter()
            .all(|effect| effect.shift.unwrap().p_corrected <= 1.0)
    );
}

#[test]
fn the_blocks_needed_are_the_fewest_that_can_be_enough() {
    assert_eq!([0, 1, 2, 3, 4, 63].map(blocks_needed), [6, 6, 7, 7, 8, 12]);
    for contrasts in 1..300_u32 {
        let enough = |blocks: u32| 2.0 / f64::from(blocks).exp2() * f64::from(contrasts) <= 0.05;
        let needed = blocks_needed(contrasts as usize);
        assert!(
            enough(needed) && (needed == 6 || !enough(needed - 1)),
            "{contrasts}"
        );
    }
}

#[test]
fn a_goal_is_reached_when_all_effects_are_known_so_well() {
    let made = Made::new(
        Wanted::OneFactor,
        &[3],
        (10, &USUAL),
        |block, number, levels| {
            let wide = if levels[0] == 2 { 10 } else { 1 };
            usual(100_000 + wide * luck(block, number))
        },
    );
    let effects = made.analysis().effects;
    let well = precision(effect(&effects, &level(0, 1), "p50")).unwrap();
    let badly = precision(effect(&effects, &level(0, 2), "p50")).unwrap();
    assert!(
        0.001 < well && well < 0.02 && 0.02 < badly && badly < 0.15,
        "{well} {badly}"
    );
    let reached = |goal: &str, effects: &[Effect]| is_reached(goal.parse().unwrap(), effects);
    assert_eq!(reached("p50+-15%", &effects), Ok(true));
    assert_eq!(reached("p50+-2%", &effects), Ok(false));
    assert_eq!(reached("p99+-0.1%", &effects), Ok(true));
    assert_eq!(reached("p90+-100%", &effects), Ok(false));
    assert_eq!(reached("p50+-100%", &[]), Ok(false));
    let complaint = reached("p95+-2%", &effects).unwrap_err().to_string();
    assert_eq!(
        complaint,
        "p95 is not compared: until what is known of p50, p90, p99 or p99.9?"
    );
    for goal in ["p50+-1%", "p90+-1%", "p99+-1%", "p99.9+-1%"] {
        let goal: Goal = goal.parse().unwrap();
        let name = goal.fraction().to_string();
        assert_eq!(quantity(goal).unwrap().to_string(), name);
    }
}

#[test]
fn effects_come_comparison_by_comparison_and_quantity_by_quantity() {
    let made = Made::new(
        Wanted::Factorial,
        &[2, 2],
        (8, &USUAL),
        |block, number, levels| usual(100_000 + luck(block, number) - 20_000 * levels[0] as u64),
    );
    let found = made.analysis();
    assert_eq!(found.effects.len(), 2 * 3);
    assert_eq!(found.interactions.len(), 3);
    assert_eq!(found.against_reference.len(), 3 * 3);
    assert_eq!(found.noise.len(), 3);
    let names: Vec<&str> = found.effects[..3]
        .iter()
        .map(|effect| &effect.quantity[..])
        .collect();
    assert_eq!(names, USUAL);
}
