//! A peer that takes its time.

use std::thread;
use std::time::Duration;

use loadgen::measure::Quantile;

use crate::rig::peer::Peer;
use crate::rig::run::measure;

#[test]
fn a_delay_in_the_peer_is_in_every_round_trip() {
    let delay = Duration::from_millis(30);
    let peer = Peer::start(move |seen, answers| answers.echo_after(seen, delay));
    let arguments = "--rate 1000 --duration 300ms --warmup 0s --timeout 10s";
    let (_, run) = measure(peer.address(), arguments);
    for distribution in [run.rtt_ns.from_due, run.rtt_ns.from_send] {
        assert!(distribution.min >= Some(30_000_000), "{distribution:?}");
        let median = distribution.p50;
        assert!(matches!(median, Quantile::Value(nanos) if nanos >= 30_000_000));
    }
    assert_eq!((run.counts.received, run.counts.lost), (run.counts.sent, 0));
    peer.finish().assert_counted(&run.counts);
}

#[test]
fn no_round_trip_is_shorter_than_the_peer_took() {
    // One probe a run: the very first, since there is no warm-up.
    for _run in 0..10 {
        let peer = Peer::start(|seen, answers| {
            thread::sleep(Duration::from_millis(1));
            answers.echo(seen);
        });
        let arguments = "--rate 10 --duration 100ms --warmup 0s --flows 1 --timeout 10s";
        let (_, run) = measure(peer.address(), arguments);
        for distribution in [run.rtt_ns.from_due, run.rtt_ns.from_send] {
            assert!(distribution.min >= Some(1_000_000), "{distribution:?}");
        }
    }
}

#[test]
fn answers_to_warm_up_are_never_counted_whenever_they_come() {
    let peer = Peer::start(|seen, answers| {
        if seen.probe.due.as_nanos() < 100_000_000 {
            answers.echo_after(seen, Duration::from_millis(150));
            answers.echo_after(seen, Duration::from_millis(150));
        } else {
            answers.echo(seen);
        }
    });
    let arguments = "--rate 1000 --duration 300ms --warmup 100ms --timeout 10s";
    let (_, run) = measure(peer.address(), arguments);
    assert_eq!(run.counts.received, run.counts.sent);
    let others = (run.counts.duplicated, run.counts.reordered);
    assert_eq!(others, (0, 0), "{:?}", run.counts);
}

#[test]
fn an_answer_after_the_timeout_is_late_and_not_lost() {
    let peer = Peer::start(|seen, answers| {
        if seen.probe.due.as_nanos() < 100_000_000 {
            answers.echo_after(seen, Duration::from_millis(400));
        } else {
            answers.echo(seen);
        }
    });
    // What is answered by 500 ms has come long before the run ends at 1,200 ms.
    let arguments = "--rate 400 --duration 1s --warmup 0s --timeout 200ms";
    let (_, run) = measure(peer.address(), arguments);
    assert_eq!(peer.finish().seen.len() as u64, run.counts.sent);
    // More only if the peer was held up for as long as the timeout.
    assert!(run.counts.late >= 40, "{:?}", run.counts);
    assert_eq!((run.counts.lost, run.counts.duplicated), (0, 0));
    assert_eq!(run.rtt_ns.from_due.max, Quantile::Lost);
}

#[test]
fn a_second_late_answer_is_a_duplicate() {
    let peer = Peer::start(|seen, answers| {
        let late = Duration::from_millis(200);
        if seen.probe.due.as_nanos() < 50_000_000 {
            answers.echo_after(seen, late);
            answers.echo_after(seen, late);
        } else {
            answers.echo(seen);
        }
    });
    let arguments = "--rate 400 --duration 700ms --warmup 0s --timeout 100ms";
    let (_, run) = measure(peer.address(), arguments);
    assert!(run.counts.late >= 20, "{:?}", run.counts);
    assert_eq!((run.counts.duplicated, run.counts.lost), (20, 0));
}
