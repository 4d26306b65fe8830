//! A socket that takes no more for the moment: its replies wait or are dropped, as told, and
//! nothing else suffers.

use std::net::SocketAddr;
use std::time::Duration;

use echo_reactor::config::{Io, Wait, WhenFull};
use echo_reactor::{Config, Running};
use rustix::process::Signal;
use serde_json::Value;

use crate::rig::client::{Client, noise};
use crate::rig::namespace::{NEAR_V4, Pair};
use crate::rig::need::need;
use crate::rig::program::Program;
use crate::rig::server::{EACH_IO, drained, on, started};
use crate::rig::train::TrainClient;
use crate::rig::until;

/// A link on which the server's packets wait for a long time: at 128kbit a second for each 16 kB.
pub(crate) fn slow_link(rate: &str) -> Option<Pair> {
    let pair = Pair::fresh()?;
    let slow = format!("qdisc add dev veth0 root tbf rate {rate} burst 2k limit 1mb");
    need(pair.near.tool("tc", &slow), "a token bucket (sch_tbf)")?;
    Some(pair)
}

fn server_behind(pair: &Pair, config: Config) -> (Running, SocketAddr) {
    // Room for one packet or two on their way.
    let config = config.send_buffer(2_304);
    let (running, server) = pair.near.run(|| started(&config));
    (running, SocketAddr::from((NEAR_V4, server.port())))
}

