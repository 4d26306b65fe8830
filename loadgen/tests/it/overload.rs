//! A rate that no machine can send.

use std::net::UdpSocket;

use loadgen::verdict::Outcome;

use crate::rig::run::{doubts, measure};

#[test]
fn a_rate_that_cannot_be_sent_ends_in_time_and_is_not_to_be_trusted() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = silent.local_addr().unwrap();
    let arguments = "--rate 100M --duration 200ms --warmup 0s --timeout 50ms";
    let (ended, run) = measure(target, arguments);
    ended.assert_code(3);
    assert_eq!(run.verdict.outcome, Outcome::Invalid);
    assert_eq!(doubts(&run)[0], "rate_missed");
    assert_eq!(run.counts.scheduled, 20_000_000);
    assert!(run.not_sent_by["behind"] > 0, "{:?}", run.not_sent_by);
    assert_eq!(run.not_sent_by.values().sum::<u64>(), run.counts.not_sent);
}
