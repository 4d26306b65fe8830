//! `quit` from another host is a datagram like any other, unless the server was told otherwise.

use std::net::{IpAddr, SocketAddr};

use echo_reactor::access::QuitPolicy;
use rustix::process::Signal;

use crate::rig::client::Client;
use crate::rig::namespace::{NEAR_V4, NEAR_V6, Pair};
use crate::rig::program::Program;
use crate::rig::server::{EACH_IO, drained, ended, on, started};

#[test]
fn quit_from_another_host_is_echoed_and_ignored() {
    let Some(pair) = Pair::fresh() else { return };
    for listen in ["0.0.0.0:0", "10.77.0.1:0", "[::]:0", "[fd77::1]:0"] {
        for io in EACH_IO {
            let (running, server) = pair.near.run(|| started(&on(listen).io(io)));
            let client = pair.far.run(|| Client::to(across(server)));
            client.assert_echo(b"quit");
            client.assert_echo(b"still there?");
            let summary = drained(running);
            assert_eq!(summary.total.echoed, 2, "{listen}");
            assert_eq!(summary.total.quit_ignored, 1, "{listen}");
        }
    }
}

/// The kernel names the interface that has the address, not the one that the datagram came by.
#[test]
fn quit_to_a_network_address_of_its_own_host_is_ignored() {
    let Some(pair) = Pair::fresh() else { return };
    for listen in ["0.0.0.0:0", "10.77.0.1:0", "[::]:0", "[fd77::1]:0"] {
        pair.near.run(|| {
            let (running, server) = started(&on(listen));
            let client = Client::to(across(server));
            client.assert_echo(b"quit");
            client.assert_echo(b"still there?");
            assert_eq!(drained(running).total.quit_ignored, 1, "{listen}");
        });
    }
}

/// The interface that has the address is the loopback interface; the one that counts is not.
#[test]
fn quit_from_another_host_to_an_address_on_the_loopback_interface_is_ignored() {
    let Some(pair) = Pair::fresh() else { return };
    pair.near.ip("address add 10.88.0.1/32 dev lo");
    pair.near.add_v6("fd88::1".parse().unwrap(), 128, "lo");
    pair.far.ip("route add 10.88.0.1 via 10.77.0.1");
    pair.far.ip("-6 route add fd88::1 via fd77::1");
    for (listen, target) in [
        ("0.0.0.0:0", "10.88.0.1"),
        ("10.88.0.1:0", "10.88.0.1"),
        ("[::]:0", "fd88::1"),
        ("[fd88::1]:0", "fd88::1"),
    ] {
        let target: IpAddr = target.parse().unwrap();
        let (running, server) = pair.near.run(|| started(&on(listen)));
        let client = pair.far.run(|| Client::to((target, server.port()).into()));
        client.assert_echo(b"quit");
        client.assert_echo(b"still there?");
        assert_eq!(drained(running).total.quit_ignored, 1, "{listen}");
    }
}

#[test]
fn the_program_tells_of_a_quit_that_it_ignored() {
    let Some(pair) = Pair::fresh() else { return };
    let arguments = ["--listen", "0.0.0.0:0"];
    let mut program = pair.near.run(|| Program::start(&arguments));
    let server = program.announced();
    let client = pair.far.run(|| Client::to(across(server)));
    client.assert_echo(b"quit");
    client.assert_echo(b"still there?");
    program.signal(Signal::TERM);
    assert_eq!(program.end().counted("quit ignored"), Some(1));
}

#[test]
fn quit_from_another_host_ends_a_server_that_says_any() {
    let Some(pair) = Pair::fresh() else { return };
    for listen in ["0.0.0.0:0", "10.77.0.1:0", "[::]:0"] {
        for io in EACH_IO {
            let config = on(listen).io(io).quit(QuitPolicy::Any);
            let (running, server) = pair.near.run(|| started(&config));
            let client = pair.far.run(|| Client::to(across(server)));
            client.assert_echo(b"quit");
            assert_eq!(ended(running).total.echoed, 1);
        }
    }
}

/// Where the far side reaches a server of the near side.
fn across(server: SocketAddr) -> SocketAddr {
    let ip: IpAddr = match server {
        SocketAddr::V4(_) => NEAR_V4.into(),
        SocketAddr::V6(_) => NEAR_V6.into(),
    };
    (ip, server.port()).into()
}
