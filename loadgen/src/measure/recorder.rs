//! The books of one thread: its flows, its latencies, and what it shows while it runs.

use std::sync::Arc;
use std::time::Duration;

use super::counts::{Counts, NotSent, Reason};
use super::gaps::{GapRecorder, Gaps};
use super::latency::Latency;
use super::live::Live;
use super::parts::Parts;
use super::period::{Row, Tally};
use super::sequence::{Answer, Terms, Tracker};
use super::stamped::TimeSplit;
use super::turnover::Turnover;
use crate::probe::Sequence;
use crate::time::Offset;

/// Accounts for everything one thread does. A flow is named by its index among the thread's
/// flows, from 0.
#[derive(Debug)]
pub struct Recorder {
    flows: Vec<Tracker>,
    /// Those of the present interval, if there are any.
    latency: Box<Latency>,
    turnover: Option<Turnover>,
    parts: Parts,
    gaps: GapRecorder,
    measured_from: Offset,
    live: Arc<Live>,
}

impl Recorder {
    /// A thread with `flows` flows, each with room for `outstanding` probes without an answer.
    #[must_use]
    pub fn new(terms: Terms, flows: usize, outstanding: usize, live: Arc<Live>) -> Self {
        Self {
            flows: (0..flows)
                .map(|_| Tracker::new(terms, outstanding))
                .collect(),
            latency: Box::default(),
            turnover: None,
            parts: Parts::default(),
            gaps: GapRecorder::default(),
            measured_from: terms.measured_from,
            live,
        }
    }

    /// Keeps the measured window in parts too; it lasts for `duration`.
    #[must_use]
    pub fn in_parts(mut self, duration: Duration) -> Self {
        self.parts = Parts::of(self.measured_from, duration);
        self
    }

    /// Hands the latencies over at the end of each interval: then they are missing from the
    /// [`Measured`] result.
    #[must_use]
    pub fn in_intervals(mut self, turnover: Turnover) -> Self {
        self.turnover = Some(turnover);
        self
    }

    /// The schedule reached its next probe, whichever flow it is for; to be told in their order.
    pub fn due(&mut self, due: Offset) {
        if due >= self.measured_from {
            self.gaps.due(due);
        }
    }

    /// The schedule asked for a probe of a flow.
    pub fn scheduled(&mut self, flow: usize, due: Offset) {
        self.flows[flow].scheduled(due);
    }

    /// The kernel took the flow's next probe.
    pub fn sent(&mut self, flow: usize, due: Offset, at: Offset) {
        self.update(flow, |tracker| tracker.sent(due, at));
        self.live.sent();
        if due >= self.measured_from {
            self.latency.sent(due, at);
            self.parts.sent(due);
            self.gaps.sent(at);
        }
    }

    /// A probe that was asked for was not sent.
    pub fn not_sent(&mut self, flow: usize, due: Offset, reason: Reason) {
        self.flows[flow].not_sent(due, reason);
    }

    /// Probes of the warm-up and of the measured window that were scheduled will not be sent.
    pub fn skip(&mut self, flow: usize, warmup: u64, measured: u64, reason: Reason) {
        self.flows[flow].skip(warmup, measured, reason);
    }

    /// A sound answer arrived.
    pub fn answered(&mut self, flow: usize, sequence: Sequence, at: Offset) -> Answer {
        let answer = self.update(flow, |tracker| tracker.answered(sequence, at));
        if let Answer::InTime(trip) = answer {
            self.live.answered(at.nanos_since(trip.due));
            if trip.measured {
                self.latency.answered(&trip);
                let nanos = at.nanos_since(trip.due);
                self.parts.answered(trip.due, nanos);
            }
        }
        answer
    }

    /// A datagram arrived changed.
    pub fn corrupted(&mut self, flow: usize, at: Offset) {
        self.flows[flow].corrupted(at);
    }

    /// A datagram arrived that is not of this flow.
    pub fn foreign(&mut self, flow: usize, at: Offset) {
        self.flows[flow].foreign(at);
    }

    /// Gives up the probes whose timeout has passed. Looks at every flow: once a millisecond is
    /// often enough, since an answer is judged by its own times. Says how many there were.
    pub fn expire(&mut self, now: Offset) -> u64 {
        (0..self.flows.len())
            .map(|flow| self.update(flow, |tracker| tracker.expire(now)))
            .sum()
    }

