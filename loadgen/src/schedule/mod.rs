//! When probes are due, fixed before the first of them is sent.
//!
//! - [`constant`]: one after another, evenly;
//! - [`bursts`]: several at once, the bursts evenly;
//! - [`poisson`]: at random, as independent users would send them;
//! - [`replay`]: as a file says.
//!
//! A schedule reads no clock. Those of a run's threads share its probes, one after another in
//! turn, and together are the same however many threads there are. Times never fall.

pub mod bursts;
pub mod constant;
pub mod poisson;
pub mod replay;

use std::fmt;
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

pub use self::bursts::Bursts;
pub use self::constant::Constant;
pub use self::poisson::Poisson;
pub use self::replay::{Replay, Trace, TraceError};
use crate::rate::Rate;
use crate::time::Offset;

/// How the probes of an open loop are spaced. Displays as `--arrivals` takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrivals {
    /// Evenly.
    Constant,
    /// With gaps drawn from an exponential distribution.
    Poisson,
    /// So many at once, the bursts evenly.
    Bursts(NonZeroU32),
    /// As a file says, which has been checked.
    Replay(Trace),
}

impl Arrivals {
    /// How many probes are due from `from` on and before `to` at `rate`, as far as that is known
    /// without drawing or reading them.
    #[must_use]
    pub fn due_between(&self, rate: Rate, from: Duration, to: Duration) -> Option<u64> {
        match self {
            Self::Constant => Some(rate.probes_within(to) - rate.probes_within(from)),
            Self::Bursts(size) => Some(
                bursts::probes_within(rate, *size, to)
                    .saturating_sub(bursts::probes_within(rate, *size, from)),
            ),
            Self::Poisson => None,
            Self::Replay(trace) => {
                let whole = from.is_zero() && trace.last() < point(to);
                whole.then_some(trace.probes())
            }
        }
    }

    /// As many probes as are due within `span` wherever it lies in a run, or more; fewer by a rare
    /// chance alone.
    #[must_use]
    pub fn most_within(&self, rate: Rate, span: Duration) -> u64 {
        let mean = rate.probes_within(span);
        match self {
            Self::Constant => mean,
            Self::Bursts(size) => mean.saturating_add(size.get().into()),
            // Six standard deviations.
            Self::Poisson => mean.saturating_add(6 * mean.isqrt()),
            // A file may hold anything anywhere.
            Self::Replay(trace) => trace.probes(),
        }
    }
}

impl fmt::Display for Arrivals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => formatter.write_str("constant"),
            Self::Poisson => formatter.write_str("poisson"),
            Self::Bursts(size) => write!(formatter, "bursts:{size}"),
            Self::Replay(trace) => write!(formatter, "replay:{}", trace.path().display()),
        }
    }
}

/// Which of the run's probes a thread owns: probe i belongs to thread i mod `threads`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Threads of the run.
    pub threads: NonZeroU16,
    /// This thread, 0 to `threads` - 1.
    pub thread: u16,
}

/// One probe of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When it is due.
    pub due: Offset,
    /// Bytes of its datagram, if the schedule has an opinion about them.
    pub size: Option<u16>,
}

/// One thread's part of a schedule: an iterator over its probes.
#[derive(Debug)]
#[expect(missing_docs, reason = "the types tell what they are")]
pub enum Schedule {
    Constant(Constant),
    Poisson(Poisson),
    Bursts(Bursts),
    Replay(Box<Replay>),
}

impl Schedule {
    /// The part of one thread in a run that lasts for `span`, its end excluded. Of `rate` and
    /// `seed`, each kind takes what it needs.
    ///
    /// # Errors
    ///
    /// If the file of a replay cannot be opened.
    pub fn new(
        arrivals: &Arrivals,
        rate: Rate,
        span: Duration,
        seed: u64,
        share: Share,
    ) -> Result<Self, TraceError> {
        Ok(match arrivals {
            Arrivals::Constant => Self::Constant(Constant::new(rate, span, share)),
            Arrivals::Poisson => Self::Poisson(Poisson::new(rate, span, seed, share)),
            Arrivals::Bursts(size) => Self::Bursts(Bursts::new(rate, *size, span, share)),
            Arrivals::Replay(trace) => Self::Replay(Box::new(Replay::open(trace, span, share)?)),
        })
    }

    /// Takes the next probe if `wanted` says so of the time it is due.
    pub fn next_if(&mut self, wanted: impl FnOnce(Offset) -> bool) -> Option<Arrival> {
        self.peek().filter(|due| wanted(*due))?;
        self.next()
    }

    /// Ends the schedule early: of the probes not yet taken, only those due before `end` remain.
    pub fn cut(&mut self, end: Offset) {
        match self {
            Self::Constant(constant) => constant.cut(end),
            Self::Poisson(poisson) => poisson.cut(end),
            Self::Bursts(bursts) => bursts.cut(end),
            Self::Replay(replay) => replay.cut(end),
        }
    }

    /// Leaves out probes that are due before `point`; returns how many. Takes no time if there are
    /// none, and never long: where they have to be drawn or read to be counted, it leaves out some
    /// thousands, and the rest in further calls.
    pub fn skip_before(&mut self, point: Offset) -> u64 {
        match self {
            Self::Constant(constant) => constant.skip_next(constant.before(point)),
            Self::Bursts(bursts) => bursts.skip_next(bursts.before(point)),
            Self::Poisson(poisson) => count(DRAWN_AT_ONCE, || poisson.next_before(point).is_some()),
            Self::Replay(replay) => count(READ_AT_ONCE, || replay.next_before(point).is_some()),
        }
    }

