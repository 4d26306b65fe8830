//! Which addresses a server gets, and how it says that it cannot have one.

use std::net::{SocketAddr, UdpSocket};

use echo_reactor::{Error, Server};

use crate::rig::client::Client;
use crate::rig::program::Program;
use crate::rig::server::{drained, on, started};

/// What a program says that cannot have `address`.
#[track_caller]
fn complaint(address: SocketAddr, workers: &str) -> String {
    let listen = address.to_string();
    let arguments = ["--listen", &listen, "--workers", workers];
    let ended = Program::start(&arguments).end();
    let complaint = ended.complaint().to_owned();
    assert!(complaint.contains(&listen), "{complaint}");
    assert!(complaint.contains("--listen"), "{complaint}");
    complaint
}

/// Nobody gets `address`, with few workers or many.
#[track_caller]
fn assert_taken(address: SocketAddr) {
    for workers in [1, 4] {
        let error = Server::bind(&on(&address.to_string()).workers(workers)).err();
        let Some(Error::Socket { address: named, .. }) = &error else {
            panic!("{workers} workers: {error:?}");
        };
        assert_eq!(*named, address);
        let complaint = complaint(address, &workers.to_string());
        assert!(complaint.contains("another socket"), "{complaint}");
    }
}

#[test]
fn a_second_server_on_the_same_address_is_refused() {
    for listen in ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0"] {
        for workers in [1, 4] {
            let (running, server) = started(&on(listen).workers(workers));
            assert_taken(server);
            drained(running);
        }
    }
}

#[test]
fn an_address_that_a_plain_socket_has_is_refused() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert_taken(socket.local_addr().unwrap());
}

/// A group of sockets of another program, which would let more of them join.
#[test]
fn an_address_that_others_share_is_refused() {
    let address: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let others = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
    others.set_reuse_port(true).unwrap();
    others.bind(&address.into()).unwrap();
    assert_taken(others.local_addr().unwrap().as_socket().unwrap());
}

#[test]
fn a_refused_server_takes_nothing_from_the_one_that_runs() {
    let (running, server) = started(&on("127.0.0.1:0").workers(4));
    assert_taken(server);
    for _ in 0..20 {
        Client::to(server).assert_echo(b"still yours");
    }
    assert_eq!(drained(running).total.echoed, 20);
}

#[test]
fn an_address_that_no_interface_has_is_refused() {
    for address in ["203.0.113.1:0", "[2001:db8::1]:0"] {
        for workers in ["1", "4"] {
            let complaint = complaint(address.parse().unwrap(), workers);
            assert!(complaint.contains("no interface"), "{complaint}");
        }
    }
}

#[test]
fn port_0_on_two_addresses_is_the_same_port() {
    for workers in ["1", "4"] {
        let arguments = ["--listen", "127.0.0.1:0", "--listen", "[::1]:0"];
        let arguments = [&arguments[..], &["--workers", workers]].concat();
        let mut program = Program::start(&arguments);
        let (v4, v6) = (program.announced(), program.announced());
        assert_eq!(v4.ip().to_string(), "127.0.0.1");
        assert_eq!(v6.ip().to_string(), "::1");
        assert_eq!(v4.port(), v6.port());
        Client::to(v4).assert_echo(b"4");
        Client::to(v6).assert_echo(b"6");
        Client::to(v6).assert_echo(b"quit");
        program.end().assert_well();
    }
}
