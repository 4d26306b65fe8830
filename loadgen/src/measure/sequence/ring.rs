//! The probes without an answer, and their times.

use crate::time::Offset;

/// The probes from the oldest without an answer to the newest, by sequence.
#[derive(Debug)]
pub(super) struct Ring {
    /// A power of two of them; sequence s lies at s modulo that.
    entries: Vec<Entry>,
    first: u64,
    next: u64,
}

impl Ring {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            entries: vec![Entry::default(); capacity.next_power_of_two()],
            first: 0,
            next: 0,
        }
    }

    pub(super) fn push(&mut self, due: Offset, sent: Offset) {
        if self.is_full() {
            self.grow();
        }
        let slot = self.slot(self.next);
        self.entries[slot] = Entry::new(due, sent);
        self.next += 1;
    }

    /// Takes out the oldest probe, which there must be, and returns its sequence.
    pub(super) fn pop(&mut self) -> u64 {
        self.first += 1;
        self.first - 1
    }

    pub(super) fn entry(&mut self, sequence: u64) -> Option<&mut Entry> {
        let slot = self.slot(sequence);
        (self.first..self.next)
            .contains(&sequence)
            .then(|| &mut self.entries[slot])
    }

    pub(super) fn oldest(&self) -> Option<Entry> {
        (self.first < self.next).then(|| self.entries[self.slot(self.first)])
    }

    /// The sequence of the oldest probe in the ring; [`next`](Self::next) if it is empty.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The sequence of the next probe to be sent.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.next - self.first == self.entries.len() as u64
    }

    fn grow(&mut self) {
        let mut grown = Self::new(self.entries.len() * 2);
        for sequence in self.first..self.next {
            let slot = grown.slot(sequence);
            grown.entries[slot] = self.entries[self.slot(sequence)];
        }
        self.entries = grown.entries;
    }

    /// The remainder is taken before narrowing, so that nothing is cut off where it matters.
    fn slot(&self, sequence: u64) -> usize {
        let mask = self.entries.len() as u64 - 1;
        usize::try_from(sequence & mask).expect("a remainder of a usize fits one")
    }
}

/// One probe in the ring, in 16 bytes: the top bit of the send time says that it was answered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry {
    due: Offset,
    sent_and_answered: u64,
}

impl Entry {
    const ANSWERED: u64 = 1 << 63;

    pub(super) fn new(due: Offset, sent: Offset) -> Self {
        Self {
            due,
            sent_and_answered: sent.as_nanos() & !Self::ANSWERED,
        }
    }

    pub(super) fn mark_answered(&mut self) {
        self.sent_and_answered |= Self::ANSWERED;
    }

    pub(super) fn due(self) -> Offset {
        self.due
    }

    pub(super) fn sent(self) -> Offset {
        Offset::from_nanos(self.sent_and_answered & !Self::ANSWERED)
    }

    pub(super) fn answered(self) -> bool {
        self.sent_and_answered & Self::ANSWERED != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> Offset {
        Offset::from_nanos(nanos)
    }

    #[test]
    fn a_growing_ring_keeps_its_probes() {
        let mut ring = Ring::new(4);
        for sequence in 0..3 {
            ring.push(at(sequence), at(sequence + 100));
            ring.pop();
        }
        for sequence in 3..20 {
            ring.push(at(sequence), at(sequence + 100));
        }
        for sequence in 3..20 {
            let entry = ring.entry(sequence).unwrap();
            assert_eq!(
                (entry.due(), entry.sent()),
                (at(sequence), at(sequence + 100))
            );
        }
        assert!(ring.entry(2).is_none() && ring.entry(20).is_none());
    }

    #[test]
    fn an_entry_takes_sixteen_bytes() {
        assert_eq!(size_of::<Entry>(), 16);
    }
}