    /// Leaves out probes that remain, as [`skip_before`](Self::skip_before) does; returns how many.
    pub fn skip_rest(&mut self) -> u64 {
        self.skip_before(Offset::from_nanos(u64::MAX))
    }

    /// When the next probe is due, without taking it.
    #[must_use]
    pub fn peek(&self) -> Option<Offset> {
        match self {
            Self::Constant(constant) => constant.peek(),
            Self::Poisson(poisson) => poisson.peek(),
            Self::Bursts(bursts) => bursts.peek(),
            Self::Replay(replay) => replay.peek(),
        }
    }

    /// Why the schedule ended before its time, if it did.
    pub fn take_fault(&mut self) -> Option<TraceError> {
        match self {
            Self::Replay(replay) => replay.take_fault(),
            Self::Constant(_) | Self::Poisson(_) | Self::Bursts(_) => None,
        }
    }
}

impl Iterator for Schedule {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let due = match self {
            Self::Constant(constant) => constant.next(),
            Self::Poisson(poisson) => poisson.next(),
            Self::Bursts(bursts) => bursts.next(),
            Self::Replay(replay) => return replay.next(),
        };
        due.map(|due| Arrival { due, size: None })
    }
}

/// The end of a run that lasts for `span`.
fn point(span: Duration) -> Offset {
    Offset::START
        .checked_add(span)
        .unwrap_or(Offset::from_nanos(u64::MAX))
}

fn count(most: u64, mut more: impl FnMut() -> bool) -> u64 {
    let mut count = 0;
    while count < most && more() {
        count += 1;
    }
    count
}

/// Gaps that are drawn at one time: under a millisecond's work.
const DRAWN_AT_ONCE: u64 = 40_000;

/// Lines that are read at one time, likewise.
const READ_AT_ONCE: u64 = 5_000;

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn share(threads: u16, thread: u16) -> Share {
        Share {
            threads: NonZeroU16::new(threads).unwrap(),
            thread,
        }
    }

    fn computed() -> impl Strategy<Value = Arrivals> {
        prop_oneof![
            Just(Arrivals::Constant),
            Just(Arrivals::Poisson),
            (1..40_u32).prop_map(|size| Arrivals::Bursts(size.try_into().unwrap())),
        ]
    }

    /// Half a second of a thread's schedule.
    fn half_a_second(arrivals: &Arrivals, share: Share) -> Schedule {
        Schedule::new(arrivals, rate(), Duration::from_millis(500), 7, share).unwrap()
    }

    fn rate() -> Rate {
        Rate::from_thousandths(333_333).unwrap()
    }

    #[test]
    fn only_a_wanted_probe_is_taken() {
        let mut schedule = half_a_second(&Arrivals::Constant, share(1, 0));
        assert_eq!(schedule.next_if(|_| false), None);
        assert_eq!(schedule.peek(), Some(Offset::START));
        let taken = schedule.next_if(|due| due == Offset::START);
        assert_eq!(taken.map(|arrival| arrival.due), Some(Offset::START));
        assert!(schedule.peek() > Some(Offset::START));
    }

    proptest! {
        #[test]
        fn the_threads_of_any_kind_share_the_schedule_of_one(
            arrivals in computed(), threads in 2..9_u16,
        ) {
            let whole: Vec<Arrival> = half_a_second(&arrivals, share(1, 0)).collect();
            let mut shared: Vec<Option<Arrival>> = vec![None; whole.len()];
            for thread in 0..threads {
                let indices = (usize::from(thread)..).step_by(threads.into());
                for (index, arrival) in indices.zip(half_a_second(&arrivals, share(threads, thread))) {
                    shared[index] = Some(arrival);
                }
            }
            prop_assert_eq!(shared, whole.into_iter().map(Some).collect::<Vec<_>>());
        }

        #[test]
        fn leaving_out_and_cutting_agree_with_enumerating(
            arrivals in computed(), threads in 1..5_u16, taken in 0..100_usize,
            point in 0..600_000_000_u64,
        ) {
            let begun = || {
                let mut schedule = half_a_second(&arrivals, share(threads, threads - 1));
                schedule.by_ref().take(taken).for_each(drop);
                schedule
            };
            let point = Offset::from_nanos(point);
            let (before, after): (Vec<_>, Vec<_>) = begun().partition(|arrival| arrival.due < point);

            let mut cut = begun();
            cut.cut(point);
            prop_assert_eq!(cut.peek(), before.first().map(|arrival| arrival.due));
            prop_assert_eq!(cut.collect::<Vec<_>>(), before.clone());

            let mut left_out = begun();
            prop_assert_eq!(left_out.skip_before(point), before.len() as u64);
            prop_assert_eq!(left_out.skip_before(point), 0);
            prop_assert_eq!(left_out.peek(), after.first().map(|arrival| arrival.due));
            prop_assert_eq!(left_out.skip_rest(), after.len() as u64);
            prop_assert_eq!(left_out.next(), None);
        }

        #[test]
        fn what_is_known_to_be_due_between_two_points_is_what_comes_out(
            arrivals in computed(), from in 0..500_u64,
        ) {
            let from = Duration::from_millis(from);
            let due = arrivals.due_between(rate(), from, Duration::from_millis(500));
            let measured = half_a_second(&arrivals, share(1, 0))
                .filter(|arrival| arrival.due >= Offset::START + from);
            prop_assert_eq!(due.is_none(), arrivals == Arrivals::Poisson);
            prop_assert!(due.is_none_or(|due| due == measured.count() as u64));
        }
    }
}