    /// Ends an interval if it is time to: to be called once a millisecond.
    pub fn turn(&mut self, now: Offset) {
        let tally = match &self.turnover {
            Some(turnover) if turnover.is_due(now) => self.tally(),
            _ => return,
        };
        if let Some(turnover) = &mut self.turnover {
            turnover.turn(now, tally, &mut self.latency);
        }
    }

    /// The number the flow's next probe gets when it is sent.
    #[must_use]
    pub fn next_sequence(&self, flow: usize) -> Sequence {
        self.flows[flow].next_sequence()
    }

    /// Probes of all flows that are neither answered nor given up.
    #[must_use]
    pub fn outstanding(&self) -> u64 {
        self.flows.iter().map(Tracker::outstanding).sum()
    }

    /// Probes of one flow that are neither answered nor given up.
    #[must_use]
    pub fn outstanding_on(&self, flow: usize) -> u64 {
        self.flows[flow].outstanding()
    }

    /// Ends the run: gives up what is outstanding, and returns the measured window.
    #[must_use]
    pub fn finish(mut self) -> Measured {
        for flow in 0..self.flows.len() {
            self.update(flow, Tracker::close);
        }
        if let Some(turnover) = self.turnover.take() {
            let last = std::mem::take(&mut self.latency);
            turnover.finish(self.tally(), last);
        }
        let results = self.flows.iter().map(|tracker| FlowResult {
            counts: *tracker.measured(),
            not_sent: tracker.not_sent_reasons().clone(),
        });
        Measured {
            flows: results.collect(),
            latency: *self.latency,
            parts: self.parts,
            rows: Vec::new(),
            gaps: self.gaps.finish(),
            trains: 0,
            longest_train: 0,
            own_drops: 0,
            own_drops_measured: 0,
            receive_buffer: None,
            unreachable: 0,
            receive_errors: 0,
            time_split: None,
        }
    }

    /// What happened in the measured window so far.
    fn tally(&self) -> Tally {
        let mut sum = Counts::default();
        for tracker in &self.flows {
            sum.merge(tracker.measured());
        }
        Tally::of(&sum)
    }

    fn update<T>(&mut self, flow: usize, change: impl FnOnce(&mut Tracker) -> T) -> T {
        let tracker = &mut self.flows[flow];
        let before = tracker.given_up();
        let outcome = change(tracker);
        self.live.lost(tracker.given_up() - before);
        outcome
    }
}

/// What the measured window of one thread, or of several, came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// In the order of the flows; threads are appended in the order they are merged.
    pub flows: Vec<FlowResult>,
    /// Of all flows together.
    pub latency: Latency,
    /// The same window in parts, by when probes were due.
    pub parts: Parts,
    /// The same window, one row an interval; of all threads together.
    pub rows: Vec<Row>,
    /// How far apart its probes were due, and left; of the open loop alone.
    pub gaps: Gaps,
    /// Messages of more than one probe, sent as one because they were due together.
    pub trains: u64,
    /// Probes in the longest of them.
    pub longest_train: u64,
    /// Datagrams that the kernel dropped because a flow's own receive buffer was full.
    pub own_drops: u64,
    /// Those among them since shortly before the measured window began.
    pub own_drops_measured: u64,
    /// The smallest receive buffer of the flows in force, in bytes as the kernel counts them.
    pub receive_buffer: Option<usize>,
    /// Times that the target's host said that nobody listens there (ICMP port unreachable).
    pub unreachable: u64,
    /// Receive calls that failed for another reason.
    pub receive_errors: u64,
    /// Where the time of sampled probes went, if the kernel stamped them.
    pub time_split: Option<TimeSplit>,
}

impl Measured {
    /// Appends the flows of another thread, and adds its latencies.
    pub fn merge(&mut self, other: Self) {
        self.flows.extend(other.flows);
        self.latency.merge(&other.latency);
        self.parts.merge(&other.parts);
        self.gaps.merge(&other.gaps);
        self.trains += other.trains;
        self.longest_train = self.longest_train.max(other.longest_train);
        self.own_drops += other.own_drops;
        self.own_drops_measured += other.own_drops_measured;
        let buffers = self.receive_buffer.into_iter().chain(other.receive_buffer);
        self.receive_buffer = buffers.min();
        self.unreachable += other.unreachable;
        self.receive_errors += other.receive_errors;
        match (&mut self.time_split, other.time_split) {
            (Some(split), Some(other)) => split.merge(&other),
            (split @ None, other) => *split = other,
            (Some(_), None) => {}
        }
    }

