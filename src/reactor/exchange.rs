//! The seam between the echo and the ways to read and send.

use std::io;

use crate::udp::{RawAddress, Received, Socket};

/// Slots that are filled from a socket and go back out in place.
pub(super) trait Exchange: Send {
    /// Takes what is queued, at most one datagram or train a slot, without waiting; returns how
    /// many slots were filled.
    fn receive(&mut self, socket: &Socket) -> io::Result<usize>;

    /// How many slots one call can fill. Fewer filled slots mean that nothing more was queued.
    fn capacity(&self) -> usize;

    /// What was received, slot by slot.
    fn received(&self) -> &[Received];

    /// Who sent the datagram in `slot`.
    fn peer(&self, slot: usize) -> &RawAddress;

    /// The payload in `slot`.
    fn payload(&self, slot: usize) -> &[u8];

    /// Puts other bytes in the place of some in `slot`, from `offset` on.
    fn overwrite(&mut self, slot: usize, offset: usize, bytes: &[u8]);

    /// Sends replies in order by one call; returns how many of them the kernel took. An error is
    /// the first one's, and nothing was sent.
    fn send(&mut self, socket: &Socket, replies: &[Reply]) -> io::Result<usize>;
}

/// A message that goes back: one slot, neighbouring slots of one flow, or a part of a slot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Reply {
    /// The first slot.
    pub(super) first: usize,
    /// How many slots.
    pub(super) slots: usize,
    /// Where in the first slot it begins; 0 unless it is a part of one slot.
    pub(super) offset: u32,
    /// Bytes of payload in all.
    pub(super) length: u32,
    /// Bytes of each datagram but the last, which may be shorter.
    pub(super) unit: u32,
    /// How many datagrams it is.
    pub(super) datagrams: u32,
    /// Whether further datagrams may join it: the last one is as long as the others.
    pub(super) open: bool,
}

impl Reply {
    /// What the kernel must be told to cut it by; `None` if it is a single datagram.
    pub(super) fn segment(&self) -> Option<u16> {
        if self.datagrams > 1 {
            u16::try_from(self.unit).ok()
        } else {
            None
        }
    }

    /// Its bytes among those of its first slot.
    pub(super) fn payload_in<'slot>(&self, slot: &'slot [u8]) -> &'slot [u8] {
        if self.slots == 1 {
            &slot[self.offset as usize..][..self.length as usize]
        } else {
            slot
        }
    }

    /// Its datagrams, each as a message of its own.
    ///
    /// A reply of several slots has one datagram or several whole ones in each slot but the last,
    /// so that no datagram lies across two slots.
    pub(super) fn parts(&self, lengths: impl Fn(usize) -> u32) -> impl Iterator<Item = Self> {
        let unit = self.unit.max(1);
        let whole = *self;
        (self.first..self.first + self.slots).flat_map(move |slot| {
            let length = if whole.slots == 1 {
                whole.length
            } else {
                lengths(slot)
            };
            let count = length.div_ceil(unit).max(1);
            (0..count).map(move |index| Self {
                first: slot,
                slots: 1,
                offset: whole.offset + index * unit,
                length: unit.min(length - index * unit),
                unit,
                datagrams: 1,
                open: false,
            })
        })
    }
}
