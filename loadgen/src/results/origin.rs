//! Where a result that was put together comes from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
