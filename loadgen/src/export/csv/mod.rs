//! Comma-separated values (RFC 4180): a row an interval of a run, or a row a run of a sweep or of a
//! tuning experiment.
//!
//! Names of columns end with their units. A quantile among the lost is `lost`; what is unknown is
//! empty.

mod experiment;
mod record;
mod runs;

pub use self::experiment::experiment;
pub use self::runs::{run, sweep};
