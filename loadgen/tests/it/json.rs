//! The result for programs.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::rig::peer::Peer;
use crate::rig::program::{Ended, LOADGEN, Program};
use crate::rig::scratch::Scratch;

const RUN: &str = "--rate 20 --duration 300ms --warmup 50ms --timeout 10s";

fn at<'a>(file: &'a Value, path: &str) -> &'a Value {
    let value = path
        .split('.')
        .try_fold(file, |value, name| value.get(name));
    value.unwrap_or_else(|| panic!("no {path} in {file}"))
}

#[track_caller]
fn assert_result(file: &Value) {
    assert_eq!(at(file, "schema"), "loadgen/run/1");
    assert!(at(file, "plan.target").is_string());
    assert!(at(file, "plan.embedded").is_boolean());
    assert_eq!(at(file, "plan.arrivals"), "constant");
    for name in [
        "rate_pps",
        "duration_ns",
        "warmup_ns",
        "smallest_size_bytes",
        "largest_size_bytes",
        "flows",
        "threads",
        "timeout_ns",
        "seed",
    ] {
        assert!(at(file, &format!("plan.{name}")).is_u64(), "{name}");
    }
    for name in [
        "scheduled",
        "sent",
        "not_sent",
        "received",
        "late",
        "lost",
        "duplicated",
        "reordered",
        "corrupted",
        "foreign",
        "stale",
    ] {
        assert!(at(file, &format!("counts.{name}")).is_u64(), "{name}");
    }
    for name in ["scheduled", "sent", "received"] {
        assert!(at(file, &format!("rate_pps.{name}")).is_u64(), "{name}");
    }
    assert_times(file);
    for name in ["window_ns", "unreachable", "receive_errors"] {
        assert!(at(file, name).is_u64(), "{name}");
    }
    for name in ["until", "slo"] {
        assert!(at(file, name).is_null(), "{name}");
    }
    assert!(at(file, "not_sent_by").is_object());
    for name in ["own_socket", "path", "raw.own_socket"] {
        assert!(at(file, &format!("lost_by.{name}")).is_u64(), "{name}");
    }
    assert_eq!(at(file, "lost_by.server_known"), "same host");
    assert_host(at(file, "host"));
    assert_eq!(at(file, "parts").as_array().map(Vec::len), Some(10));
    assert!(at(file, "verdict.outcome").is_string());
    assert!(at(file, "verdict.doubts").is_array());
}

fn assert_times(file: &Value) {
    for name in [
        "rtt_ns.from_due",
        "rtt_ns.from_send",
        "lateness_ns",
        "gaps_ns.intended",
        "gaps_ns.achieved",
    ] {
        assert_distribution(at(file, name));
    }
    let distance = at(file, "gaps_ns.distance").as_f64();
    assert!(distance.is_some_and(|distance| (0.0..=1.0).contains(&distance)));
    assert!(at(file, "gaps_ns.tolerance").is_u64());
}

#[track_caller]
fn assert_distribution(distribution: &Value) {
    for name in ["count", "min", "mean", "stdev"] {
        assert!(at(distribution, name).is_u64(), "{name}: {distribution}");
    }
    for name in ["p50", "p90", "p99", "p99_9", "p99_99", "max"] {
        let quantile = at(distribution, name);
        let known = quantile.is_u64() || quantile.is_null() || quantile == "lost";
        assert!(known, "{name}: {distribution}");
    }
    for name in ["p50", "p90", "p99", "p99_9", "p99_99"] {
        let interval = at(distribution, &format!("intervals.{name}"));
        let ends = interval.as_array();
        let known = ends.is_some_and(|ends| {
            let known = |end: &Value| end.is_u64() || end == "lost";
            ends.len() == 2 && ends.iter().all(known)
        });
        let absent = interval.is_null() && at(distribution, name).is_null();
        assert!(known || absent, "{name}: {distribution}");
    }
    assert!(at(distribution, "p50").is_u64(), "{distribution}");
}

