//! Many datagrams a system call: `recvmmsg` in, `sendmmsg` out.

use std::io;

use super::exchange::{Exchange, Reply};
use crate::udp::{Layout, Message, Outbox, RawAddress, Received, RecvBatch, Socket};

/// Slots in one `recvmmsg`, and messages in one `sendmmsg`.
pub(super) struct Batch {
    slots: RecvBatch,
    outbox: Outbox,
}

impl Batch {
    pub(super) fn new(slots: usize) -> Self {
        let slots = RecvBatch::new(Layout::whole_datagrams(slots));
        let outbox = Outbox::new(slots.capacity(), slots.capacity());
        Self { slots, outbox }
    }
}

impl Exchange for Batch {
    fn receive(&mut self, socket: &Socket) -> io::Result<usize> {
        self.slots.receive(socket)
    }

    fn capacity(&self) -> usize {
        self.slots.capacity()
    }

    fn received(&self) -> &[Received] {
        self.slots.received()
    }

    fn peer(&self, slot: usize) -> &RawAddress {
        self.slots.peer(slot)
    }

    fn payload(&self, slot: usize) -> &[u8] {
        self.slots.payload(slot)
    }

    fn overwrite(&mut self, slot: usize, offset: usize, bytes: &[u8]) {
        self.slots.overwrite(slot, offset, bytes);
    }

    fn send(&mut self, socket: &Socket, replies: &[Reply]) -> io::Result<usize> {
        let mut round = self.outbox.round();
        for reply in replies {
            // What does not fit is not taken: the caller comes back with the rest.
            if round.room() < reply.slots {
                break;
            }
            let message = Message {
                to: Some(self.slots.peer(reply.first)),
                from: self.slots.received()[reply.first].reply_source(socket.local_address().ip()),
                segment: reply.segment(),
                stamped: false,
            };
            let payload = reply.payload_in(self.slots.payload(reply.first));
            if !round.push(&message, payload) {
                break;
            }
            for slot in reply.first + 1..reply.first + reply.slots {
                let fits = round.extend(self.slots.payload(slot));
                debug_assert!(fits, "there was room for every slot of the reply");
            }
        }
        round.send(socket)
    }
}
