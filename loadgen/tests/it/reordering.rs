//! A peer that answers out of order.

use std::collections::HashMap;

use crate::rig::peer::{Peer, Seen};
use crate::rig::run::measure;

#[test]
fn an_answer_overtaken_by_a_later_one_is_reordered_but_not_lost() {
    let mut held: HashMap<u16, Seen> = HashMap::new();
    let peer = Peer::start(move |seen, answers| {
        // A hundred probes a flow: the last one is not held back.
        if seen.probe.sequence.0 % 5 == 3 {
            held.insert(seen.probe.flow, seen.clone());
            return;
        }
        answers.echo(seen);
        if let Some(held) = held.remove(&seen.probe.flow) {
            answers.echo(&held);
        }
    });
    let arguments = "--rate 1000 --duration 400ms --warmup 0s --flows 4 --timeout 10s";
    let (ended, run) = measure(peer.address(), arguments);
    ended.assert_code(0);
    assert_eq!((run.counts.received, run.counts.lost), (400, 0));
    assert_eq!(run.counts.reordered, 80);
    assert_eq!(run.counts, peer.finish().counts());
}

#[test]
fn every_answer_behind_the_highest_is_reordered_not_only_the_first() {
    let mut held: Vec<Seen> = Vec::new();
    let peer = Peer::start(move |seen, answers| {
        held.push(seen.clone());
        if held.len() == 5 {
            // 4 0 1 2 3: in order among themselves, and all too late.
            answers.echo(&held[4]);
            held.drain(..).take(4).for_each(|seen| answers.echo(&seen));
        }
    });
    let arguments = "--rate 1000 --duration 200ms --warmup 0s --flows 1 --timeout 10s";
    let (_, run) = measure(peer.address(), arguments);
    assert_eq!((run.counts.reordered, run.counts.lost), (160, 0));
    assert_eq!(run.counts, peer.finish().counts());
}
