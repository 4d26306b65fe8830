//! What became of every probe of one flow.
//!
//! A probe is *outstanding* from being sent until its answer arrives or its timeout passes;
//! then it is *retired*. Outstanding probes lie in a ring with their times. Of a retired one a
//! single bit is kept, whether it was answered, for the last [`HORIZON`] sequences: enough to
//! tell an answer that is merely late from a second copy.

mod answer;
mod retired;
mod ring;

pub use self::answer::{Answer, RoundTrip, Terms};
use self::retired::Retired;
use self::ring::{Entry, Ring};
use super::counts::{Counts, NotSent, Reason};
use crate::probe::Sequence;
use crate::time::Offset;

/// Retired probes a flow remembers: ten seconds of 100,000 probes a second, in 128 KiB.
pub const HORIZON: u64 = 1 << 20;

/// Keeps the books of one flow.
#[derive(Debug)]
pub struct Tracker {
    timeout_nanos: u64,
    measured_from: Offset,
    outstanding: Ring,
    retired: Retired,
    /// One more than the highest sequence that was answered (RFC 4737's `NextExp`).
    next_expected: u64,
    /// The first sequence of the measured window, once there is one.
    first_measured: u64,
    warmup: Counts,
    measured: Counts,
    not_sent: NotSent,
}

impl Tracker {
    /// A flow that has sent nothing, with room for `outstanding` probes without an answer.
    ///
    /// More are possible; the room then doubles. `outstanding` is rounded up to a power of two.
    #[must_use]
    pub fn new(terms: Terms, outstanding: usize) -> Self {
        Self::with_horizon(terms, outstanding, HORIZON)
    }

    /// `horizon`: a multiple of 64.
    pub(super) fn with_horizon(terms: Terms, outstanding: usize, horizon: u64) -> Self {
        Self {
            timeout_nanos: u64::try_from(terms.timeout.as_nanos()).unwrap_or(u64::MAX),
            measured_from: terms.measured_from,
            outstanding: Ring::new(outstanding),
            retired: Retired::new(horizon),
            next_expected: 0,
            first_measured: u64::MAX,
            warmup: Counts::default(),
            measured: Counts::default(),
            not_sent: NotSent::default(),
        }
    }

    /// The schedule asked for a probe of this flow.
    pub fn scheduled(&mut self, due: Offset) {
        self.counts_due(due).scheduled += 1;
    }

    /// The kernel took the probe numbered [`next_sequence`](Self::next_sequence).
    ///
    /// Due times must not fall within a flow: the window starts at one sequence.
    pub fn sent(&mut self, due: Offset, at: Offset) {
        if self.outstanding.is_full() {
            self.expire(at);
        }
        if due >= self.measured_from && self.first_measured == u64::MAX {
            self.first_measured = self.outstanding.next();
        }
        self.outstanding.push(due, at);
        self.counts_due(due).sent += 1;
    }

    /// A scheduled probe was not sent, and took no sequence.
    pub fn not_sent(&mut self, due: Offset, reason: Reason) {
        self.counts_due(due).not_sent += 1;
        if due >= self.measured_from {
            self.not_sent.add(reason, 1);
        }
    }

    /// Probes of the warm-up and of the measured window that were scheduled and will not be sent.
    pub fn skip(&mut self, warmup: u64, measured: u64, reason: Reason) {
        self.warmup.scheduled += warmup;
        self.warmup.not_sent += warmup;
        self.measured.scheduled += measured;
        self.measured.not_sent += measured;
        if measured > 0 {
            self.not_sent.add(reason, measured);
        }
    }

