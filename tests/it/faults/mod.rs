//! Faults on purpose: what a client sees is what the server counts, to the datagram.
//!
//! - `fates`: what becomes of each datagram;
//! - `times`: what comes late, and what waits for it;
//! - `told`: what the server says of them.

mod fates;
mod times;
mod told;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use echo_reactor::config::{Io, WhenFull};
use echo_reactor::stats::account::Account;
use echo_reactor::stats::faults::FaultAccount;
use echo_reactor::udp::{Socket, SocketOptions};
use echo_reactor::{Config, Faults, Running, Summary};
use serde_json::Value;

use crate::blocked::slow_link;
use crate::rig::client::{Client, noise};
use crate::rig::namespace::NEAR_V4;
use crate::rig::program::Program;
use crate::rig::server::{EACH_IO, drained, on, started};
use crate::rig::train::TrainClient;
use crate::rig::until;

fn faulty(address: &str, faults: &str) -> Config {
    let faults: Faults = faults.parse().expect("the plan is right");
    on(address).faults(faults)
}

/// What a client with sequence numbers saw.
#[derive(Debug, Default, Eq, PartialEq)]
struct Seen {
    sent: u64,
    /// How often each number came back intact.
    intact: BTreeMap<u64, u64>,
    /// Came back in a form that was never sent.
    corrupted: u64,
    /// Came intact after a higher number (RFC 4737), further copies left out.
    reordered: u64,
    highest: Option<u64>,
}

impl Seen {
    /// What datagram `number` looks like: any flipped bit shows.
    fn payload(number: u64) -> Vec<u8> {
        [number.to_be_bytes(), (!number).to_be_bytes()].concat()
    }

    fn note(&mut self, payload: &[u8]) {
        let number = payload.first_chunk().map_or(0, |n| u64::from_be_bytes(*n));
        if !payload.starts_with(&Self::payload(number)) {
            self.corrupted += 1;
            return;
        }
        let times = self.intact.entry(number).or_default();
        *times += 1;
        if *times == 1 {
            self.reordered += u64::from(Some(number) < self.highest);
            self.highest = self.highest.max(Some(number));
        }
    }

    fn duplicated(&self) -> u64 {
        self.intact.values().map(|times| times - 1).sum()
    }

    fn missing(&self) -> u64 {
        self.sent - self.intact.len() as u64 - self.corrupted
    }

    /// The client's counts are the server's.
    #[track_caller]
    fn assert_told_by(&self, summary: &Summary) -> FaultAccount {
        let faults = summary.total.faults.expect("it has faults");
        let told = [
            faults.dropped_by_fault,
            faults.duplicated,
            faults.corrupted,
            faults.reordered,
        ];
        let seen = [
            self.missing(),
            self.duplicated(),
            self.corrupted,
            self.reordered,
        ];
        assert_eq!(seen, told, "{summary}");
        assert_eq!(summary.total.received, self.sent, "{summary}");
        let echoed = self.sent - self.missing();
        assert_eq!(summary.total.echoed, echoed, "{summary}");
        faults
    }
}

/// A client with a large buffer that counts what comes.
struct Counting {
    socket: Socket,
    seen: Seen,
}

impl Counting {
    fn to(server: SocketAddr) -> Self {
        let options = SocketOptions {
            receive_buffer: Some(4 << 20),
            ..SocketOptions::default()
        };
        let socket = Socket::connect(server, &options).expect("the server has a route");
        let seen = Seen::default();
        Self { socket, seen }
    }

    /// Sends so many, a few at a time, so that neither side's buffer overflows.
    #[track_caller]
    fn send(&mut self, running: &Running, datagrams: u64) {
        for number in self.seen.sent..self.seen.sent + datagrams {
            let payload = Seen::payload(number);
            let sent = self.socket.as_std().send(&payload);
            assert_eq!(sent.expect("the kernel sends it"), payload.len());
            self.seen.sent += 1;
            if self.seen.sent.is_multiple_of(50) {
                // A few may be held until another one follows.
                until(|| {
                    let total = running.summary().total;
                    total.received == self.seen.sent && total.unaccounted() <= 20
                });
                self.take();
            }
        }
    }

    /// Takes what is there.
    fn take(&mut self) {
        let mut buffer = [0; 1_024];
        while let Ok(length) = self.socket.as_std().recv(&mut buffer) {
            self.seen.note(&buffer[..length]);
        }
    }

    /// Ends the server, and takes what it sent.
    #[track_caller]
    fn end(mut self, running: Running) -> (Seen, Summary) {
        let summary = drained(running);
        self.take();
        (self.seen, summary)
    }
}

#[track_caller]
fn seen_under(config: &Config, datagrams: u64) -> (Seen, Summary) {
    let (running, server) = started(config);
    let mut client = Counting::to(([127, 0, 0, 1], server.port()).into());
    client.send(&running, datagrams);
    client.end(running)
}
