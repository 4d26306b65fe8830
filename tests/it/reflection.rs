//! A server is not made to talk to itself, to another one, or to whoever did not ask.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Instant;

use echo_reactor::access::{Limit, Limits, SourcePorts};
use echo_reactor::config::Io;
use echo_reactor::{Config, Running};
use rustix::process::Signal;
use serde_json::Value;

use crate::rig::client::{Client, noise};
use crate::rig::forge::Forger;
use crate::rig::program::Program;
use crate::rig::server::{EACH_IO, drained, on, started, told_by};
use crate::rig::train::TrainClient;
use crate::rig::until;

fn v4(address: SocketAddr) -> SocketAddrV4 {
    match address {
        SocketAddr::V4(v4) => v4,
        SocketAddr::V6(v6) => panic!("{v6} is not IPv4"),
    }
}

/// One forged datagram among good ones is refused for `reason`, and nothing comes of it.
#[track_caller]
fn assert_refused(
    config: &Config,
    forger: &Forger,
    from: impl Fn(SocketAddr) -> SocketAddrV4,
    reason: &str,
) {
    let (running, server) = started(config);
    let target = SocketAddr::from((Ipv4Addr::LOCALHOST, server.port()));
    let client = Client::to(target);
    client.assert_echo(b"before");
    forger.send_v4(from(target), target, b"forged");
    client.assert_echo(b"after");
    let total = drained(running).total;
    assert_eq!(total.refused, [(reason, 1)].into(), "{config:?}");
    assert_eq!((total.received, total.echoed), (3, 2));
}

#[test]
fn a_server_is_not_made_to_talk_to_itself() {
    let Some(forger) = Forger::v4() else { return };
    for io in EACH_IO {
        for ports in [SourcePorts::Client, SourcePorts::Any] {
            let one = on("127.0.0.1:0").io(io).source_ports(ports);
            assert_refused(&one, &forger, v4, "own address");
            let every = on("0.0.0.0:0").io(io).source_ports(ports);
            assert_refused(&every, &forger, v4, "own port");
        }
    }
}

#[test]
fn a_server_with_faults_refuses_the_same() {
    let Some(forger) = Forger::v4() else { return };
    let config = on("127.0.0.1:0").faults("duplicate=100%".parse().unwrap());
    let (running, server) = started(&config);
    forger.send_v4(v4(server), server, b"forged");
    forger.send_v4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 7), server, b"forged");
    let client = Client::to(server);
    client.assert_echo(b"good");
    let total = drained(running).total;
    assert_eq!(
        total.refused,
        [("own address", 1), ("service port", 1)].into()
    );
}

#[test]
fn a_service_is_not_answered_unless_it_is_asked_for() {
    let Some(forger) = Forger::v4() else { return };
    let service = |_server| SocketAddrV4::new(Ipv4Addr::LOCALHOST, 7);
    for io in EACH_IO {
        assert_refused(&on("127.0.0.1:0").io(io), &forger, service, "service port");
    }
    let config = told_by(&["--listen", "127.0.0.1:0", "--source-ports", "any"]);
    let (running, server) = started(&config);
    forger.send_v4(service(server), server, b"forged");
    Client::to(server).assert_echo(b"good");
    let total = drained(running).total;
    // Nobody is at port 7, but that is not known when the reply leaves.
    assert_eq!((total.received, total.echoed), (2, 2));
}

/// Both on one port, as two hosts of a network would be.
#[test]
fn two_servers_on_one_port_are_not_made_to_talk_to_each_other() {
    let Some(forger) = Forger::v4() else { return };
    let (first, one) = started(&on("127.0.0.1:0"));
    let other = SocketAddr::from(([127, 0, 0, 2], one.port()));
    let (second, other) = started(&on(&other.to_string()));
    forger.send_v4(v4(other), one, b"forged");
    forger.send_v4(v4(one), other, b"forged");
    for (running, server) in [(first, one), (second, other)] {
        Client::to(server).assert_echo(b"good");
        let total = drained(running).total;
        assert_eq!(total.refused, [("own port", 1)].into());
        assert_eq!(total.echoed, 1, "nothing went to the other server");
    }
}

/// Two servers on different ports that one forged datagram goes back and forth between.
fn made_to_talk(config: &Config, forger: &Forger) -> (Running, Running) {
    let (first, one) = started(config);
    let (second, other) = started(&on("127.0.0.1:0"));
    forger.send_v4(v4(other), one, b"forged");
    (first, second)
}

