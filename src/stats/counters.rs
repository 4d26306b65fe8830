//! The counters of one worker: it alone writes them, anybody may read them at any time.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::faults::FaultCounters;
use super::spread::{Delays, Spread};
use crate::access::{Refusal, Share};

/// What one worker has done so far. Every received datagram is in exactly one of `echoed`,
/// `refused`, `unsendable` and `dropped`, or was dropped by a fault, except for those that it holds
/// at this moment.
///
/// Aligned to two cache lines, since processors fetch lines in pairs: what one worker writes must
/// not slow down another.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Counters {
    /// Datagrams received.
    pub received: Counter,
    /// Bytes of payload received.
    pub received_bytes: Counter,
    /// Datagrams sent back.
    pub echoed: Counter,
    /// Bytes of payload sent back.
    pub echoed_bytes: Counter,
    /// Datagrams dropped because the kernel took no more and the server ended.
    pub dropped: Counter,
    /// Datagrams `quit` that did not count because of where they came from.
    pub quit_ignored: Counter,
    /// Questions of somebody who wants to stop the server by its key, which got their answer.
    pub quit_asked: Counter,
    /// Proofs of the key that did not hold.
    pub quit_unproven: Counter,
    /// Times that the worker was woken.
    pub wakes: Counter,
    /// Calls that received datagrams.
    pub receive_calls: Counter,
    /// Calls that sent datagrams.
    pub send_calls: Counter,
    /// Times that the kernel took no more for the moment.
    pub send_blocked: Counter,
    /// Datagrams sent together with others that did not come together with them.
    pub gathered: Counter,
    /// Trains that the kernel refused, sent as single datagrams then.
    pub trains_refused: Counter,
    /// Turns that ended because another socket had to have its own.
    pub budget_cuts: Counter,
    /// Datagrams that a receive call brought.
    pub received_a_call: Spread,
    /// Datagrams in a message that was sent.
    pub segments_a_message: Spread,
    /// From the kernel's receive stamp to the reply, of each slot; empty without stamps.
    pub queue_delay: Delays,
    /// From the moment that a receive call brought something to the one that all of it had been answered;
    /// empty without stamps.
    pub service: Delays,
    /// Datagrams that got no answer, by reason.
    pub refused: [Counter; Refusal::ALL.len()],
    /// Datagrams that the kernel would not send, by error.
    pub unsendable: Errors,
    /// Failed receive calls, by error. No datagram is lost by them.
    pub receive_errors: Errors,
    /// What went wrong on purpose; empty for a worker without faults.
    pub faults: OnceLock<FaultCounters>,
}

impl Counters {
    /// Counts datagrams that get no answer.
    pub fn refuse(&self, reason: Refusal, datagrams: u64) {
        self.refused[reason as usize].add(datagrams);
    }

    /// Counts datagrams that get no answer because they exceed a limit.
    pub fn refuse_share(&self, share: Share) {
        self.refuse(Refusal::SourceRate, u64::from(share.over_source));
        self.refuse(Refusal::TotalRate, u64::from(share.over_total));
    }

    /// How many datagrams got no answer for one reason.
    pub fn refused_for(&self, reason: Refusal) -> u64 {
        self.refused[reason as usize].read()
    }
}

/// A number that one thread raises and others read.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Raises it. Two threads must never do so: the sum of one would be lost.
    pub fn add(&self, amount: u64) {
        // A load and a store, as there is one writer: cheaper than a locked addition.
        let sum = self.0.load(Ordering::Relaxed).wrapping_add(amount);
        self.0.store(sum, Ordering::Relaxed);
    }

    /// Its value a moment ago.
    pub fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How often each error came.
#[derive(Debug)]
pub struct Errors {
    by_errno: [Counter; ERRNO_LIMIT],
}

impl Errors {
    /// Counts an error for `amount` datagrams.
    pub fn add(&self, error: &io::Error, amount: u64) {
        let errno = error.raw_os_error().unwrap_or(0);
        let index = usize::try_from(errno).unwrap_or(0);
        // Index 0 is no errno: it takes what the system did not number, so that nothing is lost.
        let index = if index < ERRNO_LIMIT { index } else { 0 };
        self.by_errno[index].add(amount);
    }

    /// The errors that came, as errno and number; errno 0 stands for any other.
    pub fn read(&self) -> impl Iterator<Item = (i32, u64)> {
        let numbers = self.by_errno.iter().map(Counter::read);
        (0..)
            .zip(numbers)
            .filter(|(_errno, number): &(i32, u64)| *number > 0)
    }
}

impl Default for Errors {
    fn default() -> Self {
        Self {
            by_errno: std::array::from_fn(|_| Counter::default()),
        }
    }
}

/// Linux numbers its errors up to 133 (`EHWPOISON`).
const ERRNO_LIMIT: usize = 134;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_counted_even_an_unknown_one() {
        let errors = Errors::default();
        errors.add(&io::Error::from_raw_os_error(libc::EINVAL), 2);
        errors.add(&io::Error::from_raw_os_error(libc::EINVAL), 1);
        errors.add(&io::Error::from_raw_os_error(5_000), 1);
        errors.add(&io::Error::other("no number"), 1);
        let read: Vec<_> = errors.read().collect();
        assert_eq!(read, [(0, 2), (libc::EINVAL, 3)]);
    }
}
