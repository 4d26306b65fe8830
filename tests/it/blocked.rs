//! A socket that takes no more for the moment: its replies wait or are dropped, as told, and
//! nothing else suffers.

use std::net::SocketAddr;

use echo_reactor::config::{Io, WhenFull};
use echo_reactor::{Config, Running};

use crate::rig::client::{Client, noise};
use crate::rig::namespace::{NEAR_V4, Namespace, Pair};
use crate::rig::need::need;
use crate::rig::server::{drained, on, started};

/// A link on which the server's packets wait for a long time: a second for each 16 kB.
fn slow_link() -> Option<Pair> {
    let pair = Pair::fresh()?;
    let slow = "qdisc add dev veth0 root tbf rate 128kbit burst 2k limit 1mb";
    need(
        traffic_control(&pair.near, slow),
        "a token bucket (sch_tbf)",
    )?;
    Some(pair)
}

fn traffic_control(namespace: &Namespace, arguments: &str) -> Result<(), String> {
    let output = namespace.run(|| {
        std::process::Command::new("tc")
            .args(arguments.split_whitespace())
            .output()
            .map_err(|error| format!("tc: {error}"))
    })?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn server_behind(pair: &Pair, config: Config) -> (Running, SocketAddr) {
    // Room for one packet or two on their way.
    let config = config.send_buffer(2_304);
    let (running, server) = pair.near.run(|| started(&config));
    (running, SocketAddr::from((NEAR_V4, server.port())))
}

#[test]
fn replies_wait_for_room_and_none_is_lost() {
    for io in [Io::Single, Io::Batch, Io::Offload] {
        let Some(pair) = slow_link() else { return };
        let (running, target) = server_behind(&pair, on("10.77.0.1:0").io(io));
        let client = pair.far.run(|| Client::to(target));
        let sent: Vec<_> = (0..20).map(|number| noise(500 + number)).collect();
        for payload in &sent {
            client.send(payload);
        }
        for payload in &sent {
            assert!(client.receive() == *payload, "{io:?}");
        }
        let summary = drained(running);
        assert_eq!(summary.total.echoed, 20);
        assert_eq!(summary.total.dropped, 0);
        assert!(summary.total.send_blocked > 0, "{summary}");
    }
}

#[test]
fn replies_that_find_no_room_are_dropped_and_counted_if_so_told() {
    let Some(pair) = slow_link() else { return };
    let config = on("10.77.0.1:0").io(Io::Batch).when_full(WhenFull::Drop);
    let (running, target) = server_behind(&pair, config);
    let client = pair.far.run(|| Client::to(target));
    for _ in 0..50 {
        client.send(&noise(500));
    }
    while running.summary().total.received < 50 {
        std::thread::yield_now();
    }
    let summary = drained(running);
    assert!(summary.total.dropped > 0, "{summary}");
    assert_eq!(summary.total.echoed + summary.total.dropped, 50);
}

#[test]
fn a_server_whose_replies_wait_still_ends_and_counts_what_it_gives_up() {
    let Some(pair) = slow_link() else { return };
    let (running, target) = server_behind(&pair, on("10.77.0.1:0"));
    let client = pair.far.run(|| Client::to(target));
    for _ in 0..64 {
        client.send(&noise(1_400));
    }
    while running.summary().total.send_blocked == 0 {
        std::thread::yield_now();
    }
    let summary = drained(running);
    assert!(summary.total.dropped > 0, "{summary}");
}
