//! One probe after another, evenly spaced.

use std::time::Duration;

use super::Share;
use crate::rate::{NANOS_TIMES_THOUSAND, Rate};
use crate::time::Offset;

/// One thread's part of a constant rate: an iterator over the times its probes are due.
///
/// Thread t of T owns the run's probes t, t + T, t + 2T, ...; probe i is due at
/// [`Rate::due`]`(i)`. Threads are thereby staggered, and together keep the gaps of one thread.
/// The offsets never fall.
#[derive(Clone, Debug)]
pub struct Constant {
    remaining: u64,
    /// Due time of the next probe: whole nanoseconds, and the rest in units of 1 / `rate`.
    nanos: u64,
    rest: u64,
    /// What lies between two probes of this thread, split the same way.
    step_nanos: u64,
    step_rest: u64,
    rate: u64,
}

impl Constant {
    /// The part of one thread in a run at `rate` that lasts for `span`, its end excluded.
    ///
    /// # Panics
    ///
    /// If the share's thread is not one of its threads.
    #[must_use]
    pub fn new(rate: Rate, span: Duration, share: Share) -> Self {
        let Share { threads, thread } = share;
        assert!(thread < threads.get(), "thread {thread} of {threads}");
        let (nanos, rest) = split(thread, rate);
        let (step_nanos, step_rest) = split(threads.get(), rate);
        Self {
            remaining: rate
                .probes_within(span)
                .saturating_sub(thread.into())
                .div_ceil(threads.get().into()),
            nanos,
            rest,
            step_nanos,
            step_rest,
            rate: rate.thousandths(),
        }
    }

    /// When the next probe is due, without taking it.
    #[must_use]
    pub fn peek(&self) -> Option<Offset> {
        (self.remaining > 0).then_some(Offset::from_nanos(self.nanos))
    }

    /// Ends the schedule early: of the probes not yet taken, only those due before `end` remain.
    pub fn cut(&mut self, end: Offset) {
        self.remaining = self.before(end);
    }

    /// Leaves out the next probes, `count` of them or all that remain; returns how many.
    pub fn skip_next(&mut self, count: u64) -> u64 {
        let count = count.min(self.remaining);
        let (rate, skipped) = (u128::from(self.rate), u128::from(count));
        let rest = u128::from(self.rest) + skipped * u128::from(self.step_rest);
        let nanos = u128::from(self.nanos) + skipped * u128::from(self.step_nanos) + rest / rate;
        self.nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        self.rest = u64::try_from(rest % rate).unwrap_or_default();
        self.remaining -= count;
        count
    }

    /// How many probes have not been taken yet.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.remaining
    }

    /// How many of those are due before `point`.
    #[must_use]
    pub fn before(&self, point: Offset) -> u64 {
        // Probe k from here on is due at floor((now + k * step) / rate), all in units of
        // 1 / rate ns; that is before `point` if now + k * step < point * rate.
        let rate = u128::from(self.rate);
        let now = u128::from(self.nanos) * rate + u128::from(self.rest);
        let step = u128::from(self.step_nanos) * rate + u128::from(self.step_rest);
        let gap = (u128::from(point.as_nanos()) * rate).saturating_sub(now);
        u64::try_from(gap.div_ceil(step.max(1)))
            .unwrap_or(u64::MAX)
            .min(self.remaining)
    }
}

impl Iterator for Constant {
    type Item = Offset;

    fn next(&mut self) -> Option<Offset> {
        let due = self.peek()?;
        self.remaining -= 1;
        // Carrying the rest along is exact, and spares a 128-bit division a probe.
        self.nanos = self.nanos.saturating_add(self.step_nanos);
        self.rest += self.step_rest;
        if self.rest >= self.rate {
            self.rest -= self.rate;
            self.nanos = self.nanos.saturating_add(1);
        }
        Some(due)
    }
}

