//! The running server can do what it needs, and nothing else.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use rustix::process::{Signal, geteuid};
use serde_json::Value;

use crate::rig::client::Client;
use crate::rig::http::get;
use crate::rig::lineage::Lineage;
use crate::rig::manager::Manager;
use crate::rig::need::need;
use crate::rig::program::{Ended, PROGRAM, Program};
use crate::rig::thread::threads_of;
use crate::rig::until;

/// What `--sandbox-probe` can try, and whether the process is killed for it.
const PROBES: [(&str, bool); 11] = [
    ("read", false),
    ("write", false),
    ("socket", false),
    ("connect", false),
    ("ioctl", false),
    ("fork", false),
    ("signal", false),
    ("sigio", false),
    ("root", false),
    ("exec", true),
    ("ptrace", true),
];

/// By a server that has a service manager and answers scrapes.
fn tried(what: &str, mode: &str) -> Output {
    let manager = Manager::new();
    Command::new(PROGRAM)
        .args(["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"])
        .args(["--sandbox", mode, "--sandbox-probe", what])
        .env("NOTIFY_SOCKET", &manager.path)
        .output()
        .expect("the program can be started")
}

/// What a server says of its sandbox, and how it ended.
fn told(mut command: Command) -> (Value, Ended) {
    command.args(["--json", "--listen", "127.0.0.1:0"]);
    let mut program = Program::run(command);
    let line: Value = serde_json::from_str(&program.line()).expect("it is JSON");
    let address = line["address"].as_str().expect("it has an address");
    Client::to(address.parse().expect("it is one")).assert_echo(b"quit");
    let ended = program.end();
    assert_eq!(ended.status.code(), Some(0), "{:?}", ended.stderr);
    (line["sandbox"].clone(), ended)
}

/// `None` where the test has to return, since the kernel lacks a part of the sandbox.
fn whole_sandbox() -> Option<()> {
    let (sandbox, _) = told(Command::new(PROGRAM));
    let whole = sandbox["landlock"] == "full" && sandbox["seccomp"] == "true";
    let reason = format!("this one has {sandbox}");
    need(
        whole.then_some(()).ok_or(reason),
        "Landlock and seccomp, as Linux 6.12 has them",
    )
}

/// `strace`, to which a program and its arguments can be added. The tracer is no parent of the
/// program, and holds its output open until it has written the last line.
fn tracer() -> Option<Command> {
    need(Command::new("strace").arg("-V").output(), "strace")?;
    let mut command = Command::new("strace");
    command.args(["-D", "-f"]);
    Some(command)
}

#[test]
fn what_a_server_does_not_need_is_refused_or_kills_it() {
    if whole_sandbox().is_none() {
        return;
    }
    for (what, fatal) in PROBES {
        let output = tried(what, "enforce");
        let said = String::from_utf8_lossy(&output.stderr);
        if fatal {
            let signal = output.status.signal();
            assert_eq!(signal, Some(libc::SIGSYS), "{what}: {said}");
        } else {
            assert_eq!(output.status.code(), Some(1), "{what}: {said}");
            assert!(said.contains("Operation not permitted"), "{what}: {said}");
            assert!(said.contains("as it should be"), "{what}: {said}");
        }
    }
}

/// Else the test above would say nothing.
#[test]
fn without_the_sandbox_or_with_one_that_only_logs_all_of_it_works() {
    for (what, _) in PROBES {
        if what == "root" && !geteuid().is_root() {
            continue;
        }
        for mode in ["off", "log"] {
            let output = tried(what, mode);
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{what}, {mode}: {said}");
        }
    }
}

#[test]
fn every_thread_is_confined_and_has_no_capability() {
    if whole_sandbox().is_none() {
        return;
    }
    let arguments = [
        "--workers",
        "2",
        "--log-datagrams",
        "--stats-interval",
        "1h",
    ];
    let (program, server) = Program::listening(&arguments);
    Client::to(server).assert_echo(b"Hello, world");
    // The main one, two workers, and one each for the log, signals, datagrams and statistics.
    until(|| threads_of(program.id()).len() == 7);
    for thread in threads_of(program.id()) {
        assert_eq!(thread.field("Seccomp"), "2", "a filter: {thread:?}");
        assert_eq!(thread.field("NoNewPrivs"), "1", "{thread:?}");
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            assert_eq!(thread.field(set), "0000000000000000", "{thread:?}");
        }
    }
    program.signal(Signal::TERM);
    program.end().assert_well();
}

