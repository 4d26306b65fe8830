//! What is compared of a run.

use std::fmt;

use crate::measure::{Fraction, Quantile};
use crate::results::{Run, Unit};
use crate::share::Share;

/// A figure that every run has one of. Times are those from when a probe was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the quantiles are named by their number")]
pub enum Subject {
    P50,
    P90,
    P99,
    P99_9,
    /// The share of the probes sent that had no answer in time.
    Loss,
}

impl Subject {
    /// All of them: the family that chance has its tries at.
    pub const ALL: [Self; 5] = [Self::P50, Self::P90, Self::P99, Self::P99_9, Self::Loss];

    /// The one that is called so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|subject| subject.to_string() == name)
    }

    /// What its numbers count.
    #[must_use]
    pub fn unit(self) -> Unit {
        match self {
            Self::P50 | Self::P90 | Self::P99 | Self::P99_9 => Unit::Nanoseconds,
            Self::Loss => Unit::Billionths,
        }
    }

    /// That of one run.
    #[must_use]
    pub fn of(self, run: &Run) -> Quantile {
        let times = &run.rtt_ns.from_due;
        match self {
            Self::P50 => times.p50,
            Self::P90 => times.p90,
            Self::P99 => times.p99,
            Self::P99_9 => times.p99_9,
            Self::Loss if run.counts.sent == 0 => Quantile::TooFew,
            Self::Loss => {
                let unanswered = run.counts.lost.saturating_add(run.counts.late);
                Quantile::Value(Share::of(unanswered, run.counts.sent).billionths())
            }
        }
    }

    /// How many probes of a run it takes.
    #[must_use]
    pub fn smallest_population(self) -> u64 {
        match self {
            Self::P50 => Fraction::P50.smallest_population(),
            Self::P90 => Fraction::P90.smallest_population(),
            Self::P99 => Fraction::P99.smallest_population(),
            Self::P99_9 => Fraction::P99_9.smallest_population(),
            Self::Loss => 1,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::P99_9 => "p99.9",
            Self::Loss => "loss",
        })
    }
}
