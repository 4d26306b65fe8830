//! What several of the tests need.

pub(crate) mod memory;
/// That of the other tests.
#[path = "../../it/rig/program.rs"]
#[expect(dead_code, reason = "these tests need little of it")]
pub(crate) mod program;
pub(crate) mod run;
pub(crate) mod server;

use std::time::Duration;

/// How long anything may take before it counts as hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
