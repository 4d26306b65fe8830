//! Comparisons of runs that are made up.

use proptest::prelude::*;

use super::*;
use crate::environment::Environment;
use crate::results::tests::run;
use crate::results::{BoundOutcome, Change, Ended, LeftOut, Origin, Run};
use crate::verdict::Outcome;

/// How far the runs of a side lie above its first, in nanoseconds.
const LUCK: [u64; 10] = [0, 3_000, 1_000, 4_000, 500, 2_000, 2_500, 3_500, 1_500, 800];

/// So many runs whose medians are that and a little more.
pub(crate) fn runs(side: &str, count: usize, median: u64) -> Vec<Named> {
    let runs = LUCK.iter().cycle().take(count).zip(1..);
    let runs = runs.map(|(luck, number)| named(side, number, median, *luck));
    runs.collect()
}

/// Runs in which half of the probes are lost.
pub(crate) fn held_up(side: &str, count: usize) -> Vec<Named> {
    let mut runs = runs(side, count, 50_000);
    for named in &mut runs {
        named.run.rtt_ns.from_due.p50 = Quantile::Lost;
        named.run.rtt_ns.from_due.p99 = Quantile::Lost;
        named.run.counts.lost = named.run.counts.sent / 2;
    }
    runs
}

/// A run whose upper quantiles have nothing to do with its median.
fn named(side: &str, number: u64, median: u64, luck: u64) -> Named {
    let mut run: Run = run();
    run.plan.run = Some(number << 8 | u64::from(side.as_bytes()[0]));
    // Sides take turns.
    run.began_unix_ns = Some(number * 1_000 + u64::from(side.as_bytes()[0]));
    let times = &mut run.rtt_ns.from_due;
    let noise = luck + number * u64::from(side.as_bytes()[0]) * 37;
    times.p50 = Quantile::Value(median + luck);
    times.p90 = Quantile::Value(100_000 + noise * 7 % 5_000);
    times.p99 = Quantile::Value(300_000 + noise * 11 % 7_000);
    times.p99_9 = Quantile::Value(900_000 + noise * 13 % 9_000);
    Named {
        name: format!("{side}-{number}"),
        run,
    }
}

fn of<'a>(comparison: &'a Comparison, name: &str) -> &'a Quantity {
    let mut all = comparison.quantities.iter();
    all.find(|quantity| quantity.name == name).unwrap()
}

#[test]
fn a_side_that_takes_longer_is_slower_and_the_way_back_is_faster() {
    let (a, b) = (runs("a", 10, 50_000), runs("b", 10, 70_000));
    let comparison = compare(&a, &b, &[]);
    assert_eq!(comparison.answer, Answer::Slower);
    let p50 = of(&comparison, "p50");
    assert_eq!(p50.answer, Answer::Slower);
    let shift = p50.difference.unwrap();
    assert_eq!(shift.by, Change::By(20_000));
    assert!(shift.p <= shift.p_corrected && shift.p_corrected < 0.001);
    assert_eq!(of(&comparison, "p99").answer, Answer::NoEvidence);
    assert_eq!(of(&comparison, "loss").answer, Answer::NoEvidence);
    assert!(comparison.message.starts_with("B is slower: p50 +20.0 us"));
    assert!(comparison.warnings.is_empty(), "{:?}", comparison.warnings);
    let back = compare(&b, &a, &[]);
    assert_eq!(back.answer, Answer::Faster);
    let back = of(&back, "p50").difference.unwrap();
    assert_eq!(back.by, Change::By(-20_000));
}

#[test]
fn four_runs_a_side_are_enough_for_what_is_clear() {
    let comparison = compare(&runs("a", 4, 50_000), &runs("b", 4, 70_000), &[]);
    assert_eq!(of(&comparison, "p50").answer, Answer::Slower);
}

#[test]
fn fewer_than_four_runs_a_side_are_refused_with_what_is_wanted() {
    for (a, b) in [(3, 10), (10, 3), (1, 1), (3, 3)] {
        let comparison = compare(&runs("a", a, 50_000), &runs("b", b, 90_000), &[]);
        assert_eq!(comparison.answer, Answer::TooFewRuns);
        assert!(comparison.is_refused());
        let counts = format!("A has {a} and B has {b}, and at least 4 a side are wanted");
        assert!(
            comparison.message.contains(&counts),
            "{}",
            comparison.message
        );
        let p50 = of(&comparison, "p50");
        assert_eq!((p50.answer, p50.difference), (Answer::TooFewRuns, None));
    }
    assert!(compare(&[], &[], &[]).is_refused());
}