    /// The counts of all flows together.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        self.flows.iter().for_each(|flow| sum.merge(&flow.counts));
        sum
    }

    /// The reasons of all flows together.
    #[must_use]
    pub fn not_sent(&self) -> NotSent {
        let mut sum = NotSent::default();
        self.flows.iter().for_each(|flow| sum.merge(&flow.not_sent));
        sum
    }
}

/// What one flow's measured window came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowResult {
    /// Its probes and datagrams.
    pub counts: Counts,
    /// Why some of its probes were not sent.
    pub not_sent: NotSent,
}

impl From<&Tally> for FlowResult {
    fn from(tally: &Tally) -> Self {
        Self {
            counts: Counts::from(tally),
            not_sent: NotSent::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::measure::Quantile;

    fn at(nanos: u64) -> Offset {
        Offset::from_nanos(nanos)
    }

    fn recorder() -> Recorder {
        let terms = Terms {
            timeout: Duration::from_nanos(100),
            measured_from: at(1_000),
        };
        Recorder::new(terms, 2, 16, Arc::default())
    }

    fn send(recorder: &mut Recorder, flow: usize, due: u64, sent: u64) -> Sequence {
        let sequence = recorder.next_sequence(flow);
        recorder.scheduled(flow, at(due));
        recorder.sent(flow, at(due), at(sent));
        sequence
    }

    #[test]
    fn the_warm_up_leaves_no_trace_in_the_result() {
        let mut recorder = recorder();
        let probe = send(&mut recorder, 0, 999, 1_050);
        recorder.answered(0, probe, at(1_060));
        send(&mut recorder, 0, 999, 1_050);
        let measured = recorder.finish();
        assert_eq!(measured.counts(), Counts::default());
        assert_eq!(measured.latency, Latency::new());
    }

    #[test]
    fn each_clock_starts_where_it_says() {
        let mut recorder = recorder();
        for _ in 0..5 {
            let probe = send(&mut recorder, 0, 1_000, 1_020);
            recorder.answered(0, probe, at(1_050));
        }
        let latency = recorder.finish().latency;
        assert_eq!(latency.from_due.quantiles(0).p50, Quantile::Value(50));
        assert_eq!(latency.from_send.quantiles(0).p50, Quantile::Value(30));
        assert_eq!(latency.lateness.quantiles(0).p50, Quantile::Value(20));
    }

    #[test]
    fn gaps_are_those_of_the_measured_window_over_all_flows() {
        let mut recorder = recorder();
        for (flow, due, sent) in [(0, 990, 991), (1, 1_000, 1_001), (0, 1_010, 1_031)] {
            recorder.due(at(due));
            send(&mut recorder, flow, due, sent);
        }
        let gaps = recorder.finish().gaps;
        assert_eq!(gaps.intended.quantiles(0).max, Quantile::Value(10));
        assert_eq!(gaps.achieved.quantiles(0).max, Quantile::Value(30));
        assert_eq!((gaps.intended.count(), gaps.achieved.count()), (1, 1));
    }

    #[test]
    fn a_display_sees_a_late_probe_as_lost_once() {
        let mut recorder = recorder();
        let live = Arc::clone(&recorder.live);
        let (first, second) = (
            send(&mut recorder, 0, 1_000, 1_000),
            send(&mut recorder, 1, 1_000, 1_000),
        );
        recorder.answered(1, second, at(1_200));
        recorder.expire(at(1_200));
        recorder.answered(0, first, at(1_201));
        let seen = live.snapshot();
        assert_eq!((seen.sent, seen.answered, seen.lost), (2, 0, 2));
        assert_eq!(recorder.finish().counts().late, 2);
    }

    #[test]
    fn merged_threads_keep_their_flows_apart() {
        let mut left = recorder();
        send(&mut left, 1, 1_000, 1_000);
        left.scheduled(0, at(1_000));
        left.not_sent(0, at(1_000), Reason::Behind);
        let mut merged = left.finish();
        merged.merge(recorder().finish());
        let sent: Vec<u64> = merged.flows.iter().map(|flow| flow.counts.sent).collect();
        assert_eq!(sent, [0, 1, 0, 0]);
        assert_eq!(merged.counts().check(), Ok(()));
        assert_eq!(merged.not_sent().total(), 1);
    }
}
