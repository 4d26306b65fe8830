//! Memory: of slots that wait for datagrams, and of datagrams that wait in a socket.

use super::MAX_MESSAGES;

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

/// What the kernel counts for one socket.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Memory {
    /// Bytes of received datagrams, overhead included, that nobody has read yet.
    pub queued: u32,
    /// Datagrams that were dropped since the socket was opened because its receive buffer was full.
    pub drops: u32,
}

/// No UDP length field says more (RFC 768), over IPv6 neither.
const SLOT_SIZE: usize = 65_535;

/// From one slot to the next: 64 KiB and a little more, since the beginnings of slots that are a
/// power of two apart would all compete for the same few sets of the caches.
const SLOT_STRIDE: usize = 65_536 + 3 * 64;