#[test]
fn replies_wait_for_room_and_none_is_lost() {
    for io in EACH_IO {
        let Some(pair) = slow_link("128kbit") else {
            return;
        };
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

/// What comes as a train has to wait in parts, and what was gathered too.
#[test]
fn trains_wait_for_room_and_none_of_their_datagrams_is_lost() {
    let patience = Duration::from_millis(1);
    for wait in [Wait::Sleep, Wait::Spin, Wait::Adaptive(patience)] {
        let Some(pair) = slow_link("256kbit") else {
            return;
        };
        let config = on("10.77.0.1:0").io(Io::Offload).wait(wait);
        let (running, target) = server_behind(&pair, config);
        let client = pair.far.run(|| TrainClient::to(target, false));
        let payload = noise(3_950);
        for _ in 0..3 {
            client.send(&payload, 400);
        }
        for number in 0..6_u8 {
            client.socket.as_std().send(&[number; 200]).unwrap();
        }
        for _ in 0..3 {
            for datagram in payload.chunks(400) {
                assert!(client.receive() == datagram, "{wait:?}");
            }
        }
        for number in 0..6_u8 {
            assert_eq!(client.receive(), [number; 200], "{wait:?}");
        }
        let summary = drained(running);
        assert_eq!(summary.total.echoed, 36);
        assert_eq!(summary.total.dropped, 0);
        assert!(summary.total.send_blocked > 0, "{summary}");
    }
}

/// The kernel refuses the train first, and then has no room for all of its parts.
#[test]
fn the_parts_of_a_refused_train_wait_for_room_in_their_order() {
    let Some(pair) = slow_link("256kbit") else {
        return;
    };
    pair.near
        .ip("route change 10.77.0.0/24 dev veth0 mtu lock 600");
    let (running, target) = server_behind(&pair, on("10.77.0.1:0").io(Io::Offload));
    let client = pair.far.run(|| TrainClient::to(target, false));
    let payload = noise(9_500);
    client.send(&payload, 1_000);
    client.socket.as_std().send(b"the last one").unwrap();
    for datagram in payload.chunks(1_000) {
        assert!(client.receive() == datagram);
    }
    assert_eq!(client.receive(), b"the last one");
    let summary = drained(running);
    assert_eq!(summary.total.trains_refused, 1);
    assert_eq!(summary.total.echoed, 11);
    assert!(summary.total.send_blocked > 0, "{summary}");
}

#[test]
fn replies_that_find_no_room_are_dropped_and_counted_if_so_told() {
    for io in EACH_IO {
        let Some(pair) = slow_link("128kbit") else {
            return;
        };
        let config = on("10.77.0.1:0").io(io).when_full(WhenFull::Drop);
        let (running, target) = server_behind(&pair, config);
        let client = pair.far.run(|| TrainClient::to(target, false));
        // Each longer than the one before, so that none joins another.
        for segment in 500..510_u16 {
            client.send(&noise(5 * usize::from(segment)), segment);
        }
        until(|| running.summary().total.received == 50);
        let summary = drained(running);
        assert!(summary.total.dropped > 0, "{summary}");
        assert_eq!(summary.total.echoed + summary.total.dropped, 50);
    }
}

#[test]
fn a_server_whose_replies_wait_still_ends_and_counts_what_it_gives_up() {
    let Some(pair) = slow_link("128kbit") else {
        return;
    };
    let (running, target) = server_behind(&pair, on("10.77.0.1:0"));
    let client = pair.far.run(|| Client::to(target));
    for _ in 0..64 {
        client.send(&noise(1_400));
    }
    until(|| running.summary().total.send_blocked > 0);
    let summary = drained(running);
    assert!(summary.total.dropped > 0, "{summary}");
}

/// The program on a link of a byte a millisecond and on the loopback interface, by one worker.
#[test]
fn a_blocked_socket_keeps_no_other_of_its_worker_waiting_and_no_signal() {
    for io in ["single", "batch", "offload"] {
        let Some(pair) = slow_link("8kbit") else {
            return;
        };
        let mut program = pair.near.run(|| {
            let (link, loopback) = ("10.77.0.1:0", "127.0.0.1:0");
            let arguments = ["--json", "--io", io, "--sndbuf", "2304"];
            let listen = ["--listen", link, "--listen", loopback];
            Program::start(&[&arguments[..], &listen[..]].concat())
        });
        let [link, loopback] = [0, 1].map(|_| announced(&mut program));
        let far = pair.far.run(|| Client::to(link));
        for _ in 0..64 {
            far.send(&noise(1_400));
        }
        until(|| statistics(&mut program)["send_blocked"].as_u64() > Some(0));
        for _ in 0..64 {
            far.send(&noise(1_400));
        }
        let near = pair.near.run(|| Client::to(loopback));
        for length in [0, 1, 64, 9_000] {
            near.assert_echo(&noise(length));
        }
        let total = statistics(&mut program);
        let [received, echoed] = ["received", "echoed"].map(|name| total[name].as_u64());
        assert!(echoed < received, "nothing waits any more: {total}");
        // Whoever was answered meanwhile came later than those.
        let held = received
            .zip(echoed)
            .map(|(received, echoed)| received - echoed);
        assert!(held <= Some(64), "more than a batch is held: {total}");
        until(|| statistics(&mut program)["queued_bytes"].as_u64() > Some(0));
        program.signal(Signal::TERM);
        let ended = program.end();
        assert_eq!(ended.status.code(), Some(0), "{:?}", ended.stderr);
        let summary: Value = serde_json::from_str(ended.stdout.last().unwrap()).unwrap();
        let count = |name: &str| summary["total"][name].as_u64().unwrap();
        assert!(count("dropped") > 0, "{summary}");
        assert_eq!(count("received"), count("echoed") + count("dropped"));
    }
}

/// Where it listens, by its next line.
#[track_caller]
fn announced(program: &mut Program) -> SocketAddr {
    let line: Value = serde_json::from_str(&program.line()).expect("it is JSON");
    let address = line["address"].as_str().expect("it has an address");
    address.parse().expect("it is one")
}

/// What it has counted so far.
#[track_caller]
fn statistics(program: &mut Program) -> Value {
    program.signal(Signal::USR1);
    let mut line: Value = serde_json::from_str(&program.line()).expect("it is JSON");
    assert_eq!(line["event"], "statistics");
    line["total"].take()
}
