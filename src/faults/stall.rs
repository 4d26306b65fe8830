//! When a worker does nothing.

use std::time::{Duration, Instant};

/// A time during which a worker neither reads nor sends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stall {
    /// How long; not zero.
    pub length: Duration,
    /// When it begins, counted from the first datagram that the worker received.
    pub begin: Duration,
}

impl Stall {
    /// When it ends, counted from the first datagram.
    #[must_use]
    pub fn end(&self) -> Duration {
        self.begin.saturating_add(self.length)
    }
}

/// The stalls that a worker has before it.
#[derive(Clone, Debug)]
pub struct Stalls {
    /// When its first datagram came.
    first: Option<Instant>,
    /// The last one is the next.
    left: Vec<Stall>,
}

impl Stalls {
    /// These, which must be in the order in which they begin.
    #[must_use]
    pub fn new(stalls: &[Stall]) -> Self {
        Self {
            first: None,
            left: stalls.iter().rev().copied().collect(),
        }
    }

    /// A datagram came.
    pub fn note_datagram(&mut self, now: Instant) {
        self.first.get_or_insert(now);
    }

    /// When the next one begins.
    #[must_use]
    pub fn next_begin(&self) -> Option<Instant> {
        Some(self.first? + self.left.last()?.begin)
    }

    /// Takes the next one if it has begun, and tells when it ends. A worker that comes late to it
    /// does not make it end later.
    pub fn take_begun(&mut self, now: Instant) -> Option<Instant> {
        self.next_begin().filter(|begin| *begin <= now)?;
        let stall = self.left.pop()?;
        Some(self.first? + stall.end())
    }

    /// No more of them.
    pub fn clear(&mut self) {
        self.left.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn stall(length: u32, begin: u32) -> Stall {
        Stall {
            length: MS * length,
            begin: MS * begin,
        }
    }

    #[test]
    fn nothing_stalls_before_the_first_datagram() {
        let mut stalls = Stalls::new(&[stall(10, 0)]);
        let now = Instant::now();
        assert_eq!(stalls.next_begin(), None);
        assert_eq!(stalls.take_begun(now), None);
        stalls.note_datagram(now);
        assert_eq!(stalls.take_begun(now), Some(now + MS * 10));
        assert_eq!(stalls.take_begun(now), None, "each comes once");
    }

    #[test]
    fn stalls_count_from_the_first_datagram_and_end_on_time_even_if_begun_late() {
        let mut stalls = Stalls::new(&[stall(10, 100), stall(20, 200)]);
        let first = Instant::now();
        stalls.note_datagram(first);
        stalls.note_datagram(first + MS * 50);
        assert_eq!(stalls.next_begin(), Some(first + MS * 100));
        assert_eq!(stalls.take_begun(first + MS * 99), None);
        let late = first + MS * 107;
        assert_eq!(stalls.take_begun(late), Some(first + MS * 110));
        assert_eq!(stalls.next_begin(), Some(first + MS * 200));
        stalls.clear();
        assert_eq!(stalls.next_begin(), None);
    }
}
