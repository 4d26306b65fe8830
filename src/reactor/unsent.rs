//! What the kernel would not take yet: copied out of the slots, so that other sockets can use them.

use std::io;
use std::ops::Range;

use super::transmit::{End, Fate, transmit};
use crate::stats::Counters;
use crate::udp::{LocalAddress, Message, Outbox, RawAddress, Socket};

/// The replies that wait until a socket takes more, each datagram on its own. No more than one
/// batch of them: a socket with anything here is not read.
pub(super) struct Unsent {
    waiting: Vec<Held>,
    payloads: Vec<u8>,
    /// Allocated when the first reply has to wait, which on most hosts is never.
    outbox: Option<Outbox>,
}

struct Held {
    to: RawAddress,
    from: Option<LocalAddress>,
    payload: Range<usize>,
}

impl Unsent {
    pub(super) fn new() -> Self {
        Self {
            waiting: Vec::new(),
            payloads: Vec::new(),
            outbox: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Keeps a copy of one datagram.
    pub(super) fn keep(&mut self, to: &RawAddress, from: Option<LocalAddress>, payload: &[u8]) {
        let start = self.payloads.len();
        self.payloads.extend_from_slice(payload);
        self.waiting.push(Held {
            to: *to,
            from,
            payload: start..self.payloads.len(),
        });
    }

    /// Sends what the kernel takes now; true when nothing is left.
    pub(super) fn flush(&mut self, socket: &Socket, counters: &Counters) -> io::Result<bool> {
        let Self {
            waiting,
            payloads,
            outbox,
        } = self;
        let outbox = outbox.get_or_insert_with(|| Outbox::new(FLUSHED, FLUSHED));
        let end = transmit(
            0,
            waiting.len(),
            |_single| false,
            |first| {
                let mut round = outbox.round();
                for held in &waiting[first..] {
                    let message = Message {
                        to: Some(&held.to),
                        from: held.from,
                        segment: None,
                        stamped: false,
                    };
                    if !round.push(&message, &payloads[held.payload.clone()]) {
                        break;
                    }
                }
                counters.send_calls.add(1);
                round.send(socket)
            },
            |index, fate| match fate {
                Fate::Sent => {
                    counters.echoed.add(1);
                    counters.segments_a_message.note(1);
                    counters
                        .echoed_bytes
                        .add(waiting[index].payload.len() as u64);
                }
                Fate::Failed(error) => counters.unsendable.add(error, 1),
            },
        )?;
        let sent = match end {
            End::Done => waiting.len(),
            End::Blocked(first) | End::Refused(first, _) => first,
        };
        waiting.drain(..sent);
        if waiting.is_empty() {
            payloads.clear();
        }
        Ok(waiting.is_empty())
    }

    /// Gives up what is left.
    pub(super) fn drop_all(&mut self, counters: &Counters) {
        counters.dropped.add(self.waiting.len() as u64);
        self.waiting.clear();
        self.payloads.clear();
    }
}

/// Replies that one call hands to the kernel.
const FLUSHED: usize = 64;
