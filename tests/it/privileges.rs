//! A user without privileges, by birth or by `--user`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::rig::client::Client;
use crate::rig::need::need;
use crate::rig::nobody::{NOBODY, OpenDirectory, command_of, root};
use crate::rig::program::{PROGRAM, Program};
use crate::rig::thread::threads_of;
use crate::rig::until;

#[test]
fn a_port_that_needs_a_privilege_is_refused_with_a_word_about_it() {
    let first_free = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap();
    let first_free: u16 = first_free.trim().parse().unwrap();
    let guarded = (first_free > 7).then_some(());
    let reason = format!("port {first_free} and up are free for all");
    if need(guarded.ok_or(reason), "a guarded port").is_none() {
        return;
    }
    let directory = OpenDirectory::fresh("guarded");
    for workers in ["1", "4"] {
        let arguments = ["--listen", "127.0.0.1:7", "--workers", workers];
        let Some(command) = command_of(NOBODY, &directory, &arguments) else {
            return;
        };
        let ended = Program::run(command).end();
        let complaint = ended.complaint();
        assert!(complaint.contains("127.0.0.1:7"), "{complaint}");
        assert!(complaint.contains("needs a privilege"), "{complaint}");
        assert!(complaint.contains("--listen"), "{complaint}");
    }
    let arguments = ["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:7"];
    let Some(command) = command_of(NOBODY, &directory, &arguments) else {
        return;
    };
    let ended = Program::run(command).end();
    let complaint = ended.complaint();
    for word in ["127.0.0.1:7", "needs a privilege", "--metrics"] {
        assert!(complaint.contains(word), "{complaint}");
    }
}

#[test]
fn a_user_without_privileges_gets_a_server_that_works() {
    let directory = OpenDirectory::fresh("unprivileged");
    for listen in ["127.0.0.1:0", "0.0.0.0:0"] {
        let Some(command) = command_of(NOBODY, &directory, &["--listen", listen, "--workers", "4"])
        else {
            return;
        };
        let mut program = Program::run(command);
        let port = program.announced().port();
        let client = Client::to(([127, 0, 0, 1], port).into());
        client.assert_echo(b"Hello, world");
        client.assert_echo(b"quit");
        program.end().assert_well();
    }
}

/// With the privilege the kernel grants what is asked for; without, it cuts at the host's limit.
#[test]
fn a_buffer_over_the_host_s_limit_is_told_as_what_it_is_with_a_warning() {
    let directory = OpenDirectory::fresh("buffers");
    for (flag, limit, field) in [
        ("--rcvbuf", "rmem_max", "receive_buffer_bytes"),
        ("--sndbuf", "wmem_max", "send_buffer_bytes"),
    ] {
        let limit_file = format!("/proc/sys/net/core/{limit}");
        let most: u64 = fs::read_to_string(limit_file)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        let asked = (most + 65_536).to_string();
        let arguments = ["--json", "--listen", "127.0.0.1:0", flag, &asked];
        let Some(command) = command_of(NOBODY, &directory, &arguments) else {
            return;
        };
        let mut program = Program::run(command);
        let line: Value = serde_json::from_str(&program.line()).unwrap();
        assert_eq!(line[field], 2 * most, "the kernel doubles what it grants");
        let address = line["address"].as_str().unwrap().parse().unwrap();
        Client::to(address).assert_echo(b"quit");
        let ended = program.end();
        assert_eq!(ended.status.code(), Some(0));
        let warning = ended.stderr.iter().find(|line| line.contains(flag));
        let warning = warning.unwrap_or_else(|| panic!("no word of {flag}: {:?}", ended.stderr));
        assert!(warning.contains(&format!("net.core.{limit}")), "{warning}");
        assert!(warning.contains("CAP_NET_ADMIN"), "{warning}");
    }
}

