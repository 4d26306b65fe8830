//! A reply leaves from the address that the datagram was sent to, or its sender would not take it.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::rig::client::Client;
use crate::rig::namespace::Namespace;
use crate::rig::server::{EACH_IO, drained, on, started};
use crate::rig::{PATIENCE, uninterrupted};

#[test]
fn a_wildcard_socket_answers_from_the_address_that_was_asked() {
    for io in EACH_IO {
        let (running, server) = started(&on("0.0.0.0:0").io(io));
        let asked = SocketAddr::from(([127, 0, 0, 5], server.port()));
        // From here the kernel would answer itself by 127.0.0.1, which a connected client ignores.
        let client = Client::from_to(Ipv4Addr::LOCALHOST.into(), asked);
        client.assert_echo(b"which of you?");
        assert_eq!(drained(running).total.echoed, 1);
    }
}

#[test]
fn a_wildcard_ipv6_socket_answers_from_the_address_that_was_asked() {
    let Some(namespace) = Namespace::fresh() else {
        return;
    };
    let address = Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 5);
    namespace.add_v6(address, 128, "lo");
    namespace.run(|| {
        for io in EACH_IO {
            let (running, server) = started(&on("[::]:0").io(io));
            let asked = SocketAddr::from((address, server.port()));
            let client = Client::from_to(Ipv6Addr::LOCALHOST.into(), asked);
            client.assert_echo(b"which of you?");
            assert_eq!(drained(running).total.echoed, 1);
        }
    });
}

#[test]
fn a_wildcard_ipv6_socket_leaves_ipv4_to_others() {
    let (running, server) = started(&on("[::]:0"));
    let beside = started(&on(&format!("0.0.0.0:{}", server.port())));
    Client::to((Ipv4Addr::LOCALHOST, server.port()).into()).assert_echo(b"4");
    Client::to((Ipv6Addr::LOCALHOST, server.port()).into()).assert_echo(b"6");
    assert_eq!(drained(running).total.echoed, 1);
    assert_eq!(drained(beside.0).total.echoed, 1);
}

#[test]
fn a_broadcast_is_answered_from_an_address_of_the_host() {
    for io in EACH_IO {
        let (running, server) = started(&on("0.0.0.0:0").io(io));
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client.set_broadcast(true).unwrap();
        client
            .send_to(b"anybody?", ("127.255.255.255", server.port()))
            .unwrap();
        let (length, from) = uninterrupted(|| client.recv_from(&mut [0; 64])).unwrap();
        assert_eq!(length, 8);
        assert_eq!(from, SocketAddr::from(([127, 0, 0, 1], server.port())));
        drained(running);
    }
}
