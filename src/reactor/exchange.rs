//! The seam between the echo and the ways to read and send.

use std::io;

use crate::udp::{RawAddress, Received, Socket};

/// Slots that are filled from a socket and go back out in place.
pub(super) trait Exchange: Send {
    /// Takes what is queued, at most one datagram a slot, without waiting; returns how many slots
    /// were filled.
    fn receive(&mut self, socket: &Socket) -> io::Result<usize>;

    /// How many slots one call can fill. Fewer filled slots mean that nothing more was queued.
    fn capacity(&self) -> usize;

    /// What was received, slot by slot.
    fn received(&self) -> &[Received];

    /// Who sent the datagram in `slot`.
    fn peer(&self, slot: usize) -> &RawAddress;

    /// The payload in `slot`.
    fn payload(&self, slot: usize) -> &[u8];

    /// Sends replies in order by one call; returns how many of them the kernel took. An error is
    /// the first one's, and nothing was sent.
    fn send(&mut self, socket: &Socket, replies: &[Reply]) -> io::Result<usize>;
}

/// A slot whose payload goes back to its peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Reply {
    pub(super) slot: usize,
    /// Bytes of payload.
    pub(super) length: u32,
}
