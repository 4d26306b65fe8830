//! Where the time of round trips went, told by stamps of the kernel.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use loadgen::results::{At, TimeSplit};

use crate::rig::need::need;
use crate::rig::peer::Peer;
use crate::rig::program::{Ended, LOADGEN, Program};
use crate::rig::run::measure;
use crate::rig::scratch::Scratch;

/// The split of a run that asks for one.
#[track_caller]
fn split(target: SocketAddr, arguments: &str) -> TimeSplit {
    let (_, run) = measure(target, &format!("--timestamps kernel {arguments}"));
    run.time_split.expect("it was asked for")
}

#[test]
fn what_the_peer_waits_for_is_on_the_path() {
    let held = Duration::from_millis(20);
    let peer = Peer::start(move |seen, answers| answers.echo_after(seen, held));
    let arguments = "--rate 5000 --duration 1s --warmup 100ms --timeout 10s";
    let split = split(peer.address(), arguments);
    assert_eq!(split.withheld, None);
    let median = split.row(At::P50).expect("there are samples enough");
    assert!(median.path_ns >= 20_000_000, "{split:?}");
    let others = median.lag_ns + median.send_ns + median.read_ns;
    assert_eq!(median.total_ns, median.path_ns + others);
}

#[test]
fn nearly_all_samples_of_a_quiet_run_have_all_their_stamps() {
    let peer = Peer::faithful();
    let arguments = "--rate 5000 --duration 2s --warmup 100ms --timeout 10s";
    let split = split(peer.address(), arguments);
    // One in sixteen of 10,000, give or take the luck of the draw.
    assert!((400..=850).contains(&split.sampled), "{split:?}");
    assert!(split.coverage_ppm >= 990_000, "{split:?}");
    assert_eq!(split.withheld, None);
    let known: Vec<At> = split.rows.iter().map(|row| row.at).collect();
    assert_eq!(known, [At::P50, At::P90, At::P99]);
    assert!(split.rows.iter().all(|row| row.path_ns > 0), "{split:?}");
}

#[test]
fn a_train_loses_no_sample() {
    let peer = Peer::faithful();
    // One flow in a closed loop has dozens of probes due together.
    let arguments = "--closed-loop 64 --flows 1 --duration 500ms --warmup 100ms --timeout 10s";
    let (_, run) = measure(peer.address(), &format!("--timestamps kernel {arguments}"));
    assert!(run.trains > 0, "{run:?}");
    assert_eq!(run.counts.received, run.counts.sent);
    let split = run.time_split.expect("it was asked for");
    assert!(split.coverage_ppm >= 990_000, "{split:?}");
    // Those of the warm-up too, without which the first answers may lack their stamps.
    let seen = peer.finish().seen.len() as u64;
    assert!(seen > run.counts.sent, "{seen} {:?}", run.counts);
}

#[test]
fn nobody_there_is_told_as_it_is_without_stamps() {
    let target = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = target.local_addr().unwrap();
    drop(target);
    let arguments = "--rate 500 --duration 400ms --warmup 0s --timeout 100ms";
    let (ended, run) = measure(address, &format!("--timestamps kernel {arguments}"));
    ended.assert_code(3);
    assert!(run.unreachable > 0, "{run:?}");
    assert_eq!(run.counts.received, 0);
    let split = run.time_split.expect("it was asked for");
    assert_eq!((split.sampled, split.rows.len()), (0, 0));
    assert!(split.withheld.is_some());
}

#[test]
fn the_report_has_a_table_of_the_parts() {
    let peer = Peer::faithful();
    let arguments = "--rate 2000 --duration 500ms --warmup 100ms --timestamps kernel";
    let ended = Program::loadgen(&format!("--target {} {arguments}", peer.address())).end();
    for line in [
        "where the time went  ",
        "schedule lag  ",
        "send call to kernel  ",
    ] {
        assert!(ended.stdout.contains(line), "no {line} in {}", ended.stdout);
    }
}

/// A run under a tracer: how it ended, the calls that it made, one a line, and how many probes its
/// peer has seen.
fn traced(name: &str, tracing: &[&str], arguments: &str) -> Option<(Ended, String, usize)> {
    let version = Command::new("strace").arg("-V").output();
    need(version, "strace")?;
    let scratch = Scratch::new(name);
    let log = scratch.file("calls");
    let peer = Peer::faithful();
    let mut command = Command::new("strace");
    command.arg("-f").arg("-o").arg(&log).args(tracing);
    command.arg(LOADGEN).args(arguments.split_whitespace());
    command.args(["--target", &peer.address().to_string(), "--json", "-"]);
    let ended = Program::start(command).end();
    let calls = std::fs::read_to_string(&log).expect("the tracer has written it");
    Some((ended, calls, peer.finish().seen.len()))
}

const SHORT: &str = "--rate 500 --duration 300ms --warmup 0s --timeout 10s";

#[test]
fn whoever_does_not_ask_for_stamps_pays_nothing() {
    let Some((ended, calls, seen)) = traced("no_stamps", &[], SHORT) else {
        return;
    };
    let run: loadgen::results::Run = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(run.time_split, None);
    assert!(seen > 0);
    for word in ["MSG_ERRQUEUE", "SO_TIMESTAMP", "SCM_TIMESTAMP"] {
        assert!(!calls.contains(word), "{word} in {calls}");
    }
    // The tracer knows the words, so that their absence means something.
    let asking = format!("{SHORT} --timestamps kernel");
    let (_, calls, _) = traced("stamps", &[], &asking).expect("the tracer is there");
    for word in ["MSG_ERRQUEUE", "SO_TIMESTAMPING"] {
        assert!(calls.contains(word), "no {word} in {calls}");
    }
}

#[test]
fn a_kernel_that_does_not_stamp_is_told_before_anything_is_sent() {
    let refuse = "--inject=setsockopt:error=ENOPROTOOPT";
    let asking = format!("{SHORT} --timestamps kernel");
    let Some((ended, _, seen)) = traced("refused", &[refuse], &asking) else {
        return;
    };
    ended.assert_complaint(1, &["--timestamps", "SO_TIMESTAMPING", "unsupported"]);
    assert_eq!(seen, 0);
}
