//! The files of `loadgen environment`.

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::environment::build::Builds;
use crate::environment::difference::Difference;

/// What there is to know about a machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentFile {
    /// What kind of file this is.
    pub schema: EnvironmentSchema,
    /// The machine.
    pub environment: Environment,
    /// The program that looked.
    pub builds: Builds,
}

/// The version of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnvironmentSchema {
    /// First version.
    #[serde(rename = "loadgen/environment/1")]
    Environment1,
}

/// Where the environments of two files differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferenceFile {
    /// What kind of file this is.
    pub schema: DifferenceSchema,
    /// The name of the first file.
    pub a: String,
    /// The name of the second.
    pub b: String,
    /// What differs; empty if nothing does.
    pub differences: Vec<Difference>,
}

/// The version of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DifferenceSchema {
    /// First version.
    #[serde(rename = "loadgen/environment-difference/1")]
    Difference1,
}
