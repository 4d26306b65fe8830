//! A datagram that cannot be answered costs the others in its batch nothing.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use echo_reactor::{Config, Summary};

use crate::rig::client::Client;
use crate::rig::forge::Forger;
use crate::rig::namespace::Namespace;
use crate::rig::server::{EACH_IO, drained, on, open};

/// Queues 20 good datagrams with a bad one in their middle before the server starts, so that they
/// come in one batch; wants the replies to the good ones.
fn with_one_bad_in_the_middle(config: &Config, send_bad: impl FnOnce(SocketAddr)) -> Summary {
    let (server, address) = open(config);
    let client = Client::to(address);
    let good: Vec<_> = (0..20).map(|number| vec![number; 5]).collect();
    let (before, after) = good.split_at(10);
    for payload in before {
        client.send(payload);
    }
    send_bad(address);
    for payload in after {
        client.send(payload);
    }
    let running = server.start().expect("there is room for a thread");
    let mut replies: Vec<_> = good.iter().map(|_| client.receive()).collect();
    replies.sort();
    assert_eq!(replies, good);
    let summary = drained(running);
    assert_eq!(summary.total.received, 21);
    assert_eq!(summary.total.echoed, 20);
    summary
}

#[test]
fn a_sender_at_port_0_is_refused_and_the_others_get_their_replies() {
    let Some(forger) = Forger::v4() else { return };
    for address in ["127.0.0.1:0", "0.0.0.0:0"] {
        for io in EACH_IO {
            let from = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
            let summary = with_one_bad_in_the_middle(&on(address).io(io), |server| {
                let target = SocketAddr::from((Ipv4Addr::LOCALHOST, server.port()));
                forger.send_v4(from, target, b"bad");
            });
            assert_eq!(summary.total.refused["source port 0"], 1);
        }
    }
}

#[test]
fn an_ipv6_sender_at_port_0_is_refused_and_the_others_get_their_replies() {
    let Some(forger) = Forger::v6() else { return };
    for io in EACH_IO {
        let summary = with_one_bad_in_the_middle(&on("[::1]:0").io(io), |server| {
            forger.send_v6_from_port_zero(server, b"bad");
        });
        assert_eq!(summary.total.refused["source port 0"], 1);
    }
}

#[test]
fn a_quit_from_port_0_is_refused_and_stops_nothing() {
    let Some(forger) = Forger::v4() else { return };
    for io in EACH_IO {
        let from = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
        let summary = with_one_bad_in_the_middle(&on("127.0.0.1:0").io(io), |server| {
            forger.send_v4(from, server, b"quit");
        });
        assert_eq!(summary.total.refused["source port 0"], 1);
    }
}

/// The broadcast address of a network is any address to a server. The kernel knows it; it takes
/// nothing for it from a socket that has not asked to broadcast.
#[test]
fn a_forged_broadcast_sender_fails_and_the_others_get_their_replies() {
    let Some(forger) = Forger::v4() else { return };
    for io in EACH_IO {
        let from = SocketAddrV4::new(Ipv4Addr::new(127, 255, 255, 255), 4_009);
        let summary = with_one_bad_in_the_middle(&on("127.0.0.1:0").io(io), |server| {
            forger.send_v4(from, server, b"bad");
        });
        assert_eq!(summary.total.failed["EACCES"], 1);
    }
}

#[test]
fn a_sender_without_a_route_fails_and_the_others_get_their_replies() {
    let Some(namespace) = Namespace::fresh() else {
        return;
    };
    namespace.run(|| {
        let Some(forger) = Forger::v4() else { return };
        for io in EACH_IO {
            let from = SocketAddrV4::new(Ipv4Addr::new(203, 0, 113, 9), 4_009);
            let summary = with_one_bad_in_the_middle(&on("127.0.0.1:0").io(io), |server| {
                forger.send_v4(from, server, b"bad");
            });
            assert_eq!(summary.total.failed["ENETUNREACH"], 1);
        }
    });
}
