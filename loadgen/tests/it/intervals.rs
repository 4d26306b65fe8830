//! The rows of a result, and the file that is kept up to date with them.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use loadgen::results::{Ended, Run};
use loadgen::verdict::Outcome;
use rustix::process::Signal;

use crate::rig::PATIENCE;
use crate::rig::peer::Peer;
use crate::rig::program::Program;
use crate::rig::run::{assert_rows_add_up, doubts, finish, measure, start};
use crate::rig::scratch::Scratch;

#[test]
fn a_row_has_what_happened_in_its_interval() {
    // Probes of the second half of the window stay without an answer.
    let peer = Peer::start(|seen, answers| {
        if seen.probe.due.as_nanos() < 600_000_000 {
            answers.echo(seen);
        }
    });
    let arguments = "--rate 200 --duration 1200ms --warmup 0s --timeout 500ms --interval 200ms";
    let (ended, run) = measure(peer.address(), arguments);
    ended.assert_code_unless_held_up(0);
    assert_eq!(run.ended, Some(Ended::AsPlanned));
    assert!(run.counts.lost >= 120, "{:?}", run.counts);
    // Nothing is given up before its timeout, however long anybody is held up.
    for row in &run.intervals {
        assert!(row.to_ns > 500_000_000 || row.lost == 0, "{row:?}");
    }
    let last = run.intervals.last().unwrap();
    assert!(last.lost > 0, "{last:?}");
}

#[test]
fn a_run_that_is_stopped_has_rows_up_to_then() {
    let peer = Peer::faithful();
    let arguments = "--rate 200 --duration 60s --warmup 0s --timeout 10s --interval 100ms";
    let program = start(peer.address(), arguments);
    peer.until_seen(100);
    program.signal(Signal::INT);
    let (_ended, run) = finish(program);
    assert_eq!(run.ended, Some(Ended::Stopped));
    assert!(!run.intervals.is_empty());
}

#[test]
fn a_run_that_is_broken_off_leaves_what_was_known() {
    let peer = Peer::faithful();
    let scratch = Scratch::new("broken-off");
    let path = scratch.file("run.json");
    let target = peer.address();
    let program = Program::loadgen(&format!(
        "--target {target} --rate 200 --duration 60s --warmup 0s --interval 100ms --quiet --json {}",
        path.display()
    ));
    let give_up = Instant::now() + PATIENCE;
    let known = loop {
        assert!(Instant::now() < give_up, "no result was written");
        // Whole at any time, since it is put in place when it is.
        if let Ok(text) = fs::read_to_string(&path) {
            let run: Run = serde_json::from_str(&text).unwrap();
            if run.intervals.len() >= 3 {
                break run;
            }
        }
        thread::sleep(Duration::from_millis(5));
    };
    program.signal(Signal::KILL);
    program.end();
    let left: Run = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    for run in [&known, &left] {
        assert_eq!(run.ended, Some(Ended::Unfinished));
        assert_eq!(run.verdict.outcome, Outcome::Invalid);
        assert_eq!(doubts(run), ["unfinished"]);
        assert_rows_add_up(run);
        assert!(run.counts.received > 0);
    }
    let ended = Program::loadgen(&format!("report {}", path.display())).end();
    let under_way = left.counts.under_way();
    let told = ended.stdout.contains(&format!(", {under_way} under way"));
    assert_eq!(told, under_way > 0, "{ended:?}");
    assert!(left.intervals.len() >= known.intervals.len());
}