#[test]
fn the_same_runs_on_both_sides_are_no_different() {
    let a = runs("a", 10, 50_000);
    let mut b = a.clone();
    b.reverse();
    let comparison = compare(&a, &b, &[]);
    assert_eq!(comparison.answer, Answer::NoEvidence);
    for quantity in &comparison.quantities {
        let shift = quantity.difference.unwrap();
        assert_eq!(
            (shift.by, shift.p, shift.p_corrected),
            (Change::By(0), 1.0, 1.0)
        );
    }
    assert!(comparison.warnings[0].contains("are on both sides"));
}

#[test]
fn one_run_given_ten_times_counts_once() {
    let (a, b) = (runs("a", 1, 50_000), runs("b", 1, 90_000));
    let ten = |side: &[Named]| vec![side[0].clone(); 10];
    let comparison = compare(&ten(&a), &ten(&b), &[]);
    assert!(comparison.is_refused());
    assert!(
        comparison.message.contains("A has 1 (9 left out)"),
        "{}",
        comparison.message
    );
    assert_eq!(comparison.a.runs[9].left_out, Some(LeftOut::Repeated));
}

#[test]
fn files_that_do_not_name_their_run_are_told_apart_by_what_they_hold() {
    let mut a = runs("a", 4, 50_000);
    for named in &mut a {
        named.run.plan.run = None;
    }
    a.push(a[0].clone());
    let comparison = compare(&a, &a, &[]);
    let left_out: Vec<_> = comparison.a.runs.iter().map(|run| run.left_out).collect();
    assert_eq!(left_out, [None, None, None, None, Some(LeftOut::Repeated)]);
}

#[test]
fn runs_that_were_put_together_do_not_count_beside_themselves() {
    let (mut a, b) = (runs("a", 6, 50_000), runs("b", 5, 50_000));
    let put_together = |of: &[Named]| {
        let mut merged = of[0].clone();
        merged.name = "merged".to_owned();
        merged.run.plan.run = None;
        let origins = of.iter().flat_map(|one| Origin::all("kept.json", &one.run));
        merged.run.merged_from = origins.collect();
        merged
    };
    a.insert(1, put_together(&a[..2]));
    let late = put_together(&a[3..5]);
    a[3] = late;
    let comparison = compare(&a, &b, &[]);
    let left_out: Vec<_> = comparison.a.runs.iter().map(|run| run.left_out).collect();
    let overlapping = Some(LeftOut::Overlapping);
    assert_eq!(
        left_out,
        [None, overlapping, None, None, overlapping, None, None]
    );
    let words = "merged holds runs that were put together, and counts as one run";
    assert!(
        comparison.warnings[0].starts_with(words),
        "{:?}",
        comparison.warnings
    );
    let other = [put_together(&b[..2])];
    let shared = compare(&b, &[&other[..], &a[4..]].concat(), &[]).warnings;
    assert!(
        shared[0].starts_with("b-1, b-2 are on both sides"),
        "{shared:?}"
    );
}

#[test]
fn a_file_that_was_kept_while_its_run_lasted_does_not_stand_for_the_whole() {
    let mut a = runs("a", 4, 50_000);
    a.insert(0, a[0].clone());
    a[0].run.ended = Some(Ended::Unfinished);
    let comparison = compare(&a, &runs("b", 4, 50_000), &[]);
    let left_out: Vec<_> = comparison.a.runs.iter().map(|run| run.left_out).collect();
    assert_eq!(
        left_out,
        [Some(LeftOut::Unfinished), None, None, None, None]
    );
}

#[test]
fn runs_that_prove_nothing_do_not_count_and_suspect_ones_do() {
    let (mut a, b) = (runs("a", 6, 50_000), runs("b", 5, 50_000));
    a[0].run.verdict.outcome = Outcome::Invalid;
    a[1].run.ended = Some(Ended::Unfinished);
    a[2].run.verdict.outcome = Outcome::Suspect;
    a[3].run.ended = Some(Ended::Stopped);
    let comparison = compare(&a, &b, &[]);
    let left_out: Vec<_> = comparison.a.runs.iter().map(|run| run.left_out).collect();
    assert_eq!(
        left_out[..3],
        [Some(LeftOut::Invalid), Some(LeftOut::Unfinished), None]
    );
    assert_eq!(comparison.a.counted().count(), 4);
    assert_eq!(of(&comparison, "p50").a.each.len(), 4);
}

