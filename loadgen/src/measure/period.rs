//! One interval of the measured window: what happened in it.

use std::time::Duration;

use super::counts::Counts;
use super::encoding::Compressed;
use super::latency::Latency;
use super::quantile::Quantiles;
use crate::time::Offset;

/// What happened to one thread in one interval, by when it happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Period {
    /// Where it begins.
    pub from: Offset,
    /// Where it ends.
    pub to: Offset,
    /// How many of what.
    pub tally: Tally,
    /// The round trips that ended in it, and the lateness of what was sent.
    pub latency: Box<Latency>,
}

/// What happened to all threads in one interval. All counts and times are those of probes of the
/// measured window.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Where it begins, after the beginning of the window.
    pub from: Duration,
    /// Where it ends.
    pub to: Duration,
    /// How many of what.
    pub tally: Tally,
    /// Round trips from when a probe was due, those given up among them.
    pub from_due: Quantiles,
    /// Round trips from when a probe was sent, those given up among them.
    pub from_send: Quantiles,
    /// How late probes were sent.
    pub lateness: Quantiles,
    /// The round trips from due, whole.
    pub histogram: Compressed,
}

/// Counts that never fall while a run lasts. They are those of [`Counts`], but for the lost, of
/// which some turn out to be late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of `Counts`")]
pub struct Tally {
    pub sent: u64,
    pub not_sent: u64,
    pub received: u64,
    /// Lost or late.
    pub given_up: u64,
    pub duplicated: u64,
    pub reordered: u64,
    pub corrupted: u64,
    pub foreign: u64,
    pub stale: u64,
}

/// Whoever is given up counts as lost, since nobody knows yet which of them are late.
impl From<&Tally> for Counts {
    fn from(tally: &Tally) -> Self {
        Self {
            scheduled: tally.sent + tally.not_sent,
            sent: tally.sent,
            not_sent: tally.not_sent,
            received: tally.received,
            late: 0,
            lost: tally.given_up,
            duplicated: tally.duplicated,
            reordered: tally.reordered,
            corrupted: tally.corrupted,
            foreign: tally.foreign,
            stale: tally.stale,
        }
    }
}

impl Tally {
    /// The counts up to now.
    #[must_use]
    pub fn of(counts: &Counts) -> Self {
        Self {
            sent: counts.sent,
            not_sent: counts.not_sent,
            received: counts.received,
            given_up: counts.lost + counts.late,
            duplicated: counts.duplicated,
            reordered: counts.reordered,
            corrupted: counts.corrupted,
            foreign: counts.foreign,
            stale: counts.stale,
        }
    }

    /// What has been added since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        self.with(before, u64::saturating_sub)
    }

    /// Adds what happened elsewhere, or later.
    pub fn add(&mut self, other: &Self) {
        *self = self.with(other, |own, other| own + other);
    }

    fn with(&self, other: &Self, combine: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            sent: combine(self.sent, other.sent),
            not_sent: combine(self.not_sent, other.not_sent),
            received: combine(self.received, other.received),
            given_up: combine(self.given_up, other.given_up),
            duplicated: combine(self.duplicated, other.duplicated),
            reordered: combine(self.reordered, other.reordered),
            corrupted: combine(self.corrupted, other.corrupted),
            foreign: combine(self.foreign, other.foreign),
            stale: combine(self.stale, other.stale),
        }
    }
}
