//! Instructions on the way of a probe, counted by callgrind: written before it is sent, checked
//! when it comes back.
//!
//! Each bench does its work for 64 probes. `scripts/instructions` runs them, and holds the counts
//! to those in `benches/instructions.baseline` of the workspace.

#![expect(
    missing_docs,
    unused_qualifications,
    reason = "this is how the macros of gungraun write the benches out"
)]

use std::hint::black_box;

use gungraun::{library_benchmark, library_benchmark_group};
use loadgen::probe::{Decoded, Expected, Probe, Sequence};
use loadgen::time::Offset;

library_benchmark_group!(name = probe, benchmarks = [probe_encode, probe_decode]);

fn main() {
    gungraun::main!(library_benchmark_groups = probe);
    let asked_to = |flag: &str| std::env::args().any(|argument| argument == flag);
    if asked_to("--gungraun-run") || (asked_to("--bench") && runner_is_installed()) {
        main();
    } else if asked_to("--bench") {
        eprintln!("instructions: left to scripts/instructions, which brings what it takes");
    } else {
        // For `cargo test`: nothing is counted, but everything has to work.
        assert_eq!(decode(&encoded(64)), PROBES);
    }
}

#[library_benchmark]
#[bench::of_64_bytes(blank(64))]
#[bench::of_1400_bytes(blank(1_400))]
fn probe_encode(mut datagrams: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    encode(black_box(&mut datagrams));
    datagrams
}

#[library_benchmark]
#[bench::of_64_bytes(encoded(64))]
#[bench::of_1400_bytes(encoded(1_400))]
fn probe_decode(datagrams: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    black_box(decode(black_box(&datagrams)));
    datagrams
}

fn encode(datagrams: &mut [Vec<u8>]) {
    for (sequence, datagram) in (0..).zip(datagrams) {
        let probe = Probe {
            run: RUN,
            flow: FLOW,
            sequence: Sequence(sequence),
            due: Offset::from_nanos(1_000 * sequence),
        };
        probe.encode(datagram);
    }
}

/// How many are our own.
fn decode(datagrams: &[Vec<u8>]) -> usize {
    let ours = datagrams.iter().filter(|datagram| {
        let expected = Expected {
            run: RUN,
            flow: FLOW,
        };
        matches!(Probe::decode(datagram, &expected), Decoded::Probe(_))
    });
    ours.count()
}

fn blank(size: usize) -> Vec<Vec<u8>> {
    vec![vec![0x5a; size]; PROBES]
}

fn encoded(size: usize) -> Vec<Vec<u8>> {
    let mut datagrams = blank(size);
    encode(&mut datagrams);
    datagrams
}

fn runner_is_installed() -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join("gungraun-runner").is_file())
    })
}

const PROBES: usize = 64;
const RUN: u64 = 0x0123_4567_89ab_cdef;
const FLOW: u16 = 3;