/// `probes / rate` in nanoseconds, as a quotient and a rest.
fn split(probes: u16, rate: Rate) -> (u64, u64) {
    let scaled = u128::from(probes) * NANOS_TIMES_THOUSAND;
    let rate = u128::from(rate.thousandths());
    let narrow = |part| u64::try_from(part).expect("65,535 probes at 0.001/s take 2^56 ns");
    (narrow(scaled / rate), narrow(scaled % rate))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schedule::tests::share;

    #[test]
    fn four_threads_are_staggered_by_a_quarter_each() {
        let rate = Rate::per_second(1_000_000).unwrap();
        let firsts: Vec<Vec<u64>> = (0..4)
            .map(|thread| {
                Constant::new(rate, Duration::from_secs(1), share(4, thread))
                    .take(2)
                    .map(Offset::as_nanos)
                    .collect()
            })
            .collect();
        let expected = [[0, 4_000], [1_000, 5_000], [2_000, 6_000], [3_000, 7_000]];
        assert_eq!(firsts, expected);
    }

    proptest! {
        #[test]
        fn the_probes_before_a_point_are_those_that_come_out_before_it(
            rate in 1u64..5_000, taken in 0usize..50, point in 0u64..3_000_000_000, thread in 0u16..3,
        ) {
            let rate = Rate::per_second(rate).unwrap();
            let mut schedule = Constant::new(rate, Duration::from_secs(2), share(3, thread));
            schedule.by_ref().take(taken).for_each(drop);
            let point = Offset::from_nanos(point);
            let counted = schedule.clone().filter(|due| *due < point).count() as u64;
            prop_assert_eq!(schedule.before(point), counted);
            let mut skipping = schedule.clone();
            skipping.skip_next(counted);
            prop_assert_eq!(
                skipping.collect::<Vec<_>>(),
                schedule.clone().skip_while(|due| *due < point).collect::<Vec<_>>()
            );
            schedule.cut(point);
            prop_assert_eq!(schedule.count() as u64, counted);
        }
    }

    #[test]
    fn a_thread_without_a_probe_in_the_span_has_none() {
        let rate = Rate::per_second(1).unwrap();
        let mut schedule = Constant::new(rate, Duration::from_secs(2), share(3, 2));
        assert_eq!(schedule.peek(), None);
        assert_eq!(schedule.next(), None);
    }

    #[test]
    fn a_rest_that_fills_up_exactly_is_carried() {
        for probes in [3, 7, 333_333, 600_000] {
            let rate = Rate::per_second(probes).unwrap();
            let schedule = Constant::new(rate, Duration::from_secs(600), share(1, 0));
            let expected = (0..).map(|index| rate.due(index));
            assert!(
                schedule
                    .zip(expected)
                    .take(1_000)
                    .all(|(due, exact)| due == exact)
            );
        }
    }

    #[test]
    fn looking_does_not_take() {
        let rate = Rate::per_second(10).unwrap();
        let mut schedule = Constant::new(rate, Duration::from_secs(1), share(1, 0));
        assert_eq!(schedule.peek(), schedule.peek());
        assert_eq!(schedule.remaining(), 10);
        schedule.next();
        assert_eq!(schedule.remaining(), 9);
    }

    proptest! {
        #[test]
        fn a_cut_schedule_keeps_what_is_due_before_the_cut(
            thousandths in 1..=Rate::HIGHEST_THOUSANDTHS, probes in 0..200_u64, threads in 1..9_u16,
            taken in 0..50_usize, cut_at in 0..220_u64, shift in 0..3_u64,
        ) {
            let rate = Rate::from_thousandths(thousandths).unwrap();
            let span = Duration::from_nanos(rate.due(probes).as_nanos());
            let mut schedule = Constant::new(rate, span, share(threads, threads - 1));
            schedule.by_ref().take(taken).for_each(drop);
            // At a probe's time, or right beside it.
            let end = Offset::from_nanos((rate.due(cut_at).as_nanos() + shift).saturating_sub(1));
            let expected: Vec<Offset> =
                schedule.clone().take_while(|due| *due < end).collect();
            schedule.cut(end);
            prop_assert_eq!(schedule.collect::<Vec<_>>(), expected);
        }

        #[test]
        fn the_threads_together_send_every_probe_once_and_on_time(
            thousandths in 1..=Rate::HIGHEST_THOUSANDTHS, probes in 0..500_u64, threads in 1..9_u16,
        ) {
            let rate = Rate::from_thousandths(thousandths).unwrap();
            let span = Duration::from_nanos(rate.due(probes).as_nanos());
            let mut dues: Vec<Offset> = (0..threads)
                .flat_map(|thread| Constant::new(rate, span, share(threads, thread)))
                .collect();
            dues.sort_unstable();
            let expected: Vec<Offset> =
                (0..rate.probes_within(span)).map(|index| rate.due(index)).collect();
            prop_assert_eq!(dues, expected);
        }

        #[test]
        fn stepping_agrees_with_the_formula_far_into_a_run(
            thousandths in 1_000_000..=Rate::HIGHEST_THOUSANDTHS, threads in 1..9_u16,
            thread in 0..9_u16,
        ) {
            let thread = thread % threads;
            let rate = Rate::from_thousandths(thousandths).unwrap();
            let mut schedule = Constant::new(rate, Duration::from_secs(86_400), share(threads, thread));
            let due = schedule.nth(10_000).unwrap();
            prop_assert_eq!(due, rate.due(u64::from(thread) + 10_000 * u64::from(threads)));
        }
    }
}
