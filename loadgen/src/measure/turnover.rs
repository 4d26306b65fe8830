//! Hands the books of a thread over at the end of each interval, without a lock, a wait or an
//! allocation: full ones go out, empty ones come back.

use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::Duration;

use super::latency::Latency;
use super::period::{Period, Tally};
use crate::time::Offset;

/// Where intervals end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edges {
    /// Where the first one begins.
    pub first: Offset,
    /// How long each is; above zero.
    pub every: Duration,
    /// Where the last one ends, which takes what is over when the others are full.
    pub end: Offset,
}

/// The side of the thread that measures.
#[derive(Debug)]
pub struct Turnover {
    edges: Edges,
    /// Where the present interval began.
    begun: Offset,
    /// Where it ends if there is an empty book by then.
    next: Offset,
    /// What had happened before it.
    before: Tally,
    full: SyncSender<Period>,
    empty: Receiver<Box<Latency>>,
}

/// The side that reads.
#[derive(Debug)]
pub struct Intake {
    full: Receiver<Period>,
    empty: SyncSender<Box<Latency>>,
}

impl Turnover {
    /// Both sides, with books for the reader to be a few intervals behind.
    #[must_use]
    pub fn new(edges: Edges) -> (Self, Intake) {
        // The one that the thread writes in may come back too, when the run has ended.
        let (full, taken) = mpsc::sync_channel(SPARE + 1);
        let (given, empty) = mpsc::sync_channel(SPARE + 1);
        for _ in 0..SPARE {
            let mut book = Box::<Latency>::default();
            // Writes to all of its memory, lest the thread that measures has to fetch its pages.
            book.clear();
            // There is room for all of them.
            let _sent: Result<(), _> = given.try_send(book);
        }
        let turnover = Self {
            edges,
            begun: edges.first,
            next: edges.first + edges.every,
            before: Tally::default(),
            full,
            empty,
        };
        let intake = Intake {
            full: taken,
            empty: given,
        };
        (turnover, intake)
    }

    /// Whether an interval has ended that is not the last.
    #[must_use]
    pub fn is_due(&self, now: Offset) -> bool {
        now >= self.next && self.next < self.edges.end
    }

    /// Ends the present interval at the last edge that has passed and is not the end, and puts an
    /// empty book in place of the full one. If the reader has none to spare, the interval goes on.
    pub fn turn(&mut self, now: Offset, tally: Tally, latency: &mut Box<Latency>) {
        let Ok(mut book) = self.empty.try_recv() else {
            return;
        };
        std::mem::swap(&mut book, latency);
        let to = self.last_edge(now);
        self.hand_over(to, tally, book);
        self.next = to + self.edges.every;
    }

    /// Ends the last interval: nothing more happens.
    pub fn finish(mut self, tally: Tally, latency: Box<Latency>) {
        let end = self.edges.end;
        self.hand_over(end, tally, latency);
    }

    fn hand_over(&mut self, to: Offset, tally: Tally, latency: Box<Latency>) {
        let period = Period {
            from: self.begun,
            to,
            tally: tally.since(&self.before),
            latency,
        };
        // There are no more books than places, so this fails only if nobody reads any more.
        let _sent: Result<(), _> = self.full.try_send(period);
        self.begun = to;
        self.before = tally;
    }

    fn last_edge(&self, now: Offset) -> Offset {
        let Edges { first, every, end } = self.edges;
        // What comes after the end belongs to the last interval, so that is not ended here.
        let passed = now
            .nanos_since(first)
            .min(end.nanos_since(first).saturating_sub(1));
        let edge = u128::from(passed) / every.as_nanos() * every.as_nanos();
        first + Duration::from_nanos(u64::try_from(edge).unwrap_or(u64::MAX))
    }
}

impl Intake {
    /// The next interval that has ended, if there is one.
    #[must_use]
    pub fn take(&self) -> Option<Period> {
        self.full.try_recv().ok()
    }

    /// Gives a book back when what is in it has been read.
    pub fn give_back(&self, mut book: Box<Latency>) {
        book.clear();
        // A thread that has ended needs no more.
        let _sent: Result<(), _> = self.empty.try_send(book);
    }
}

/// Books besides the one that a thread writes in, each of under 1 MiB.
const SPARE: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> Offset {
        Offset::from_nanos(nanos)
    }

    /// Four intervals of 10 ns from 100 on.
    fn rig() -> (Turnover, Intake) {
        Turnover::new(Edges {
            first: at(100),
            every: Duration::from_nanos(10),
            end: at(140),
        })
    }

    fn sent(sent: u64) -> Tally {
        Tally {
            sent,
            ..Tally::default()
        }
    }

    #[test]
    fn an_interval_ends_at_the_edge_before_it_is_looked() {
        let (mut turnover, intake) = rig();
        assert!(!turnover.is_due(at(109)));
        assert!(turnover.is_due(at(110)));
        let mut book = Box::<Latency>::default();
        book.lateness.record(5);
        turnover.turn(at(113), sent(7), &mut book);
        assert_eq!(book, Box::default());
        let period = intake.take().unwrap();
        assert_eq!((period.from, period.to), (at(100), at(110)));
        assert_eq!(
            (period.tally, period.latency.lateness.count()),
            (sent(7), 1)
        );
        turnover.turn(at(135), sent(9), &mut book);
        let period = intake.take().unwrap();
        assert_eq!(
            (period.from, period.to, period.tally),
            (at(110), at(130), sent(2))
        );
        assert!(!turnover.is_due(at(150)), "the last one ends with the run");
        turnover.finish(sent(10), book);
        let period = intake.take().unwrap();
        assert_eq!(
            (period.from, period.to, period.tally),
            (at(130), at(140), sent(1))
        );
        assert_eq!(intake.take(), None);
    }

    #[test]
    fn what_comes_after_the_end_is_in_the_last_interval() {
        let (mut turnover, intake) = rig();
        let mut book = Box::<Latency>::default();
        turnover.turn(at(151), sent(7), &mut book);
        assert!(!turnover.is_due(at(152)));
        turnover.finish(sent(9), book);
        let periods: Vec<Period> = std::iter::from_fn(|| intake.take()).collect();
        let ends: Vec<_> = periods
            .iter()
            .map(|period| (period.from, period.to))
            .collect();
        assert_eq!(ends, [(at(100), at(130)), (at(130), at(140))]);
        assert_eq!(periods[1].tally, sent(2));
    }

    #[test]
    fn without_an_empty_book_an_interval_goes_on() {
        let (mut turnover, intake) = rig();
        let mut book = Box::<Latency>::default();
        for (number, now) in [(1, 110), (2, 120), (3, 130)] {
            turnover.turn(at(now), sent(number), &mut book);
        }
        book.lateness.record(1);
        turnover.turn(at(139), sent(4), &mut book);
        assert_eq!(book.lateness.count(), 1);
        let periods: Vec<Period> = std::iter::from_fn(|| intake.take()).collect();
        assert_eq!(periods.len(), 3);
        intake.give_back(periods.into_iter().next().unwrap().latency);
        turnover.finish(sent(5), book);
        let last = intake.take().unwrap();
        assert_eq!((last.from, last.tally), (at(130), sent(2)));
    }
}