#[test]
fn every_thread_becomes_the_user_and_still_answers() {
    if root().is_none() {
        return;
    }
    for (user, sandbox) in [("65534:65534", "off"), ("nobody", "enforce")] {
        let arguments = ["--workers", "2", "--log-datagrams", "--stats-interval"];
        let more = ["1h", "--user", user, "--sandbox", sandbox];
        let mut command = Command::new("setpriv");
        // Groups to leave; those of the one who runs the tests may be none.
        command.args(["--groups", "1,2", PROGRAM, "--listen", "127.0.0.1:0"]);
        command.args(arguments).args(more);
        if need(Command::new("setpriv").arg("--version").output(), "setpriv").is_none() {
            return;
        }
        let mut program = Program::run(command);
        let server = program.announced();
        let client = Client::to(server);
        client.assert_echo(b"Hello, world");
        until(|| threads_of(program.id()).len() == 7);
        for thread in threads_of(program.id()) {
            for ids in ["Uid", "Gid"] {
                assert_eq!(thread.field(ids), "65534 65534 65534 65534", "{thread:?}");
            }
            assert_eq!(thread.field("Groups"), "", "{thread:?}");
            for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
                assert_eq!(thread.field(set), "0000000000000000", "{thread:?}");
            }
            assert_eq!(thread.field("NoNewPrivs"), "1", "{thread:?}");
        }
        client.assert_echo(b"quit");
        program.end().assert_well();
    }
}

/// Sockets are opened as root, and only then the user changes.
#[test]
fn what_takes_a_privilege_to_open_is_open_before_the_user_changes() {
    if root().is_none() {
        return;
    }
    let limit = fs::read_to_string("/proc/sys/net/core/rmem_max").unwrap();
    let most: u64 = limit.trim().parse().unwrap();
    let asked = (most + 65_536).to_string();
    let arguments = ["--json", "--user", "nobody", "--rcvbuf", &asked];
    let mut program = Program::start(&[&["--listen", "127.0.0.1:0"], &arguments[..]].concat());
    let line: Value = serde_json::from_str(&program.line()).unwrap();
    assert_eq!(line["user"], "nobody");
    assert_eq!(line["receive_buffer_bytes"], 2 * (most + 65_536));
    Client::to(line["address"].as_str().unwrap().parse().unwrap()).assert_echo(b"quit");
    assert_eq!(program.end().status.code(), Some(0));
}

/// It is read as root at the start, and by the new user on SIGHUP.
#[test]
fn a_file_that_the_new_user_cannot_read_is_told_of_when_it_starts() {
    if root().is_none() {
        return;
    }
    let directory = OpenDirectory::fresh("networks");
    let list = directory.path().join("ours.txt");
    fs::write(&list, "127.0.0.0/8\n").unwrap();
    for (mode, words) in [(0o600, "SIGHUP changes nothing"), (0o644, "from now on")] {
        fs::set_permissions(&list, fs::Permissions::from_mode(mode)).unwrap();
        let arguments = ["--user", "nobody", "--allow-file", list.to_str().unwrap()];
        let (mut program, server) = Program::listening(&arguments);
        Client::to(server).assert_echo(b"Hello, world");
        if mode == 0o644 {
            program.signal(Signal::HUP);
        }
        let said = program.error_line();
        assert!(said.contains(words), "{said}");
        program.signal(Signal::TERM);
        program.end().assert_well();
    }
}

#[test]
fn a_user_that_cannot_be_had_is_wrong_use() {
    for (user, words) in [
        ("no-such-user", "no user called 'no-such-user'"),
        ("65534:no-such-group", "no group called 'no-such-group'"),
        ("root", "keep what root may do"),
    ] {
        let ended = Program::start(&["--listen", "127.0.0.1:0", "--user", user]).end();
        assert_eq!(ended.status.code(), Some(2), "{user}");
        assert_eq!(ended.stdout, [""; 0], "{user}");
        assert!(ended.stderr[0].contains(words), "{:?}", ended.stderr);
    }
    let directory = OpenDirectory::fresh("changing");
    let arguments = ["--listen", "127.0.0.1:0", "--user", "65534:65534"];
    let Some(command) = command_of(NOBODY, &directory, &arguments) else {
        return;
    };
    let ended = Program::run(command).end();
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr[0].contains("--user 65534:65534 takes root"));
}
