//! Whether enough was known in the end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::precision;

/// Whether a quantile was known as well as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Until {
    /// As `--until` takes it.
    pub goal: String,
    /// How long would have been measured if it had never been reached.
    pub max_duration_ns: u64,
    /// Whether it was reached, by the figures of this result.
    pub reached: bool,
    /// Half the width of the quantile's 95 % interval, in thousand-millionths of the quantile;
    /// `null` without a whole interval.
    pub precision_ppb: Option<u64>,
    /// A sentence for people.
    pub message: String,
}

impl From<&precision::Ending> for Until {
    fn from(ending: &precision::Ending) -> Self {
        Self {
            goal: ending.goal.to_string(),
            max_duration_ns: super::nanos(ending.most),
            reached: ending.is_reached(),
            precision_ppb: precision::precision(&ending.estimate),
            message: ending.to_string(),
        }
    }
}
