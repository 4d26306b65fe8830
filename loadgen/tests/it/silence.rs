//! A target that never answers.

use std::net::UdpSocket;

use loadgen::verdict::Outcome;

use crate::rig::program::Program;
use crate::rig::run::{doubts, measure};

#[test]
fn a_run_without_a_server_proves_nothing() {
    // A connected socket keeps the port to itself, but takes nothing from strangers.
    let occupied = UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = occupied.local_addr().unwrap();
    occupied.connect(target).unwrap();
    let arguments = "--rate 1000 --duration 200ms --warmup 0s --timeout 50ms";
    let (ended, run) = measure(target, arguments);
    ended.assert_code(3);
    assert_eq!(run.verdict.outcome, Outcome::Invalid);
    assert!(doubts(&run).contains(&"no_answers"), "{:?}", run.verdict);
    assert_eq!((run.counts.scheduled, run.counts.received), (200, 0));
    assert!(run.unreachable > 0);
    assert!(
        ended.stdout.contains("nobody listens there"),
        "{:?}",
        run.verdict
    );
}

#[test]
fn refusals_of_the_warm_up_are_said_to_be_among_the_others() {
    let occupied = UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = occupied.local_addr().unwrap();
    occupied.connect(target).unwrap();
    for (warmup, is_said) in [("0s", false), ("100ms", true)] {
        let line = format!(
            "--target {target} --rate 1000 --duration 100ms --warmup {warmup} --timeout 50ms"
        );
        let ended = Program::loadgen(&line).end();
        ended.assert_code(3);
        // Whatever the line breaks are.
        let words: Vec<&str> = ended.stdout.split_whitespace().collect();
        let said = words.join(" ");
        assert!(said.contains("port unreachable"), "{said}");
        assert_eq!(said.contains("(with the warm-up)"), is_said, "{said}");
    }
}

#[test]
fn an_older_refusal_keeps_no_probe_from_being_sent() {
    let occupied = UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = occupied.local_addr().unwrap();
    occupied.connect(target).unwrap();
    // Fast enough to send again on a flow before its refusal has been read.
    let arguments = "--rate 1M --duration 20ms --warmup 0s --flows 8";
    let (_, run) = measure(target, arguments);
    assert!(run.unreachable > 0);
    let reasons: Vec<&str> = run.not_sent_by.keys().map(String::as_str).collect();
    // There may be no time for so many.
    assert!(matches!(reasons[..], [] | ["behind"]), "{reasons:?}");
}

#[test]
fn a_run_against_a_server_that_never_answers_proves_nothing() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = silent.local_addr().unwrap();
    let arguments = "--rate 1000 --duration 200ms --warmup 0s --timeout 50ms";
    let (ended, run) = measure(target, arguments);
    ended.assert_code(3);
    assert_eq!(run.verdict.outcome, Outcome::Invalid);
    assert!(doubts(&run).contains(&"no_answers"), "{:?}", run.verdict);
    assert!(run.counts.sent > 0);
    assert_eq!(run.counts.lost, run.counts.sent);
    assert_eq!(run.unreachable, 0);
}
