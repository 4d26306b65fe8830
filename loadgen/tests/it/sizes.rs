//! The size of a datagram.

use crate::rig::peer::Peer;
use crate::rig::program::Program;
use crate::rig::run::measure;

#[track_caller]
fn probes_have_this_size(size: usize) {
    let peer = Peer::faithful();
    // Three of the largest fit even a small buffer.
    let arguments = "--rate 30 --duration 100ms --warmup 0s --timeout 10s";
    let (ended, run) = measure(peer.address(), &format!("{arguments} --size {size}"));
    ended.assert_code(0);
    let log = peer.finish();
    assert!(log.seen.iter().all(|seen| seen.bytes.len() == size));
    assert_eq!(run.counts, log.counts());
    assert_eq!(run.plan.size_bytes, size);
}

#[test]
fn the_smallest_probe_works() {
    probes_have_this_size(40);
}

#[test]
fn a_probe_that_fills_an_ethernet_frame_works() {
    probes_have_this_size(1_472);
}

#[test]
fn the_largest_probe_works() {
    probes_have_this_size(65_507);
}

#[test]
fn a_size_out_of_range_is_wrong_use() {
    for size in ["0", "39", "65508", "1000000"] {
        let ended = Program::loadgen(&format!("--size {size} --duration 100ms")).end();
        ended.assert_complaint(2, &["--size", size]);
    }
}
