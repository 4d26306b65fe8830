//! Accounts for every probe and every datagram of a run, once.
//!
//! - One [`Recorder`] a thread; it owns one [`Tracker`] a flow and the thread's [`Latency`].
//!   Threads share nothing but [`Live`], which they write and a progress display reads. At the end
//!   of each interval a thread hands its latencies over by a [`Turnover`]; a [`Series`] makes rows
//!   and sums of them.
//! - Time comes in as an argument, and must not run backwards.
//! - A probe belongs to the warm-up or to the measured window by the time it was due, whenever
//!   its answer arrives. Only the measured window is in a [`Measured`] result.
//! - Results merge by adding counts and histograms, never by averaging quantiles.
//! - Where the time of sampled probes went is in a [`TimeSplit`], by a clock of its own that no
//!   [`Latency`] knows.
//! - The steady state allocates nothing and takes no lock.

mod binomial;
pub mod counts;
mod encoding;
pub mod gaps;
pub mod interval;
pub mod latency;
pub mod live;
pub mod parts;
pub mod period;
pub mod proportion;
pub mod quantile;
pub mod recorder;
pub mod sequence;
pub mod series;
pub mod split;
pub mod stamped;
pub mod turnover;

pub use counts::{Counts, Imbalance, NotSent, Reason};
pub use encoding::{BadHistogram, Compressed};
pub use gaps::{GapRecorder, Gaps};
pub use interval::{Edge, Interval};
pub use latency::{Distribution, Exact, Latency};
pub use live::{Live, Snapshot};
pub use parts::{Part, Parts};
pub use period::{Period, Row, Tally};
pub use proportion::Proportion;
pub use quantile::{Estimate, Fraction, Intervals, Quantile, Quantiles, Summary};
pub use recorder::{FlowResult, Measured, Recorder};
pub use sequence::{Answer, RoundTrip, Terms, Tracker};
pub use series::Series;
pub use split::{Legs, Mean, Split};
pub use stamped::{Sample, StampClock, TimeSplit, Withheld};
pub use turnover::{Edges, Intake, Turnover};

#[cfg(test)]
mod simulation;
