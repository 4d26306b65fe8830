//! What stands in the report of an experiment.

use proptest::prelude::*;

use super::text;
use crate::report::Style;
use crate::results::examples::{
    empty, factorial, fraction, hostile, lost, no_evidence, one_factor, torn, unfinished,
};
use crate::results::{EffectOf, Experiment, ExperimentEnd, Finding};
use crate::verdict::Outcome;

fn plain(experiment: &Experiment) -> String {
    text(experiment, Style::Plain)
}

#[track_caller]
fn assert_says(text: &str, words: &[&str]) {
    for words in words {
        assert!(text.contains(words), "no {words} in {text}");
    }
}

#[test]
fn the_question_and_the_answer_come_first() {
    let text = plain(&one_factor());
    let first = "asked       busy-poll: Does polling the device shorten round trips?\n\
                 answer      busy_poll=50 is best: p99 -30.1 us, -25.1 %\n\
                 best        busy_poll=50, the rest as in the reference\n\
                 expected    It saves the wake-up of the server";
    assert!(text.starts_with(first), "{text}");
    let asked = plain(&no_evidence());
    let first = "asked       buffers: which setting has the least p99?\n\
                 answer      no evidence that anything helps\n\n";
    assert!(asked.starts_with(first), "{asked}");
}

#[test]
fn every_report_fits_into_eighty_columns() {
    let all: [fn() -> Experiment; 8] = [
        one_factor,
        factorial,
        fraction,
        no_evidence,
        lost,
        torn,
        unfinished,
        empty,
    ];
    for made in all {
        let text = plain(&made());
        let mut lines = text.lines();
        assert!(lines.all(|line| line.chars().count() <= 80), "{text}");
        assert!(!text.contains('\x1b') && text.ends_with('\n'), "{text}");
    }
}

#[test]
fn each_setting_has_a_row_a_quantity_and_the_noise_has_its_own() {
    let text = plain(&one_factor());
    assert_says(
        &text,
        &[
            "busy_poll=50 against 0 (sysctl net.core.busy_poll)\np50         -10.0 us   -19.9 %",
            "p99         -30.7 us   -25.4 %    -32.4 to -25.9 us        0.016    better\n",
            "cpu         +416 ns    +19.7 %    +398 to +436 ns          0.016    worse\n",
            "rmem=8388608 against 212992 (sysctl net.core.rmem_max)\n",
            "reference again against reference\n",
            "The two are alike: what lies between them is chance",
            "worse       busy_poll=50: cpu +416 ns, +19.7 %\n",
            "settings    busy_poll, sysctl net.core.busy_poll: 0, 50; was 0\n",
            "began       2026-05-05T16:53:20Z\n",
        ],
    );
    assert!(!text.contains("together"), "{text}");
}

#[test]
fn effects_of_one_setting_stand_together_in_whatever_order_a_file_has_them() {
    let mut mixed = one_factor();
    mixed
        .effects
        .sort_by(|one, other| one.quantity.cmp(&other.quantity));
    let heading = "busy_poll=50 against 0 (";
    assert_eq!(plain(&mixed).matches(heading).count(), 1);
}

#[test]
fn what_two_settings_do_together_is_told_if_there_is_evidence() {
    let mut made = factorial();
    assert_says(
        &plain(&made),
        &[
            "together    difference",
            "busy_poll=50 with workers=4\np50         +3.4",
            "Of 2 more there is no evidence.",
        ],
    );
    for effect in &mut made.interactions {
        effect.finding = Finding::NoEvidence;
    }
    let none = "together    no evidence that any two settings do more or less";
    assert_says(&plain(&made), &[none]);
}

#[test]
fn variants_that_were_given_up_and_runs_that_do_not_count_say_why() {
    assert_says(
        &plain(&factorial()),
        &[
            "stopped     busy_poll=50 workers=64: it lost more than half",
            "left out    block 3, busy_poll=50: its verdict is invalid: generator_late; made\n",
            "            block 6, busy_poll=50 workers=4: the server did not listen within 5\n",
            "            s; not made again\n",
            "warning     the host was loaded by others",
            "runs        76, of which 74 count and 2 do not; 11 of 12 blocks whole\n",
            "worse       busy_poll=50: cpu ",
            "            workers=64: p50 ",
        ],
    );
}

#[test]
fn where_a_variant_was_given_up_early_the_others_are_told_against_the_reference() {
    let variants = "variant     difference";
    assert!(!plain(&factorial()).contains(variants));
    let text = plain(&torn());
    assert_says(
        &text,
        &[
            "effects     not known: no block has all its runs, since busy_poll=50 workers=4\n",
            variants,
            "busy_poll=50 against reference\np50         -9.99",
            "workers=4 against reference\np50         -7.97",
            "Not all variants could be run",
        ],
    );
    assert!(!text.contains("busy_poll=50 workers=4 against"), "{text}");
}

