//! Slots that one call fills with what is queued.

use std::fmt;
use std::io;
use std::os::fd::AsFd;

use super::address::RawAddress;
use super::memory::Layout;
use super::message::{Received, split};
use super::stamps::{self, Stamps};
use super::sys;

/// Slots for datagrams, allocated once and reused for every call.
pub struct RecvBatch {
    table: sys::RecvTable,
}

impl RecvBatch {
    /// Allocates the slots; their pages are touched when datagrams come.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        Self {
            table: sys::RecvTable::new(layout),
        }
    }

    /// Takes what is queued on `socket`, at most one datagram a slot, without waiting; returns how
    /// many slots were filled. What the slots held before is gone, also after an error.
    ///
    /// # Errors
    /// `WouldBlock` if nothing is queued; otherwise what the kernel said.
    pub fn receive(&mut self, socket: &impl AsFd) -> io::Result<usize> {
        self.table.receive(socket.as_fd())
    }

    /// How many slots there are.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.table.layout().slots
    }

    /// What the last call received, slot by slot.
    #[must_use]
    pub fn received(&self) -> &[Received] {
        self.table.received()
    }

    /// Who sent the datagram in `slot`.
    #[must_use]
    pub fn peer(&self, slot: usize) -> &RawAddress {
        self.table.peer(slot)
    }

    /// The datagrams in `slot`: one, or those of a train in their order.
    ///
    /// # Panics
    /// If the last call did not fill `slot`.
    pub fn datagrams(&self, slot: usize) -> impl Iterator<Item = &[u8]> {
        split(self.payload(slot), self.received()[slot].segment)
    }

    /// When the kernel and the device received what is in `slot`, on a socket with
    /// [`Stamping::BothWays`](super::Stamping::BothWays).
    ///
    /// # Panics
    /// If the last call did not fill `slot`.
    #[must_use]
    pub fn stamps(&self, slot: usize) -> Stamps {
        stamps::decode(self.table.control(slot))
    }

    /// The payload in `slot`.
    ///
    /// # Panics
    /// If the last call did not fill `slot`.
    #[must_use]
    pub fn payload(&self, slot: usize) -> &[u8] {
        self.table.payload(slot)
    }
}

impl fmt::Debug for RecvBatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_list()
            .entries(self.table.received())
            .finish()
    }
}
