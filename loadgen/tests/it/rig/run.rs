//! A run of the generator, and its result.

use std::net::SocketAddr;

use loadgen::measure::{Counts, Distribution};
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
    assert_rows_add_up(&run);
    (ended, run)
}

/// The rows of a result follow each other, and hold what the whole result holds.
#[track_caller]
pub(crate) fn assert_rows_add_up(run: &Run) {
    let mut end = 0;
    let mut sum = Counts::default();
    let mut round_trips = Distribution::new().histogram().clone();
    for row in &run.intervals {
        assert_eq!(row.from_ns, end, "rows follow each other");
        end = row.to_ns;
        sum.sent += row.sent;
        sum.not_sent += row.not_sent;
        sum.received += row.received;
        sum.lost += row.lost;
        sum.duplicated += row.duplicated;
        sum.reordered += row.reordered;
        sum.corrupted += row.corrupted;
        sum.foreign += row.foreign;
        sum.stale += row.stale;
        let histogram = row.histogram.histogram().expect("it is a histogram");
        round_trips.add(histogram).expect("the bounds are equal");
    }
    sum.scheduled = sum.sent + sum.not_sent;
    let whole = Counts {
        late: 0,
        lost: run.counts.lost + run.counts.late,
        ..run.counts
    };
    assert_eq!(sum, whole);
    assert_eq!(
        end,
        if run.intervals.is_empty() {
            0
        } else {
            run.window_ns
        }
    );
    let histograms = run.histograms.as_ref().expect("a result has histograms");
    let from_due = histograms.from_due.distribution().expect("it is one");
    assert_eq!(*from_due.histogram(), round_trips);
    assert_eq!(from_due.count(), run.counts.received);
}

/// The codes of a result's doubts.
pub(crate) fn doubts(run: &Run) -> Vec<&str> {
    let doubts = run.verdict.doubts.iter();
    doubts.map(|doubt| doubt.code.as_str()).collect()
}
