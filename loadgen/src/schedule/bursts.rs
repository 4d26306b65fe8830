//! Several probes at once, and then a pause.

use std::num::NonZeroU32;
use std::time::Duration;

use super::Share;
use crate::rate::Rate;
use crate::time::Offset;

/// One thread's part of a schedule of bursts: an iterator over the times its probes are due.
///
/// Probe i of the run is due at [`Rate::due`]`(i - i mod N)`: N at once, every N / rate. A burst
/// that has begun is whole, so a run holds a multiple of N probes. Thread t of T owns the probes
/// t, t + T, t + 2T, ...
#[derive(Clone, Debug)]
pub struct Bursts {
    rate: Rate,
    size: u64,
    /// The run's number of the next probe, and when it is due: kept, since working it out takes a
    /// 128-bit division.
    next: u64,
    due: Offset,
    /// Between two probes of this thread.
    step: u64,
    /// The run's probes from here on do not exist.
    end: u64,
}

impl Bursts {
    /// The part of one thread in a run at `rate` that lasts for `span`, its end excluded.
    ///
    /// # Panics
    ///
    /// If the share's thread is not one of its threads.
    #[must_use]
    pub fn new(rate: Rate, size: NonZeroU32, span: Duration, share: Share) -> Self {
        let Share { threads, thread } = share;
        assert!(thread < threads.get(), "thread {thread} of {threads}");
        let mut bursts = Self {
            rate,
            size: size.get().into(),
            next: 0,
            due: Offset::START,
            step: threads.get().into(),
            end: probes_within(rate, size, span),
        };
        bursts.advance(thread.into());
        bursts
    }

    /// Ends the schedule early: of the probes not yet taken, only those due before `end` remain.
    pub fn cut(&mut self, end: Offset) {
        self.end = self.first_from(end);
    }

    /// Leaves out the next probes, `count` of them or all that remain; returns how many.
    pub fn skip_next(&mut self, count: u64) -> u64 {
        let count = count.min(self.remaining_before(self.end));
        self.advance(count.saturating_mul(self.step));
        count
    }

    /// When the next probe is due, without taking it.
    #[must_use]
    pub fn peek(&self) -> Option<Offset> {
        (self.next < self.end).then_some(self.due)
    }

    /// How many of the probes not taken yet are due before `point`.
    #[must_use]
    pub fn before(&self, point: Offset) -> u64 {
        self.remaining_before(self.first_from(point))
    }

    /// The number of the run's first probe that is due at `point` or later, or does not exist.
    fn first_from(&self, point: Offset) -> u64 {
        let before = self
            .rate
            .probes_within(Duration::from_nanos(point.as_nanos()));
        whole_bursts(before, self.size).min(self.end)
    }

    fn remaining_before(&self, end: u64) -> u64 {
        end.saturating_sub(self.next).div_ceil(self.step)
    }

    fn advance(&mut self, probes: u64) {
        let burst = self.next / self.size;
        self.next = self.next.saturating_add(probes);
        let now = self.next / self.size;
        if now != burst {
            self.due = self.rate.due(now * self.size);
        }
    }
}

impl Iterator for Bursts {
    type Item = Offset;

    fn next(&mut self) -> Option<Offset> {
        let due = self.peek()?;
        self.advance(self.step);
        Some(due)
    }
}

/// How many probes of bursts of `size` are due in the first `span` of a run, its end excluded.
pub(super) fn probes_within(rate: Rate, size: NonZeroU32, span: Duration) -> u64 {
    whole_bursts(rate.probes_within(span), size.get().into())
}

/// `probes`, rounded up to whole bursts.
fn whole_bursts(probes: u64, size: u64) -> u64 {
    probes.div_ceil(size).saturating_mul(size)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schedule::tests::share;

    fn bursts(rate: u64, size: u32, span: Duration, share: Share) -> Bursts {
        let rate = Rate::per_second(rate).unwrap();
        Bursts::new(rate, size.try_into().unwrap(), span, share)
    }

    #[test]
    fn thirty_two_at_a_thousand_a_second_are_due_every_32_ms() {
        let dues: Vec<u64> = bursts(1_000, 32, Duration::from_millis(65), share(1, 0))
            .map(Offset::as_nanos)
            .collect();
        let expected: Vec<u64> = [[0; 32], [32_000_000; 32], [64_000_000; 32]].concat();
        assert_eq!(dues, expected);
    }

    #[test]
    fn a_burst_at_the_end_of_the_run_is_not_in_it() {
        let span = Duration::from_millis(32);
        assert_eq!(bursts(1_000, 32, span, share(1, 0)).count(), 32);
    }

    #[test]
    fn a_thread_without_a_probe_has_none() {
        let mut lone = bursts(1, 2, Duration::from_secs(1), share(3, 2));
        assert_eq!((lone.peek(), lone.next()), (None, None));
    }

    proptest! {
        #[test]
        fn every_probe_is_due_with_the_first_of_its_burst(
            thousandths in 1..=Rate::HIGHEST_THOUSANDTHS, size in 1..100_u32,
            probes in 0..500_u64, threads in 1..9_u16, thread in 0..9_u16,
        ) {
            let thread = thread % threads;
            let rate = Rate::from_thousandths(thousandths).unwrap();
            let span = Duration::from_nanos(rate.due(probes).as_nanos());
            let count = probes_within(rate, size.try_into().unwrap(), span);
            let expected: Vec<Offset> = (0..count)
                .filter(|index| index % u64::from(threads) == u64::from(thread))
                .map(|index| rate.due(index - index % u64::from(size)))
                .collect();
            let bursts = Bursts::new(rate, size.try_into().unwrap(), span, share(threads, thread));
            prop_assert_eq!(bursts.collect::<Vec<_>>(), expected);
        }

        #[test]
        fn a_burst_of_one_is_a_constant_rate(rate in 1..100_000_u64) {
            let span = Duration::from_millis(20);
            let constant = crate::schedule::Constant::new(
                Rate::per_second(rate).unwrap(), span, share(2, 1),
            );
            let bursts = bursts(rate, 1, span, share(2, 1));
            prop_assert_eq!(bursts.collect::<Vec<_>>(), constant.collect::<Vec<_>>());
        }
    }
}
