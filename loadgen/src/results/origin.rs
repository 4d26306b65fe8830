//! Where a result that was put together comes from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Run;

/// One of the runs that a result was put together from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// The name of its file.
    pub file: String,
    /// What marked the datagrams of the run.
    pub run: Option<u64>,
    /// When its measured window began, in nanoseconds since 1970.
    pub began_unix_ns: Option<u64>,
    /// How long its measured window was.
    pub window_ns: u64,
    /// Probes that it sent.
    pub sent: u64,
    /// Those of them that were answered in time.
    pub received: u64,
}

impl Origin {
    /// The runs that are in a result from such a file.
    #[must_use]
    pub fn all(file: &str, run: &Run) -> Vec<Self> {
        if !run.merged_from.is_empty() {
            return run.merged_from.clone();
        }
        vec![Self {
            file: file.to_owned(),
            run: run.plan.run,
            began_unix_ns: run.began_unix_ns,
            window_ns: run.window_ns,
            sent: run.counts.sent,
            received: run.counts.received,
        }]
    }

    /// Whether it is the same run, whatever its file is called.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let bare = |origin: &Self| Self {
            file: String::new(),
            ..origin.clone()
        };
        bare(self) == bare(other)
    }
}
