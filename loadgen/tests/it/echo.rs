//! A peer that answers everything at once.

use std::collections::{BTreeSet, HashMap};

use loadgen::verdict::Outcome;

use crate::rig::peer::Peer;
use crate::rig::run::measure;

#[test]
fn a_faithful_peer_makes_a_valid_run() {
    let peer = Peer::faithful();
    let arguments = "--rate 20 --duration 300ms --warmup 0s --timeout 10s";
    let (ended, run) = measure(peer.address(), arguments);
    ended.assert_code(0);
    assert_eq!(run.verdict.outcome, Outcome::Valid);
    assert_eq!((run.counts.scheduled, run.counts.received), (6, 6));
    assert_eq!(run.counts, peer.finish().counts());
}

#[test]
fn every_probe_is_answered_and_counted_once() {
    let peer = Peer::faithful();
    let arguments = "--rate 1000 --duration 400ms --warmup 0s --timeout 10s";
    let (_, run) = measure(peer.address(), arguments);
    assert_eq!(run.counts.scheduled, 400);
    assert_eq!(run.counts.received, run.counts.sent);
    peer.finish().assert_counted(&run.counts);
}

#[test]
fn warm_up_is_sent_but_not_counted() {
    let peer = Peer::faithful();
    let arguments = "--rate 1000 --duration 250ms --warmup 250ms --timeout 10s";
    let (_, run) = measure(peer.address(), arguments);
    let seen = peer.finish().seen;
    let (counted, warmup): (Vec<_>, Vec<_>) = seen
        .iter()
        .map(|seen| seen.probe.due.as_nanos())
        .partition(|due| *due >= run.plan.warmup_ns);
    assert_eq!(run.counts.sent, counted.len() as u64);
    assert_eq!(run.counts.received, run.counts.sent);
    assert_eq!(run.counts.scheduled, 250);
    // A generator that is held up leaves overdue warm-up out.
    assert!((1..=250).contains(&warmup.len()), "{}", warmup.len());
}

#[test]
fn every_flow_sends_from_a_port_of_its_own() {
    let peer = Peer::faithful();
    let arguments = "--rate 1000 --duration 200ms --warmup 0s --flows 5 --timeout 10s";
    measure(peer.address(), arguments);
    let log = peer.finish();
    assert_eq!(log.sources(), 5);
    let ports: BTreeSet<_> = log.seen.iter().map(|it| (it.probe.flow, it.from)).collect();
    assert_eq!(ports.len(), 5);
}

#[test]
fn a_flow_numbers_its_probes_without_a_gap() {
    let peer = Peer::faithful();
    let arguments = "--rate 1000 --duration 200ms --warmup 100ms --flows 3 --timeout 10s";
    measure(peer.address(), arguments);
    let mut next: HashMap<u16, u64> = HashMap::new();
    for seen in peer.finish().seen {
        let expected = next.entry(seen.probe.flow).or_default();
        assert_eq!(seen.probe.sequence.0, *expected);
        *expected += 1;
    }
    assert_eq!(next.len(), 3);
}

#[test]
fn probes_are_due_evenly_from_the_start_on() {
    let peer = Peer::faithful();
    let arguments = "--rate 1000 --duration 200ms --warmup 0s --timeout 10s";
    measure(peer.address(), arguments);
    let seen = peer.finish().seen;
    let mut due: Vec<u64> = seen.iter().map(|it| it.probe.due.as_nanos()).collect();
    due.sort_unstable();
    assert!(!due.is_empty());
    let sent = due.len() as u64;
    let expected: Vec<u64> = (0..sent).map(|probe| probe * 1_000_000).collect();
    assert_eq!(due, expected);
}

#[test]
fn two_runs_tell_their_datagrams_apart() {
    let run_number = || {
        let peer = Peer::faithful();
        measure(peer.address(), "--rate 10 --duration 100ms --warmup 0s");
        peer.finish().seen[0].probe.run
    };
    assert_ne!(run_number(), run_number());
}
