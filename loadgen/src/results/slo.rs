//! Whether the server does what it shall.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::{Edge, Quantile};
use crate::share::Share;
use crate::slo::{self, Evidence, Outcome, Requirement};

/// Whether the server does what it shall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Slo {
    /// `missed` if any objective is, else `undecided` if any is, else `met`.
    pub outcome: Outcome,
    /// The same if round trips counted from when probes were sent: what is missed by one clock alone
    /// is the generator's doing.
    pub outcome_from_send: Outcome,
    /// In the order in which they were asked for.
    pub objectives: Vec<Objective>,
}

/// One objective, and how the run compares with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Objective {
    /// As `--slo` takes it.
    pub objective: String,
    /// Whether it is met.
    pub outcome: Outcome,
    /// What was found, in the unit below: a number, `"lost"`, or `null` if that was too little.
    pub measured: Quantile,
    /// The lower end of its 95 % interval; `null` where there is none.
    pub low: Option<Edge>,
    /// The upper end.
    pub high: Option<Edge>,
    /// What it has to stay under.
    pub limit: u64,
    /// What all four of them count.
    pub unit: Unit,
    /// A sentence for people.
    pub message: String,
}

/// What the numbers of an objective count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Unit {
    /// Nanoseconds.
    #[serde(rename = "ns")]
    Nanoseconds,
    /// Thousand-millionths of the probes sent.
    #[serde(rename = "ppb")]
    Billionths,
}

impl Objective {
    /// Whether it is met if nothing is made of its interval: the best guess where that straddles
    /// the limit.
    #[must_use]
    pub fn is_met_as_estimated(&self) -> bool {
        match (self.outcome, self.measured) {
            (Outcome::Undecided, Quantile::Value(measured)) => measured <= self.limit,
            (outcome, _) => outcome == Outcome::Met,
        }
    }
}

impl Slo {
    /// Puts the judgements of both clocks together.
    #[must_use]
    pub fn new(from_due: &slo::Assessment, from_send: &slo::Assessment) -> Self {
        Self {
            outcome: from_due.outcome,
            outcome_from_send: from_send.outcome,
            objectives: from_due.judgements.iter().map(Objective::from).collect(),
        }
    }
}

impl From<&slo::Judgement> for Objective {
    fn from(judgement: &slo::Judgement) -> Self {
        let (measured, ends) = match judgement.evidence {
            Evidence::Quantile { estimate, .. } => {
                let ends = estimate.interval.map(|ends| (ends.low, ends.high));
                (estimate.value, ends)
            }
            Evidence::Max(max) => (max, None),
            Evidence::Loss(loss) => {
                let parts = |share: Share| share.billionths();
                let ends = loss.map(|loss| (parts(loss.low), parts(loss.high)));
                let measured = loss.map(|loss| Quantile::Value(parts(loss.measured)));
                (
                    measured.unwrap_or(Quantile::TooFew),
                    ends.map(|(low, high)| (Edge::Value(low), Edge::Value(high))),
                )
            }
        };
        let (limit, unit) = match judgement.objective.requirement {
            Requirement::Quantile { limit, .. } | Requirement::Max { limit } => {
                (super::nanos(limit), Unit::Nanoseconds)
            }
            Requirement::Loss { limit } => (limit.billionths(), Unit::Billionths),
        };
        Self {
            objective: judgement.objective.to_string(),
            outcome: judgement.outcome,
            measured,
            low: ends.map(|(low, _)| low),
            high: ends.map(|(_, high)| high),
            limit,
            unit,
            message: judgement.to_string(),
        }
    }
}
