//! Whether to believe the run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::verdict::{self, Outcome};

/// Whether to believe the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The worst of the doubts.
    pub outcome: Outcome,
    /// Why not, in the order of importance.
    pub doubts: Vec<Doubt>,
}

/// One reason not to believe the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Doubt {
    /// A name for programs.
    pub code: String,
    /// How bad it is; `valid` for a note.
    pub outcome: Outcome,
    /// A sentence for people.
    pub message: String,
    /// What was found.
    pub measured: f64,
    /// What would have been good enough.
    pub limit: f64,
    /// The unit of both.
    pub unit: String,
}

impl From<&verdict::Verdict> for Verdict {
    fn from(verdict: &verdict::Verdict) -> Self {
        Self {
            outcome: verdict.outcome,
            doubts: verdict.doubts.iter().map(Doubt::from).collect(),
        }
    }
}

impl From<&verdict::Doubt> for Doubt {
    fn from(doubt: &verdict::Doubt) -> Self {
        let weight = doubt.weight();
        Self {
            code: doubt.code().to_owned(),
            outcome: doubt.outcome(),
            message: doubt.message(),
            measured: weight.measured,
            limit: weight.limit,
            unit: weight.unit.to_owned(),
        }
    }
}
