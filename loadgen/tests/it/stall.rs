//! A server, or the generator itself, that stops for a while.

use std::thread;
use std::time::Duration;

use loadgen::measure::Quantile;
use rustix::process::Signal;

use crate::rig::peer::Peer;
use crate::rig::run::{doubts, finish, measure, start};

#[test]
fn a_server_that_stalls_is_charged_with_every_probe_that_had_to_wait() {
    let mut probes = 0;
    let peer = Peer::start(move |seen, answers| {
        probes += 1;
        if probes == 100 {
            thread::sleep(Duration::from_millis(200));
        }
        answers.echo(seen);
    });
    let arguments = "--rate 1000 --duration 400ms --warmup 0s --timeout 10s";
    let (_, run) = measure(peer.address(), arguments);
    // A probe due k ms after the stall began waits for 200 - k ms, and 40 of 400 are a tenth.
    let Quantile::Value(p90) = run.rtt_ns.from_due.p90 else {
        panic!("{:?}", run.rtt_ns.from_due);
    };
    assert!(p90 >= 158_000_000, "{p90}");
    peer.finish().assert_counted(&run.counts);
}

#[test]
fn a_generator_that_was_held_up_says_so_and_catches_up() {
    let peer = Peer::faithful();
    let arguments = "--rate 1000 --duration 400ms --warmup 0s --timeout 10s";
    let program = start(peer.address(), arguments);
    peer.until_seen(50);
    program.signal(Signal::STOP);
    program.until_stopped();
    thread::sleep(Duration::from_millis(100));
    program.signal(Signal::CONT);
    let (_, run) = finish(program);
    let log = peer.finish();
    log.assert_counted(&run.counts);
    let last_due = log.seen.iter().map(|it| it.probe.due.as_nanos()).max();
    assert_eq!(last_due, Some((run.counts.sent - 1) * 1_000_000));
    // Those that were due while it was stopped are among them.
    assert!(run.counts.sent > 150);
    // The probe that was due at the latest 1 ms after the stop.
    for distribution in [run.lateness_ns, run.rtt_ns.from_due] {
        let max = distribution.max;
        let held_up = matches!(max, Quantile::Value(nanos) if nanos >= 98_000_000);
        assert!(held_up, "{distribution:?}");
    }
    // A quarter of the probes, so that it is no accident.
    assert!(
        doubts(&run).contains(&"generator_late"),
        "{:?}",
        run.verdict
    );
}
