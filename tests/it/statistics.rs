//! What happened can be asked at any time.

use echo_reactor::config::Io;
use rustix::process::Signal;
use serde_json::Value;

use crate::rig::client::{Client, noise};
use crate::rig::program::Program;
use crate::rig::server::{EACH_IO, drained, on, open};
use crate::rig::train::TrainClient;

#[test]
fn a_signal_prints_the_statistics_so_far() {
    let mut program = Program::start(&["--json", "--listen", "127.0.0.1:0"]);
    let line: Value = serde_json::from_str(&program.line()).unwrap();
    let client = Client::to(line["address"].as_str().unwrap().parse().unwrap());
    for sent in 1..=3 {
        client.assert_echo(b"Hello, world");
        program.signal(Signal::USR1);
        let line: Value = serde_json::from_str(&program.line()).unwrap();
        assert_eq!(line["event"], "statistics");
        assert_eq!(line["total"]["received"], sent);
    }
    client.assert_echo(b"quit");
    let ended = program.end();
    let summary: Value = serde_json::from_str(&ended.stdout[0]).unwrap();
    assert_eq!(summary["event"], "summary");
}

#[test]
fn statistics_come_at_intervals() {
    let arguments = [
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--stats-interval",
        "10ms",
    ];
    let mut program = Program::start(&arguments);
    assert!(program.line().contains("listening"));
    for _ in 0..3 {
        let line: Value = serde_json::from_str(&program.line()).unwrap();
        assert_eq!(line["event"], "statistics");
    }
    program.signal(Signal::TERM);
    assert_eq!(program.end().status.code(), Some(0));
}

#[test]
fn the_histograms_agree_with_the_counts() {
    for io in EACH_IO {
        let (server, address) = open(&on("127.0.0.1:0").io(io).timestamps(true));
        let client = Client::to(address);
        for _ in 0..200 {
            client.send(b"x");
        }
        let total = drained(server.start().unwrap()).total;
        let calls: u64 = total.received_a_call.values().sum();
        assert!(calls <= total.receive_calls);
        let most: u64 = total
            .received_a_call
            .iter()
            .map(|(most, calls)| most * calls)
            .sum();
        assert!(most >= 200, "{io:?}");
        let sent: u64 = total
            .segments_a_message
            .iter()
            .map(|(most, sent)| most * sent)
            .sum();
        assert!(sent >= 200, "{io:?}");
        let stamped: u64 = total.queue_delay_ns.values().sum();
        // The standard library does not hand stamps over.
        let expected = if io == Io::Single { 0 } else { 200 };
        assert_eq!(stamped, expected, "{io:?}");
        let timed: u64 = total.service_ns.values().sum();
        let calls = if io == Io::Single { 0 } else { calls };
        assert_eq!(timed, calls, "one a call that brought something, {io:?}");
    }
}

/// All of them are queued before the first call, so that every call but the last is full.
#[test]
fn the_histograms_tell_how_the_work_was_done() {
    for (io, received, sent) in [
        (Io::Single, [(1, 200)].into(), [(1, 200)].into()),
        (Io::Batch, [(8, 1), (64, 3)].into(), [(1, 200)].into()),
        (
            Io::Offload,
            [(8, 1), (64, 3)].into(),
            [(8, 1), (64, 3)].into(),
        ),
    ] {
        let (server, address) = open(&on("127.0.0.1:0").io(io));
        let client = Client::to(address);
        for _ in 0..200 {
            client.send(b"x");
        }
        let total = drained(server.start().unwrap()).total;
        assert_eq!(total.received_a_call, received, "{io:?}");
        assert_eq!(total.segments_a_message, sent, "{io:?}");
        let together = if io == Io::Offload { 200 } else { 0 };
        assert_eq!(total.gathered, together, "{io:?}");
        assert_eq!(total.budget_cuts, 0, "{io:?}");
        assert!(total.queue_delay_ns.is_empty(), "nobody asked for stamps");
        assert!(total.service_ns.is_empty(), "nobody asked for times");
    }
}

/// The kernel stamps a train once.
#[test]
fn the_queue_delay_is_told_for_trains_too() {
    let config = on("127.0.0.1:0").io(Io::Offload).timestamps(true);
    let (server, address) = open(&config);
    let client = TrainClient::to(address, false);
    for _ in 0..10 {
        client.send(&noise(640), 64);
    }
    let total = drained(server.start().unwrap()).total;
    assert_eq!(total.echoed, 100);
    assert_eq!(total.queue_delay_ns.values().sum::<u64>(), 10);
}
