//! The generator itself stands still for a tenth of a second.

use std::thread;
use std::time::{Duration, Instant};

use loadgen::verdict::Outcome;
use rustix::process::{Pid, Signal, kill_process};

use crate::rig::run::{assert_within, doubts, finish, micros, millis, start};
use crate::rig::server::faithful;

#[test]
fn a_stopped_generator_blames_itself() {
    let (server, target) = faithful();
    let child = start(target, "--rate 10k --duration 5s --warmup 1s");
    let pid = Pid::from_child(&child);
    // The stop may fall anywhere into the five seconds that are measured.
    thread::sleep(Duration::from_secs(3));
    kill_process(pid, Signal::STOP).unwrap();
    let stopped = Instant::now();
    thread::sleep(Duration::from_millis(100));
    kill_process(pid, Signal::CONT).unwrap();
    let pause = stopped.elapsed().as_secs_f64() * 1_000.0;
    let ended = finish(child);
    drop(server);
    let run = &ended.run;
    // A ramp from the pause's length down to nothing over 1,000 of 50,000 probes.
    let p99 = pause - 0.01 * 5_000.0;
    let p99_9 = pause - 0.001 * 5_000.0;
    assert_within(
        "p99 from due, ms",
        millis(run.rtt_ns.from_due.p99),
        p99,
        4.0,
    );
    assert_within(
        "p99.9 from due, ms",
        millis(run.rtt_ns.from_due.p99_9),
        p99_9,
        4.0,
    );
    assert_within("p99 of lateness, ms", millis(run.lateness_ns.p99), p99, 4.0);
    assert_within(
        "p99.9 of lateness, ms",
        millis(run.lateness_ns.p99_9),
        p99_9,
        4.0,
    );
    // The server had nothing to do with it.
    let from_send = micros(run.rtt_ns.from_send.p99);
    assert!(from_send < 10_000.0, "p99 from send is {from_send} us");
    assert_ne!(run.verdict.outcome, Outcome::Valid);
    assert!(doubts(run).contains(&"generator_late"), "{:?}", doubts(run));
    let late = run
        .verdict
        .doubts
        .iter()
        .find(|doubt| doubt.code == "generator_late");
    assert!(late.unwrap().message.contains("client"));
}
