//! Rounds of a worker without its thread and its poll, one at a time, so that benches can count
//! what a datagram costs. Not part of the interface.

use std::io;

use super::door::Door;
use super::echo::{Echo, Line};
use super::exchange::Reply;
use super::gather::{self, Limits, Piece};
use super::refusals::Refusals;
use super::unsent::Unsent;
use crate::config::Config;
use crate::stats::Counters;
use crate::udp::{RawAddress, Received, Socket};

/// A worker's hands and books, driven by whoever holds it.
pub struct Rehearsal {
    echo: Echo,
    socket: Socket,
    line: Line,
    counters: Counters,
}

impl Rehearsal {
    /// Serves `socket` as a worker of such a server would, with at most `segments` datagrams in
    /// one message.
    #[must_use]
    pub fn new(config: &Config, socket: Socket, segments: u32) -> Self {
        let door = Door::new(config, &[socket.local_address()], None, None);
        Self {
            echo: Echo::new(config, door, None),
            socket,
            line: Line {
                unsent: Unsent::new(),
                refusals: Refusals::new(segments),
            },
            counters: Counters::default(),
        }
    }

    /// Answers one batch of what is queued; returns how many slots it filled.
    ///
    /// # Errors
    /// An error that no peer can cause.
    pub fn round(&mut self) -> io::Result<usize> {
        self.echo
            .round(&self.socket, &mut self.line, &self.counters)
            .map(|round| round.received)
    }

    /// The socket that it serves.
    #[must_use]
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// What it counted.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }
}

/// Puts the replies to a batch together, and nothing else.
pub struct Gathering {
    replies: Vec<Reply>,
    limits: Limits,
}

impl Gathering {
    /// With room for `slots` replies of at most `segments` datagrams each.
    #[must_use]
    pub fn new(slots: usize, segments: u32) -> Self {
        Self {
            replies: Vec::with_capacity(slots),
            limits: Limits { segments },
        }
    }

    /// Returns how many messages these slots go back as.
    pub fn gather(&mut self, slots: &[(RawAddress, Received)]) -> usize {
        self.replies.clear();
        for (slot, (peer, received)) in slots.iter().enumerate() {
            let piece = Piece {
                slot,
                length: received.length,
                segment: received.segment,
            };
            gather::add(&mut self.replies, piece, self.limits, |last| {
                let (last_peer, last_received) = &slots[last.first];
                last_peer == peer && last_received.local == received.local
            });
        }
        self.replies.len()
    }
}