/// A tracer sees the answer to each call. Only `clone3` may be answered with an error, since the C
/// library knows another way to a thread.
#[test]
fn no_call_of_any_mode_is_refused() {
    if whole_sandbox().is_none() {
        return;
    }
    for mode in MODES {
        let Some(mut command) = tracer() else {
            return;
        };
        let (log, networks) = (Temporary::named("calls"), Temporary::named("networks"));
        fs::write(&networks.0, "127.0.0.0/8\n::1\n").expect("temporary files can be written");
        command.arg("-o").arg(&log.0).arg(PROGRAM);
        command.args(["--listen", "127.0.0.1:0", "--listen", "[::]:0"]);
        let mut arguments = mode.split_whitespace();
        command.args(
            arguments
                .by_ref()
                .take_while(|argument| *argument != "NETWORKS"),
        );
        if mode.contains("NETWORKS") {
            command.arg(&networks.0);
        }
        command.args(arguments);
        let manager = Manager::new();
        if mode.contains("--metrics") {
            command.env("NOTIFY_SOCKET", &manager.path);
            command.env("WATCHDOG_USEC", "1000000");
        }
        exercise(Program::run(command), mode);
        assert_eq!(refused(&log), [""; 0], "{mode}");
    }
}

/// Nor while it hands over, or takes over with fewer workers.
#[test]
fn no_call_of_a_replacement_is_refused() {
    if whole_sandbox().is_none() {
        return;
    }
    let Some(mut command) = tracer() else {
        return;
    };
    let (log, options) = (Temporary::named("replaced"), Temporary::named("options"));
    fs::write(&options.0, "--workers 3\n").expect("temporary files can be written");
    command.arg("-o").arg(&log.0).arg(PROGRAM);
    command.args(["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
    command.arg(format!("@{}", options.0.display()));
    let (mut lineage, server) = Lineage::run(command);
    fs::write(&options.0, "--workers 1\n").expect("temporary files can be written");
    lineage.replace();
    lineage.hear("former workers are closed");
    fs::write(&options.0, "--workers 0\n").expect("temporary files can be written");
    lineage.try_to_replace().unwrap_err();
    Client::to(server).assert_echo(b"quit");
    lineage.wait();
    assert_eq!(refused(&log), [""; 0]);
}

/// The calls in the file of a tracer that were refused from the first sandbox on; of programs that are
/// not confined yet there are none.
#[track_caller]
fn refused(log: &Temporary) -> Vec<String> {
    let calls = fs::read_to_string(&log.0).expect("the tracer has written it");
    let confined = calls.find("SECCOMP_SET_MODE_FILTER");
    let confined = &calls[confined.expect("it confines itself")..];
    let refusals = ["EPERM", "EACCES", "ENOSYS", "- SIGSYS", "by SIGSYS"];
    // The C library knows another way to a thread; an ordinary user gets no larger buffers.
    let expected = ["clone3", "BUFFORCE"];
    let any_of = |line: &str, words: &[&str]| words.iter().any(|word| line.contains(word));
    let refused = confined
        .lines()
        .filter(|line| any_of(line, &refusals) && !any_of(line, &expected));
    refused.map(str::to_owned).collect()
}

/// Lets a server do all that it can do: answer on two addresses, also to somebody who has gone, tell
/// statistics, drain.
fn exercise(mut program: Program, mode: &str) {
    let servers = [program.announced(), program.announced()];
    let clients = servers.map(|server| {
        let host: IpAddr = match server.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        Client::to((host, server.port()).into())
    });
    for payload in 0..50_u8 {
        for client in &clients {
            client.send(&[payload]);
        }
    }
    if mode.contains("--metrics") {
        let line = program.line();
        let metrics = line
            .strip_prefix("metrics at http://")
            .and_then(|url| url.split('/').next());
        let metrics = metrics.and_then(|address| address.parse().ok());
        let metrics = metrics.unwrap_or_else(|| panic!("{line} names no address"));
        for page in ["/readyz", "/healthz", "/nowhere"] {
            assert!(get(metrics, page).status >= 200);
        }
        let scraped = get(metrics, "/metrics");
        assert!(scraped.value("process_open_fds") > 5.0);
        assert!(scraped.value("process_max_fds") > 5.0);
        assert!(scraped.value("process_resident_memory_bytes") > 1e6);
    }
    if mode.contains("--allow-file") {
        program.signal(Signal::HUP);
        let said = program.error_line();
        assert!(said.contains("from now on"), "{said}");
    }
    let gone = Client::to(servers[0]);
    gone.send(b"gone");
    drop(gone);
    program.signal(Signal::USR1);
    while !program.line().starts_with("received") {}
    program.signal(Signal::TERM);
    let ended = program.end();
    assert_eq!(ended.status.code(), Some(0), "{mode}: {:?}", ended.stderr);
    let mut from_the_end = ended.stdout.iter().rev();
    let last = from_the_end.find_map(|line| line.strip_prefix("received "));
    let received = last.and_then(|rest| rest.split_whitespace().next());
    assert_eq!(received, Some("101"), "{mode}: {:?}", ended.stdout);
}

/// Together they use every way of reading, waiting, failing and telling.
const MODES: [&str; 12] = [
    "--io single",
    "--io single --wait spin --workers 2 --log-datagrams",
    "--io batch --wait adaptive",
    "--io offload",
    "--io offload --wait adaptive --timestamps --stats-interval 20ms",
    "--io offload --wait spin --pin 0 --busy-poll 50 --tos 184 --when-full drop",
    "--io batch --workers 3 --steer cpu --sndbuf 4Ki",
    "--fault drop=5%,duplicate=5%,corrupt=5%,reorder=5%,delay=1ms --timestamps",
    "--fault service=exp:10us,stall=5ms@1ms --wait spin",
    "--metrics 127.0.0.1:0 --workers 2",
    "--allow-file NETWORKS --rate-limit 10k/s:500",
    "--log-format json --log-level debug",
];

/// A file that goes when this is dropped.
struct Temporary(PathBuf);

impl Temporary {
    fn named(name: &str) -> Self {
        let name = format!("echo-it-{}-sandbox-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What stays is a file in a temporary directory.
        let _removed: std::io::Result<()> = fs::remove_file(&self.0);
    }
}

#[test]
fn a_kernel_without_a_part_of_it_is_told_of_once_and_the_server_goes_on() {
    for (call, part, word) in [
        ("landlock_create_ruleset", "landlock", "no Landlock"),
        ("seccomp", "seccomp", "no seccomp filters"),
    ] {
        let Some(mut command) = tracer() else {
            return;
        };
        let inject = format!("inject={call}:error=ENOSYS");
        command.args(["-o", "/dev/null", "-e", &inject, PROGRAM]);
        command.args(["--listen", "127.0.0.2:0"]);
        let (sandbox, ended) = told(command);
        assert_eq!(sandbox[part], "unsupported", "{sandbox}");
        let told = ended.of_the_host.iter().filter(|line| line.contains(word));
        assert_eq!(told.count(), 1, "{:?}", ended.of_the_host);
    }
}

#[test]
fn what_a_kernel_refuses_is_told_with_its_reason() {
    let Some(mut command) = tracer() else {
        return;
    };
    command.args([
        "-o",
        "/dev/null",
        "-e",
        "inject=seccomp:error=EACCES",
        PROGRAM,
    ]);
    let (sandbox, ended) = told(command);
    let failed = sandbox["seccomp"].as_str().unwrap();
    assert!(failed.starts_with("failed: "), "{failed}");
    assert_eq!(ended.stderr.len(), 1, "{:?}", ended.stderr);
    assert!(ended.stderr[0].contains("seccomp filters failed"));
}

#[test]
fn without_a_sandbox_nothing_is_asked_for() {
    let mut command = Command::new(PROGRAM);
    command.args(["--sandbox", "off"]);
    let (sandbox, ended) = told(command);
    assert_eq!(sandbox["mode"], "off");
    assert!(sandbox["landlock"].is_null() && sandbox["seccomp"].is_null());
    assert_eq!(ended.of_the_host, [""; 0]);
}