    /// A sound answer to `sequence` arrived. O(1), but for the probes it lets retire.
    pub fn answered(&mut self, sequence: Sequence, at: Offset) -> Answer {
        let Sequence(sequence) = sequence;
        if sequence >= self.outstanding.next() {
            self.foreign(at);
            return Answer::Foreign;
        }
        let answer = self.judge(sequence, at);
        let reordered = match answer {
            Answer::InTime(_) | Answer::Late => sequence < self.next_expected,
            Answer::Duplicate | Answer::Stale | Answer::Foreign => false,
        };
        self.next_expected = self.next_expected.max(sequence + 1);
        let counts = self.counts_of(sequence);
        counts.reordered += u64::from(reordered);
        match answer {
            Answer::InTime(_) => counts.received += 1,
            Answer::Late => counts.late += 1,
            Answer::Duplicate => counts.duplicated += 1,
            Answer::Stale => counts.stale += 1,
            Answer::Foreign => counts.foreign += 1,
        }
        answer
    }

    /// A datagram of this flow arrived changed. Nothing in it can be trusted, so it belongs to
    /// the window in which it arrived.
    pub fn corrupted(&mut self, at: Offset) {
        self.counts_due(at).corrupted += 1;
    }

    /// A datagram that answers no probe of this flow arrived, in the window of its arrival.
    pub fn foreign(&mut self, at: Offset) {
        self.counts_due(at).foreign += 1;
    }

    /// Gives up the probes sent more than the timeout before `now`, and says how many.
    pub fn expire(&mut self, now: Offset) -> u64 {
        let mut lost = 0;
        while let Some(oldest) = self.outstanding.oldest() {
            if !oldest.answered() && now.nanos_since(oldest.sent()) <= self.timeout_nanos {
                break;
            }
            lost += u64::from(!oldest.answered());
            self.retire(oldest.answered());
        }
        lost
    }

    /// Gives up every outstanding probe: the run ends here. Says how many they were.
    pub fn close(&mut self) -> u64 {
        let mut lost = 0;
        while let Some(oldest) = self.outstanding.oldest() {
            lost += u64::from(!oldest.answered());
            self.retire(oldest.answered());
        }
        lost
    }

    /// The number the next probe gets when it is sent.
    #[must_use]
    pub fn next_sequence(&self) -> Sequence {
        Sequence(self.outstanding.next())
    }

    /// How many probes are neither answered nor given up. O(1).
    #[must_use]
    pub fn outstanding(&self) -> u64 {
        self.both(|counts| counts.sent - counts.received) - self.given_up()
    }

    /// How many probes got no answer in time, be they lost or late. Never falls. O(1).
    #[must_use]
    pub fn given_up(&self) -> u64 {
        self.both(|counts| counts.late + counts.lost)
    }

