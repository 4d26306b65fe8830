//! The steady state allocates nothing: neither for a probe, nor for an answer, nor for the
//! books of an interval that are handed over.

#![expect(
    unsafe_code,
    reason = "a global allocator that counts is an unsafe trait"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use echo_reactor::{Config, Server};
use loadgen::engine::Engine;
use loadgen::plan::{Choices, Load, Plan, Timestamps, Waiting};
use loadgen::rate::Rate;
use loadgen::schedule::{Arrivals, Trace};
use loadgen::sizes::Sizes;

/// The system's allocator, which counts what the threads under test ask of it.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Whether this thread looks on only, so that what it allocates does not count.
    static LOOKS_ON: Cell<bool> = const { Cell::new(false) };
}

fn count() {
    if !LOOKS_ON.get() {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: every call is handed to the system's allocator unchanged, whose contract is this one's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above; `pointer` came from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations between two points of a run, by when so many probes were sent.
fn allocations_between(
    load: Load,
    timestamps: Timestamps,
    (arrivals, sizes): (Arrivals, Sizes),
    (from, to): (u64, u64),
) -> u64 {
    let server = Server::bind(&Config::on(SocketAddr::from(([127, 0, 0, 1], 0))))
        .expect("a loopback port is free");
    let target = server.endpoints()[0].address;
    let running = server.start().expect("threads can be started");
    let plan = Plan::new(Choices {
        target,
        target_name: target.to_string(),
        embedded: true,
        load,
        arrivals,
        trains: true,
        waiting: Waiting::Adaptive,
        pin: Vec::new(),
        receive_buffer: 4 << 20,
        timestamps,
        duration: Duration::from_secs(60),
        interval: Duration::from_millis(100),
        until: None,
        slo: None,
        warmup: Duration::ZERO,
        sizes,
        flows: 4,
        threads: 1,
        timeout: Duration::from_secs(1),
        run: 1,
        seed: 1,
    })
    .expect("the plan can be carried out");
    let stop = Arc::new(AtomicBool::new(false));
    let engine = Engine::prepare(&plan, &stop).expect("there is room for its sockets");
    let live = engine.live();
    let mut underway = engine.start(&plan).expect("threads can be started");
    let give_up = Instant::now() + Duration::from_secs(50);
    let mut await_sent = |probes: u64| {
        while live[0].snapshot().sent < probes {
            assert!(Instant::now() < give_up, "{probes} probes were never sent");
            underway.collect();
            thread::yield_now();
        }
        ALLOCATIONS.load(Ordering::Relaxed)
    };
    let before = await_sent(from);
    let after = await_sent(to);
    assert!(underway.series().rows().len() > 1, "intervals have ended");
    stop.store(true, Ordering::Relaxed);
    underway.join().expect("no thread fails");
    running.stopper().drain();
    running.join().expect("no worker fails");
    after - before
}

#[test]
fn a_probe_and_its_answer_take_no_memory_from_the_allocator() {
    LOOKS_ON.set(true);
    let open = Load::Open(Rate::per_second(20_000).expect("it is not zero"));
    let closed = Load::Closed(64.try_into().expect("it is not zero"));
    let even = || (Arrivals::Constant, Sizes::one(64).expect("it is in range"));
    for timestamps in [Timestamps::Off, Timestamps::Kernel] {
        let (soon, later) = ((10_000, 40_000), (100_000, 300_000));
        assert_eq!(allocations_between(open, timestamps, even(), soon), 0);
        assert_eq!(allocations_between(closed, timestamps, even(), later), 0);
    }
    let off = Timestamps::Off;
    let at_random = (Arrivals::Poisson, Sizes::imix());
    assert_eq!(
        allocations_between(open, off, at_random, (10_000, 40_000)),
        0
    );
    let replayed = (Arrivals::Replay(written()), Sizes::imix());
    assert_eq!(
        allocations_between(open, off, replayed, (10_000, 40_000)),
        0
    );
}

/// Two seconds of probes at 25,000 a second, every other with a size.
fn written() -> Trace {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("allocations.txt");
    let mut text = String::new();
    for probe in 0..50_000_u32 {
        let nanos = probe * 40_000;
        let size = if probe % 2 == 0 { " 512" } else { "" };
        let (seconds, nanos) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
        writeln!(text, "{seconds}.{nanos:09}{size}").expect("a string takes everything");
    }
    fs::write(&path, text).expect("a build can write to its own directory");
    Trace::check(&path).expect("every line is sound")
}
