//! System calls, counted by the kernel's own tracing.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::rig::client::Client;
use crate::rig::lines::Lines;
use crate::rig::need::need;
use crate::rig::program::PROGRAM;

/// The program under a tracer that writes the calls of its worker to a file.
struct Traced {
    tracer: Child,
    stdout: Lines<std::process::ChildStdout>,
    log: std::path::PathBuf,
    address: SocketAddr,
}

impl Traced {
    fn start(name: &str, arguments: &[&str]) -> Option<Self> {
        let version = Command::new("strace").arg("-V").output();
        need(version, "strace")?;
        let log = std::env::temp_dir().join(format!("echo-it-{}-{name}", std::process::id()));
        let mut tracer = Command::new("strace")
            .args(["-f", "-ttt", "-o"])
            .arg(&log)
            .args([PROGRAM, "--json", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it has told its version");
        let mut stdout = Lines::of(tracer.stdout.take().expect("it is piped"));
        let line = stdout.next().expect("the program starts");
        let line: serde_json::Value = serde_json::from_str(&line).expect("it is JSON");
        let address = line["address"].as_str().expect("it has an address");
        Some(Self {
            address: address.parse().expect("it is one"),
            tracer,
            stdout,
            log,
        })
    }

    /// Ends the program by `quit`; gives its calls, one a line.
    fn end(mut self, client: &Client) -> Vec<String> {
        client.assert_echo(b"quit");
        self.stdout.rest();
        self.tracer.wait().expect("it is our child");
        let log = std::fs::read_to_string(&self.log).expect("the tracer has written it");
        log.lines().map(str::to_owned).collect()
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        // Errors say that it has ended already, or that there is no log.
        let _ended = kill_process(Pid::from_child(&self.tracer), Signal::KILL);
        let _reaped: std::io::Result<_> = self.tracer.wait();
        let _removed: std::io::Result<()> = std::fs::remove_file(&self.log);
    }
}

/// The time stamp of a line, in seconds.
fn time(line: &str) -> f64 {
    let stamp = line.split_whitespace().nth(1);
    stamp
        .and_then(|stamp| stamp.parse().ok())
        .expect("-ttt was asked for")
}

#[test]
fn an_idle_server_makes_no_system_call() {
    let Some(traced) = Traced::start("idle", &["--workers", "2"]) else {
        return;
    };
    let client = Client::to(traced.address);
    client.assert_echo(b"before");
    let idle = std::time::Duration::from_secs(5);
    // Not a wait for something: the time in which nothing may happen.
    std::thread::sleep(idle);
    let calls = traced.end(&client);
    let longest = calls
        .windows(2)
        .map(|pair| time(&pair[1]) - time(&pair[0]))
        .fold(0.0, f64::max);
    assert!(
        longest > 4.9,
        "the longest silence is {longest} s: {calls:#?}"
    );
}

#[test]
fn a_batch_is_one_call_each_way() {
    let Some(traced) = Traced::start("batch", &["--io", "batch"]) else {
        return;
    };
    let client = Client::to(traced.address);
    let program = traced_program(&traced);
    // Stopped, it lets the datagrams queue up.
    kill_process(program, Signal::STOP).expect("it runs");
    for _ in 0..640 {
        client.send(b"x");
    }
    kill_process(program, Signal::CONT).expect("it is stopped");
    for _ in 0..640 {
        client.receive();
    }
    let calls = traced.end(&client);
    let full = |name: &str| {
        calls
            .iter()
            .filter(|line| line.contains(name) && line.ends_with("= 64"))
            .count()
    };
    assert_eq!(
        (full("recvmmsg("), full("sendmmsg(")),
        (10, 10),
        "{calls:#?}"
    );
}

/// The process that the tracer has started.
fn traced_program(traced: &Traced) -> Pid {
    let parent = traced.tracer.id();
    let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    let child = children.expect("the kernel tells children");
    let number = child
        .split_whitespace()
        .next()
        .and_then(|number| number.parse().ok());
    number.and_then(Pid::from_raw).expect("it has one")
}
