//! Sockets from a service manager, and the units by which one starts the program.

use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};

use clap::Parser;
use echo_reactor::access::QuitPolicy;
use echo_reactor::cli::Cli;
use rustix::process::Signal;
use serde_json::Value;

use crate::rig::client::Client;
use crate::rig::forge::Forger;
use crate::rig::program::{PROGRAM, Program};

/// Hands `socket` over as a service manager would. A shell stands in for it: the number of the
/// process has to be in its environment.
pub(crate) fn started_with(socket: impl Into<OwnedFd>, arguments: &[&str]) -> Program {
    let hand_over = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\" 3<&0 0</dev/null";
    let mut command = Command::new("sh");
    command
        .args(["-c", hand_over, "sh", PROGRAM])
        .args(arguments);
    Program::run_with(command, Stdio::from(socket.into()))
}

#[test]
fn a_socket_from_a_service_manager_is_answered_on_and_no_other() {
    for (address, io) in [
        ("127.0.0.1:0", "single"),
        ("127.0.0.1:0", "offload"),
        ("0.0.0.0:0", "batch"),
    ] {
        let socket = UdpSocket::bind(address).unwrap();
        let port = socket.local_addr().unwrap().port();
        let client = Client::to(([127, 0, 0, 1], port).into());
        // Before there is a server, so that it waits in the socket.
        client.send(b"early");
        let arguments = ["--io", io, "--listen", "127.0.0.1:1"];
        let mut program = started_with(socket, &arguments);
        assert_eq!(program.announced().port(), port);
        assert_eq!(client.receive(), b"early");
        client.assert_echo(b"quit");
        assert_eq!(program.end().counted("echoed"), Some(2));
    }
}

/// Whoever opens it may have asked for broadcasts, as `Broadcast=yes` in a unit does.
#[test]
fn a_socket_that_could_broadcast_does_not_answer_a_whole_network() {
    let Some(forger) = Forger::v4() else { return };
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_broadcast(true).unwrap();
    let server = socket.local_addr().unwrap();
    let mut program = started_with(socket, &["--listen", "127.0.0.1:1"]);
    assert_eq!(program.announced(), server);
    let everybody = SocketAddrV4::new(Ipv4Addr::new(127, 255, 255, 255), 4_000);
    forger.send_v4(everybody, server, b"forged");
    let client = Client::to(server);
    client.assert_echo(b"good");
    client.assert_echo(b"quit");
    let ended = program.end();
    assert_eq!(ended.counted("received"), Some(3));
    assert_eq!(ended.counted("echoed"), Some(2));
}

#[test]
fn a_larger_buffer_of_a_socket_from_a_service_manager_stays() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let given = socket2::SockRef::from(&socket);
    given.set_recv_buffer_size(100_000).unwrap();
    let bytes = given.recv_buffer_size().unwrap();
    let mut program = started_with(socket, &["--json", "--rcvbuf", "64Ki"]);
    let line: Value = serde_json::from_str(&program.line()).unwrap();
    assert_eq!(line["receive_buffer_bytes"], bytes);
    program.signal(Signal::TERM);
    assert_eq!(program.end().status.code(), Some(0));
}

#[test]
fn what_is_handed_over_and_cannot_be_used_is_wrong_use() {
    let udp = || UdpSocket::bind("127.0.0.1:0").unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    for (program, words) in [
        (started_with(udp(), &["--workers", "2"]), "--workers 2"),
        (started_with(tcp, &[]), "no UDP socket"),
    ] {
        let ended = program.end();
        assert_eq!(ended.status.code(), Some(2), "{:?}", ended.stderr);
        assert!(ended.stderr[0].contains(words), "{:?}", ended.stderr);
    }
}

#[test]
fn the_service_is_started_by_flags_that_exist() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/systemd/echo-reactor.service");
    let unit = fs::read_to_string(unit).unwrap();
    let start = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let typed = start.expect("it starts something").split_whitespace();
    let cli = Cli::try_parse_from(typed).unwrap();
    // On the addresses of the default, of which IPv6 may be missing; and no user of the host ends it.
    assert!(cli.listen.is_empty(), "{:?}", cli.listen);
    assert_eq!(cli.quit, QuitPolicy::Never);
}
