//! Messages that leave by one call, their payloads where they are.

use std::fmt;
use std::io;
use std::os::fd::AsFd;

use super::message::Message;
use super::sys;

/// Room for the messages of one `sendmmsg`, allocated once.
pub struct Outbox {
    table: sys::SendTable,
}

impl Outbox {
    /// Room for `messages` messages whose payloads are `parts` pieces of memory in all.
    #[must_use]
    pub fn new(messages: usize, parts: usize) -> Self {
        Self {
            table: sys::SendTable::new(messages, parts),
        }
    }

    /// Begins anew, with no message.
    pub fn round<'payload>(&mut self) -> Round<'_, 'payload> {
        Round {
            round: self.table.round(),
        }
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Outbox")
    }
}

/// The messages of one round: put together, then sent, if need be by several calls.
pub struct Round<'outbox, 'payload> {
    round: sys::SendRound<'outbox, 'payload>,
}

impl<'payload> Round<'_, 'payload> {
    /// Adds a message with its payload. False, and nothing added, if the outbox has no room left.
    #[must_use]
    pub fn push(&mut self, message: &Message<'payload>, payload: &'payload [u8]) -> bool {
        self.round.room() > 0 && self.round.push(message) && self.round.extend(payload)
    }

    /// Adds a further piece to the payload of the last message. False if there is no room left.
    #[must_use]
    pub fn extend(&mut self, payload: &'payload [u8]) -> bool {
        self.round.extend(payload)
    }

    /// How many more pieces of payload there is room for.
    #[must_use]
    pub fn room(&self) -> usize {
        self.round.room()
    }

    /// Hands the kernel what it has not taken yet, in order, without waiting; returns how many
    /// messages it took by this call.
    ///
    /// # Errors
    /// What the kernel said of the first message that it has not taken; the others were not tried.
    /// An error of a later message is not told: it comes with the next call (sendmmsg(2), BUGS).
    pub fn send(&mut self, socket: &impl AsFd) -> io::Result<usize> {
        self.round.send(socket.as_fd())
    }

    /// How many messages the kernel has not taken.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.round.waiting()
    }
}

impl fmt::Debug for Round<'_, '_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Round({} waiting)", self.waiting())
    }
}
