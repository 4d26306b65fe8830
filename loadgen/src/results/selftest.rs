//! The file a selftest leaves behind.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Distribution;

/// Whether this machine measures what it should, and its floor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Selftest {
    /// What kind of file this is.
    pub schema: SelftestSchema,
    /// Whether every check was passed.
    pub passed: bool,
    /// The checks in order.
    pub checks: Vec<Check>,
    /// What the machine can do at best.
    pub floor: Floor,
}

/// The version of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SelftestSchema {
    /// First version.
    #[serde(rename = "loadgen/selftest/1")]
    Selftest1,
}

/// One thing that was to be proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// A name for programs.
    pub name: String,
    /// Whether it is so.
    pub passed: bool,
    /// What was found, in words.
    pub found: String,
}

/// What a machine can do at best, over loopback, against a server in the same process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Floor {
    /// Round trips of one probe at a time with both sides spinning.
    pub ping_pong_ns: Distribution,
    /// Round trips of 10,000 probes a second to a server that sleeps between them.
    pub open_loop_ns: Distribution,
    /// Answers a second of a closed loop with 512 probes outstanding.
    pub most_pps: u64,
    /// What interrupts a thread that never sleeps.
    pub pauses: Pauses,
}

/// Times at which a thread that only watched the clock did not see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pauses {
    /// How long it watched.
    pub watched_ns: u64,
    /// The shortest pause that counts.
    pub threshold_ns: u64,
    /// How many there were.
    pub number: u64,
    /// Their sum.
    pub total_ns: u64,
    /// The longest of them.
    pub longest_ns: u64,
}

impl Selftest {
    /// Puts the parts together.
    #[must_use]
    pub fn new(checks: Vec<Check>, floor: Floor) -> Self {
        Self {
            schema: SelftestSchema::Selftest1,
            passed: checks.iter().all(|check| check.passed),
            checks,
            floor,
        }
    }
}
