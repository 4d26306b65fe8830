//! `--log-datagrams`: who sent what, for people; and what happens when they stop reading.

use rustix::process::Signal;

use crate::rig::client::{Client, noise};
use crate::rig::program::Program;
use crate::rig::train::TrainClient;

#[test]
fn each_datagram_is_a_line_with_sender_and_payload() {
    for io in ["single", "batch", "offload"] {
        let (mut program, server) = Program::listening(&["--log-datagrams", "--io", io]);
        let client = Client::to(server);
        let sender = client.address();
        for (payload, shown) in [
            (&b"Hello, world"[..], r#""Hello, world" (12 bytes)"#),
            (b"", r#""" (0 bytes)"#),
            (b"\x1b[2J\xff\"\n", r#""\u{1b}[2J\xff\"\n" (7 bytes)"#),
            ("Grüße".as_bytes(), r#""Grüße" (7 bytes)"#),
        ] {
            client.assert_echo(payload);
            assert_eq!(program.line(), format!("{sender} {shown}"));
        }
        client.assert_echo(b"quit");
        assert_eq!(program.line(), format!("{sender} \"quit\" (4 bytes)"));
        program.end().assert_well();
    }
}

#[test]
fn a_long_payload_is_cut_at_64_bytes_and_its_true_length_told() {
    let (mut program, server) = Program::listening(&["--log-datagrams"]);
    let client = Client::to(server);
    let sender = client.address();
    for length in [64, 65, 65_507] {
        client.assert_echo(&vec![b'a'; length]);
        let (shown, cut) = ("a".repeat(64), if length > 64 { "..." } else { "" });
        let line = format!("{sender} \"{shown}\"{cut} ({length} bytes)");
        assert_eq!(program.line(), line);
    }
    program.signal(Signal::TERM);
    program.end().assert_well();
}

#[test]
fn each_datagram_of_a_train_is_a_line_of_its_own() {
    for io in ["single", "batch", "offload"] {
        let (mut program, server) = Program::listening(&["--log-datagrams", "--io", io]);
        let client = TrainClient::to(server, false);
        let sender = client.socket.local_address();
        client.send(b"first~second", 6);
        client.send(b"111222333quit", 3);
        client.send(b"abcdefghquit", 8);
        for (shown, length) in [
            ("first~", 6),
            ("second", 6),
            ("111", 3),
            ("222", 3),
            ("333", 3),
            ("qui", 3),
            ("t", 1),
            ("abcdefgh", 8),
            ("quit", 4),
        ] {
            let plural = if length == 1 { "" } else { "s" };
            let line = format!("{sender} \"{shown}\" ({length} byte{plural})");
            assert_eq!(program.line(), line, "{io}");
        }
        program.end().assert_well();
    }
}

#[test]
fn a_reader_that_goes_away_does_not_stop_the_answers() {
    for arguments in [&["--log-datagrams"][..], &[]] {
        let (mut program, server) = Program::listening(arguments);
        program.close_stdout();
        let client = Client::to(server);
        for length in 0..100 {
            client.assert_echo(&noise(length));
        }
        client.assert_echo(b"quit");
        let ended = program.end();
        assert_eq!(ended.status.code(), Some(0), "{:?}", ended.stderr);
        assert_eq!(ended.stderr, [""; 0]);
    }
}

/// More datagrams than the queue of the printer and the pipe hold together.
#[test]
fn a_reader_that_stops_reading_does_not_stop_the_answers() {
    let (mut program, server) = Program::listening(&["--log-datagrams"]);
    program.jam_stdout();
    let client = Client::to(server);
    for number in 0..6_000_u16 {
        client.assert_echo(&number.to_be_bytes());
    }
    client.assert_echo(b"quit");
    let ended = program.end();
    assert_eq!(ended.counted("echoed"), Some(6_001));
    assert!(ended.counted("not printed").is_some());
}
