//! The first signal drains the program, the second ends it, whatever it hangs on.

use std::os::unix::process::ExitStatusExt;

use rustix::process::Signal;
use serde_json::Value;

use crate::rig::client::Client;
use crate::rig::program::{Program, until_free};

const BOTH: [Signal; 2] = [Signal::TERM, Signal::INT];

#[test]
fn a_signal_ends_the_program_well_with_a_summary() {
    for signal in BOTH {
        for workers in ["1", "4"] {
            let (program, server) = Program::listening(&["--workers", workers]);
            Client::to(server).assert_echo(b"Hello, world");
            program.signal(signal);
            assert_eq!(program.end().counted("echoed"), Some(1));
        }
    }
}

/// The program stops, by SIGSTOP, while datagrams and the signal come in: when it goes on, all of
/// them are there. More of them than one turn of a worker answers, where the receive buffer may be
/// as large as that.
#[test]
fn what_is_queued_when_a_signal_comes_is_answered() {
    for signal in BOTH {
        for workers in ["1", "4"] {
            let arguments = ["--json", "--io", "single", "--workers", workers];
            let arguments = [&["--listen", "127.0.0.1:0"], &arguments[..]].concat();
            let mut program = Program::start(&arguments);
            let listening: Value = serde_json::from_str(&program.line()).unwrap();
            let server = listening["address"].as_str().unwrap().parse().unwrap();
            let room = listening["receive_buffer_small_datagrams"].as_u64();
            let clients: Vec<_> = (0..20).map(|_| Client::to(server)).collect();
            let each = (room.unwrap() / 2 / clients.len() as u64).min(100);
            program.signal(Signal::STOP);
            for client in &clients {
                (0..each).for_each(|_| client.send(b"queued"));
            }
            program.signal(signal);
            program.signal(Signal::CONT);
            for client in &clients {
                (0..each).for_each(|_| assert_eq!(client.receive(), b"queued"));
            }
            let ended = program.end();
            assert_eq!(ended.status.code(), Some(0));
            let summary: Value = serde_json::from_str(&ended.stdout[0]).unwrap();
            assert_eq!(summary["total"]["echoed"], each * clients.len() as u64);
        }
    }
}

#[track_caller]
fn assert_second_signal_ends(arguments: &[&str], first: Signal, second: Signal) {
    let (mut program, server) = Program::listening(arguments);
    program.jam_stdout();
    Client::to(server).assert_echo(b"Hello, world");
    program.signal(first);
    // It has closed its sockets, so the first signal has come through and the program is about to
    // print, or at it.
    until_free(server);
    program.signal(second);
    let status = program.status();
    assert_eq!(status.signal(), Some(second.as_raw()), "{status}");
}

#[test]
fn a_second_signal_ends_a_program_whose_log_nobody_reads() {
    assert_second_signal_ends(&["--log-datagrams"], Signal::TERM, Signal::TERM);
    assert_second_signal_ends(&["--log-datagrams"], Signal::INT, Signal::TERM);
}

#[test]
fn a_second_signal_ends_a_program_whose_summary_nobody_reads() {
    assert_second_signal_ends(&[], Signal::TERM, Signal::TERM);
    assert_second_signal_ends(&[], Signal::INT, Signal::TERM);
}

/// What SIGUSR1 prints hangs, and it hangs again for each further one.
#[test]
fn signals_end_a_program_whose_statistics_nobody_reads() {
    let (mut program, server) = Program::listening(&[]);
    program.jam_stdout();
    (0..3).for_each(|_| {
        program.signal(Signal::USR1);
        Client::to(server).assert_echo(b"Hello, world");
    });
    program.signal(Signal::TERM);
    until_free(server);
    program.signal(Signal::INT);
    let status = program.status();
    assert_eq!(status.signal(), Some(Signal::INT.as_raw()), "{status}");
}
