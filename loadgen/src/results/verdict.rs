//! Whether to believe the run.

use serde::{Deserialize, Serialize};

use crate::verdict::{self, Outcome};

/// Whether to believe the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The worst of the doubts.
    pub outcome: Outcome,
    /// Why not, in the order of importance.
    pub doubts: Vec<Doubt>,
}

/// One reason not to believe the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// A name for programs.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// What was found.
    pub measured: u64,
    /// What would have been good enough.
    pub limit: u64,
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
        Self {
            code: doubt.code().to_owned(),
            message: doubt.message(),
            measured: doubt.measured(),
            limit: doubt.limit(),
        }
    }
}
