//! May this run be believed? Doubts are data: a code, the numbers, and what to do about them.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::figures;
use crate::measure::{Counts, Latency};

/// What to think of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The worst that any of the doubts says.
    pub outcome: Outcome,
    /// In the order in which a reader should deal with them.
    pub doubts: Vec<Doubt>,
}

/// How far a run may be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Nothing speaks against the numbers.
    Valid,
    /// The numbers hold, but do not mean what they seem to without a closer look.
    Suspect,
    /// The numbers say more about the generator or the set-up than about the server.
    Invalid,
}

/// One reason not to believe a run. Displays as a sentence that says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Doubt {
    /// The generator did not keep up with its schedule.
    #[error(
        "Only {} of the scheduled probes were sent ({} of {}): lower --rate, or raise --threads \
         if there are idle CPUs.",
        figures::percent(*sent, *scheduled),
        figures::count(*sent),
        figures::count(*scheduled)
    )]
    RateMissed {
        /// Probes sent.
        sent: u64,
        /// Probes scheduled.
        scheduled: u64,
    },
    /// The measured window held no probe.
    #[error("No probe was due in the measured window: let the run last beyond its --warmup.")]
    NothingMeasured,
    /// Nothing came back that could be measured.
    #[error(
        "None of the {} probes sent was answered: check that a UDP echo server listens on the \
         target, and that no firewall is between.",
        figures::count(*sent)
    )]
    NoAnswers {
        /// Probes sent.
        sent: u64,
    },
    /// Some times were longer than a histogram holds.
    #[error(
        "{} values were over the two minutes that a histogram holds, so quantiles that fall \
         among them show the largest: lower --rate until the generator keeps up.",
        figures::count(*values)
    )]
    ValuesOverRange {
        /// Values over the range, in all distributions together.
        values: u64,
    },
}

impl Doubt {
    /// A name for programs, which never changes.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::RateMissed { .. } => "rate_missed",
            Self::NothingMeasured => "nothing_measured",
            Self::NoAnswers { .. } => "no_answers",
            Self::ValuesOverRange { .. } => "values_over_range",
        }
    }

    /// A sentence for people: what is wrong, and what to do about it.
    #[must_use]
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// How bad it is.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::RateMissed { .. } | Self::NothingMeasured | Self::NoAnswers { .. } => {
                Outcome::Invalid
            }
            Self::ValuesOverRange { .. } => Outcome::Suspect,
        }
    }

    /// What was found: probes sent, probes answered, or values over the range.
    #[must_use]
    pub fn measured(&self) -> u64 {
        match *self {
            Self::RateMissed { sent, .. } => sent,
            Self::NothingMeasured | Self::NoAnswers { .. } => 0,
            Self::ValuesOverRange { values } => values,
        }
    }

    /// What would have been good enough, in the unit of [`measured`](Self::measured): the
    /// fewest probes sent, the fewest answers, the most values.
    #[must_use]
    pub fn limit(&self) -> u64 {
        match *self {
            Self::RateMissed { scheduled, .. } => fewest_to_send(scheduled),
            Self::NothingMeasured | Self::NoAnswers { .. } => 1,
            Self::ValuesOverRange { .. } => 0,
        }
    }
}

/// Judges the measured window of a run that has ended.
#[must_use]
pub fn judge(counts: &Counts, latency: &Latency) -> Verdict {
    let Counts {
        scheduled, sent, ..
    } = *counts;
    let mut doubts = Vec::new();
    if scheduled == 0 {
        doubts.push(Doubt::NothingMeasured);
    }
    if sent < fewest_to_send(scheduled) {
        doubts.push(Doubt::RateMissed { sent, scheduled });
    }
    // Where nothing was sent, the doubt about the rate says it all.
    if counts.received + counts.late == 0 && sent > 0 {
        doubts.push(Doubt::NoAnswers { sent });
    }
    let values = latency.from_due.over() + latency.from_send.over() + latency.lateness.over();
    if values > 0 {
        doubts.push(Doubt::ValuesOverRange { values });
    }
    let worst = doubts.iter().map(Doubt::outcome).max();
    Verdict {
        outcome: worst.unwrap_or(Outcome::Valid),
        doubts,
    }
}

/// 99 % of the scheduled probes, rounded up.
fn fewest_to_send(scheduled: u64) -> u64 {
    scheduled - scheduled / 100
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::latency::HIGHEST_NANOS;

    /// A run in which every probe that was sent was answered.
    fn answered(scheduled: u64, sent: u64) -> Counts {
        Counts {
            scheduled,
            sent,
            not_sent: scheduled - sent,
            received: sent,
            ..Counts::default()
        }
    }

    #[test]
    fn a_clean_run_is_valid() {
        let verdict = judge(&answered(1_000, 1_000), &Latency::new());
        assert_eq!(verdict.outcome, Outcome::Valid);
        assert_eq!(verdict.doubts, []);
    }

    #[test]
    fn a_run_that_sent_under_99_percent_is_invalid() {
        let enough = judge(&answered(1_001, 991), &Latency::new());
        assert_eq!(enough.outcome, Outcome::Valid);
        let verdict = judge(&answered(1_001, 990), &Latency::new());
        assert_eq!(verdict.outcome, Outcome::Invalid);
        let doubt = verdict.doubts[0];
        assert_eq!(doubt.code(), "rate_missed");
        assert_eq!((doubt.measured(), doubt.limit()), (990, 991));
        assert_eq!(
            doubt.message(),
            "Only 98.901 % of the scheduled probes were sent (990 of 1,001): lower --rate, or \
             raise --threads if there are idle CPUs."
        );
    }

    #[test]
    fn silence_is_invalid() {
        let silent = Counts {
            received: 0,
            lost: 1_000,
            ..answered(1_000, 1_000)
        };
        let verdict = judge(&silent, &Latency::new());
        assert_eq!(verdict.outcome, Outcome::Invalid);
        assert_eq!(verdict.doubts, [Doubt::NoAnswers { sent: 1_000 }]);
        let late = Counts {
            late: 1,
            lost: 999,
            ..silent
        };
        assert_eq!(judge(&late, &Latency::new()).outcome, Outcome::Valid);
    }

    #[test]
    fn values_over_the_range_make_a_run_suspect() {
        let mut latency = Latency::new();
        latency.lateness.record(HIGHEST_NANOS + 1);
        let verdict = judge(&answered(100, 100), &latency);
        assert_eq!(verdict.outcome, Outcome::Suspect);
        assert_eq!(verdict.doubts, [Doubt::ValuesOverRange { values: 1 }]);
    }
}
