//! A kernel that refuses: each error is counted by its name, costs the datagrams that it is about,
//! and nothing else.

use std::process::Command;

use serde_json::Value;

use super::subject::{Subject, sum};
use crate::rig::client::Client;
use crate::rig::namespace::Namespace;
use crate::rig::need::need;
use crate::rig::program::PROGRAM;
use crate::rig::server::{EACH_IO, drained, on, started};

/// The program under a tracer that has these calls fail: `sendmmsg:error=ENOBUFS:when=3+5` those
/// of one kind, from the third on every fifth.
fn with_failing(calls: &str, arguments: &[&str]) -> Option<Subject> {
    need(Command::new("strace").arg("-V").output(), "strace")?;
    let mut command = Command::new("strace");
    let inject = format!("inject={calls}");
    command
        .args(["-f", "-qq", "-o", "/dev/null", "-e", &inject, PROGRAM])
        .args(arguments);
    Some(Subject::run(command))
}

/// Each way to read and send, with its calls.
const CALLS: [(&str, &str, &str); 3] = [
    ("single", "recvfrom", "sendto"),
    ("batch", "recvmmsg", "sendmmsg"),
    ("offload", "recvmmsg", "sendmmsg"),
];

/// Few enough that the smallest receive buffers hold them, in steps of so many that there are 50
/// calls each way at least.
const DATAGRAMS: u32 = 200;
const BATCH: &str = "4";

/// Of the calls that there will be these fail, which are four.
const SOME: &str = "3..20+5";

/// Sends numbers, and `quit` behind them. Gives how many numbers came back, in their order, and
/// what the server has counted.
#[track_caller]
fn answered(subject: Subject) -> (u64, Value) {
    let client = Client::to(subject.server);
    for number in 0..DATAGRAMS {
        client.send(&number.to_be_bytes());
    }
    client.send(b"quit");
    let total = subject.ended();
    assert_eq!(total["received"], DATAGRAMS + 1);
    assert_eq!(total["kernel_drops"], 0);
    client
        .socket
        .set_nonblocking(true)
        .expect("a mode of sockets");
    let mut reply = [0; 5];
    let mut numbers = Vec::new();
    while let Ok(length) = client.socket.recv(&mut reply) {
        if reply[..length] != *b"quit" {
            numbers.push(u32::from_be_bytes(
                reply[..length].try_into().expect("it is as long as it was"),
            ));
        }
    }
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    (numbers.len() as u64, total)
}

#[test]
fn replies_that_the_kernel_refuses_are_counted_by_error_and_the_next_ones_leave() {
    for error in ["ENOBUFS", "ENOMEM", "EPERM"] {
        for (io, _, send) in CALLS {
            let failing = format!("{send}:error={error}:when={SOME}");
            let arguments = ["--io", io, "--batch", BATCH];
            let Some(subject) = with_failing(&failing, &arguments) else {
                return;
            };
            let (answered, total) = answered(subject);
            let failed = sum(&total["failed"]);
            assert_eq!(total["failed"][error], failed, "{io}: {total}");
            // A message is lost each time, which is a train where they leave as trains.
            let most = if io == "offload" { 16 } else { 4 };
            assert!((4..=most).contains(&failed), "{io}, {error}: {failed}");
            assert_eq!(answered + failed, u64::from(DATAGRAMS), "{io}, {error}");
        }
    }
}

#[test]
fn replies_that_the_kernel_has_no_room_for_leave_later_and_none_is_lost() {
    for (io, _, send) in CALLS {
        let failing = format!("{send}:error=EAGAIN:when={SOME}");
        let Some(subject) = with_failing(&failing, &["--io", io, "--batch", BATCH]) else {
            return;
        };
        let (answered, total) = answered(subject);
        assert_eq!(answered, u64::from(DATAGRAMS), "{io}: {total}");
        assert!(sum(&total["send_blocked"]) > 0, "{io}: {total}");
    }
}

#[test]
fn a_kernel_that_takes_no_reply_at_all_has_every_one_counted() {
    for (io, _, send) in CALLS {
        let failing = format!("{send}:error=ENOBUFS");
        let Some(subject) = with_failing(&failing, &["--io", io, "--batch", BATCH]) else {
            return;
        };
        let (answered, total) = answered(subject);
        assert_eq!(answered, 0, "{io}");
        assert_eq!(total["failed"]["ENOBUFS"], DATAGRAMS + 1, "{io}: {total}");
    }
}

#[test]
fn a_receive_call_that_fails_costs_no_datagram() {
    for error in ["ENOMEM", "ENOBUFS", "EINTR"] {
        for (io, receive, _) in CALLS {
            let failing = format!("{receive}:error={error}:when={SOME}");
            let Some(subject) = with_failing(&failing, &["--io", io, "--batch", BATCH]) else {
                return;
            };
            let (answered, total) = answered(subject);
            assert_eq!(answered, u64::from(DATAGRAMS), "{io}, {error}: {total}");
            // One that was interrupted has not failed.
            let told = if error == "EINTR" { 0 } else { 4 };
            assert_eq!(sum(&total["receive_errors"]), told, "{io}, {error}");
        }
    }
}

#[test]
fn a_firewall_that_forbids_replies_to_one_costs_the_others_nothing() {
    let Some(namespace) = Namespace::fresh() else {
        return;
    };
    namespace.run(|| {
        for io in EACH_IO {
            let (running, server) = started(&on("127.0.0.1:0").io(io));
            let (one, other) = (Client::to(server), Client::to(server));
            one.assert_echo(b"before");
            let port = one.address().port();
            for rule in [
                "add table ip survival".to_owned(),
                "add chain ip survival out { type filter hook output priority 0 ; }".to_owned(),
                format!("add rule ip survival out udp dport {port} drop"),
            ] {
                if need(namespace.tool("nft", &rule), "nftables").is_none() {
                    return;
                }
            }
            for number in 0..50_u32 {
                one.send(b"in vain");
                other.assert_echo(&number.to_be_bytes());
            }
            namespace.tool("nft", "flush ruleset").expect("it is there");
            one.assert_echo(b"after");
            let total = drained(running).total;
            assert_eq!(total.failed, [("EPERM".to_owned(), 50)].into(), "{io:?}");
            assert_eq!(total.echoed, 52);
        }
    });
}
