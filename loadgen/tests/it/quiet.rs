//! What a run prints, and what it does not.

use crate::rig::peer::Peer;
use crate::rig::program::Program;

const RUN: &str = "--rate 20 --duration 300ms --warmup 0s --timeout 10s";

#[test]
fn the_report_is_all_that_a_run_prints_where_there_is_no_terminal() {
    let peer = Peer::faithful();
    let ended = Program::loadgen(&format!("--target {} {RUN}", peer.address())).end();
    ended.assert_code(0);
    assert_eq!(ended.stderr, "");
    for words in ["round trip", "from due", "6 scheduled, 6 sent", "verdict"] {
        assert!(ended.stdout.contains(words), "{}", ended.stdout);
    }
    assert!(!ended.stdout.contains('\x1b'), "{:?}", ended.stdout);
}

#[test]
fn a_quiet_run_prints_nothing() {
    let peer = Peer::faithful();
    let ended = Program::loadgen(&format!("--target {} {RUN} --quiet", peer.address())).end();
    ended.assert_code(0);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
    assert_eq!(peer.finish().seen.len(), 6);
}

#[test]
fn a_quiet_run_still_has_the_result_that_was_asked_for() {
    let peer = Peer::faithful();
    let arguments = format!("--target {} {RUN} --quiet --json -", peer.address());
    let ended = Program::loadgen(&arguments).end();
    ended.assert_code(0);
    assert!(ended.stdout.contains("\"loadgen/run/1\""));
}

#[test]
fn a_report_that_cannot_be_written_is_no_success() {
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = std::process::Command::new(crate::rig::program::LOADGEN)
        .args(["--rate", "20", "--duration", "100ms", "--warmup", "0s"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("cannot write the report to standard output"),
        "{told}"
    );
}
