//! Random paths without a network: what the tracker counts against a model that forgets nothing.

use std::collections::HashMap;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use super::counts::{Counts, Reason};
use super::sequence::{Terms, Tracker};
use crate::probe::Sequence;
use crate::time::Offset;

proptest! {
    #[test]
    fn every_count_is_that_of_a_model_with_unlimited_memory(
        attempts in vec(attempt(), 0..200), eager: bool, measured_from in 0..4_000_u64,
    ) {
        // Without an `expire` at every step the tracker retires later than the model knows, so
        // that only a horizon beyond the run makes their notions of stale agree.
        let horizon = if eager { 64 } else { 1 << 10 };
        let (events, sends) = events(&attempts);
        let mut tracker = tracker(measured_from, horizon);
        let mut model = Model::new(measured_from, horizon);
        for (at, event) in events {
            if eager {
                tracker.expire(offset(at));
            }
            apply(&mut tracker, at, event);
            model.apply(at, event);
        }
        let end = offset(u64::MAX >> 1);
        tracker.expire(end);
        model.give_up_all();

        let (warmup, measured) = (tracker.warmup(), tracker.measured());
        prop_assert_eq!(*warmup, model.warmup);
        prop_assert_eq!(*measured, model.measured);
        prop_assert_eq!(warmup.check(), Ok(()));
        prop_assert_eq!(measured.check(), Ok(()));
        prop_assert_eq!(warmup.datagrams_in() + measured.datagrams_in(), model.arrivals);
        prop_assert_eq!(tracker.next_sequence(), Sequence(sends));
        prop_assert_eq!(tracker.not_sent_reasons().total(), measured.not_sent);
        prop_assert_eq!(tracker.outstanding(), 0);
    }
}

proptest! {
    // A case is long, so that few of them do.
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn memory_is_bounded_by_what_fits_into_a_timeout(
        attempts in vec(attempt(), 1_000..2_000),
    ) {
        let (events, _) = events(&attempts);
        let mut tracker = tracker(0, 64);
        for (at, event) in events {
            apply(&mut tracker, at, event);
        }
        // At most one probe a nanosecond is sent, so 301 are within the timeout at once.
        prop_assert!(tracker.capacity() <= 512);
    }
}

const TIMEOUT_NANOS: u64 = 300;

/// One probe the schedule asks for: how long after the one before, how late it is sent if it
/// is sent at all, and what the path makes of it.
#[derive(Clone, Debug)]
struct Attempt {
    gap: u64,
    refused: bool,
    /// Delays of the copies that come back; none is a loss.
    copies: Vec<u64>,
    corrupted: bool,
    stranger: bool,
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let delay = prop_oneof![
        8 => 1..40_u64,
        2 => 40..TIMEOUT_NANOS,
        1 => TIMEOUT_NANOS..TIMEOUT_NANOS + 3,
        1 => TIMEOUT_NANOS..10_000,
    ];
    let flag = |often: f64| prop::bool::weighted(often);
    (
        1..20_u64,
        flag(0.05),
        vec(delay, 0..4),
        flag(0.05),
        flag(0.02),
    )
        .prop_map(|(gap, refused, copies, corrupted, stranger)| Attempt {
            gap,
            refused,
            copies,
            corrupted,
            stranger,
        })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Sent { due: u64 },
    Refused { due: u64 },
    Arrived { sequence: u64 },
    Corrupted,
    Stranger,
}

/// The attempts and their echoes in the order of time, and how many were sent.
fn events(attempts: &[Attempt]) -> (Vec<(u64, Event)>, u64) {
    let (mut events, mut due, mut sequence) = (Vec::new(), 0, 0);
    for attempt in attempts {
        due += attempt.gap;
        if attempt.stranger {
            events.push((due, Event::Stranger));
        }
        if attempt.refused {
            events.push((due, Event::Refused { due }));
            continue;
        }
        events.push((due, Event::Sent { due }));
        for (copy, delay) in attempt.copies.iter().enumerate() {
            let event = if attempt.corrupted && copy == 0 {
                Event::Corrupted
            } else {
                Event::Arrived { sequence }
            };
            events.push((due + delay, event));
        }
        sequence += 1;
    }
    events.sort_unstable();
    (events, sequence)
}

