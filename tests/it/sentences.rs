//! What it says on standard error, in which form, and what happens if that takes nothing.

use std::fs::OpenOptions;
use std::io::{Write, pipe};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::rig::client::Client;
use crate::rig::http::{ask, get};
use crate::rig::lines::Lines;
use crate::rig::program::{PROGRAM, Program};
use crate::rig::until;

#[test]
fn programs_get_each_sentence_as_an_object() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = Program::start(&["--listen", &address, "--log-format", "json"]).end();
    let line: Value = serde_json::from_str(ended.complaint()).unwrap();
    assert_eq!(line["level"], "ERROR");
    let message = line["message"].as_str().unwrap();
    assert!(
        message.starts_with(&format!("cannot bind to {address}: ")),
        "{line}"
    );
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
}

#[test]
fn people_who_want_it_are_told_what_it_does() {
    let arguments = ["--log-level", "info"];
    let (program, server) = Program::listening(&arguments);
    Client::to(server).assert_echo(b"Hello, world");
    program.signal(Signal::TERM);
    let ended = program.end();
    ended.assert_well();
    let lines = [
        "echo-reactor: answers what comes",
        "echo-reactor: SIGTERM: answers what is queued, then ends",
    ];
    assert_eq!(ended.stderr, lines);
}

#[test]
fn whoever_wants_silence_gets_it() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = Program::start(&["--listen", &address, "--log-level", "off"]).end();
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(ended.stderr, [""; 0]);
}

/// The program is stopped while more datagrams come than its smallest receive buffer holds.
#[test]
fn losses_are_told_with_what_to_do_about_them() {
    let (mut program, server) = Program::listening(&["--rcvbuf", "1", "--metrics", "127.0.0.1:0"]);
    let client = Client::to(server);
    program.signal(Signal::STOP);
    (0..1_000).for_each(|_| client.send(b"one of too many"));
    program.signal(Signal::CONT);
    let warning = program.error_line();
    assert!(
        warning.starts_with("echo-reactor: datagrams dropped"),
        "{warning}"
    );
    assert!(warning.contains("--rcvbuf"), "{warning}");
    program.signal(Signal::TERM);
    assert!(program.end().counted("kernel drops") > Some(0));
}

/// A program whose standard error is what a test gives it.
struct Complaining {
    child: Child,
    stdout: Lines<ChildStdout>,
    server: SocketAddr,
    metrics: SocketAddr,
}

impl Complaining {
    #[track_caller]
    fn to(stderr: Stdio) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["--json", "--listen", "127.0.0.1:0"])
            .args(["--metrics", "127.0.0.1:0", "--log-level", "debug"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("the program can be started");
        let mut stdout = Lines::of(child.stdout.take().expect("it is piped"));
        let mut address = || {
            let line = stdout.next().expect("it says where it listens");
            let line: Value = serde_json::from_str(&line).expect("it is JSON");
            let address = line["address"].as_str().expect("it has an address");
            address.parse().expect("it is one")
        };
        let (server, metrics) = (address(), address());
        Self {
            child,
            stdout,
            server,
            metrics,
        }
    }

    /// Waits until it knows that lines got lost.
    #[track_caller]
    fn lose(&self) {
        until(|| {
            ask(self.metrics, "rubbish\r\n\r\n");
            let unwritten = "echo_reactor_unwritten_log_lines_total";
            get(self.metrics, "/metrics").value(unwritten) > 0.0
        });
    }

    /// It answers, whatever it has to say, and ends well.
    #[track_caller]
    fn assert_unimpressed(mut self) {
        let client = Client::to(self.server);
        for _ in 0..100 {
            client.assert_echo(b"Hello, world");
            // Each makes it say something.
            ask(self.metrics, "rubbish\r\n\r\n");
        }
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("it runs");
        let summary = self.stdout.rest().pop().expect("it prints a summary");
        let summary: Value = serde_json::from_str(&summary).expect("it is JSON");
        assert_eq!(summary["total"]["echoed"], 100);
        let status = self.child.wait().expect("it is our child");
        assert_eq!(status.code(), Some(0));
    }
}

impl Drop for Complaining {
    fn drop(&mut self) {
        // An error says that it has ended already.
        let _killed: std::io::Result<()> = self.child.kill();
        let _reaped: std::io::Result<std::process::ExitStatus> = self.child.wait();
    }
}

#[test]
fn a_full_disk_under_its_log_does_not_stop_the_answers() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let program = Complaining::to(full.into());
    program.lose();
    program.assert_unimpressed();
}

#[test]
fn a_reader_of_its_log_that_goes_away_does_not_stop_the_answers() {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let program = Complaining::to(writer.into());
    program.lose();
    program.assert_unimpressed();
}

#[test]
fn a_reader_of_its_log_that_stops_reading_does_not_stop_the_answers() {
    let (reader, writer) = pipe().unwrap();
    let room = rustix::pipe::fcntl_setpipe_size(&reader, 4_096).unwrap();
    OpenOptions::new()
        .write(true)
        .open(format!("/proc/self/fd/{}", reader.as_raw_fd()))
        .and_then(|mut jam| jam.write_all(&vec![b'\n'; room]))
        .unwrap();
    Complaining::to(writer.into()).assert_unimpressed();
    drop(reader);
}
