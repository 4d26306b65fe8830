//! Signals in the middle of a run.

use std::net::UdpSocket;
use std::os::unix::process::ExitStatusExt;
use std::thread;
use std::time::Duration;

use loadgen::verdict::Outcome;
use rustix::process::Signal;

use crate::rig::peer::Peer;
use crate::rig::run::{finish, start};

#[track_caller]
fn a_signal_ends_the_run_with_a_result(signal: Signal) {
    let peer = Peer::faithful();
    let arguments = "--rate 200 --duration 60s --warmup 0s --timeout 10s";
    let program = start(peer.address(), arguments);
    peer.until_seen(20);
    program.signal(signal);
    let (ended, run) = finish(program);
    ended.assert_code(0);
    peer.finish().assert_counted(&run.counts);
    assert!(run.window_ns < run.plan.duration_ns);
    assert!(run.host.cpu_time_ns.is_some_and(|nanos| nanos > 0));
    assert!(run.host.involuntary_switches.is_some(), "{:?}", run.host);
    // A probe every 5 ms: those due within the window were sent, and no other.
    assert_eq!(run.counts.scheduled, run.window_ns.div_ceil(5_000_000));
}

#[test]
fn an_interrupt_ends_the_run_early_with_a_result() {
    a_signal_ends_the_run_with_a_result(Signal::INT);
}

#[test]
fn a_request_to_terminate_ends_the_run_early_with_a_result() {
    a_signal_ends_the_run_with_a_result(Signal::TERM);
}

#[test]
fn a_run_interrupted_in_its_warm_up_proves_nothing() {
    let peer = Peer::faithful();
    let arguments = "--rate 200 --duration 60s --warmup 60s --timeout 10s";
    let program = start(peer.address(), arguments);
    peer.until_seen(5);
    program.signal(Signal::INT);
    let (ended, run) = finish(program);
    ended.assert_code(3);
    assert_eq!((run.window_ns, run.counts.scheduled), (0, 0));
    assert_eq!(run.host.cpu_time_ns, None);
    let reason = &run.host.unreadable["cpu_time_ns"];
    assert!(reason.contains("before its measured window"), "{reason}");
    assert_eq!(run.verdict.outcome, Outcome::Invalid);
}

#[test]
fn the_second_interrupt_ends_the_program_at_once() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = silent.local_addr().unwrap();
    silent.set_read_timeout(Some(crate::rig::PATIENCE)).unwrap();
    // After the first one it would still wait for a minute.
    let mut program = start(target, "--rate 200 --duration 60s --timeout 1m");
    silent.recv_from(&mut [0; 64]).unwrap();
    while program.is_running() {
        program.signal(Signal::INT);
        thread::sleep(Duration::from_millis(1));
    }
    let ended = program.end();
    assert_eq!(ended.status.signal(), Some(2), "{ended:?}");
    assert_eq!(ended.stdout, "");
}