/// With a limit the datagram is refused as soon as it has come back faster than it may, and is gone.
#[test]
fn a_limit_ends_what_two_servers_on_different_ports_would_say_for_ever() {
    let Some(forger) = Forger::v4() else { return };
    let (first, second) = made_to_talk(&on("127.0.0.1:0"), &forger);
    until(|| first.summary().total.echoed > 1_000);
    drained(second);
    drained(first);

    let limit = Limit::new(100, 20);
    let limits = Limits {
        each: Some(limit),
        ..Limits::default()
    };
    let start = Instant::now();
    let (first, second) = made_to_talk(&on("127.0.0.1:0").limits(limits), &forger);
    until(|| first.summary().total.refused.contains_key("source rate"));
    drained(second);
    let total = drained(first).total;
    let passed = u64::from(limit.rate()) * (start.elapsed().as_secs() + 1);
    let most = passed + u64::from(limit.burst());
    assert!(total.echoed <= most, "{} > {most}", total.echoed);
    assert_eq!(total.refused, [("source rate", 1)].into());
}

/// The way is so long that each datagram comes back more slowly than the limit asks for.
#[test]
fn what_two_servers_far_apart_say_to_each_other_stays_within_the_limit() {
    let Some(forger) = Forger::v4() else { return };
    let limit = Limit::new(100, 20);
    let limits = Limits {
        each: Some(limit),
        ..Limits::default()
    };
    let start = Instant::now();
    let (first, one) = started(&on("127.0.0.1:0").limits(limits));
    let far = on("127.0.0.1:0").faults("delay=20ms".parse().unwrap());
    let (second, other) = started(&far);
    for _ in 0..200 {
        forger.send_v4(v4(other), one, b"forged");
    }
    // The first ones have come back more often than a burst by then.
    until(|| first.summary().total.echoed > 3 * u64::from(limit.burst()));
    drained(second);
    let total = drained(first).total;
    let passed = u64::from(limit.rate()) * (start.elapsed().as_secs() + 1);
    let most = passed + u64::from(limit.burst());
    assert!(total.echoed <= most, "{} > {most}", total.echoed);
    assert!(total.refused["source rate"] > 0);
}

#[test]
fn no_answer_is_larger_than_what_it_answers() {
    for io in EACH_IO {
        let (running, server) = started(&on("127.0.0.1:0").io(io));
        let client = Client::to(server);
        for length in [0, 1, 69, 1_400, 65_507] {
            client.send(&vec![b'x'; length]);
            assert_eq!(client.receive().len(), length);
        }
        client.assert_nothing_queued();
        let total = drained(running).total;
        assert_eq!(total.echoed_bytes, total.received_bytes);
    }
}

#[test]
fn the_summary_tells_why_datagrams_were_refused() {
    let Some(forger) = Forger::v4() else { return };
    let mut program = Program::start(&["--json", "--listen", "127.0.0.1:0"]);
    let line: Value = serde_json::from_str(&program.line()).unwrap();
    let server: SocketAddr = line["address"].as_str().unwrap().parse().unwrap();
    forger.send_v4(v4(server), server, b"forged");
    Client::to(server).assert_echo(b"good");
    program.signal(Signal::TERM);
    let ended = program.end();
    let summary: Value = serde_json::from_str(&ended.stdout[0]).unwrap();
    assert_eq!(summary["total"]["refused"]["own address"], 1);
}

/// The first of a train are answered, in every way that answers trains.
#[test]
fn a_train_counts_as_its_datagrams() {
    let limits = Limits {
        each: Some(Limit::new(1, 5)),
        ..Limits::default()
    };
    for io in [Io::Batch, Io::Offload] {
        let (running, server) = started(&on("127.0.0.1:0").io(io).limits(limits));
        let client = TrainClient::to(server, false);
        let payload = noise(1_000);
        client.send(&payload, 100);
        for datagram in payload.chunks(100).take(5) {
            assert!(client.receive() == datagram, "{io:?}");
        }
        // Cut up by the kernel, it may come in several batches: there is room for one more after a
        // second.
        until(|| running.summary().total.received == 10);
        let total = drained(running).total;
        let refused = total.refused["source rate"];
        assert!(total.echoed >= 5 && refused > 0, "{io:?}: {refused}");
    }
}
