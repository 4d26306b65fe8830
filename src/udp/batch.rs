//! Slots that one call fills with what is queued.

use std::fmt;
use std::io;
use std::os::fd::AsFd;

use super::MAX_MESSAGES;
use super::address::RawAddress;
use super::cmsg::LocalAddress;
use super::socket::Socket;
use super::sys;

/// What the kernel said about a received datagram, its peer and payload apart.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Received {
    /// Bytes of payload in the slot, 0 to the size of the slot.
    pub length: u32,
    /// Whether the datagram or its control messages did not fit into the slot.
    pub truncated: bool,
    /// Where it was sent to, if the socket has packet information.
    pub local: Option<LocalAddress>,
    /// The size of its datagrams, if it is a train of more than one.
    pub segment: Option<u16>,
}

impl Received {
    /// The address that a reply on `socket` must name as its source: none where the socket is
    /// bound to a single address, since a reply leaves from that one anyway.
    #[must_use]
    pub fn reply_source(&self, socket: &Socket) -> Option<LocalAddress> {
        self.local
            .filter(|_| socket.local_address().ip().is_unspecified())
    }
}

/// How many slots a batch has, and how they lie in memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Layout {
    pub(super) slots: usize,
    pub(super) slot_size: usize,
    pub(super) stride: usize,
}

impl Layout {
    /// Slots that hold the largest datagram there is. `slots` is brought into 1 to
    /// [`MAX_MESSAGES`].
    ///
    /// The pages of a slot that no datagram ever reached are never touched and take no memory.
    #[must_use]
    pub fn whole_datagrams(slots: usize) -> Self {
        Self {
            slots: slots.clamp(1, MAX_MESSAGES),
            slot_size: SLOT_SIZE,
            stride: SLOT_STRIDE,
        }
    }

    pub(super) fn storage_length(&self) -> usize {
        self.slots * self.stride
    }
}

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

/// No UDP length field says more (RFC 768), over IPv6 neither.
const SLOT_SIZE: usize = 65_535;

/// From one slot to the next: 64 KiB and a little more, since the beginnings of slots that are a
/// power of two apart would all compete for the same few sets of the caches.
const SLOT_STRIDE: usize = 65_536 + 3 * 64;
