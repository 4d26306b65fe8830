//! Successors that are no good: the running server goes on, says why, and can be replaced later.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Signal, pidfd_send_signal};

use crate::rig::client::Client;
use crate::rig::lineage::{Lineage, summed};
use crate::rig::need::need;
use crate::rig::nobody::{OpenDirectory, command_of};
use crate::rig::program::PROGRAM;
use crate::rig::stream::Stream;
use crate::rig::thread::threads_of_user;

/// A folder with a program in it that can be replaced by another one.
struct Installed(PathBuf);

impl Installed {
    fn fresh(name: &str) -> Self {
        let name = format!("echo-it-installed-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("nobody else takes this name");
        let installed = Self(folder);
        installed.link(Path::new(PROGRAM));
        installed
    }

    fn path(&self) -> PathBuf {
        self.0.join("echo-reactor")
    }

    fn link(&self, target: &Path) {
        self.remove();
        symlink(target, self.path()).expect("the folder is ours");
    }

    fn script(&self, text: &str, mode: u32) {
        // By another process, which has closed it by then: a program that anybody holds open for
        // writing cannot be run, and other tests fork while we would write.
        self.remove();
        let written = Command::new("sh")
            .args(["-c", "printf '#!/bin/sh\\n%s\\n' \"$2\" > \"$1\"", "sh"])
            .args([&self.path().display().to_string(), text])
            .status();
        assert!(written.is_ok_and(|status| status.success()));
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(self.path(), permissions).expect("the file is ours");
    }

    fn remove(&self) {
        // Mostly there is one.
        let _removed: std::io::Result<()> = fs::remove_file(self.path());
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        // What stays is a file in a temporary directory.
        let _removed: std::io::Result<()> = fs::remove_dir_all(&self.0);
    }
}

/// What stands in the place of the program, and what the server has to say of it.
const BAD: [(&str, u32, &[&str]); 7] = [
    ("exit 0", 0o755, &["exit code 0 before it was ready"]),
    (
        "echo not today >&2; exit 3",
        0o755,
        &["exit code 3", ": not today"],
    ),
    ("exit 0", 0o644, &["cannot be started", "Permission denied"]),
    (
        "cat /dev/urandom | head -c 100000 >&2",
        0o755,
        &["exit code 0"],
    ),
    (
        "echo rubbish >&0; exec sleep 60",
        0o755,
        &["speaks to nobody"],
    ),
    ("kill -9 $$", 0o755, &["signal 9"]),
    // It says that it is ready, and is not there to take over.
    (r#"printf '"Ready"' >&0; exit 4"#, 0o755, &["exit code 4"]),
];

#[test]
fn a_program_that_is_no_good_costs_a_line_and_nothing_else() {
    let installed = Installed::fresh("bad");
    let mut command = Command::new(installed.path());
    command.args(["--listen", "127.0.0.1:0", "--workers", "2"]);
    let (mut lineage, server) = Lineage::run(command);
    let stream = Stream::to(server);
    for (text, mode, words) in BAD {
        installed.script(text, mode);
        let why = lineage.try_to_replace().unwrap_err();
        for word in words {
            assert!(why.contains(word), "{text}: {why}");
        }
        assert!(why.contains("this program goes on"), "{why}");
    }
    installed.remove();
    let why = lineage.try_to_replace().unwrap_err();
    assert!(why.contains("No such file"), "{why}");
    // Then a good one comes.
    installed.link(Path::new(PROGRAM));
    lineage.replace();
    let sent = stream.end();
    assert_eq!(summed(&lineage.end(), "echoed"), sent);
}

#[test]
fn a_program_that_hangs_is_ended_and_the_server_goes_on() {
    let installed = Installed::fresh("hangs");
    let mut command = Command::new(installed.path());
    command.args(["--listen", "127.0.0.1:0"]);
    let (mut lineage, server) = Lineage::run(command);
    let stream = Stream::to(server);
    // The second one says that it reads, and does not say that it takes over.
    for said in ["", r#"printf '"Ready"' >&0; "#] {
        let hangs = format!("echo still at it >&2; {said}exec sleep 3600");
        installed.script(&hangs, 0o755);
        lineage.signal(Signal::USR2);
        lineage.hear("starts the program anew");
        let why = lineage.hear_slowly("not replaced");
        assert!(why.contains("not ready within"), "{why}");
        assert!(why.contains("still at it"), "{why}");
    }
    installed.link(Path::new(PROGRAM));
    lineage.replace();
    let sent = stream.end();
    assert_eq!(summed(&lineage.end(), "echoed"), sent);
}

#[test]
fn a_starter_that_was_slow_once_starts_the_next_successor_all_the_same() {
    let (mut lineage, server) = Lineage::listening(&[]);
    let stream = Stream::to(server);
    let starter = lineage.starter();
    pidfd_send_signal(&starter, Signal::STOP).unwrap();
    lineage.signal(Signal::USR2);
    lineage.hear("starts the program anew");
    let why = lineage.hear_slowly("not replaced");
    assert!(why.contains("did not answer within"), "{why}");
    pidfd_send_signal(&starter, Signal::CONT).unwrap();
    lineage.replace();
    let sent = stream.end();
    assert_eq!(summed(&lineage.end(), "echoed"), sent);
}

/// The program is good, but what it is asked for is not: it fails at different stages.
#[test]
fn options_that_are_no_good_cost_a_line_and_nothing_else() {
    let file = std::env::temp_dir().join(format!("echo-it-bad-options-{}", std::process::id()));
    fs::write(&file, "--workers 2\n").unwrap();
    let argument = format!("@{}", file.display());
    let (mut lineage, server) = Lineage::listening(&[&argument]);
    let stream = Stream::to(server);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("--workers 4\n--metrics {}\n", taken.local_addr().unwrap());
    for (options, words) in [
        (
            "--workers 0\n",
            "exit code 2 before it was ready: error: invalid value '0'",
        ),
        ("--no-such-flag\n", "unexpected argument '--no-such-flag'"),
        ("--workers 2\n--listen 127.0.0.9:1\n", "127.0.0.9:1 is new"),
        ("--workers 2\n--io batch\n", "--io, --gro or --quit"),
        // More sockets are open by then.
        (taken.as_str(), "cannot answer scrapes"),
        ("--workers 1\n--allow-file /no/such/file\n", "/no/such/file"),
    ] {
        fs::write(&file, options).unwrap();
        let why = lineage.try_to_replace().unwrap_err();
        assert!(why.contains(words), "{options}: {why}");
    }
    fs::write(&file, "--workers 3\n").unwrap();
    lineage.replace();
    fs::remove_file(&file).unwrap();
    let sent = stream.end();
    assert_eq!(summed(&lineage.end(), "echoed"), sent);
}

/// Nobody else answers by then.
#[test]
fn a_successor_whose_output_takes_no_more_answers_all_the_same() {
    let (mut lineage, server) = Lineage::listening(&[]);
    let stream = Stream::to(server);
    lineage.program().choke_stdout();
    lineage.replace();
    stream.end();
    Client::to(server).assert_echo(b"Hello, world");
    // The same by one that could not say where it listens.
    lineage.try_to_replace().unwrap();
    lineage.hear("cannot write to standard output");
    Client::to(server).assert_echo(b"Hello, world");
}

/// Whichever thread of the new program is the first for which there is no room: it fails before the old
/// one relies on it.
#[test]
fn a_limit_of_threads_costs_a_line_and_nothing_else() {
    let directory = OpenDirectory::fresh("threads");
    let arguments = ["--listen", "127.0.0.1:0", "--workers", "2"];
    let more = ["--metrics", "127.0.0.1:0", "--stats-interval", "1h"];
    let arguments = [&arguments[..], &more].concat();
    let Some(command) = command_of(CROWDED, &directory, &arguments) else {
        return;
    };
    let (mut lineage, server) = Lineage::run(command);
    let stream = Stream::to(server);
    let starter = format!("--pid={}", lineage.starter_number());
    let mut refused = 0_u32;
    for room in 0.. {
        // Those of former attempts that nobody has waited for yet count too.
        let limit = threads_of_user(CROWDED) + room;
        // By the same user, which takes no privilege.
        let limited = Command::new("prlimit")
            .args([&starter, &format!("--nproc={limit}:")])
            .uid(CROWDED)
            .gid(CROWDED)
            .status();
        let limited = limited.map(|status| assert!(status.success()));
        if need(limited, "prlimit (util-linux)").is_none() {
            return;
        }
        let Err(why) = lineage.try_to_replace() else {
            break;
        };
        assert!(why.contains("this program goes on"), "{why}");
        refused += 1;
        assert!(refused < 100, "{why}");
    }
    // It takes two workers, and five threads that do something else, to say the least.
    assert!(refused > 7, "{refused}");
    let sent = stream.end();
    // Those that failed have answered some as well, and told nobody how many.
    let told = summed(&lineage.end(), "echoed");
    assert!(told > 0 && told <= sent, "{told} of {sent}");
}

/// A user whose threads are those of one test.
const CROWDED: u32 = 54_017;
