//! The generator itself stands still for a tenth of a second.

use std::thread;
use std::time::{Duration, Instant};

use loadgen::measure::Quantile;
use loadgen::results::Run;
use loadgen::verdict::Outcome;
use rustix::process::{Pid, Signal, kill_process};

use crate::rig::run::{assert_within, doubts, finish, micros, millis, start};
use crate::rig::server::faithful;

#[test]
fn a_stopped_generator_blames_itself() {
    let rounds: Vec<(f64, Run)> = (0..3).map(|_round| stop_in_the_middle()).collect();
    for (_, run) in &rounds {
        // The server had nothing to do with it.
        let from_send = micros(run.rtt_ns.from_send.p99);
        assert!(from_send < 10_000.0, "p99 from send is {from_send} us");
        assert_ne!(run.verdict.outcome, Outcome::Valid);
        let late = run
            .verdict
            .doubts
            .iter()
            .find(|doubt| doubt.code == "generator_late")
            .unwrap_or_else(|| panic!("only {:?}", doubts(run)));
        assert!(late.message.contains("client"), "{}", late.message);
    }
    // A ramp from the pause's length down to nothing over 1,000 of 50,000 probes: the quantile q is
    // the pause less (1 - q) of the window.
    let pauses = rounds.iter().map(|(pause, _)| *pause);
    println!("pauses {:.2?} ms", pauses.collect::<Vec<_>>());
    for (name, q, of) in [
        (
            "p99 from due, ms",
            0.99,
            (|run| run.rtt_ns.from_due.p99) as fn(&Run) -> Quantile,
        ),
        ("p99.9 from due, ms", 0.999, |run| run.rtt_ns.from_due.p99_9),
        ("p99 of lateness, ms", 0.99, |run| run.lateness_ns.p99),
        ("p99.9 of lateness, ms", 0.999, |run| run.lateness_ns.p99_9),
    ] {
        let mut errors: Vec<f64> = rounds
            .iter()
            .map(|(pause, run)| millis(of(run)) - (pause - (1.0 - q) * 5_000.0))
            .collect();
        errors.sort_by(f64::total_cmp);
        assert_within(&format!("{name}, off by"), errors[1], 0.0, 4.0);
    }
}

/// A run that stands still for a tenth of a second somewhere in its five seconds; how long it did, in
/// milliseconds, and its result.
fn stop_in_the_middle() -> (f64, Run) {
    let (server, target) = faithful();
    let child = start(target, "--rate 10k --duration 5s --warmup 1s");
    let pid = Pid::from_child(&child);
    thread::sleep(Duration::from_secs(3));
    kill_process(pid, Signal::STOP).expect("it is our child");
    let stopped = Instant::now();
    thread::sleep(Duration::from_millis(100));
    kill_process(pid, Signal::CONT).expect("it is our child");
    let pause = stopped.elapsed().as_secs_f64() * 1_000.0;
    let run = finish(child).run;
    drop(server);
    (pause, run)
}
