//! A peer that leaves probes unanswered.

use loadgen::measure::Quantile;

use crate::rig::peer::Peer;
use crate::rig::run::measure;

#[test]
fn probes_that_nobody_answers_are_lost_and_stand_in_the_quantiles() {
    let mut probes = 0_u64;
    let peer = Peer::start(move |seen, answers| {
        probes += 1;
        if !probes.is_multiple_of(10) {
            answers.echo(seen);
        }
    });
    let arguments = "--rate 3300 --duration 1s --warmup 0s";
    let (_, run) = measure(peer.address(), arguments);
    let log = peer.finish();
    // So many do not fit the peer's buffer, so a peer that was held up may have missed some.
    let missed = run.counts.sent - log.seen.len() as u64;
    let dropped = log.seen.len() as u64 / 10;
    assert_eq!(run.counts.scheduled, 3_300);
    assert_eq!(run.counts.lost, missed + dropped);
    let from_due = run.rtt_ns.from_due;
    assert!(matches!(from_due.p50, Quantile::Value(_)), "{from_due:?}");
    for quantile in [from_due.p99, from_due.p99_9, from_due.max] {
        assert_eq!(quantile, Quantile::Lost);
    }
    assert_eq!(from_due.p99_99, Quantile::TooFew);
}

#[test]
fn loss_is_written_as_a_word_in_place_of_a_number() {
    let mut probes = 0_u64;
    let peer = Peer::start(move |seen, answers| {
        probes += 1;
        if !probes.is_multiple_of(10) {
            answers.echo(seen);
        }
    });
    let arguments = "--rate 1500 --duration 300ms --warmup 0s";
    let (ended, run) = measure(peer.address(), arguments);
    let file: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let from_due = &file["rtt_ns"]["from_due"];
    assert!(from_due["p50"].is_u64());
    assert_eq!(from_due["p99"], "lost");
    assert!(from_due["p99_9"].is_null());
    assert_eq!(run.counts.lost, run.counts.sent / 10);
    peer.finish().assert_counted(&run.counts);
}

#[test]
fn a_peer_that_falls_silent_loses_the_rest() {
    let silent_from = 300_000_000;
    let peer = Peer::start(move |seen, answers| {
        if seen.probe.due.as_nanos() < silent_from {
            answers.echo(seen);
        }
    });
    let arguments = "--rate 1000 --duration 400ms --warmup 0s";
    let (_, run) = measure(peer.address(), arguments);
    assert_eq!(run.counts.received, 300);
    assert!(run.counts.lost > 0);
    peer.finish().assert_counted(&run.counts);
    assert_eq!(run.rtt_ns.from_due.p90, Quantile::Lost);
}
