//! `quit` by key: over a network, once, and for nobody else.

use std::net::SocketAddr;

use echo_reactor::access::keyed::{self, QuitKey};
use echo_reactor::access::{Limit, Limits, QuitPolicy};
use echo_reactor::{Config, Running};

use crate::rig::client::Client;
use crate::rig::namespace::{NEAR_V4, Pair};
use crate::rig::server::{EACH_IO, drained, ended, on, started, told_by};
use crate::rig::until;

const KEY: &[u8] = b"the key of these tests";

fn key() -> QuitKey {
    QuitKey::new(KEY).expect("it is long enough")
}

fn guarded(address: &str) -> Config {
    on(address).quit(QuitPolicy::Never).quit_key(key())
}

/// Asks for a nonce, and returns it with the proof.
#[track_caller]
fn asked(client: &Client) -> (Vec<u8>, keyed::Message) {
    client.send(&keyed::question());
    let nonce = client.receive();
    assert_eq!(nonce.len(), keyed::LENGTH, "no larger than the question");
    let proof = key().prove(&nonce).expect("it is a nonce");
    (nonce, proof)
}

#[track_caller]
fn assert_stops(running: Running, client: &Client) {
    client.assert_echo(b"Hello, world");
    let (nonce, proof) = asked(client);
    client.send(&proof);
    let reply = client.receive();
    assert_eq!(reply.len(), proof.len());
    assert!(key().confirms(&nonce, &reply), "{reply:?}");
    let total = ended(running).total;
    assert_eq!((total.echoed, total.quit_asked), (3, 1));
    assert_eq!(total.echoed_bytes, total.received_bytes);
}

#[test]
fn whoever_has_the_key_stops_the_server() {
    for io in EACH_IO {
        for listen in ["127.0.0.1:0", "[::1]:0"] {
            let (running, server) = started(&guarded(listen).io(io));
            assert_stops(running, &Client::to(server));
        }
        let (running, server) = started(&guarded("0.0.0.0:0").io(io));
        let target = ([127, 0, 0, 1], server.port()).into();
        assert_stops(running, &Client::to(target));
    }
    let config = guarded("127.0.0.1:0").faults("delay=1us".parse().unwrap());
    let (running, server) = started(&config);
    assert_stops(running, &Client::to(server));
}

#[test]
fn the_key_works_from_another_host() {
    let Some(pair) = Pair::fresh() else { return };
    let (running, server) = pair.near.run(|| started(&guarded("0.0.0.0:0")));
    let target = SocketAddr::from((NEAR_V4, server.port()));
    assert_stops(running, &pair.far.run(|| Client::to(target)));
}

/// By chance each datagram goes to another of them.
#[test]
fn the_proof_counts_at_whichever_worker_it_comes_to() {
    let config = guarded("127.0.0.1:0").workers(4);
    for _ in 0..4 {
        let (running, server) = started(&config);
        assert_stops(running, &Client::to(server));
    }
    let random = told_by(&[
        "--listen",
        "127.0.0.1:0",
        "--workers",
        "4",
        "--steer",
        "random",
    ]);
    for _ in 0..8 {
        let (running, server) = started(&random.clone().quit_key(key()));
        assert_stops(running, &Client::to(server));
    }
}

#[test]
fn a_recorded_proof_is_worth_nothing_to_the_next_server() {
    let (running, server) = started(&guarded("127.0.0.1:0"));
    let client = Client::to(server);
    let (_, proof) = asked(&client);
    client.send(&proof);
    client.receive();
    ended(running);
    // On the same address, and from the same one.
    let (running, _) = started(&guarded(&server.to_string()));
    client.assert_echo(&proof);
    let total = drained(running).total;
    assert_eq!((total.echoed, total.quit_unproven), (1, 1));
}

#[test]
fn a_proof_of_another_client_or_key_is_echoed_and_ignored() {
    for io in EACH_IO {
        let (running, server) = started(&guarded("127.0.0.1:0").io(io));
        let (client, other) = (Client::to(server), Client::to(server));
        let (nonce, proof) = asked(&client);
        other.assert_echo(&proof);
        let wrong = QuitKey::new(b"somebody else's key").unwrap();
        client.assert_echo(&wrong.prove(&nonce).unwrap());
        client.assert_echo(b"quit");
        client.assert_echo(b"still there?");
        assert_eq!(drained(running).total.quit_unproven, 2);
    }
}

#[test]
fn without_a_key_there_is_nothing_of_it() {
    for io in EACH_IO {
        let (running, server) = started(&on("127.0.0.1:0").io(io));
        let client = Client::to(server);
        client.assert_echo(&keyed::question());
        assert_eq!(drained(running).total.quit_asked, 0);
    }
}

#[test]
fn who_gets_no_answer_gets_no_nonce() {
    let limits = Limits {
        each: Some(Limit::new(1, 1)),
        ..Limits::default()
    };
    let (running, server) = started(&guarded("127.0.0.1:0").limits(limits));
    let client = Client::to(server);
    client.assert_echo(b"the only one");
    for _ in 0..3 {
        client.send(&keyed::question());
    }
    until(|| running.summary().total.received == 4);
    let total = drained(running).total;
    assert!(total.refused["source rate"] > 0, "{total:?}");
    assert_eq!(total.quit_asked, total.echoed - 1);
}