    /// The earliest time at which [`expire`](Self::expire) has something to give up.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Offset> {
        let sent = self.outstanding.oldest()?.sent().as_nanos();
        let expiry = sent.saturating_add(self.timeout_nanos).saturating_add(1);
        Some(Offset::from_nanos(expiry))
    }

    /// Where the measured window begins.
    #[must_use]
    pub fn measured_from(&self) -> Offset {
        self.measured_from
    }

    /// The counts of the measured window so far.
    #[must_use]
    pub fn measured(&self) -> &Counts {
        &self.measured
    }

    /// The counts of the warm-up so far.
    #[must_use]
    pub fn warmup(&self) -> &Counts {
        &self.warmup
    }

    /// Why probes of the measured window were not sent.
    #[must_use]
    pub fn not_sent_reasons(&self) -> &NotSent {
        &self.not_sent
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.outstanding.capacity()
    }

    /// Decides what the answer to a probe that was sent is, and takes the probe off the books.
    fn judge(&mut self, sequence: u64, at: Offset) -> Answer {
        let measured = sequence >= self.first_measured;
        let Some(entry) = self.outstanding.entry(sequence) else {
            let answer = self.retired.answer(sequence, self.outstanding.first());
            if answer == Answer::Late {
                self.counts_of(sequence).lost -= 1;
            }
            return answer;
        };
        if entry.answered() {
            return Answer::Duplicate;
        }
        let (due, sent) = (entry.due(), entry.sent());
        entry.mark_answered();
        while self.outstanding.oldest().is_some_and(Entry::answered) {
            self.retire(true);
        }
        if at.nanos_since(sent) > self.timeout_nanos {
            return Answer::Late;
        }
        Answer::InTime(RoundTrip {
            due,
            sent,
            answered: at,
            measured,
        })
    }

    /// Moves the oldest probe from the ring to the bitmap.
    fn retire(&mut self, answered: bool) {
        let sequence = self.outstanding.pop();
        self.retired.remember(sequence, answered);
        self.counts_of(sequence).lost += u64::from(!answered);
    }

    fn counts_due(&mut self, due: Offset) -> &mut Counts {
        if due >= self.measured_from {
            &mut self.measured
        } else {
            &mut self.warmup
        }
    }

    fn counts_of(&mut self, sequence: u64) -> &mut Counts {
        if sequence >= self.first_measured {
            &mut self.measured
        } else {
            &mut self.warmup
        }
    }

    fn both(&self, count: impl Fn(&Counts) -> u64) -> u64 {
        count(&self.warmup) + count(&self.measured)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A timeout of 100 ns, and everything due from 1,000 ns on measured.
    fn tracker() -> Tracker {
        let terms = Terms {
            timeout: Duration::from_nanos(100),
            measured_from: at(1_000),
        };
        Tracker::with_horizon(terms, 4, 64)
    }

    fn at(nanos: u64) -> Offset {
        Offset::from_nanos(nanos)
    }

    /// Sends a probe on time.
    fn send(tracker: &mut Tracker, nanos: u64) -> Sequence {
        let sequence = tracker.next_sequence();
        tracker.scheduled(at(nanos));
        tracker.sent(at(nanos), at(nanos));
        sequence
    }

    #[test]
    fn an_answer_tells_when_its_probe_was_due_and_sent() {
        let mut tracker = tracker();
        tracker.sent(at(1_000), at(1_007));
        let trip = RoundTrip {
            due: at(1_000),
            sent: at(1_007),
            answered: at(1_050),
            measured: true,
        };
        assert_eq!(
            tracker.answered(Sequence(0), at(1_050)),
            Answer::InTime(trip)
        );
        assert_eq!(tracker.outstanding(), 0);
    }

    #[test]
    fn a_duplicate_is_not_an_answer() {
        let mut tracker = tracker();
        let (first, second) = (send(&mut tracker, 1_000), send(&mut tracker, 1_001));
        tracker.answered(second, at(1_010));
        assert_eq!(tracker.answered(second, at(1_011)), Answer::Duplicate);
        tracker.answered(first, at(1_012));
        assert_eq!(tracker.answered(first, at(1_013)), Answer::Duplicate);
        let counts = tracker.measured();
        assert_eq!((counts.received, counts.duplicated), (2, 2));
        assert_eq!(counts.check(), Ok(()));
    }

    #[test]
    fn an_answer_exactly_at_the_timeout_is_in_time() {
        let mut tracker = tracker();
        let (first, second) = (send(&mut tracker, 1_000), send(&mut tracker, 1_000));
        assert!(matches!(
            tracker.answered(first, at(1_100)),
            Answer::InTime(_)
        ));
        assert_eq!(tracker.answered(second, at(1_101)), Answer::Late);
    }

    #[test]
    fn a_late_answer_takes_its_probe_off_the_lost() {
        let mut tracker = tracker();
        let probe = send(&mut tracker, 1_000);
        assert_eq!(tracker.next_expiry(), Some(at(1_101)));
        assert_eq!(tracker.expire(at(1_100)), 0);
        assert_eq!(tracker.expire(at(1_101)), 1);
        assert_eq!(tracker.measured().lost, 1);
        assert_eq!(tracker.answered(probe, at(1_200)), Answer::Late);
        assert_eq!((tracker.measured().lost, tracker.measured().late), (0, 1));
        assert_eq!(tracker.answered(probe, at(1_201)), Answer::Duplicate);
        assert_eq!(tracker.given_up(), 1);
    }

    #[test]
    fn of_arrivals_1_5_2_3_both_2_and_3_are_reordered() {
        let mut tracker = tracker();
        (0..6).for_each(|_| {
            send(&mut tracker, 1_000);
        });
        for sequence in [1, 5, 2, 3, 3] {
            tracker.answered(Sequence(sequence), at(1_010));
        }
        assert_eq!(tracker.measured().reordered, 2);
    }

    #[test]
    fn an_answer_beyond_the_horizon_is_stale_and_its_probe_stays_lost() {
        let mut tracker = tracker();
        for nanos in 0..66 {
            send(&mut tracker, 1_000 + nanos);
        }
        tracker.expire(at(1_165));
        assert_eq!(tracker.next_expiry(), Some(at(1_166)));
        assert_eq!(tracker.answered(Sequence(0), at(1_165)), Answer::Stale);
        assert_eq!(tracker.answered(Sequence(1), at(1_165)), Answer::Late);
        assert_eq!((tracker.measured().lost, tracker.measured().stale), (64, 1));
    }

    #[test]
    fn an_answer_to_a_probe_never_sent_is_foreign() {
        let mut tracker = tracker();
        assert_eq!(tracker.answered(Sequence(0), at(1_500)), Answer::Foreign);
        assert_eq!(
            tracker.answered(Sequence(u64::MAX), at(1_500)),
            Answer::Foreign
        );
        assert_eq!(tracker.measured().foreign, 2);
    }

    #[test]
    fn a_probe_counts_for_the_window_it_was_due_in() {
        let mut tracker = tracker();
        tracker.scheduled(at(999));
        tracker.sent(at(999), at(1_050));
        let measured = send(&mut tracker, 1_000);
        let Answer::InTime(trip) = tracker.answered(Sequence(0), at(1_060)) else {
            panic!("the answer was in time");
        };
        assert!(!trip.measured);
        tracker.answered(measured, at(1_061));
        assert_eq!(
            (tracker.warmup().received, tracker.measured().received),
            (1, 1)
        );
        assert_eq!(tracker.warmup().check(), Ok(()));
    }

    #[test]
    fn a_probe_not_sent_takes_no_sequence() {
        let mut tracker = tracker();
        tracker.scheduled(at(1_000));
        tracker.not_sent(at(1_000), Reason::Errno(11));
        tracker.not_sent(at(999), Reason::Errno(11));
        assert_eq!(tracker.next_sequence(), Sequence(0));
        assert_eq!(tracker.measured().check(), Ok(()));
        assert_eq!(tracker.not_sent_reasons().total(), 1);
    }

    #[test]
    fn skipped_probes_were_scheduled_and_not_sent() {
        let mut tracker = tracker();
        tracker.skip(2, 3, Reason::Behind);
        assert_eq!(
            (tracker.warmup().not_sent, tracker.measured().not_sent),
            (2, 3)
        );
        assert_eq!(tracker.measured().check(), Ok(()));
        assert_eq!(tracker.not_sent_reasons().total(), 3);
    }

    #[test]
    fn closing_gives_up_what_is_outstanding() {
        let mut tracker = tracker();
        send(&mut tracker, 1_000);
        let answered = send(&mut tracker, 1_000);
        send(&mut tracker, 1_000);
        tracker.answered(answered, at(1_001));
        assert_eq!(tracker.outstanding(), 2);
        assert_eq!(tracker.close(), 2);
        assert_eq!(tracker.measured().check(), Ok(()));
    }

    #[test]
    fn a_full_ring_makes_room_by_giving_up_before_it_grows() {
        let mut tracker = tracker();
        for step in 0..1_000 {
            send(&mut tracker, 1_000 + step * 50);
        }
        assert_eq!(tracker.capacity(), 4);
    }
}
