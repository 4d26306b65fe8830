//! Probes as a file says.
//!
//! One line a probe: when it is due, in decimal seconds since the run's start, then its payload in
//! bytes if it shall not have the usual size; blanks between. What follows a `#` and lines without
//! anything else are left out. Times must not fall.
//!
//! - `line`: what a line holds, and the lines of a file one after another;
//! - `trace`: a whole file, checked before the run;
//! - `fault`: what can be wrong with it.

mod fault;
mod line;
mod trace;

use std::num::NonZeroU16;
use std::time::Duration;

pub use self::fault::{LineFault, TraceError};
use self::line::Lines;
pub use self::trace::Trace;
use super::{Arrival, Share, point};
use crate::time::Offset;

/// One thread's part of a file: an iterator over its probes, read as they are needed.
///
/// The file is held to what was found in it before: if it says something else now, the schedule
/// ends there, and [`take_fault`](Self::take_fault) tells why.
#[derive(Debug)]
pub struct Replay {
    lines: Lines,
    trace: Trace,
    next: Option<Arrival>,
    /// The run's probes that have been read.
    read: u64,
    /// The run's probes between two of this thread.
    step: NonZeroU16,
    end: Offset,
    fault: Option<TraceError>,
}

impl Replay {
    /// The part of one thread in a run that lasts for `span`, its end excluded.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened any more.
    ///
    /// # Panics
    ///
    /// If the share's thread is not one of its threads.
    pub fn open(trace: &Trace, span: Duration, share: Share) -> Result<Self, TraceError> {
        let Share { threads, thread } = share;
        assert!(thread < threads.get(), "thread {thread} of {threads}");
        let mut replay = Self {
            lines: Lines::open(&trace.path)?,
            trace: trace.clone(),
            next: None,
            read: 0,
            step: threads,
            end: point(span),
            fault: None,
        };
        replay.advance(thread + 1);
        Ok(replay)
    }

    /// Ends the schedule early: of the probes not yet taken, only those due before `end` remain.
    pub fn cut(&mut self, end: Offset) {
        self.end = self.end.min(end);
    }

    /// Takes the next probe if it is due before `point`.
    pub(super) fn next_before(&mut self, point: Offset) -> Option<Arrival> {
        self.peek().filter(|due| *due < point)?;
        self.next()
    }

    /// When the next probe is due, without taking it.
    #[must_use]
    pub fn peek(&self) -> Option<Offset> {
        let due = self.next?.due;
        (due < self.end).then_some(due)
    }

    /// What the file says that it did not say before, if that ended the schedule.
    pub fn take_fault(&mut self) -> Option<TraceError> {
        self.fault.take()
    }

    /// Reads on to the next probe of this thread, which is so many of the run's probes ahead.
    fn advance(&mut self, probes: u16) {
        self.next = None;
        if self.trace.probes - self.read < probes.into() {
            self.read = self.trace.probes;
            return;
        }
        for _ in 0..probes {
            match self.lines.next_probe() {
                Ok(Some(arrival)) if self.was_possible(arrival) => self.next = Some(arrival),
                Ok(_) => return self.end_with(LineFault::Different),
                Err(fault) => return self.end_with(fault),
            }
            self.read += 1;
        }
    }

    /// Whether `arrival` is within what the file held when it was checked; there is room for no
    /// more than that.
    fn was_possible(&self, arrival: Arrival) -> bool {
        let sizes = self.trace.smallest..=self.trace.largest;
        arrival.due <= self.trace.last && arrival.size.is_none_or(|size| sizes.contains(&size))
    }

    fn end_with(&mut self, fault: LineFault) {
        self.next = None;
        self.fault = Some(TraceError::Changed {
            path: self.trace.path.clone(),
            line: self.lines.number,
            fault,
        });
        // No further line is looked at.
        self.read = self.trace.probes;
    }
}

impl Iterator for Replay {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        self.peek()?;
        let arrival = self.next;
        self.advance(self.step.get());
        arrival
    }
}

#[cfg(test)]
mod tests;
