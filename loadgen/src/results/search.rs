//! The file a search leaves behind.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Run;
use crate::rate::Rate;
use crate::search::{Answer, Trial};
use crate::slo::Slo;
use crate::verdict::Outcome;

/// The highest rate that meets an objective, and the trials that say so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Search {
    /// What kind of file this is.
    pub schema: SearchSchema,
    /// What was to be met, as `--slo` takes it.
    pub slo: String,
    /// How the search ended.
    pub outcome: SearchOutcome,
    /// The highest rate that met it, as `--rate` takes it; null if none did.
    pub met: Option<String>,
    /// The lowest rate above that missed it; null if none did.
    pub missed: Option<String>,
    /// The trials in order.
    pub trials: Vec<SearchTrial>,
}

/// The version of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SearchSchema {
    /// First version.
    #[serde(rename = "loadgen/search/1")]
    Search1,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SearchOutcome {
    /// The highest rate lies between `met` and `missed`.
    Found,
    /// The same, but at `missed` it was the generator that gave in.
    GeneratorLimited,
    /// Every rate of the range met the objective.
    AboveRange,
    /// No rate of the range met the objective.
    BelowRange,
    /// No trial can be trusted: nothing is known of the server.
    Untrusted,
    /// It was stopped before it knew.
    Interrupted,
}

/// One trial of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SearchTrial {
    /// What it said of its rate.
    pub outcome: Trial,
    /// The run.
    pub run: Run,
}

impl Search {
    /// Puts the parts together; without an answer the search was interrupted when it knew of these
    /// rates.
    #[must_use]
    pub fn new(
        slo: &Slo,
        answer: Option<Answer>,
        (met, missed): (Option<Rate>, Option<Rate>),
        trials: Vec<SearchTrial>,
    ) -> Self {
        let trusted = |trial: &SearchTrial| trial.run.verdict.outcome != Outcome::Invalid;
        let (outcome, met, missed) = match answer {
            Some(_) if !trials.iter().any(trusted) => (SearchOutcome::Untrusted, None, None),
            None => (SearchOutcome::Interrupted, met, missed),
            Some(Answer::AtLeast(met)) => (SearchOutcome::AboveRange, Some(met), None),
            Some(Answer::Below(missed)) => (SearchOutcome::BelowRange, None, Some(missed)),
            Some(Answer::Between {
                met,
                missed,
                out_of_reach,
            }) => {
                let outcome = if out_of_reach {
                    SearchOutcome::GeneratorLimited
                } else {
                    SearchOutcome::Found
                };
                (outcome, Some(met), Some(missed))
            }
        };
        Self {
            schema: SearchSchema::Search1,
            slo: slo.to_string(),
            outcome,
            met: met.map(|rate| rate.to_string()),
            missed: missed.map(|rate| rate.to_string()),
            trials,
        }
    }
}
