//! Which runs count, and which are made again.

use std::time::Duration;

use super::*;
use crate::results::Doubt;
use crate::results::tests::run;

/// An experiment of one factor with two levels, of which nothing is known.
fn fresh() -> Experiment {
    let text = "name = \"a plan\"\n[[factor]]\nserver_option = \"workers\"\nlevels = [1, 2]\n";
    let plan = Plan::parse(text, &[]).unwrap();
    let design = Design::new(plan.design, &[2]).unwrap();
    let factors = plan.factors.iter().map(|factor| described(factor, None));
    begin(&plan, &design, factors.collect(), 1)
}

#[test]
fn a_variable_that_is_left_out_is_none_and_a_flag_is_off() {
    let text = "name = \"a plan\"\n\
                [[factor]]\nserver_environment = \"FOO\"\nlevels = [\"a\", false]\n\
                [[factor]]\nserver_option = \"timestamps\"\nlevels = [true, false]\n";
    let plan = Plan::parse(text, &[]).unwrap();
    let design = Design::new(plan.design, &[2, 2]).unwrap();
    let factors = plan.factors.iter().map(|factor| described(factor, None));
    let experiment = begin(&plan, &design, factors.collect(), 1);
    assert_eq!(experiment.factors[0].levels, ["a", "none"]);
    assert_eq!(experiment.factors[1].levels, ["on", "off"]);
    assert_eq!(experiment.variants[1].name, "server FOO=none");
}

/// A run with this verdict that went on to its end.
fn measured(outcome: Outcome) -> Measured {
    let mut run = run();
    run.ended = Some(Ended::AsPlanned);
    run.verdict.outcome = outcome;
    Measured {
        run,
        cpu_per_echo: Ok(Duration::from_micros(3)),
    }
}

fn doubt(code: &str, outcome: Outcome) -> Doubt {
    Doubt {
        code: code.to_owned(),
        outcome,
        message: "It is doubtful.".to_owned(),
        measured: 1.0,
        limit: 0.0,
        unit: "times".to_owned(),
    }
}

fn place(variant: usize, attempt: u32) -> Place {
    Place {
        block: 2,
        variant,
        attempt,
    }
}

fn added(measured: &Measured) -> Experiment {
    let mut experiment = fresh();
    let name = "runs/block-2-variant-1.json".to_owned();
    add(&mut experiment, place(1, 0), name, measured);
    experiment
}

#[test]
fn a_run_counts_if_it_is_no_worse_than_suspect() {
    for outcome in [Outcome::Valid, Outcome::Suspect] {
        let experiment = added(&measured(outcome));
        assert_eq!(experiment.runs[0].left_out, None);
        assert_eq!(experiment.runs[0].verdict, Some(outcome));
        assert_eq!(experiment.runs[0].values.len(), experiment.quantities.len());
        assert_eq!(attempts(&experiment, 2, 1), (1, true));
    }
}

#[test]
fn an_invalid_run_is_left_out_with_its_doubts_and_is_due_again() {
    let mut invalid = measured(Outcome::Invalid);
    invalid.run.verdict.doubts = vec![
        doubt("generator_late", Outcome::Invalid),
        doubt("time_stolen", Outcome::Suspect),
    ];
    let doubts = invalid.run.verdict.doubts.iter();
    let doubts: Vec<String> = doubts.map(|doubt| doubt.code.clone()).collect();
    let mut experiment = added(&invalid);
    assert!(!doubts.is_empty());
    let reason = "its verdict is invalid: the client was late (generator_late)".to_owned();
    assert_eq!(experiment.runs[0].left_out, Some(reason));
    assert_eq!(experiment.runs[0].doubts, doubts);
    assert_eq!(attempts(&experiment, 2, 1), (1, false));
    // Of others it says nothing.
    assert_eq!(attempts(&experiment, 2, 0), (0, false));
    assert_eq!(attempts(&experiment, 1, 1), (0, false));

    invalid.run.verdict.outcome = Outcome::Valid;
    add(&mut experiment, place(1, 1), "again".to_owned(), &invalid);
    assert_eq!(attempts(&experiment, 2, 1), (2, true));
}

#[test]
fn a_run_that_was_broken_off_is_left_out() {
    let mut measured = measured(Outcome::Valid);
    for ended in [None, Some(Ended::Stopped)] {
        measured.run.ended = ended;
        let experiment = added(&measured);
        let reason = experiment.runs[0].left_out.as_deref();
        assert_eq!(reason, Some("it was broken off"));
        assert_eq!(attempts(&experiment, 2, 1), (1, false));
    }
}

#[test]
fn what_goes_on_tries_anew_what_could_not_be_run_and_nothing_else() {
    let mut experiment = added(&measured(Outcome::Invalid));
    add_failed(&mut experiment, place(0, 0), "no such program".to_owned());
    assert_eq!(attempts(&experiment, 2, 0), (1, false));
    experiment.variants[1].stopped = Some("it crashed".to_owned());
    experiment.ended = ExperimentEnd::Failed;
    experiment.why = Some("it crashed".to_owned());
    go_on(&mut experiment);
    assert_eq!(attempts(&experiment, 2, 0), (0, false));
    assert_eq!(attempts(&experiment, 2, 1), (1, false));
    assert_eq!(experiment.variants[1].stopped, None);
    assert_eq!(
        (experiment.ended, experiment.why),
        (ExperimentEnd::Unfinished, None)
    );
}

#[test]
fn a_block_in_which_nobody_answered_is_made_anew_and_no_other() {
    let mut silent = measured(Outcome::Invalid);
    silent.run.verdict.doubts = vec![doubt(NO_ANSWERS, Outcome::Invalid)];
    let mut experiment = added(&silent);
    assert!(is_silent(&experiment, 2) && !is_silent(&experiment, 1));
    let mut heard = experiment.clone();
    let valid = measured(Outcome::Valid);
    add(&mut heard, place(0, 0), "heard".to_owned(), &valid);
    assert!(!is_silent(&heard, 2));
    go_on(&mut heard);
    assert_eq!(heard.runs.len(), 2);
    go_on(&mut experiment);
    assert_eq!(experiment.runs, []);
}

#[test]
fn experiments_are_alike_if_they_compare_the_same() {
    let begun = added(&measured(Outcome::Valid));
    assert!(are_alike(&begun, &fresh()));
    let mut other = fresh();
    other.factors[0].name = "waiting".to_owned();
    assert!(!are_alike(&begun, &other));
    let mut other = fresh();
    other.variants.pop();
    assert!(!are_alike(&begun, &other));
    let mut other = fresh();
    other.quantities.pop();
    assert!(!are_alike(&begun, &other));
}
