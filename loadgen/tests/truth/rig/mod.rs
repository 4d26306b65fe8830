//! What several of the tests need.

pub(crate) mod memory;
pub(crate) mod run;
pub(crate) mod server;
