//! The measured window as rows, put together from what the threads hand over; and their sum.

use std::collections::VecDeque;
use std::time::Duration;

use super::encoding::Compressed;
use super::latency::Latency;
use super::period::{Period, Row, Tally};
use super::turnover::Intake;
use crate::time::Offset;

/// The rows of a run, and everything in them added up.
#[derive(Debug)]
pub struct Series {
    threads: Vec<Thread>,
    /// Where the measured window begins.
    begins: Offset,
    rows: Vec<Row>,
    total: Latency,
    tally: Tally,
    reached: Offset,
}

#[derive(Debug)]
struct Thread {
    intake: Intake,
    /// What it handed over and what is in no row yet, in order.
    waiting: VecDeque<Period>,
}

impl Series {
    /// The rows of a window that begins at `begins`, from what so many threads hand over.
    #[must_use]
    pub fn new(begins: Offset, intakes: Vec<Intake>) -> Self {
        let threads = intakes.into_iter().map(|intake| Thread {
            intake,
            waiting: VecDeque::new(),
        });
        Self {
            threads: threads.collect(),
            begins,
            rows: Vec::new(),
            total: Latency::new(),
            tally: Tally::default(),
            reached: begins,
        }
    }

    /// Takes what the threads have handed over; true if there are new rows. To be called at least
    /// once an interval, lest rows become longer.
    pub fn collect(&mut self) -> bool {
        for thread in &mut self.threads {
            thread
                .waiting
                .extend(std::iter::from_fn(|| thread.intake.take()));
        }
        let before = self.rows.len();
        while let Some(edge) = common_edge(&self.threads) {
            self.close(edge);
        }
        self.rows.len() > before
    }

    /// The rows so far, in order.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// All latencies of the rows so far.
    #[must_use]
    pub fn total(&self) -> &Latency {
        &self.total
    }

    /// All counts of the rows so far.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Where the last row ends.
    #[must_use]
    pub fn reached(&self) -> Offset {
        self.reached
    }

    /// The rows and the sum of all of them when the threads have ended, of a window that lasted for
    /// `window`.
    #[must_use]
    pub fn finish(mut self, window: Duration) -> (Vec<Row>, Latency) {
        self.collect();
        // Of a window that was cut short, the last row is handed over as if it had not been: the
        // threads ended no other after they were told to stop.
        if let Some(last) = self.rows.last_mut() {
            last.to = last.to.min(window).max(last.from);
        }
        let nothing = |row: &Row| row.from == row.to && row.tally == Tally::default();
        self.rows.retain(|row| !nothing(row));
        (self.rows, self.total)
    }

    /// Makes a row of everything up to `edge`.
    fn close(&mut self, edge: Offset) {
        let mut sum = Latency::new();
        let mut tally = Tally::default();
        for thread in &mut self.threads {
            while thread
                .waiting
                .front()
                .is_some_and(|period| period.to <= edge)
            {
                let Some(period) = thread.waiting.pop_front() else {
                    break;
                };
                sum.merge(&period.latency);
                tally.add(&period.tally);
                thread.intake.give_back(period.latency);
            }
        }
        self.rows.push(Row {
            from: self.reached.since(self.begins),
            to: edge.since(self.begins),
            tally,
            from_due: sum.from_due.quantiles(tally.given_up),
            from_send: sum.from_send.quantiles(tally.given_up),
            lateness: sum.lateness.quantiles(0),
            histogram: Compressed::of(sum.from_due.histogram()),
        });
        self.total.merge(&sum);
        self.tally.add(&tally);
        self.reached = edge;
    }
}

