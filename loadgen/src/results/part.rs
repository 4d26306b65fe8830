//! The measured window in parts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::nanos;
use crate::measure;

/// One part of the measured window: the probes that were due in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// Where it begins, after the beginning of the window.
    pub from_ns: u64,
    /// Where it ends, after the beginning of the window.
    pub to_ns: u64,
    /// Probes sent.
    pub sent: u64,
    /// Probes answered in time.
    pub answered: u64,
    /// Probes lost or late.
    pub lost: u64,
    /// The median from due, to a sixteenth; null if it falls among the lost.
    pub p50_ns: Option<u64>,
    /// The 99th percentile from due, to a sixteenth; null if it falls among the lost, or with too
    /// few probes.
    pub p99_ns: Option<u64>,
}

impl From<&measure::Part> for Part {
    fn from(part: &measure::Part) -> Self {
        Self {
            from_ns: nanos(part.from),
            to_ns: nanos(part.to),
            sent: part.sent,
            answered: part.answered,
            lost: part.sent - part.answered,
            p50_ns: part.p50,
            p99_ns: part.p99,
        }
    }
}
