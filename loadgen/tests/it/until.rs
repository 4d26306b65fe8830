//! Runs that last until enough is known.

use loadgen::results::{Run, Until};
use rustix::process::Signal;

use crate::rig::peer::Peer;
use crate::rig::program::{Ended, Program};
use crate::rig::run::{finish, measure, start};

/// A run against the server inside the generator's own process.
#[track_caller]
fn embedded(arguments: &str) -> (Ended, Run) {
    finish(Program::loadgen(&format!("--json - {arguments}")))
}

fn until(run: &Run) -> &Until {
    run.until.as_ref().expect("a goal was given")
}

#[test]
fn a_run_ends_by_itself_when_its_goal_is_reached() {
    let arguments = "--rate 2000 --threads 2 --duration 300ms --warmup 100ms --until p50+-50%";
    let (ended, run) = embedded(arguments);
    ended.assert_code_unless_held_up(0);
    assert!(until(&run).reached, "{:?}", run.until);
    assert!(until(&run).precision_ppb <= Some(500_000_000));
    // Ten minutes were allowed; the test would have given up long before.
    assert_eq!(until(&run).max_duration_ns, 600_000_000_000);
    assert!(run.window_ns >= run.plan.duration_ns, "{}", run.window_ns);
    assert!(run.window_ns < until(&run).max_duration_ns);
}

#[test]
fn a_goal_out_of_reach_ends_with_the_longest_duration() {
    let arguments = "--rate 500 --duration 1s --warmup 0s --max-duration 2s --until p99.99+-0.1%";
    let (ended, run) = embedded(arguments);
    ended.assert_code_unless_held_up(0);
    assert_eq!(run.window_ns, 2_000_000_000);
    assert_eq!(run.counts.scheduled, 1_000);
    assert!(!until(&run).reached);
    assert_eq!(until(&run).precision_ppb, None);
}

#[test]
fn what_was_reached_is_told() {
    let peer = Peer::faithful();
    let target = peer.address();
    let run = "--rate 500 --duration 100ms --warmup 0s --max-duration 200ms";
    let arguments = format!("--target {target} {run} --until p99.9\u{b1}2%");
    let ended = Program::loadgen(&arguments).end();
    ended.assert_code_unless_held_up(0);
    let told = "until       p99.9 +-2 %: not reached within --max-duration 200ms (p99.9 needs\n            2,995 answers)\n";
    assert!(ended.stdout.ends_with(told), "{}", ended.stdout);
}

#[test]
fn a_signal_ends_a_run_that_has_a_goal() {
    let peer = Peer::faithful();
    let arguments = "--rate 200 --duration 50ms --warmup 0s --timeout 10s --until p99.99+-0.1%";
    let program = start(peer.address(), arguments);
    peer.until_seen(20);
    program.signal(Signal::INT);
    let (ended, run) = finish(program);
    ended.assert_code_unless_held_up(0);
    assert!(
        until(&run).message.contains("not reached in the"),
        "{:?}",
        run.until
    );
    peer.finish().assert_counted(&run.counts);
}

#[test]
fn a_closed_loop_can_have_a_goal_too() {
    let peer = Peer::faithful();
    let arguments = "--closed-loop 1 --flows 1 --duration 100ms --warmup 0s --until p50+-100%";
    let (ended, run) = measure(peer.address(), arguments);
    ended.assert_code_unless_held_up(0);
    assert!(until(&run).reached, "{:?}", run.until);
    peer.finish().assert_counted(&run.counts);
}
