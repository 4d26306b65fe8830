//! A peer that answers out of order.

use std::collections::HashMap;

use crate::rig::peer::{Peer, Seen};
use crate::rig::run::measure;

#[test]
fn an_answer_overtaken_by_a_later_one_is_reordered_but_not_lost() {
    let mut held: HashMap<u16, Seen> = HashMap::new();
    let peer = Peer::start(move |seen, answers| {
        if seen.probe.sequence.0 % 5 == 3 {
            held.insert(seen.probe.flow, seen.clone());
            return;
        }
        answers.echo(seen);
        if let Some(held) = held.remove(&seen.probe.flow) {
            answers.echo(&held);
        }
    });
    let arguments = "--rate 1000 --duration 400ms --warmup 0s --flows 4";
    let (_, run) = measure(peer.address(), arguments);
    let log = peer.finish();
    log.assert_counted(&run.counts);
    let held = log.seen.iter().filter(|it| it.probe.sequence.0 % 5 == 3);
    // Of a hundred probes a flow the last is not held back. Should it not have been sent, nothing
    // overtakes the one before, and that is never answered.
    let overtaken = held.count() as u64 - run.counts.lost;
    assert_eq!(run.counts.reordered, overtaken);
    assert!(overtaken > 0);
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
    let arguments = "--rate 1000 --duration 200ms --warmup 0s --flows 1";
    let (_, run) = measure(peer.address(), arguments);
    assert!(run.counts.received > 0);
    assert_eq!(run.counts.reordered, run.counts.received / 5 * 4);
    peer.finish().assert_counted(&run.counts);
}