#[test]
fn quantiles_that_are_lost_are_above_every_number() {
    let comparison = compare(&runs("a", 5, 50_000), &held_up("b", 5), &[]);
    let p50 = of(&comparison, "p50");
    assert_eq!((p50.answer, p50.b.median), (Answer::Slower, Quantile::Lost));
    let shift = p50.difference.unwrap();
    assert_eq!(
        (shift.by, shift.high, shift.relative),
        (Change::ToLost, Change::ToLost, None)
    );
    assert_eq!(of(&comparison, "loss").answer, Answer::LosesMore);
    assert_eq!(comparison.answer, Answer::Slower);
    let back = compare(&held_up("b", 5), &runs("a", 5, 50_000), &[]);
    assert_eq!(of(&back, "p50").difference.unwrap().by, Change::FromLost);
    assert_eq!(of(&back, "loss").answer, Answer::LosesLess);
}

#[test]
fn a_percentage_is_known_although_an_end_of_the_interval_is_lost() {
    let (mut a, mut b) = (runs("a", 8, 50_000), runs("b", 8, 50_000));
    for (place, (one, other)) in a.iter_mut().zip(&mut b).enumerate() {
        one.run.rtt_ns.from_due.p99 = Quantile::Value(100_000);
        other.run.rtt_ns.from_due.p99 = match place {
            ..6 => Quantile::Value(200_000),
            _ => Quantile::Lost,
        };
    }
    let bounds = ["p99>+5%", "p99>+100%"].map(|typed| typed.parse().unwrap());
    let comparison = compare(&a, &b, &bounds);
    let shift = of(&comparison, "p99").difference.unwrap();
    assert_eq!(
        (shift.by, shift.high),
        (Change::By(100_000), Change::ToLost)
    );
    assert_eq!(shift.relative, Some([Some(1.0), Some(1.0), None]));
    let outcomes: Vec<_> = comparison.bounds.iter().map(|one| one.outcome).collect();
    assert_eq!(outcomes, [BoundOutcome::Broken, BoundOutcome::Kept]);
    let text = serde_json::to_string(&comparison).unwrap();
    assert_eq!(
        serde_json::from_str::<Comparison>(&text).unwrap(),
        comparison
    );
}

#[test]
fn a_quantile_that_a_run_does_not_have_is_not_compared_and_says_why() {
    let (a, mut b) = (runs("a", 5, 50_000), runs("b", 5, 70_000));
    b[3].run.rtt_ns.from_due.p99_9 = Quantile::TooFew;
    let bounds = ["p99.9>+5%".parse().unwrap()];
    let comparison = compare(&a, &b, &bounds);
    let p99_9 = of(&comparison, "p99.9");
    assert_eq!(
        (p99_9.answer, p99_9.difference),
        (Answer::NotMeasured, None)
    );
    let reason = "0 runs of A and 1 of B do not have it: it takes 2,995 answers a run";
    assert_eq!(p99_9.reason.as_deref(), Some(reason));
    assert_eq!(of(&comparison, "p50").answer, Answer::Slower);
    assert_eq!(comparison.bounds[0].outcome, BoundOutcome::Unknown);
}

#[test]
fn faster_in_one_and_slower_in_another_is_mixed() {
    let (a, mut b) = (runs("a", 8, 50_000), runs("b", 8, 30_000));
    for named in &mut b {
        named.run.rtt_ns.from_due.p99 = Quantile::Value(700_000);
    }
    let comparison = compare(&a, &b, &[]);
    assert_eq!(comparison.answer, Answer::Mixed);
    let message = &comparison.message;
    assert!(message.starts_with("B is slower: p99 "), "{message}");
    assert!(
        message.contains("; and is faster: p50 -20.0 us"),
        "{message}"
    );
}

#[test]
fn whatever_was_asked_for_differently_is_named() {
    let (a, mut b) = (runs("a", 5, 50_000), runs("b", 5, 50_000));
    b[0].run.plan.timeout_ns = 5_000_000;
    for named in &mut b {
        named.run.plan.rate = Some("20000".to_owned());
        named.run.plan.rate_pps = Some(20_000);
        named.run.plan.seed += 1;
        named.run.window_ns *= 2;
    }
    let comparison = compare(&a, &b, &[]);
    let named: Vec<(&str, &str, &str)> = comparison
        .plan
        .iter()
        .map(|one| (one.name.as_str(), one.a.as_str(), one.b.as_str()))
        .collect();
    let expected = [
        ("rate", "10000", "20000"),
        ("timeout", "1.00 s", "1.00 s, 5.00 ms"),
    ];
    assert_eq!(named, expected);
    assert!(comparison.warnings[0].contains("from 100 ms to 200 ms"));
}

