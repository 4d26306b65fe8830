//! The file of `loadgen host`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of a host that matter for latency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostFile {
    /// What kind of file this is.
    pub schema: HostSchema,
    /// The settings, in the order in which they are shown.
    pub settings: Vec<HostSetting>,
}

/// The version of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum HostSchema {
    /// First version.
    #[serde(rename = "loadgen/host/1")]
    Host1,
}

/// A setting of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostSetting {
    /// What it is called on the command line.
    pub name: String,
    /// What it is: `sysctl net.core.busy_poll`.
    pub setting: String,
    /// What it is now; null if the host lacks it.
    pub present: Option<String>,
    /// What it should be; null if that depends on what else the host does.
    pub proposed: Option<String>,
    /// Whether it is as it should be; null if the host lacks it.
    pub is_as_proposed: Option<bool>,
    /// Why it matters, as a sentence.
    pub why: String,
    /// Why its value is unknown, as a sentence; null if it is known.
    pub missing: Option<String>,
}