/// What is unknown has a reason, and nothing else has.
#[track_caller]
fn assert_host(host: &Value) {
    for name in [
        "stolen_ns",
        "stolen_share",
        "involuntary_switches",
        "run_queue_wait_ns",
        "cpu_time_ns",
        "throttled_ns",
        "too_hot",
        "clock_step_ns",
    ] {
        let unreadable = at(host, "unreadable").get(name);
        assert_eq!(at(host, name).is_null(), unreadable.is_some(), "{host}");
    }
    assert!(at(host, "cpu_time_ns").is_u64(), "{host}");
}

#[test]
fn a_dash_puts_the_result_on_standard_output_and_nothing_else() {
    let peer = Peer::faithful();
    let arguments = format!("--target {} --json - {RUN}", peer.address());
    let ended = Program::loadgen(&arguments).end();
    ended.assert_code(0);
    assert_eq!(ended.stderr, "");
    let file = serde_json::from_str(&ended.stdout).unwrap();
    assert_result(&file);
    assert_eq!(at(&file, "plan.target"), &peer.address().to_string());
    assert_eq!(at(&file, "plan.embedded"), false);
    for (name, number) in [
        ("rate_pps", 20),
        ("duration_ns", 300_000_000),
        ("warmup_ns", 50_000_000),
        ("timeout_ns", 10_000_000_000_u64),
        ("smallest_size_bytes", 64),
        ("largest_size_bytes", 64),
        ("flows", 8),
        ("threads", 1),
    ] {
        assert_eq!(at(&file, &format!("plan.{name}")), number, "{name}");
    }
}

#[test]
fn a_file_holds_the_result_and_standard_output_the_report() {
    let scratch = Scratch::new("a_file_holds_the_result");
    let path = scratch.file("result.json");
    let peer = Peer::faithful();
    let ended = measure_into(&path, peer.address());
    ended.assert_code(0);
    assert!(ended.stdout.starts_with("target"), "{}", ended.stdout);
    let text = fs::read_to_string(&path).unwrap();
    assert_result(&serde_json::from_str(&text).unwrap());
    assert!(text.ends_with("}\n"));
    assert_eq!(scratch.names(), ["result.json"]);
}

#[test]
fn an_older_result_is_replaced() {
    let scratch = Scratch::new("an_older_result_is_replaced");
    let path = scratch.file("result.json");
    fs::write(&path, "x".repeat(100_000)).unwrap();
    let peer = Peer::faithful();
    measure_into(&path, peer.address()).assert_code(0);
    let text = fs::read_to_string(&path).unwrap();
    assert_result(&serde_json::from_str(&text).unwrap());
}

#[test]
fn a_file_that_cannot_be_written_fails_before_anything_is_sent() {
    let scratch = Scratch::new("a_file_that_cannot_be_written");
    let path = scratch.file("missing").join("result.json");
    let peer = Peer::faithful();
    let ended = measure_into(&path, peer.address());
    ended.assert_complaint(1, &["--json", path.to_str().unwrap()]);
    assert_eq!(peer.finish().seen.len(), 0);
    assert_eq!(scratch.names(), [""; 0]);
}

#[test]
fn a_directory_in_place_of_the_file_fails_before_anything_is_sent() {
    let scratch = Scratch::new("a_directory_in_place_of_the_file");
    let path = scratch.file("results");
    fs::create_dir(&path).unwrap();
    let peer = Peer::faithful();
    let ended = measure_into(&path, peer.address());
    ended.assert_complaint(1, &["--json", path.to_str().unwrap()]);
    assert_eq!(peer.finish().seen.len(), 0);
    assert_eq!(scratch.names(), ["results"]);
}

/// Measures `target` into the file `path`.
fn measure_into(path: &Path, target: SocketAddr) -> Ended {
    let mut command = Command::new(LOADGEN);
    command.arg("--json").arg(path);
    command.arg("--target").arg(target.to_string());
    command.args(RUN.split_whitespace());
    Program::start(command).end()
}
