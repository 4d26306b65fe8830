//! Over a real link: payloads that need fragments, and addresses that need an interface.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use crate::rig::client::{Client, noise};
use crate::rig::namespace::{FAR_LINK_LOCAL, FAR_V6, NEAR_LINK_LOCAL, NEAR_V4, NEAR_V6, Pair};
use crate::rig::server::{EACH_IO, drained, on, started};

#[test]
fn a_payload_larger_than_the_mtu_comes_back_whole() {
    let Some(pair) = Pair::fresh() else { return };
    let (v4, v6): (IpAddr, IpAddr) = (NEAR_V4.into(), NEAR_V6.into());
    for (listen, target) in [
        ("10.77.0.1:0", v4),
        ("0.0.0.0:0", v4),
        ("[fd77::1]:0", v6),
        ("[::]:0", v6),
    ] {
        for io in EACH_IO {
            let (running, server) = pair.near.run(|| started(&on(listen).io(io)));
            let target = SocketAddr::from((target, server.port()));
            let client = pair.far.run(|| Client::to(target));
            for length in [1_472, 1_473, 9_000, 65_507] {
                client.assert_echo(&noise(length));
            }
            assert_eq!(drained(running).total.echoed, 4, "{listen}");
        }
    }
}

#[test]
fn a_link_local_address_answers_whoever_asks_it() {
    let Some(pair) = Pair::fresh() else { return };
    for client_address in [FAR_LINK_LOCAL, FAR_V6] {
        for io in EACH_IO {
            let (running, server) = pair.near.run(|| started(&on("[::]:0").io(io)));
            let client = pair.far.run(|| {
                let link = interface_index();
                let scope = if client_address == FAR_V6 { 0 } else { link };
                let local = SocketAddrV6::new(client_address, 0, 0, scope);
                let target = SocketAddrV6::new(NEAR_LINK_LOCAL, server.port(), 0, link);
                Client::between(local.into(), target.into())
            });
            client.assert_echo(b"neighbour");
            assert_eq!(drained(running).total.echoed, 1);
        }
    }
}

/// The index of the link in the namespace of this thread.
fn interface_index() -> u32 {
    let table = std::fs::read_to_string("/proc/thread-self/net/if_inet6").expect("IPv6 is on");
    let line = table.lines().find(|line| line.ends_with(" veth0"));
    let index = line.and_then(|line| line.split_whitespace().nth(1));
    let index = index.expect("the link has an address");
    u32::from_str_radix(index, 16).expect("if_inet6 is in hexadecimal")
}
