//! Comma-separated values (RFC 4180): a row an interval of a run, a row a run of a sweep or of a
//! tuning experiment, or a row an effect of one.
//!
//! Names of columns end with their units. A quantile among the lost is `lost`; what is unknown is
//! empty.

mod effects;
mod experiment;
mod record;
mod runs;

pub use self::effects::effects;
pub use self::experiment::experiment;
pub use self::runs::{run, sweep};
