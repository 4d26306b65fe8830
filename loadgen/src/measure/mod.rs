//! Accounts for every probe and every datagram of a run, once.
//!
//! - One [`Recorder`] a thread; it owns one [`Tracker`] a flow and the thread's [`Latency`].
//!   Threads share nothing but [`Live`], which they write and a progress display reads.
//! - Time comes in as an argument, and must not run backwards.
//! - A probe belongs to the warm-up or to the measured window by the time it was due, whenever
//!   its answer arrives. Only the measured window is in a [`Measured`] result.
//! - Results merge by adding counts and histograms, never by averaging quantiles.
//! - The steady state allocates nothing and takes no lock.

pub mod counts;
pub mod gaps;
pub mod latency;
pub mod live;
pub mod quantile;
pub mod recorder;
pub mod sequence;

pub use counts::{Counts, Imbalance, NotSent, Reason};
pub use gaps::{GapRecorder, Gaps};
pub use latency::{Distribution, Latency};
pub use live::{Live, Snapshot};
pub use quantile::{Fraction, Quantile, Quantiles, Summary};
pub use recorder::{FlowResult, Measured, Recorder};
pub use sequence::{Answer, RoundTrip, Terms, Tracker};

#[cfg(test)]
mod simulation;
