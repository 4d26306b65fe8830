//! What the kernel does not take as a train goes back one by one, and it is not asked for ever.

use std::net::SocketAddr;

use echo_reactor::Running;
use echo_reactor::config::Io;

use crate::rig::client::noise;
use crate::rig::namespace::{NEAR_V4, Pair};
use crate::rig::need::need;
use crate::rig::server::{drained, on, open, started};
use crate::rig::train::TrainClient;

/// The way to the far side takes packets of 600 bytes, the way from it those of 1,500.
fn narrow_way_back() -> Option<Pair> {
    let pair = Pair::fresh()?;
    pair.near
        .ip("route change 10.77.0.0/24 dev veth0 mtu lock 600");
    Some(pair)
}

fn server_behind(pair: &Pair) -> (Running, SocketAddr) {
    let config = on("10.77.0.1:0").io(Io::Offload);
    let (running, server) = pair.near.run(|| started(&config));
    (running, SocketAddr::from((NEAR_V4, server.port())))
}

#[test]
fn a_train_whose_datagrams_do_not_fit_the_way_back_comes_back_one_by_one() {
    let Some(pair) = narrow_way_back() else {
        return;
    };
    let (running, target) = server_behind(&pair);
    let client = pair.far.run(|| TrainClient::to(target, false));
    let rounds = 300;
    for _ in 0..rounds {
        let payload = noise(3_500);
        client.send(&payload, 1_000);
        for datagram in payload.chunks(1_000) {
            assert!(client.receive() == datagram);
        }
    }
    let summary = drained(running);
    assert_eq!(summary.total.echoed, 4 * rounds);
    assert_eq!(summary.total.trains_refused, 1, "once is enough to know it");
}

#[test]
fn trains_go_on_to_other_hosts_and_in_smaller_sizes() {
    let Some(pair) = narrow_way_back() else {
        return;
    };
    let (running, target) = server_behind(&pair);
    let client = pair.far.run(|| TrainClient::to(target, true));
    client.send(&noise(2_000), 1_000);
    let mut single = client.receive_trains();
    while single.len() < 2 {
        single.extend(client.receive_trains());
    }
    assert!(single.iter().all(|(_, segment)| segment.is_none()));
    let payload = noise(1_000);
    client.send(&payload, 100);
    assert!(client.receive_trains() == [(payload, Some(100))]);
    assert_eq!(drained(running).total.trains_refused, 1);
}

/// Replies that were gathered from several slots are taken apart again.
#[test]
fn gathered_replies_that_do_not_fit_the_way_back_come_back_one_by_one_in_order() {
    let Some(pair) = narrow_way_back() else {
        return;
    };
    let config = on("10.77.0.1:0").io(Io::Offload);
    let (server, address) = pair.near.run(|| open(&config));
    let target = SocketAddr::from((NEAR_V4, address.port()));
    let client = pair.far.run(|| TrainClient::to(target, false));
    let lengths = [1_000, 1_000, 1_000, 300, 1_000, 1_000, 20, 0, 1_000];
    let sent: Vec<_> = (1..).zip(lengths).map(|(mark, l)| vec![mark; l]).collect();
    for payload in &sent {
        client.socket.as_std().send(payload).unwrap();
    }
    client.send(&noise(2_500), 1_000);
    let running = server.start().unwrap();
    for payload in &sent {
        assert!(client.receive() == *payload);
    }
    for datagram in noise(2_500).chunks(1_000) {
        assert!(client.receive() == datagram);
    }
    let total = drained(running).total;
    assert_eq!(total.echoed, 12);
    assert!(total.failed.is_empty(), "{total:?}");
    // One batch is put together before the first of its trains is refused.
    assert!((1..=4).contains(&total.trains_refused), "{total:?}");
}

/// A shorter datagram would make a train with the longer one before it.
#[test]
fn a_short_reply_does_not_join_a_long_one_that_is_known_not_to_fit() {
    let Some(pair) = narrow_way_back() else {
        return;
    };
    let config = on("10.77.0.1:0").io(Io::Offload);
    let (server, address) = pair.near.run(|| open(&config));
    let target = SocketAddr::from((NEAR_V4, address.port()));
    let client = pair.far.run(|| TrainClient::to(target, false));
    let pairs = 500_u16;
    for number in 0..pairs {
        let (long, short) = (noise(1_000), number.to_be_bytes());
        client.socket.as_std().send(&long).unwrap();
        client.socket.as_std().send(&short).unwrap();
    }
    let running = server.start().unwrap();
    for number in 0..pairs {
        assert!(client.receive() == noise(1_000), "{number}");
        assert_eq!(client.receive(), number.to_be_bytes());
    }
    let total = drained(running).total;
    assert_eq!(total.echoed, 2 * u64::from(pairs));
    // No more than one batch holds, which is put together before the first one is refused.
    assert!(
        total.trains_refused <= 32,
        "{} of {pairs} pairs were tried as trains again",
        total.trains_refused
    );
}

/// A tunnel with a whole network behind it.
#[test]
fn every_host_behind_a_narrow_way_is_tried_once_however_many_there_are() {
    let Some(pair) = Pair::fresh() else { return };
    pair.near
        .ip("route add 10.78.0.0/24 via 10.77.0.2 mtu lock 600");
    pair.far.ip("route add local 10.78.0.0/24 dev lo");
    let (running, target) = server_behind(&pair);
    let clients: Vec<_> = pair.far.run(|| {
        let hosts = (1..=100).map(|host| [10, 78, 0, host].into());
        hosts.map(|ip| TrainClient::from_to(ip, target)).collect()
    });
    let rounds = 5;
    for _ in 0..rounds {
        for client in &clients {
            let payload = noise(1_900);
            client.send(&payload, 1_000);
            for datagram in payload.chunks(1_000) {
                assert!(client.receive() == datagram);
            }
        }
    }
    let total = drained(running).total;
    assert_eq!(total.echoed, 2 * 100 * rounds);
    assert!(
        total.trains_refused <= 100,
        "{} trains of {} were refused to 100 hosts",
        total.trains_refused,
        100 * rounds
    );
}

/// Then the kernel cuts them itself, or refuses them: either way they come back.
#[test]
fn trains_come_back_over_a_device_that_cannot_cut_them() {
    for feature in ["tx-udp-segmentation", "tx"] {
        let Some(pair) = Pair::fresh() else { return };
        let off = format!("-K veth0 {feature} off");
        if need(pair.near.tool("ethtool", &off), "ethtool").is_none() {
            return;
        }
        let (running, target) = server_behind(&pair);
        let client = pair.far.run(|| TrainClient::to(target, false));
        for _ in 0..20 {
            let payload = noise(6_350);
            client.send(&payload, 100);
            for datagram in payload.chunks(100) {
                assert!(client.receive() == datagram, "{feature}");
            }
        }
        let total = drained(running).total;
        assert_eq!(total.echoed, 20 * 64);
        assert!(total.trains_refused <= 1, "{total:?}");
    }
}
