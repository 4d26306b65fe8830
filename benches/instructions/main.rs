//! Instructions of our own on the way of a datagram through a worker, counted by callgrind. What
//! the kernel does is not among them, so the counts are the same on a busy machine.
//!
//! Each bench does its work for 64 datagrams. `scripts/instructions` runs them, and holds the
//! counts to those in `instructions.baseline`.

#![expect(
    missing_docs,
    unused_qualifications,
    reason = "this is how the macros of gungraun write the benches out"
)]

mod scene;
mod work;

use std::hint::black_box;

use echo_reactor::access::Gate;
use echo_reactor::config::Io;
use echo_reactor::rehearsal::Gathering;
use echo_reactor::udp::{Outbox, cmsg};
use gungraun::{library_benchmark, library_benchmark_group};

use scene::{Arrival, Scene, arrivals, controls};
use work::{decode, encode, fill, gate, gate_with_rules, gathering, outbox, room, verdicts};

library_benchmark_group!(
    name = server,
    benchmarks = [cmsg_decode, cmsg_encode, judge, gather, outbox_fill, round]
);

fn main() {
    gungraun::main!(library_benchmark_groups = server);
    let asked_to = |flag: &str| std::env::args().any(|argument| argument == flag);
    if asked_to("--gungraun-run") || (asked_to("--bench") && runner_is_installed()) {
        main();
    } else if asked_to("--bench") {
        eprintln!("instructions: left to scripts/instructions, which brings what it takes");
    } else {
        work::check_once();
    }
}

#[library_benchmark]
#[bench::address_and_train(controls())]
fn cmsg_decode(controls: Vec<cmsg::Buffer>) -> u64 {
    decode(black_box(&controls))
}

#[library_benchmark]
#[bench::address_and_train(room())]
fn cmsg_encode(mut room: Vec<cmsg::Buffer>) -> Vec<cmsg::Buffer> {
    encode(black_box(&mut room));
    room
}

#[library_benchmark]
#[bench::echoed(gate(), arrivals(1))]
#[bench::by_rules(gate_with_rules(), arrivals(16))]
fn judge(gate: Gate, arrivals: Vec<Arrival>) -> usize {
    verdicts(black_box(&gate), black_box(&arrivals))
}

#[library_benchmark]
#[bench::one_peer(gathering(), arrivals(1))]
#[bench::sixteen_peers(gathering(), arrivals(16))]
fn gather(mut gathering: Gathering, arrivals: Vec<Arrival>) -> Gathering {
    black_box(gathering.gather(black_box(&arrivals)));
    gathering
}

#[library_benchmark]
#[bench::one_train(outbox(), arrivals(1))]
#[bench::alone(outbox(), arrivals(16))]
fn outbox_fill(mut outbox: Outbox, arrivals: Vec<Arrival>) -> Outbox {
    black_box(fill(&mut outbox, black_box(&arrivals)));
    outbox
}

// The whole way: received, judged, gathered, sent and accounted for.
#[library_benchmark]
#[bench::single(Scene::with_datagrams(Io::Single, 1))]
#[bench::batch(Scene::with_datagrams(Io::Batch, 1))]
#[bench::offload_one_peer(Scene::with_datagrams(Io::Offload, 1))]
#[bench::offload_sixteen_peers(Scene::with_datagrams(Io::Offload, 16))]
#[bench::offload_train(Scene::with_train())]
fn round(mut scene: Scene) -> Scene {
    scene.answer_all();
    scene
}

fn runner_is_installed() -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join("gungraun-runner").is_file())
    })
}
