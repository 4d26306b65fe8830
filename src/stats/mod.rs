//! What was counted, and how it reads.
//!
//! - [`counters`]: written by one worker, read by anybody, without locks;
//! - [`spread`]: histograms among them;
//! - [`faults`]: what went wrong on purpose, and was counted too;
//! - [`queue`]: what the kernel counts for a socket;
//! - [`errno`]: the names of the errors that sends and receives meet;
//! - [`account`]: what one worker did, or all of them, at one moment;
//! - [`summary`]: the counters of all workers at one moment, as text or JSON.

pub mod account;
pub mod counters;
pub mod errno;
pub mod faults;
pub mod queue;
pub mod spread;
pub mod summary;

pub use counters::Counters;
pub use summary::Summary;