#[test]
fn sides_of_different_machines_are_told_apart() {
    let (mut a, mut b) = (runs("a", 5, 50_000), runs("b", 5, 50_000));
    let here = Environment::read(None);
    for named in a.iter_mut().chain(&mut b) {
        named.run.environment = Some(here.clone());
    }
    assert!(compare(&a, &b, &[]).environment.is_empty());
    let mut elsewhere = here;
    elsewhere.kernel.release = Some("1.2.3".to_owned());
    // What a machine is doing is another matter each time.
    elsewhere.load.at_start.running = Some(12_345);
    // One run of a side is enough, whichever it is.
    b[3].run.environment = Some(elsewhere);
    let differences = compare(&a, &b, &[]).environment;
    let [difference] = &differences[..] else {
        panic!("{differences:?}");
    };
    assert_eq!(difference.name, "kernel.release");
    let values: Vec<&str> = difference.b.split(", ").collect();
    assert!(values.len() == 2 && values.contains(&"1.2.3"), "{values:?}");
    assert!(values.contains(&&*difference.a), "{values:?}");
}

#[test]
fn sides_that_did_not_take_turns_are_warned_of() {
    let (a, mut b) = (runs("a", 5, 50_000), runs("b", 5, 50_000));
    for named in &mut b {
        named.run.began_unix_ns = named.run.began_unix_ns.map(|began| began + 1_000_000);
    }
    let comparison = compare(&a, &b, &[]);
    assert!(comparison.warnings[0].starts_with("all runs of A were made before those of B"));
    // Files that do not say when are not warned of.
    b[0].run.began_unix_ns = None;
    assert!(compare(&a, &b, &[]).warnings.is_empty());
}

#[test]
fn the_file_has_the_documented_fields_and_is_read_as_it_was_written() {
    let bounds = ["p50>+5%".parse().unwrap()];
    let comparison = compare(&runs("a", 5, 50_000), &held_up("b", 5), &bounds);
    let file = serde_json::to_value(&comparison).unwrap();
    assert_eq!(file["schema"], "loadgen/compare/1");
    assert_eq!(file["answer"], "slower");
    assert_eq!(file["a"]["runs"][0]["name"], "a-1");
    assert_eq!(file["a"]["runs"][0]["left_out"], serde_json::Value::Null);
    let p50 = &file["quantities"][0];
    assert_eq!((&p50["name"], &p50["unit"]), (&"p50".into(), &"ns".into()));
    assert_eq!(p50["a"]["median"], 51_000);
    assert_eq!(p50["b"]["each"][4], "lost");
    assert_eq!(p50["difference"]["by"], "to lost");
    assert!(p50["difference"]["p_corrected"].is_f64());
    assert_eq!(file["quantities"][4]["unit"], "ppb");
    assert_eq!(file["bounds"][0]["outcome"], "broken");
    for name in ["plan", "environment", "warnings"] {
        assert!(file[name].is_array(), "{name}");
    }
    let text = serde_json::to_string(&comparison).unwrap();
    assert_eq!(
        serde_json::from_str::<Comparison>(&text).unwrap(),
        comparison
    );
    let wrong = text.replace("\"to lost\"", "\"away\"");
    let error = serde_json::from_str::<Comparison>(&wrong).unwrap_err();
    assert!(error.to_string().contains("from lost"), "{error}");
}

fn quantile() -> impl Strategy<Value = Quantile> {
    prop_oneof![
        8 => any::<u64>().prop_map(Quantile::Value),
        2 => Just(Quantile::Lost),
        1 => Just(Quantile::TooFew),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_runs_hold_the_same_ones_are_no_different(
        times in prop::collection::vec((quantile(), quantile(), any::<u32>()), 4..6),
    ) {
        let side: Vec<Named> = (1..)
            .zip(&times)
            .map(|(number, (p50, p99, lost))| {
                let mut named = named("a", number, 1, 1);
                named.run.rtt_ns.from_due.p50 = *p50;
                named.run.rtt_ns.from_due.p99 = *p99;
                named.run.counts.lost = u64::from(*lost);
                named
            })
            .collect();
        let comparison = compare(&side, &side, &["p50>+0%".parse().unwrap()]);
        prop_assert!([Answer::NoEvidence, Answer::NotMeasured].contains(&comparison.answer));
        prop_assert!(comparison.bounds[0].outcome != BoundOutcome::Broken);
        let text = crate::report::compare::text(&comparison, crate::report::Style::Plain);
        prop_assert!(text.starts_with("answer"));
    }
}
