//! `loadgen tune`: experiments on hosts of a lab, whose settings nobody else needs.
//!
//! - [`whole`]: experiments that go through;
//! - [`elsewhere`]: experiments with a server that runs already;
//! - [`ended`]: experiments that are ended by a signal, and what `--restore` does then;
//! - [`killed`]: what goes on after an experiment was killed, and who has to wait for what;
//! - [`resumed`]: experiments that go on;
//! - [`broken`]: what goes wrong, and in which words;
//! - [`full`]: answers that cannot be kept;
//! - [`kinds`]: kinds of settings that take a program;
//! - [`one_way`]: settings that could not be put back;
//! - [`ready`]: the ready plans;
//! - [`torn`]: variants that cannot be run, among others.

mod broken;
mod elsewhere;
mod ended;
mod full;
mod killed;
mod kinds;
mod one_way;
mod ready;
mod resumed;
mod torn;
mod whole;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::rig::lab::Lab;
use crate::rig::need::need;
use crate::rig::program::{Ended, LOADGEN, Program, reactor};
use crate::rig::scratch::Scratch;

/// A host whose settings may be changed, and a directory for experiments on it.
struct Site {
    lab: Lab,
    scratch: Scratch,
    reactor: PathBuf,
}

impl Site {
    /// `None` where the test has to return. `name` must be that of one test alone.
    fn new(name: &str) -> Option<Self> {
        Self::in_lab(name, "")
    }

    /// The same in a lab that is made with more arguments.
    fn in_lab(name: &str, options: &str) -> Option<Self> {
        let reactor = need(reactor(), "the program echo-reactor")?;
        Some(Self {
            lab: Lab::up(options)?,
            scratch: Scratch::new(name),
            reactor,
        })
    }

    /// A command inside of the host.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args([
            "netns",
            "exec",
            &format!("{}-server", self.lab.name),
            program,
        ]);
        command
    }

    /// Starts an experiment by a plan, with more arguments.
    fn start(&self, plan: &str, arguments: &str) -> Program {
        let file = self.scratch.file("plan.toml");
        fs::write(&file, self.filled(plan)).expect("it is our directory");
        let mut command = self.command(LOADGEN);
        command.arg("tune").arg(file);
        if !arguments.contains("--state") {
            command.arg("--state").arg(self.scratch.file("state"));
        }
        if !arguments.contains("--dir") {
            command.arg("--dir").arg(self.scratch.file("tune"));
        }
        command.args(arguments.split_whitespace());
        // As a shell starts it.
        command.process_group(0);
        Program::start(command)
    }

    /// The plan with the server's place in it.
    fn filled(&self, plan: &str) -> String {
        plan.replace("REACTOR", &self.reactor.display().to_string())
            .replace("SCRATCH", &self.scratch.file("").display().to_string())
    }

    fn run(&self, plan: &str, arguments: &str) -> Ended {
        self.start(plan, arguments).end_within(LONG)
    }

    /// `loadgen tune --restore`.
    fn restore(&self) -> Ended {
        let mut command = self.command(LOADGEN);
        command
            .args(["tune", "--restore", "--state"])
            .arg(self.scratch.file("state"));
        Program::start(command).end()
    }

    /// What is known of the experiment, if anything is.
    fn result(&self) -> Option<Value> {
        self.result_in("tune")
    }

    /// The same of the one in another directory.
    fn result_in(&self, directory: &str) -> Option<Value> {
        let path = self.scratch.file(directory).join("tune.json");
        let text = fs::read_to_string(path).ok()?;
        Some(serde_json::from_str(&text).expect("it is put in place whole"))
    }

    /// The settings that the plans here turn.
    fn settings(&self) -> BTreeMap<String, String> {
        let settings = SYSCTLS.iter();
        settings
            .map(|name| ((*name).to_owned(), self.setting(name)))
            .collect()
    }

    /// One setting, by its name below /proc/sys/net/ipv4.
    fn setting(&self, name: &str) -> String {
        let mut command = self.command("cat");
        command.arg(format!("/proc/sys/net/ipv4/{name}"));
        let read = Program::start(command).end();
        read.assert_code(0);
        read.stdout.trim().to_owned()
    }

    fn set(&self, name: &str, value: &str) {
        let mut command = self.command("sh");
        command.args(["-c", &format!("echo {value} > /proc/sys/net/ipv4/{name}")]);
        Program::start(command).end().assert_code(0);
    }

    /// How many runs were made by now.
    fn runs(&self) -> usize {
        let result = self.result();
        let runs = result.and_then(|result| result["runs"].as_array().map(Vec::len));
        runs.unwrap_or(0)
    }

    /// Programs that run inside of the host.
    fn processes(&self) -> Vec<String> {
        let mut command = Command::new("ip");
        command.args(["netns", "pids", &format!("{}-server", self.lab.name)]);
        let told = Program::start(command).end();
        told.stdout.lines().map(str::to_owned).collect()
    }

    /// Waits until it is so.
    #[track_caller]
    fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + LONG;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "it never came about that {what}");
            // Each look starts programs: without a breath it takes the time of what is waited for.
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A script that can be started.
fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("it is our directory");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is our file");
}

/// The names of the settings below /proc/sys/net/ipv4.
const SYSCTLS: [&str; 2] = ["ip_default_ttl", "udp_early_demux"];

/// How long a whole experiment may take.
const LONG: Duration = Duration::from_secs(300);

/// Two settings of the host and two arguments of the server, each of two levels. At none of its levels is
/// the first setting what it was: whichever run is the last, the host is changed until it is put back.
const FOUR_FACTORS: &str = r#"
name = "four factors"

[load]
options = { rate = "1k", duration = "50ms", warmup = "0s", flows = 1 }

[server]
program = "REACTOR"
options = { listen = "127.0.0.1:0" }

[design]
blocks = 8
seed = 7
pause = "0s"
retries = 0

[[factor]]
name = "ttl"
sysctl = "net.ipv4.ip_default_ttl"
levels = [66, 65]

[[factor]]
name = "early demux"
sysctl = "net.ipv4.udp_early_demux"
levels = [0, 1]

[[factor]]
server_option = "io"
levels = ["offload", "batch"]

[[factor]]
server_option = "workers"
levels = [1, 2]
"#;

/// The blocks of an experiment that ends with the first one after two seconds, since it never knows as much
/// as it should.
const SHORT: &str = r#"blocks = { until = "p50+-0.1%", within = "2s", least = 9 }"#;
