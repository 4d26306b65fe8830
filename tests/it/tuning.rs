//! Flags for those who tune: each takes effect, or says why not.

use std::time::Duration;

use echo_reactor::config::Wait;
use serde_json::Value;

use crate::rig::client::{Client, noise};
use crate::rig::program::Program;
use crate::rig::server::{EACH_IO, drained, on, open, started};

#[test]
fn a_worker_that_spins_answers_and_ends() {
    let patience = Duration::from_millis(1);
    for wait in [Wait::Spin, Wait::Adaptive(patience)] {
        for io in EACH_IO {
            let (running, server) = started(&on("0.0.0.0:0").io(io).wait(wait).workers(2));
            let client = Client::to(([127, 0, 0, 1], server.port()).into());
            for length in [0, 64, 65_507] {
                client.assert_echo(&noise(length));
            }
            drained(running);
        }
    }
}

#[test]
fn a_flooded_socket_lets_the_others_have_their_turn() {
    for io in EACH_IO {
        let (server, flooded) = open(&on("127.0.0.1:0").io(io));
        let client = Client::to(flooded);
        // More than a turn holds, and less than the client's own buffer.
        let sent = 1_500;
        for _ in 0..sent {
            client.send(b"x");
        }
        let running = server.start().unwrap();
        let slots = if io == echo_reactor::config::Io::Single {
            1
        } else {
            64
        };
        let summary = drained(running);
        assert_eq!(summary.total.received, sent);
        assert!(summary.total.budget_cuts >= 2, "{io:?} {slots}: {summary}");
    }
}

#[test]
fn the_batch_is_as_large_as_was_asked() {
    for (slots, calls) in [(1, 1_000), (10, 100), (64, 16)] {
        let (server, address) = open(&on("127.0.0.1:0").batch(slots));
        let client = Client::to(address);
        for _ in 0..1_000 {
            client.send(b"x");
        }
        let summary = drained(server.start().unwrap());
        let full: u64 = summary.total.received_a_call.values().sum();
        assert_eq!(full, calls, "batches of {slots}");
    }
}

/// The first line of a program in JSON, and what it said on standard error by its end.
fn told(arguments: &[&str]) -> (Value, Vec<String>) {
    let arguments = [&["--json", "--listen", "127.0.0.1:0"], arguments].concat();
    let mut program = Program::start(&arguments);
    let line: Value = serde_json::from_str(&program.line()).expect("it is JSON");
    let address = line["address"].as_str().expect("it has an address");
    Client::to(address.parse().expect("it is one")).assert_echo(b"quit");
    let ended = program.end();
    assert_eq!(ended.status.code(), Some(0), "{:?}", ended.stderr);
    (line, ended.stderr)
}

#[test]
fn what_took_effect_is_told() {
    let (line, warnings) = told(&[
        "--tos",
        "184",
        "--rcvbuf",
        "64Ki",
        "--sndbuf",
        "32Ki",
        "--timestamps",
    ]);
    assert_eq!(line["traffic_class"], "184");
    assert_eq!(line["receive_buffer_bytes"], 131_072);
    assert_eq!(line["send_buffer_bytes"], 65_536);
    assert_eq!(line["timestamps"], "true");
    assert_eq!(warnings, [""; 0]);
}

#[test]
fn a_pinned_worker_is_told_and_a_missing_processor_is_wrong_use() {
    let (line, _) = told(&["--pin", "0", "--workers", "2"]);
    assert_eq!(line["pinned"], serde_json::json!([0, 0]));
    let ended = Program::start(&["--listen", "127.0.0.1:0", "--pin", "1000"]).end();
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr[0].contains("--pin"), "{:?}", ended.stderr);
}

#[test]
fn steering_by_processor_warns_on_loopback_addresses() {
    let (line, warnings) = told(&["--steer", "cpu", "--workers", "2"]);
    assert_eq!(line["steer"], "cpu");
    assert!(warnings[0].contains("loopback"), "{warnings:?}");
}

#[test]
fn steering_by_receive_queue_needs_to_know_where_the_workers_are() {
    let ended = Program::start(&["--steer", "rx-queue-cpu", "--workers", "2"]).end();
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr[0].contains("--pin"), "{:?}", ended.stderr);
    let (line, _) = told(&["--steer", "rx-queue-cpu", "--workers", "2", "--pin", "0"]);
    assert_eq!(line["steer"], "rx-queue-cpu");
}

#[test]
fn steering_by_chance_spreads_a_single_flow() {
    let mut program = Program::start(&[
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--workers",
        "3",
        "--steer",
        "random",
    ]);
    let line: Value = serde_json::from_str(&program.line()).unwrap();
    let client = Client::to(line["address"].as_str().unwrap().parse().unwrap());
    // The chance that one of three gets none of 300 is below 1 in 10^50.
    for number in 0..300_u16 {
        client.assert_echo(&number.to_be_bytes());
    }
    client.assert_echo(b"quit");
    let ended = program.end();
    let summary: Value = serde_json::from_str(ended.stdout.last().unwrap()).unwrap();
    for worker in summary["workers"].as_array().unwrap() {
        assert!(worker["received"].as_u64() > Some(0), "{summary}");
    }
}
