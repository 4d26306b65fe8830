//! Peers that vanish, and an interface that goes down, comes back, or is made anew.

use std::net::SocketAddr;

use echo_reactor::Server;

use crate::rig::client::Client;
use crate::rig::namespace::{NEAR_V4, NEAR_V6, Pair};
use crate::rig::server::{EACH_IO, drained, on, open, told_by};
use crate::rig::until;

/// Each of their replies finds nobody, which the host says by ICMP.
#[test]
fn peers_that_vanish_before_their_reply_comes_cost_the_others_nothing() {
    for io in EACH_IO {
        let (server, address) = open(&on("127.0.0.1:0").io(io));
        let client = Client::to(address);
        for number in 0..50_u32 {
            Client::to(address).send(b"and gone");
            client.send(&number.to_be_bytes());
        }
        let running = server.start().expect("there is room for a thread");
        for number in 0..50_u32 {
            assert_eq!(client.receive(), number.to_be_bytes(), "{io:?}");
        }
        for number in 0..500_u32 {
            Client::to(address).send(b"and gone");
            client.assert_echo(&number.to_be_bytes());
        }
        let total = drained(running).total;
        assert_eq!(total.echoed, 1_100, "{io:?}");
        assert!(total.failed.is_empty(), "{total:?}");
        assert!(total.receive_errors.is_empty(), "{total:?}");
    }
}

/// Has a datagram wait in the server, which has not started yet.
#[track_caller]
fn queue(server: &Server, client: &Client) {
    let observer = server.observer();
    let summary = || observer.summary();
    let queued = || summary().expect("the server lives").total.queued_bytes;
    let before = queued();
    client.send(b"while the link was up");
    until(|| queued() > before);
}

/// What takes the link away from the near side, and what brings it back.
type Interruption = (&'static str, fn(&Pair));

const INTERRUPTIONS: [Interruption; 2] = [
    ("link set veth0 down", |pair| {
        pair.near.ip("link set veth0 up");
        // That of IPv6 went with the link.
        pair.near.add_v6(NEAR_V6, 64, "veth0");
        pair.wait_for_link(NEAR_V4.into());
        pair.wait_for_link(NEAR_V6.into());
    }),
    ("link del veth0", Pair::join),
];

#[test]
fn an_interface_that_goes_costs_the_others_nothing_and_is_answered_on_when_it_is_back() {
    for (interrupt, restore) in INTERRUPTIONS {
        for io in ["single", "batch", "offload"] {
            let Some(pair) = Pair::fresh() else { return };
            let listen = ["--listen", "10.77.0.1:0", "--listen", "[fd77::1]:0"];
            let loopback = ["--listen", "127.0.0.1:0", "--io", io];
            let config = told_by(&[&listen[..], &loopback[..]].concat());
            let (server, address) = pair.near.run(|| open(&config));
            let far = |near| {
                pair.far
                    .run(|| Client::to(SocketAddr::new(near, address.port())))
            };
            let clients = [NEAR_V4.into(), NEAR_V6.into()].map(far);
            for client in &clients {
                queue(&server, client);
            }
            pair.near.ip(interrupt);
            let running = server.start().expect("there is room for a thread");
            let local = SocketAddr::from(([127, 0, 0, 1], address.port()));
            let local = pair.near.run(|| Client::to(local));
            local.assert_echo(b"by another interface");
            until(|| running.summary().total.failed.values().sum::<u64>() == 2);
            restore(&pair);
            for near in [NEAR_V4.into(), NEAR_V6.into()] {
                far(near).assert_echo(b"once more");
            }
            let total = drained(running).total;
            assert_eq!(total.failed, [("ENETUNREACH".to_owned(), 2)].into(), "{io}");
            assert_eq!(total.echoed, 3, "{io}: {interrupt}");
        }
    }
}
