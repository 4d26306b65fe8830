//! System calls, counted by the kernel's own tracing.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::rig::client::Client;
use crate::rig::lines::Lines;
use crate::rig::need::need;
use crate::rig::program::PROGRAM;
use crate::rig::train::TrainClient;
use crate::rig::until;

/// The program under a tracer that writes the calls of its worker to a file.
struct Traced {
    tracer: Child,
    stdout: Lines<std::process::ChildStdout>,
    log: std::path::PathBuf,
    address: SocketAddr,
    /// How many small datagrams its receive buffer holds.
    room: u64,
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
        let line: Value = serde_json::from_str(&line).expect("it is JSON");
        let address = line["address"].as_str().expect("it has an address");
        Some(Self {
            address: address.parse().expect("it is one"),
            room: line["receive_buffer_small_datagrams"].as_u64().unwrap_or(0),
            tracer,
            stdout,
            log,
        })
    }

    /// Lets the datagrams that `send` sends queue up: the program is stopped meanwhile.
    fn while_stopped(&self, send: impl FnOnce()) {
        let program = self.program();
        // Only a thread that waits sleeps: at the calls before that it waits for the tracer.
        until(|| states(program).contains(&("worker-0".to_owned(), 'S')));
        kill_process(program, Signal::STOP).expect("it runs");
        until(|| {
            states(program)
                .iter()
                .all(|(_, state)| "tT".contains(*state))
        });
        send();
        kill_process(program, Signal::CONT).expect("it is stopped");
    }

    /// Ends the program by `quit`; gives its calls, one a line, and what it has counted.
    fn end(mut self, client: &Client) -> (Vec<String>, Value) {
        client.assert_echo(b"quit");
        let summary = self.stdout.rest().pop().expect("it prints a summary");
        self.tracer.wait().expect("it is our child");
        let log = std::fs::read_to_string(&self.log).expect("the tracer has written it");
        let mut summary: Value = serde_json::from_str(&summary).expect("it is JSON");
        let calls = log.lines().map(str::to_owned).collect();
        (calls, summary["total"].take())
    }

    /// The process that the tracer has started.
    fn program(&self) -> Pid {
        let parent = self.tracer.id();
        let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
        let child = children.expect("the kernel tells children");
        let number = child
            .split_whitespace()
            .next()
            .and_then(|number| number.parse().ok());
        number.and_then(Pid::from_raw).expect("it has one")
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
    let (calls, _) = traced.end(&client);
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
    traced.while_stopped(|| (0..640).for_each(|_| client.send(b"x")));
    for _ in 0..640 {
        client.receive();
    }
    let (calls, total) = traced.end(&client);
    assert_eq!(results(&calls, "recvmmsg", 64), 10);
    assert_eq!(results(&calls, "sendmmsg", 64), 10);
    assert_counted(&calls, &total);
}

/// A message is a train of 64 then, so that one call sends one message.
#[test]
fn at_saturation_a_call_each_way_moves_64_datagrams() {
    let Some(traced) = Traced::start("saturation", &["--io", "offload"]) else {
        return;
    };
    let enough = (traced.room >= 6_400).then_some(());
    let reason = "net.core.rmem_max is smaller";
    if need(enough.ok_or(reason), "a receive buffer for 6,400").is_none() {
        return;
    }
    let client = TrainClient::to(traced.address, true);
    traced.while_stopped(|| {
        for _ in 0..6_400 {
            client.socket.as_std().send(b"x").expect("there is room");
        }
    });
    let mut replies = 0;
    while replies < 6_400 {
        let trains = client.receive_trains();
        replies += trains.iter().map(|(train, _)| train.len()).sum::<usize>();
    }
    let client = Client::to(traced.address);
    let (calls, total) = traced.end(&client);
    assert_eq!(results(&calls, "recvmmsg", 64), 100);
    // And the reply to `quit`.
    assert_eq!(results(&calls, "sendmmsg", 1), 101);
    assert_eq!(total["received_a_call"]["64"], 100);
    assert_eq!(total["segments_a_message"]["64"], 100);
    assert_eq!(total["send_calls"], 101);
    assert_eq!(total["kernel_drops"], 0);
    assert_counted(&calls, &total);
}

/// The program counts the calls that the tracer has seen.
#[track_caller]
fn assert_counted(calls: &[String], total: &Value) {
    for (name, counter) in [("recvmmsg", "receive_calls"), ("sendmmsg", "send_calls")] {
        assert_eq!(total[counter], ended(calls, name).len(), "{name}");
    }
}

/// How many calls of that name returned `result` to the worker.
fn results(calls: &[String], name: &str, result: u32) -> usize {
    let result = format!(" = {result}");
    let ended = ended(calls, name);
    ended.iter().filter(|line| line.ends_with(&result)).count()
}

/// The ends of the calls of that name by the one worker. A call during which another thread makes
/// one has two lines.
fn ended<'log>(calls: &'log [String], name: &str) -> Vec<&'log String> {
    let whole = format!(" {name}(");
    let resumed = format!(" <... {name} resumed>");
    let number = |line: &String| line.split_whitespace().next().map(str::to_owned);
    let worker = calls.iter().find(|line| line.contains(" recvmmsg("));
    let worker = worker.and_then(number);
    let end = |line: &&String| {
        line.contains(&resumed) || (line.contains(&whole) && !line.ends_with("<unfinished ...>"))
    };
    let own = calls.iter().filter(|line| number(line) == worker);
    own.filter(end).collect()
}

/// The name of each thread, and the letter for what it does (`proc_pid_stat(5)`).
fn states(program: Pid) -> Vec<(String, char)> {
    let tasks = format!("/proc/{}/task", program.as_raw_nonzero());
    let tasks = std::fs::read_dir(tasks).expect("it has not been reaped");
    let state = |task: std::io::Result<std::fs::DirEntry>| {
        // An error says that the thread has just ended.
        let status = std::fs::read_to_string(task.ok()?.path().join("status")).ok()?;
        let field = |name| {
            Some(
                status
                    .lines()
                    .find_map(|line| line.strip_prefix(name))?
                    .trim(),
            )
        };
        let state = field("State:")?.chars().next()?;
        Some((field("Name:")?.to_owned(), state))
    };
    tasks.filter_map(state).collect()
}
