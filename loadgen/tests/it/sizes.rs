//! The size of a datagram.

use std::collections::BTreeMap;

use loadgen::sizes::Sizes;

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
    assert_eq!(run.plan.sizes, size.to_string());
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
    for size in [
        "0", "39", "65508", "1000000", "39..64", "64..32", "64:20%", "64,70",
    ] {
        let ended = Program::loadgen(&format!("--size {size} --duration 100ms")).end();
        ended.assert_complaint(2, &["--size", size]);
    }
}

/// Each size as often as the run's seed says, whoever sends it.
#[track_caller]
fn sizes_are_those_of_the_seed(typed: &str, sizes: &Sizes, arguments: &str) {
    let peer = Peer::faithful();
    let brief = "--rate 1000 --duration 400ms --warmup 0s --timeout 10s --seed 7";
    let (_, run) = measure(
        peer.address(),
        &format!("{brief} --size {typed} {arguments}"),
    );
    let log = peer.finish();
    log.assert_counted(&run.counts);
    let mut expected: BTreeMap<usize, i64> = BTreeMap::new();
    for index in 0..400 {
        *expected.entry(sizes.of(7, index).into()).or_default() += 1;
    }
    assert!(expected.len() > 1);
    for seen in &log.seen {
        *expected.entry(seen.bytes.len()).or_default() -= 1;
    }
    assert!(expected.values().all(|left| *left >= 0), "{expected:?}");
    let left: i64 = expected.values().sum();
    assert_eq!(u64::try_from(left), Ok(run.counts.not_sent));
    assert_eq!((run.plan.sizes.as_str(), run.plan.seed), (typed, 7));
    assert_eq!(run.plan.smallest_size_bytes, sizes.smallest());
    assert_eq!(run.plan.largest_size_bytes, sizes.largest());
}

#[test]
fn a_mix_has_the_sizes_of_its_seed_whatever_the_threads() {
    sizes_are_those_of_the_seed("imix", &Sizes::imix(), "");
    sizes_are_those_of_the_seed("imix", &Sizes::imix(), "--threads 3");
}

#[test]
fn trains_keep_the_sizes_apart() {
    let sizes = Sizes::range(64, 66).expect("it is in range");
    // Bursts on one flow, so that there is something to join.
    let bursts = "--flows 1 --arrivals bursts:50";
    sizes_are_those_of_the_seed("64..66", &sizes, bursts);
    sizes_are_those_of_the_seed("64..66", &sizes, &format!("{bursts} --gso off"));
}

#[test]
fn a_closed_loop_sends_a_mix_too() {
    let peer = Peer::faithful();
    let arguments = "--closed-loop 4 --flows 2 --duration 100ms --warmup 0s --timeout 10s";
    let (_, run) = measure(peer.address(), &format!("{arguments} --size 64,1400:50%"));
    let log = peer.finish();
    log.assert_counted(&run.counts);
    for size in [64, 1_400] {
        assert!(log.seen.iter().any(|seen| seen.bytes.len() == size));
    }
    assert!(
        log.seen
            .iter()
            .all(|seen| [64, 1_400].contains(&seen.bytes.len()))
    );
}