#[test]
fn of_many_runs_that_do_not_count_the_first_are_told_one_by_one() {
    let mut made = factorial();
    for run in made.runs.iter_mut().filter(|run| run.block < 3) {
        run.left_out = Some("its verdict is invalid".to_owned());
    }
    let left_out = made.runs.iter().filter(|run| run.left_out.is_some());
    let more = left_out.count() - 8;
    let text = plain(&made);
    assert_says(&text, &[&format!("and {more} more, which --json,")]);
    assert_eq!(text.matches("verdict is invalid").count(), 8);
}

#[test]
fn what_makes_runs_doubtful_is_named_and_counted() {
    let mut made = factorial();
    for run in &mut made.runs {
        run.verdict = Some(Outcome::Suspect);
        run.doubts.push("time_stolen".to_owned());
    }
    let all = made.runs.len();
    assert_says(
        &plain(&made),
        &[
            "runs        76, of which 74 count, all of them suspect, and 2 do not; 11 of 12\n",
            &format!("doubts      time_stolen in {all} runs: the hypervisor stole time\n"),
            "            generator_late in 1 run: the client was late\n",
        ],
    );
    made.runs.truncate(1);
    assert_says(
        &plain(&made),
        &["runs        1, which counts and is suspect; "],
    );
}

#[test]
fn what_a_fraction_cannot_tell_apart_is_told() {
    assert_says(
        &plain(&fraction()),
        &[
            "design      a part of the combinations",
            "resolution  4: what one setting does is told apart",
            "made of     workers = busy_poll rmem rx-usecs\n",
            "not apart   busy_poll rmem = rx-usecs workers\n            busy_poll rx-usecs",
        ],
    );
}

#[test]
fn a_twin_that_differs_from_the_reference_is_a_warning() {
    let mut made = one_factor();
    made.noise[0].finding = Finding::Worse;
    let text = text(&made, Style::Colour);
    assert_says(
        &text,
        &["\x1b[1;33mthey differ\x1b[0m", "something besides"],
    );
}

#[test]
fn what_is_lost_is_written_as_that() {
    assert_says(
        &plain(&lost()),
        &[
            "p99         +lost                 +lost to +lost           ",
            "rmem=8388608: p99 +lost; loss +3.1 %",
            "all count, 11 of them suspect",
            "doubts      many_lost in 11 runs\n            docs/verdict.md tells",
        ],
    );
}

#[test]
fn an_experiment_that_did_not_go_through_says_how_it_ended_before_its_figures() {
    let text = plain(&unfinished());
    assert_says(
        &text,
        &[
            "ended       it is under way, or was broken off without a word\n\n",
            "effects     not known: 2 blocks, and at least 4 are wanted\n",
            "runs        10, of which all count; 2 of 10 blocks whole\n",
        ],
    );
    let words = "ended       something went wrong: the server did not listen within 5 s\n";
    assert_says(&plain(&empty()), &[words, "runs        none; 0 of 10"]);
}

#[test]
fn what_ended_an_experiment_is_told_once() {
    let mut made = factorial();
    let why = made
        .variants
        .iter()
        .find_map(|variant| variant.stopped.clone());
    let why = why.expect("one was given up");
    let told = |made: &Experiment| {
        let words: Vec<String> = plain(made).split_whitespace().map(str::to_owned).collect();
        words.join(" ").matches(&why).count()
    };
    assert_eq!(told(&made), 1);
    made.ended = ExperimentEnd::Failed;
    made.why = Some(format!("nothing is left: it is not run any more: {why}"));
    assert_eq!(told(&made), 1);
}

#[test]
fn colours_are_for_terminals() {
    let text = text(&factorial(), Style::Colour);
    assert_says(
        &text,
        &[
            "\x1b[32mbetter\x1b[0m",
            "\x1b[1;31mworse\x1b[0m",
            "\x1b[1manswer      busy_poll=50 and workers=4",
            "\x1b[1;33mstopped ",
        ],
    );
}

#[test]
fn numbers_that_point_nowhere_are_no_reason_to_panic() {
    let mut made = factorial();
    made.effects[0].of = EffectOf::Level {
        factor: 9,
        level: 9,
    };
    made.runs[0].variant = u32::MAX;
    made.runs[0].block = u32::MAX;
    made.runs[0].left_out = Some("?".to_owned());
    made.best.levels = Some(vec![9; 9]);
    assert_says(&plain(&made), &["?=? against ?", "block 4294967296, ?: ?"]);
    made.variants.clear();
    made.factors.clear();
    assert_says(&plain(&made), &["? against ?"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn text_from_a_file_never_steers_a_terminal(text in "\\PC*[\\x00-\\x1f\\x7f]+.*") {
        let reported = plain(&hostile(&text));
        let steers = |letter: char| letter.is_control() && letter != '\n';
        prop_assert!(!reported.contains(steers));
    }
}
