//! What several stories need.
//!
//! - [`peer`]: an echo server that does on purpose what networks do by accident;
//! - [`truth`]: what it did, as the generator should have counted it;
//! - [`program`]: a program as a child process;
//! - [`run`]: a run of the generator, and its result;
//! - [`server`]: the server as a library;
//! - [`scratch`]: a directory for a test's files;
//! - [`lab`]: two hosts on this machine; [`inside`]: a test in one of them;
//! - [`need`]: what a test needs and a host may lack.

pub(crate) mod inside;
pub(crate) mod lab;
pub(crate) mod need;
pub(crate) mod peer;
pub(crate) mod program;
pub(crate) mod run;
pub(crate) mod scratch;
pub(crate) mod server;
pub(crate) mod truth;

use std::time::Duration;

/// How long anything may take before it counts as hanging. Only a failing test ever waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
