//! What a run's file tells besides the books of its probes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Sockets;
use crate::environment::Environment;
use crate::environment::build::Builds;

/// What was found out about a run besides its books.
#[derive(Clone, Debug)]
pub struct Findings {
    /// When, where and with what it was made.
    pub about: About,
    /// How the run came to an end.
    pub ended: Ended,
    /// What the host did meanwhile.
    pub host: crate::host::Host,
    /// Where the lost probes died.
    pub losses: crate::losses::Losses,
    /// Whether to believe it.
    pub verdict: crate::verdict::Verdict,
}

/// When, where and with what a run was made, as far as that is known.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// When the measured window began, in nanoseconds since 1970 by the wall clock.
    pub began_unix_ns: Option<u64>,
    /// The machine.
    pub environment: Option<Environment>,
    /// The programs.
    pub builds: Option<Builds>,
    /// What the sockets are like.
    pub sockets: Option<Sockets>,
}

/// How a run came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// Its schedule was done, or enough was known.
    AsPlanned,
    /// Somebody stopped it.
    Stopped,
    /// It did not, as far as the file tells: it is under way, or was broken off.
    Unfinished,
}
