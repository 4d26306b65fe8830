//! What happened can be asked at any time.

use rustix::process::Signal;
use serde_json::Value;

use crate::rig::client::Client;
use crate::rig::program::Program;
use crate::rig::server::{EACH_IO, drained, on, open};

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
        let expected = if io == echo_reactor::config::Io::Single {
            0
        } else {
            200
        };
        assert_eq!(stamped, expected, "{io:?}");
    }
}
