//! What a thread shows of its books while a run lasts, when it is asked to.
//!
//! A thread that nobody asks reads one flag a millisecond. One that is asked copies a histogram
//! into memory that was taken beforehand; it never waits for whoever reads the copy.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::latency::Distribution;
use crate::time::Offset;

/// A place for one thread to put a copy of its round trips, and for another to say that it has
/// seen enough.
#[derive(Debug, Default)]
pub struct Glimpse {
    wanted: AtomicBool,
    enough: AtomicBool,
    retired: AtomicBool,
    seen: Mutex<Seen>,
}

/// The measured window of a thread, or of several, up to one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// When the thread was asked; of several, the one that was asked first.
    pub at: Offset,
    /// The round trips from when a probe was due.
    pub from_due: Distribution,
    /// Probes without an answer in time. Those that may yet have one are not among them.
    pub unanswered: u64,
}

impl Glimpse {
    /// Asks the thread for a copy.
    pub fn ask(&self) {
        self.wanted.store(true, Ordering::Relaxed);
    }

    /// Whether the copy that was asked for is there, or will never be.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        !self.wanted.load(Ordering::Acquire) || self.is_retired()
    }

    /// Adds the last copy to `sum`.
    pub fn add_to(&self, sum: &mut Seen) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        sum.from_due.merge(&seen.from_due);
        sum.unanswered += seen.unanswered;
        if !self.is_retired() {
            sum.at = sum.at.min(seen.at);
        }
    }

    /// Tells the thread to end as if its run had been stopped.
    pub fn end(&self) {
        self.enough.store(true, Ordering::Relaxed);
    }

    /// Whether the thread shall end.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.enough.load(Ordering::Relaxed)
    }

    /// For the thread itself, at its end: nobody shall wait for it any more.
    pub fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
    }

    /// For the thread itself, now and then: hands out a copy if one was asked for.
    pub fn answer(&self, at: Offset, from_due: &Distribution, unanswered: impl FnOnce() -> u64) {
        if !self.wanted.load(Ordering::Relaxed) {
            return;
        }
        // Whoever reads the last copy will be done the next time.
        if let Ok(mut seen) = self.seen.try_lock() {
            seen.at = at;
            seen.from_due.copy_from(from_due);
            seen.unanswered = unanswered();
            drop(seen);
            self.wanted.store(false, Ordering::Release);
        }
    }
}

impl Seen {
    /// Nothing, of no thread: what those of threads are added to.
    #[must_use]
    pub fn new() -> Self {
        Self {
            at: Offset::from_nanos(u64::MAX),
            from_due: Distribution::new(),
            unanswered: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_what_the_thread_had_when_it_was_asked() {
        let glimpse = Glimpse::default();
        let mut own = Distribution::new();
        own.record(5);
        glimpse.answer(Offset::from_nanos(1), &own, || 1);
        let mut nothing = Seen::new();
        glimpse.add_to(&mut nothing);
        assert_eq!((nothing.from_due.count(), nothing.unanswered), (0, 0));

        glimpse.ask();
        assert!(!glimpse.is_answered());
        glimpse.answer(Offset::from_nanos(2), &own, || 1);
        assert!(glimpse.is_answered());
        own.record(6);
        glimpse.answer(Offset::from_nanos(3), &own, || 2);
        let mut sum = Seen::new();
        glimpse.add_to(&mut sum);
        assert_eq!((sum.at, sum.unanswered), (Offset::from_nanos(2), 1));
        assert_eq!(sum.from_due.count(), 1);

        glimpse.ask();
        glimpse.answer(Offset::from_nanos(4), &own, || 2);
        let mut sum = Seen::new();
        glimpse.add_to(&mut sum);
        assert_eq!(sum.from_due, own);
    }

    #[test]
    fn nobody_waits_for_a_thread_that_has_ended() {
        let glimpse = Glimpse::default();
        glimpse.ask();
        glimpse.retire();
        assert!(glimpse.is_answered());
        let mut sum = Seen::new();
        glimpse.add_to(&mut sum);
        assert_eq!(sum, Seen::new());
    }

    #[test]
    fn a_thread_does_not_wait_for_a_reader() {
        let glimpse = Glimpse::default();
        glimpse.ask();
        let reader = glimpse.seen.lock().unwrap();
        glimpse.answer(Offset::START, &Distribution::new(), || 0);
        drop(reader);
        assert!(!glimpse.is_answered());
    }
}
