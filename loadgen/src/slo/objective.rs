//! What a service shall do.

use std::time::Duration;

use humantime::format_duration;

use crate::measure::{Fraction, Proportion};
use crate::share::Share;

/// Objectives that a service shall meet, all of them; there is one at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slo {
    pub(super) objectives: Vec<Objective>,
}

/// One thing that shall stay under a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objective {
    /// What shall stay under which limit.
    pub requirement: Requirement,
    /// Whether it may be as large as the limit.
    pub comparison: Comparison,
}

/// What shall stay under which limit. Times count from when a probe was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are what their names say")]
pub enum Requirement {
    /// A quantile of the round trips.
    Quantile { fraction: Fraction, limit: Duration },
    /// The longest round trip of the run, of this one alone.
    Max { limit: Duration },
    /// The share of the probes sent that had no answer in time: those lost and those late. A limit
    /// of zero is one for this run alone: however few are lost, more could always have been.
    Loss { limit: Share },
}

/// How something compares with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
}

impl Slo {
    /// The objectives, in the order in which they were written.
    #[must_use]
    pub fn objectives(&self) -> &[Objective] {
        &self.objectives
    }

    /// The fewest probes by which every objective can be met without a doubt; at least 1.
    #[must_use]
    pub fn smallest_population(&self) -> u64 {
        let needed = self
            .objectives
            .iter()
            .map(|objective| match objective.requirement {
                Requirement::Quantile { fraction, .. } => fraction.smallest_population(),
                Requirement::Loss { limit } => Proportion::fewest_below(limit),
                Requirement::Max { .. } => 1,
            });
        needed.max().unwrap_or(1)
    }
}

impl Objective {
    /// What is limited, as it is typed.
    pub(super) fn subject(self) -> String {
        match self.requirement {
            Requirement::Quantile { fraction, .. } => fraction.to_string(),
            Requirement::Max { .. } => "max".to_owned(),
            Requirement::Loss { .. } => "loss".to_owned(),
        }
    }

    /// Its limit, as it is typed: without blanks.
    pub(super) fn limit(self) -> String {
        match self.requirement {
            Requirement::Quantile { limit, .. } | Requirement::Max { limit } => {
                format_duration(limit).to_string().replace(' ', "")
            }
            Requirement::Loss { limit } => limit.to_string(),
        }
    }
}
