//! A peer that sends what nobody asked for.

use loadgen::probe::{Probe, Sequence};

use crate::rig::peer::{Peer, Seen};
use crate::rig::run::measure;

fn changed(seen: &Seen, change: impl FnOnce(&mut Probe)) -> Vec<u8> {
    let mut probe = seen.probe;
    change(&mut probe);
    let mut bytes = seen.bytes.clone();
    probe.encode(&mut bytes);
    bytes
}

#[test]
fn strangers_datagrams_are_foreign_and_change_nothing_else() {
    let mut probes = 0_usize;
    let peer = Peer::start(move |seen, answers| {
        probes += 1;
        let strange = match probes % 10 {
            0 => Some(Vec::new()),
            1 => Some(b"junk".to_vec()),
            2 => Some(vec![0xaa; seen.bytes.len()]),
            3 => Some(vec![0; 1_400]),
            4 => Some(changed(seen, |probe| probe.run ^= 1)),
            5 => Some(changed(seen, |probe| probe.flow ^= 1)),
            6 => Some(changed(seen, |probe| probe.sequence = Sequence(1 << 40))),
            7 => Some(changed(seen, |probe| probe.sequence = Sequence(u64::MAX))),
            _ => None,
        };
        if let Some(bytes) = strange {
            answers.foreign(seen, bytes);
        }
        answers.echo(seen);
    });
    let arguments = "--rate 1000 --duration 250ms --warmup 0s --timeout 10s";
    let (_, run) = measure(peer.address(), arguments);
    let strange = (1..=run.counts.sent).filter(|probe| probe % 10 < 8);
    assert_eq!(run.counts.foreign, strange.count() as u64);
    assert_eq!((run.counts.corrupted, run.counts.lost), (0, 0));
    peer.finish().assert_counted(&run.counts);
}
