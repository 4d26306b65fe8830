//! What the kernel does not take as a train goes back one by one, and it is not asked for ever.

use std::net::SocketAddr;

use echo_reactor::config::Io;

use crate::rig::client::noise;
use crate::rig::namespace::{NEAR_V4, Pair};
use crate::rig::server::{drained, on, started};
use crate::rig::train::TrainClient;

#[test]
fn a_train_whose_datagrams_do_not_fit_the_way_back_comes_back_one_by_one() {
    let Some(pair) = Pair::fresh() else { return };
    // The way to the client is narrower than the way from it.
    pair.near
        .ip("route change 10.77.0.0/24 dev veth0 mtu lock 600");
    let (running, server) = pair
        .near
        .run(|| started(&on("10.77.0.1:0").io(Io::Offload)));
    let target = SocketAddr::from((NEAR_V4, server.port()));
    let client = pair.far.run(|| TrainClient::to(target, false));
    let rounds = 100;
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
    let Some(pair) = Pair::fresh() else { return };
    pair.near
        .ip("route change 10.77.0.0/24 dev veth0 mtu lock 600");
    let (running, server) = pair
        .near
        .run(|| started(&on("10.77.0.1:0").io(Io::Offload)));
    let target = SocketAddr::from((NEAR_V4, server.port()));
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
