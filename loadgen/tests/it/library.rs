//! The generator as a library, against the server as a library.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use loadgen::engine::{Engine, Outcome};
use loadgen::plan::{Choices, Load, Plan, Timestamps, Waiting};
use loadgen::rate::Rate;
use loadgen::schedule::Arrivals;
use loadgen::sizes::Sizes;

use crate::rig::PATIENCE;
use crate::rig::server::{ended, server};

fn plan(target: SocketAddr, duration: Duration) -> Plan {
    Plan::new(choices(target, duration)).expect("it can be carried out")
}

fn choices(target: SocketAddr, duration: Duration) -> Choices {
    Choices {
        target,
        target_name: target.to_string(),
        embedded: true,
        load: Load::Open(Rate::per_second(1_000).expect("it is in range")),
        arrivals: Arrivals::Constant,
        trains: true,
        waiting: Waiting::Adaptive,
        pin: Vec::new(),
        receive_buffer: 1 << 20,
        timestamps: Timestamps::Off,
        duration,
        interval: Duration::from_secs(1),
        until: None,
        slo: None,
        warmup: Duration::ZERO,
        sizes: Sizes::one(64).expect("it is in range"),
        flows: 16,
        threads: 1,
        timeout: Duration::from_secs(10),
        run: 0x0123_4567,
        seed: 1,
    }
}

fn run(plan: &Plan, stop: &Arc<AtomicBool>) -> Outcome {
    let engine = Engine::prepare(plan, stop).expect("there is room for its sockets");
    let underway = engine.start(plan).expect("there is room for its threads");
    underway.join().expect("no thread fails")
}

#[test]
fn both_sides_counts_agree() {
    let (server, target) = server(4);
    let outcome = run(&plan(target, Duration::from_millis(400)), &Arc::default());
    server.stopper().drain();
    let summary = ended(server);
    let counts = outcome.measured.counts();
    counts.check().unwrap();
    assert_eq!(counts.scheduled, 400);
    assert_eq!(counts.sent, summary.total.received);
    assert_eq!(counts.received, summary.total.echoed);
    assert_eq!(summary.total.received_bytes, counts.sent * 64);
    assert!(!outcome.stopped_early);
}

#[test]
fn a_run_that_is_stopped_before_it_begins_is_over_at_once() {
    let (server, target) = server(1);
    let stop = Arc::new(AtomicBool::new(true));
    let outcome = run(&plan(target, Duration::from_secs(60)), &stop);
    assert!(outcome.stopped_early);
    server.stopper().drain();
    let received = ended(server).total.received;
    assert_eq!(outcome.measured.counts().sent, received);
    assert_eq!(outcome.measured.counts().lost, 0);
}

#[test]
fn what_threads_show_while_they_run_agrees_with_the_result() {
    let (_server, target) = server(2);
    let plan = plan(target, Duration::from_millis(200));
    let stop = Arc::new(AtomicBool::new(false));
    let engine = Engine::prepare(&plan, &stop).unwrap();
    let live = engine.live();
    let underway = engine.start(&plan).unwrap();
    let counts = underway.join().unwrap().measured.counts();
    let shown = live[0].snapshot();
    assert_eq!(live.len(), 1);
    assert_eq!((shown.sent, shown.answered), (counts.sent, counts.received));
    assert_eq!(shown.lost, counts.lost);
    assert!(!stop.load(Ordering::Relaxed));
}

#[test]
fn a_server_that_falls_silent_shows_as_loss_while_the_run_lasts() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let choices = Choices {
        timeout: Duration::from_millis(100),
        ..choices(silent.local_addr().unwrap(), Duration::from_secs(600))
    };
    let plan = Plan::new(choices).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let engine = Engine::prepare(&plan, &stop).unwrap();
    let live = engine.live();
    let underway = engine.start(&plan).unwrap();
    let give_up = Instant::now() + PATIENCE;
    while live[0].snapshot().lost == 0 {
        assert!(Instant::now() < give_up, "no loss was ever shown");
        thread::yield_now();
    }
    assert!(!underway.is_finished());
    stop.store(true, Ordering::Relaxed);
    let counts = underway.join().unwrap().measured.counts();
    assert_eq!(counts.lost, counts.sent);
}
