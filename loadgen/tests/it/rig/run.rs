//! A run of the generator, and its result.

use std::net::SocketAddr;

use loadgen::results::Run;

use super::program::{Ended, Program};

/// Measures `target` to the end of the run, and reads the result.
#[track_caller]
pub(crate) fn measure(target: SocketAddr, arguments: &str) -> (Ended, Run) {
    let program = start(target, arguments);
    finish(program)
}

/// Begins a run that [`finish`] waits for.
#[track_caller]
pub(crate) fn start(target: SocketAddr, arguments: &str) -> Program {
    Program::loadgen(&format!("--target {target} --json - {arguments}"))
}

/// Waits for the end of a run, and reads its result, in which every sum adds up.
#[track_caller]
pub(crate) fn finish(program: Program) -> (Ended, Run) {
    let ended = program.end();
    let Ok(run) = serde_json::from_str::<Run>(&ended.stdout) else {
        panic!("not a result: {ended:?}");
    };
    run.counts.check().expect("the counts add up");
    for flow in &run.flows {
        flow.counts.check().expect("the counts of a flow add up");
    }
    assert_eq!(run.rtt_ns.from_due.count, run.counts.received);
    assert_eq!(run.rtt_ns.from_send.count, run.counts.received);
    assert_eq!(run.lateness_ns.count, run.counts.sent);
    (ended, run)
}

/// The codes of a result's doubts.
pub(crate) fn doubts(run: &Run) -> Vec<&str> {
    let doubts = run.verdict.doubts.iter();
    doubts.map(|doubt| doubt.code.as_str()).collect()
}
