//! The server as a process whose counts, memory and descriptors are looked at from outside.

use std::net::SocketAddr;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::rig::program::{PROGRAM, Program};

/// A running server that prints JSON.
pub(super) struct Subject {
    pub(super) program: Program,
    pub(super) server: SocketAddr,
}

impl Subject {
    /// Listens on a free port of 127.0.0.1.
    #[track_caller]
    pub(super) fn listening(arguments: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(arguments);
        Self::run(command)
    }

    /// The same for a command that runs the program in the end.
    #[track_caller]
    pub(super) fn run(mut command: Command) -> Self {
        command.args(["--json", "--listen", "127.0.0.1:0"]);
        let mut program = Program::run(command);
        let server = announced(&mut program, "listening");
        Self { program, server }
    }

    /// Where it answers scrapes, which it must have been asked to.
    #[track_caller]
    pub(super) fn metrics(&mut self) -> SocketAddr {
        announced(&mut self.program, "metrics")
    }

    /// What it has counted so far.
    #[track_caller]
    pub(super) fn counted(&mut self) -> Value {
        self.program.signal(Signal::USR1);
        let line = object(&mut self.program);
        assert_eq!(line["event"], "statistics");
        line
    }

    /// Bytes of its memory that are in RAM.
    #[track_caller]
    pub(super) fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.program.id()));
        let status = status.expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        1_024
            * kilobytes
                .and_then(|number| number.parse::<u64>().ok())
                .expect("proc_pid_status(5) has it")
    }

    /// How many descriptors it has open.
    #[track_caller]
    pub(super) fn descriptors(&self) -> usize {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.program.id()));
        files.expect("it runs").count()
    }

    /// Has it end by a signal; gives the totals of its summary, in which no datagram is missing.
    #[track_caller]
    pub(super) fn end(self) -> Value {
        self.program.signal(Signal::TERM);
        self.ended()
    }

    /// The same for a server that was told to end.
    #[track_caller]
    pub(super) fn ended(self) -> Value {
        let ended = self.program.end();
        assert_eq!(ended.status.code(), Some(0), "{:?}", ended.stderr);
        let summary = ended.stdout.last().expect("it prints a summary");
        let mut summary: Value = serde_json::from_str(summary).expect("it is JSON");
        assert_eq!(summary["event"], "summary");
        let total = summary["total"].take();
        let fates = ["echoed", "refused", "failed", "dropped"].map(|fate| sum(&total[fate]));
        let accounted = fates.iter().sum::<u64>();
        assert_eq!(sum(&total["received"]), accounted, "{total:#}");
        total
    }
}

/// A count, or the sum of counts by reason.
pub(super) fn sum(counts: &Value) -> u64 {
    match counts {
        Value::Object(by_reason) => by_reason.values().map(sum).sum(),
        count => count.as_u64().expect("it is a count"),
    }
}

#[track_caller]
fn announced(program: &mut Program, event: &str) -> SocketAddr {
    let line = object(program);
    assert_eq!(line["event"], event);
    let address = line["address"].as_str().expect("it has an address");
    address.parse().expect("it is one")
}

#[track_caller]
fn object(program: &mut Program) -> Value {
    serde_json::from_str(&program.line()).expect("it is JSON")
}
