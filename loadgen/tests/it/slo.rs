//! What a server shall do, and the exit code that says whether it does.

use std::time::Duration;

use loadgen::measure::{Edge, Quantile};
use loadgen::results::{Objective, Run};
use loadgen::slo::Outcome;

use crate::rig::peer::Peer;
use crate::rig::program::Program;
use crate::rig::run::measure;

/// It leaves every tenth probe unanswered.
fn lossy() -> Peer {
    let mut probes = 0_u64;
    Peer::start(move |seen, answers| {
        probes += 1;
        if !probes.is_multiple_of(10) {
            answers.echo(seen);
        }
    })
}

#[track_caller]
fn objective(run: &Run, index: usize) -> &Objective {
    let slo = run.slo.as_ref().expect("something was asked for");
    &slo.objectives[index]
}

const RUN: &str = "--rate 1000 --duration 400ms --warmup 0s";

#[test]
fn a_tenth_lost_misses_one_percent_and_meets_fifty() {
    let peer = lossy();
    let (ended, run) = measure(peer.address(), &format!("{RUN} --slo loss<1%"));
    ended.assert_code_unless_held_up(4);
    let loss = objective(&run, 0);
    assert_eq!(loss.outcome, Outcome::Missed);
    let share = (run.counts.lost + run.counts.late) * 1_000_000_000 / run.counts.sent;
    assert!(matches!(loss.measured, Quantile::Value(measured) if measured.abs_diff(share) <= 1));
    assert!(loss.low > Some(Edge::Value(loss.limit)), "{loss:?}");

    let peer = lossy();
    let (ended, run) = measure(peer.address(), &format!("{RUN} --slo loss<50%"));
    ended.assert_code_unless_held_up(0);
    assert_eq!(run.slo.unwrap().outcome, Outcome::Met);
}

#[test]
fn the_lost_miss_a_limit_of_the_tail() {
    let peer = lossy();
    let (ended, run) = measure(peer.address(), &format!("{RUN} --slo p99<1m,p50<1m"));
    ended.assert_code_unless_held_up(4);
    let tail = objective(&run, 0);
    assert_eq!(
        (tail.outcome, tail.measured),
        (Outcome::Missed, Quantile::Lost)
    );
    assert_eq!(objective(&run, 1).outcome, Outcome::Met);
}

#[test]
fn answers_held_for_fifty_milliseconds_miss_ten() {
    let held = Duration::from_millis(50);
    let peer = Peer::start(move |seen, answers| answers.echo_after(seen, held));
    let (ended, run) = measure(peer.address(), &format!("{RUN} --slo p50<10ms,loss<50%"));
    ended.assert_code_unless_held_up(4);
    let median = objective(&run, 0);
    assert_eq!(median.outcome, Outcome::Missed);
    assert!(median.low >= Some(Edge::Value(50_000_000)), "{median:?}");
    assert_eq!(objective(&run, 1).outcome, Outcome::Met);
}

#[test]
fn what_cannot_be_decided_is_told_and_is_no_failure() {
    let peer = Peer::faithful();
    let target = peer.address();
    let arguments = format!("--target {target} {RUN} --slo p99.99<1m");
    let ended = Program::loadgen(&arguments).end();
    ended.assert_code_unless_held_up(0);
    let told =
        "slo         UNDECIDED\n            p99.99 < 1 m: undecided, it needs 29,956 answers";
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
}

#[test]
fn a_run_that_proves_nothing_misses_nothing() {
    let peer = Peer::start(|_seen, _answers| {});
    let arguments = format!("{RUN} --timeout 100ms --slo loss<1%");
    let (ended, run) = measure(peer.address(), &arguments);
    ended.assert_code(3);
    assert_eq!(run.slo.unwrap().outcome, Outcome::Missed);
}