/// The first edge at which every thread ended an interval, if there is one yet. A thread that went
/// on with an interval makes the row of all that much longer.
fn common_edge(threads: &[Thread]) -> Option<Offset> {
    let firsts = threads.iter().map(|thread| thread.waiting.front());
    let firsts: Option<Vec<_>> = firsts.collect();
    let mut edge = firsts?.iter().map(|period| period.to).max()?;
    loop {
        let ends = threads.iter().map(|thread| {
            let mut ends = thread.waiting.iter().map(|period| period.to);
            ends.find(|end| *end >= edge)
        });
        let ends: Option<Vec<_>> = ends.collect();
        let furthest = ends?.into_iter().max()?;
        if furthest == edge {
            return Some(edge);
        }
        edge = furthest;
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::turnover::{Edges, Turnover};
    use super::*;

    fn at(nanos: u64) -> Offset {
        Offset::from_nanos(nanos)
    }

    /// A thread, and what it measured.
    struct Writer {
        turnover: Turnover,
        book: Box<Latency>,
        tally: Tally,
    }

    impl Writer {
        fn answered(&mut self, nanos: u64) {
            self.book.from_due.record(nanos);
            self.tally.received += 1;
        }

        fn lost(&mut self) {
            self.tally.given_up += 1;
        }

        fn look(&mut self, now: u64) {
            if self.turnover.is_due(at(now)) {
                self.turnover.turn(at(now), self.tally, &mut self.book);
            }
        }
    }

    /// Threads with intervals of 10 ns from 100 to 200.
    fn rig(threads: usize) -> (Vec<Writer>, Series) {
        let edges = Edges {
            first: at(100),
            every: Duration::from_nanos(10),
            end: at(200),
        };
        let sides = (0..threads).map(|_| Turnover::new(edges));
        let (turnovers, intakes): (Vec<_>, Vec<_>) = sides.unzip();
        let writers = turnovers.into_iter().map(|turnover| Writer {
            turnover,
            book: Box::default(),
            tally: Tally::default(),
        });
        (writers.collect(), Series::new(at(100), intakes))
    }

    #[test]
    fn a_row_is_what_all_threads_did_in_it() {
        let (mut writers, mut series) = rig(2);
        writers[0].answered(7);
        writers[1].lost();
        writers[0].look(110);
        assert!(!series.collect(), "the other thread is not there yet");
        writers[1].look(112);
        assert!(series.collect());
        let row = &series.rows()[0];
        let tally = Tally {
            received: 1,
            given_up: 1,
            ..Tally::default()
        };
        assert_eq!((row.tally, row.from_due.count), (tally, 1));
        assert_eq!(row.from_due.max, crate::measure::Quantile::Lost);
        let expected = (Duration::ZERO, Duration::from_nanos(10));
        assert_eq!((row.from, row.to), expected);
        assert_eq!((series.reached(), *series.tally()), (at(110), tally));
    }

    #[test]
    fn a_thread_that_paused_makes_the_row_longer() {
        let (mut writers, mut series) = rig(2);
        for now in [110, 120, 130] {
            writers[0].look(now);
        }
        writers[1].look(125);
        series.collect();
        assert_eq!(series.rows().len(), 1);
        assert_eq!(series.rows()[0].to, Duration::from_nanos(20));
        writers[1].look(130);
        series.collect();
        assert_eq!(series.rows()[1].to, Duration::from_nanos(30));
    }

    #[test]
    fn the_last_row_ends_with_a_window_that_was_cut_short() {
        let (mut writers, mut series) = rig(1);
        writers[0].look(110);
        series.collect();
        let writer = writers.remove(0);
        writer.turnover.finish(writer.tally, writer.book);
        let (rows, _total) = series.finish(Duration::from_nanos(13));
        assert_eq!(rows.last().unwrap().to, Duration::from_nanos(13));
    }

    proptest! {
        // A row takes milliseconds in a build without optimization.
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn nothing_is_lost_on_the_way_however_late_threads_and_reader_are(
            steps in vec((0..3_usize, 0..1_000_u64, any::<bool>(), 0..4_u8), 0..200),
        ) {
            let (mut writers, mut series) = rig(3);
            let mut all = Latency::new();
            for (step, (thread, nanos, looks, reads)) in (0..).zip(&steps) {
                writers[*thread].answered(*nanos);
                all.from_due.record(*nanos);
                if *looks {
                    // Beyond the end, too.
                    writers[*thread].look(100 + step);
                }
                if *reads == 0 {
                    series.collect();
                }
            }
            for writer in writers {
                writer.turnover.finish(writer.tally, writer.book);
            }
            let (rows, total) = series.finish(Duration::from_nanos(100));
            prop_assert_eq!(&total, &all);
            prop_assert_eq!(rows.first().unwrap().from, Duration::ZERO);
            prop_assert_eq!(rows.last().unwrap().to, Duration::from_nanos(100));
            for pair in rows.windows(2) {
                prop_assert_eq!(pair[0].to, pair[1].from);
            }
            prop_assert!(rows.iter().all(|row| row.from < row.to));
            let received: u64 = rows.iter().map(|row| row.tally.received).sum();
            prop_assert_eq!(received, steps.len() as u64);
        }
    }
}
