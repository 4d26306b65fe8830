//! Many clients and several workers: each reply finds the client that it belongs to.

use std::net::SocketAddr;
use std::thread;

use crate::rig::client::Client;
use crate::rig::server::{EACH_IO, drained, on, started};

const CLIENTS: u32 = 64;

/// Datagrams that a client has under way: few enough that the smallest receive buffer holds those
/// of all clients.
const WINDOW: u32 = 3;

const WINDOWS: u32 = 100;

/// Sends its datagrams, a window at a time, and wants back those and no others.
fn converse(server: SocketAddr, name: u32) {
    let client = Client::to(server);
    for window in 0..WINDOWS {
        let numbers = window * WINDOW..(window + 1) * WINDOW;
        let sent: Vec<_> = numbers.map(|number| letter(name, number)).collect();
        for payload in &sent {
            client.send(payload);
        }
        let mut replies: Vec<_> = sent.iter().map(|_| client.receive()).collect();
        replies.sort();
        assert_eq!(replies, sent, "client {name}");
    }
    client.assert_nothing_queued();
}

fn letter(name: u32, number: u32) -> Vec<u8> {
    [name.to_be_bytes(), number.to_be_bytes()].concat()
}

#[test]
fn every_client_gets_its_own_replies_from_several_workers() {
    for io in EACH_IO {
        let (running, server) = started(&on("127.0.0.1:0").workers(4).io(io));
        thread::scope(|scope| {
            for name in 0..CLIENTS {
                scope.spawn(move || converse(server, name));
            }
        });
        let summary = drained(running);
        let all = u64::from(CLIENTS * WINDOW * WINDOWS);
        assert_eq!(summary.total.received, all);
        assert_eq!(summary.total.echoed, all);
        assert_eq!(summary.total.echoed_bytes, 8 * all);
        assert_eq!(summary.workers.len(), 4);
        let busy = summary.workers.iter().filter(|worker| worker.received > 0);
        assert!(busy.count() > 1, "{summary}");
    }
}
