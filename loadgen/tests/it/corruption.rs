//! A peer that changes what it answers with.

use crate::rig::peer::Peer;
use crate::rig::run::measure;

#[test]
fn a_changed_byte_anywhere_is_corruption_and_its_probe_is_lost() {
    let mut probes = 0_usize;
    let peer = Peer::start(move |seen, answers| {
        probes += 1;
        if !probes.is_multiple_of(11) {
            answers.echo(seen);
            return;
        }
        // 44 of 484 probes, 44 bytes each: every position once.
        let mut bytes = seen.bytes.clone();
        bytes[probes / 11 - 1] ^= 1 << (probes % 8);
        answers.corrupted(seen, bytes);
    });
    let arguments = "--rate 1000 --duration 484ms --warmup 0s --size 44";
    let (_, run) = measure(peer.address(), arguments);
    let changed = run.counts.sent / 11;
    assert_eq!((run.counts.corrupted, run.counts.lost), (changed, changed));
    assert_eq!(run.rtt_ns.from_due.count, run.counts.sent - changed);
    peer.finish().assert_counted(&run.counts);
}

#[test]
fn an_answer_cut_short_or_lengthened_is_corrupted() {
    let mut probes = 0_usize;
    let peer = Peer::start(move |seen, answers| {
        probes += 1;
        let mut bytes = seen.bytes.clone();
        // From the five bytes that tell a probe to twice a probe.
        bytes.resize(4 + probes, 0);
        if bytes.len() == seen.bytes.len() {
            answers.echo(seen);
        } else {
            answers.corrupted(seen, bytes);
        }
    });
    let arguments = "--rate 1000 --duration 124ms --warmup 0s --size 64 --timeout 500ms";
    let (_, run) = measure(peer.address(), arguments);
    assert_eq!(run.counts.received, 1);
    assert_eq!(run.counts.corrupted, run.counts.sent - 1);
    peer.finish().assert_counted(&run.counts);
}

#[test]
fn a_sound_answer_after_a_corrupted_one_is_no_duplicate() {
    let peer = Peer::start(|seen, answers| {
        let mut bytes = seen.bytes.clone();
        bytes[20] ^= 1;
        answers.corrupted(seen, bytes);
        answers.echo(seen);
    });
    let arguments = "--rate 1000 --duration 100ms --warmup 0s --timeout 10s";
    let (_, run) = measure(peer.address(), arguments);
    assert_eq!(run.counts.corrupted, run.counts.sent);
    assert_eq!((run.counts.duplicated, run.counts.lost), (0, 0));
    peer.finish().assert_counted(&run.counts);
}
