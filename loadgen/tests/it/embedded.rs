//! Without a target, the generator measures a server inside its own process.

use loadgen::results::{Known, Run};

use crate::rig::program::Program;

const RUN: &str = "--rate 20 --duration 300ms --warmup 50ms --timeout 10s";

#[test]
fn without_a_target_a_server_inside_the_process_is_measured() {
    let ended = Program::loadgen(&format!("--json - {RUN}")).end();
    ended.assert_code(0);
    let run: Run = serde_json::from_str(&ended.stdout).unwrap();
    assert!(run.plan.embedded);
    assert_eq!(run.lost_by.unwrap().server_known, Known::Embedded);
    assert_eq!(
        (
            run.lost_by.unwrap().server_socket,
            run.lost_by.unwrap().server
        ),
        (Some(0), Some(0))
    );
    assert!(run.plan.target.ip().is_loopback());
    assert_eq!((run.counts.scheduled, run.counts.received), (6, 6));
}

#[test]
fn the_report_says_that_no_network_was_measured() {
    let ended = Program::loadgen(RUN).end();
    ended.assert_code(0);
    let first = ended.stdout.lines().next().unwrap();
    assert!(first.contains("embedded server"), "{first}");
}