fn tracker(measured_from: u64, horizon: u64) -> Tracker {
    let terms = Terms {
        timeout: Duration::from_nanos(TIMEOUT_NANOS),
        measured_from: offset(measured_from),
    };
    Tracker::with_horizon(terms, 2, horizon)
}

fn apply(tracker: &mut Tracker, nanos: u64, event: Event) {
    let at = offset(nanos);
    match event {
        Event::Sent { due } => {
            tracker.scheduled(offset(due));
            tracker.sent(offset(due), at);
        }
        Event::Refused { due } => {
            tracker.scheduled(offset(due));
            tracker.not_sent(offset(due), Reason::Errno(11));
        }
        Event::Arrived { sequence } => {
            tracker.answered(Sequence(sequence), at);
        }
        Event::Corrupted => tracker.corrupted(at),
        Event::Stranger => {
            tracker.answered(Sequence(u64::MAX), at);
        }
    }
}

/// The same rules, with a map of all probes and no thought of speed.
struct Model {
    measured_from: u64,
    horizon: u64,
    /// Due, sent, and whether an answer was seen, of every probe.
    probes: HashMap<u64, (u64, u64, bool)>,
    highest: Option<u64>,
    warmup: Counts,
    measured: Counts,
    arrivals: u64,
}

impl Model {
    fn new(measured_from: u64, horizon: u64) -> Self {
        Self {
            measured_from,
            horizon,
            probes: HashMap::new(),
            highest: None,
            warmup: Counts::default(),
            measured: Counts::default(),
            arrivals: 0,
        }
    }

    fn apply(&mut self, at: u64, event: Event) {
        match event {
            Event::Sent { due } => self.sent(due, at),
            Event::Refused { due } => {
                self.window(due).scheduled += 1;
                self.window(due).not_sent += 1;
            }
            Event::Arrived { sequence } => self.arrived(sequence, at),
            Event::Corrupted => {
                self.window(at).corrupted += 1;
                self.arrivals += 1;
            }
            Event::Stranger => {
                self.window(at).foreign += 1;
                self.arrivals += 1;
            }
        }
    }

    fn sent(&mut self, due: u64, at: u64) {
        let sequence = self.probes.len() as u64;
        self.probes.insert(sequence, (due, at, false));
        let counts = self.window(due);
        counts.scheduled += 1;
        counts.sent += 1;
    }

    fn arrived(&mut self, sequence: u64, at: u64) {
        self.arrivals += 1;
        let (due, sent, seen) = self.probes[&sequence];
        if self.oldest_outstanding(at) > sequence + self.horizon {
            self.window(due).stale += 1;
            return;
        }
        if seen {
            self.window(due).duplicated += 1;
            return;
        }
        self.probes.insert(sequence, (due, sent, true));
        let overtaken = self.highest > Some(sequence);
        self.highest = self.highest.max(Some(sequence));
        let counts = self.window(due);
        counts.reordered += u64::from(overtaken);
        if at - sent <= TIMEOUT_NANOS {
            counts.received += 1;
        } else {
            counts.late += 1;
        }
    }

    fn oldest_outstanding(&self, now: u64) -> u64 {
        let outstanding = self
            .probes
            .iter()
            .filter(|(_, (_, sent, seen))| !seen && now - sent <= TIMEOUT_NANOS);
        let oldest = outstanding.map(|(sequence, _)| *sequence).min();
        oldest.unwrap_or(self.probes.len() as u64)
    }

    fn give_up_all(&mut self) {
        for (due, _, seen) in self.probes.clone().into_values() {
            self.window(due).lost += u64::from(!seen);
        }
    }

    fn window(&mut self, due: u64) -> &mut Counts {
        if due >= self.measured_from {
            &mut self.measured
        } else {
            &mut self.warmup
        }
    }
}

fn offset(nanos: u64) -> Offset {
    Offset::from_nanos(nanos)
}
