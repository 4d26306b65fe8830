//! How long it took: three distributions.
//!
//! - `distribution`: one of them, recorded and put together;
//! - `ladder`: its quantiles by their ranks, and the other figures to report.

mod distribution;
mod ladder;

pub use self::distribution::{Distribution, Exact, HIGHEST_NANOS};
use super::sequence::RoundTrip;
use crate::time::Offset;

/// The round trips and the lateness of a thread, a flow or a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    /// From when the schedule wanted the probe sent until the answer: what a user would have
    /// waited, the generator's own lateness included. The headline.
    pub from_due: Distribution,
    /// From when the probe was sent until the answer.
    pub from_send: Distribution,
    /// From when the schedule wanted the probe sent until it was: the generator's own fault.
    pub lateness: Distribution,
}

impl Latency {
    /// Nothing recorded yet; all the memory it will ever need (under 1 MiB) is taken here.
    #[must_use]
    pub fn new() -> Self {
        Self {
            from_due: Distribution::new(),
            from_send: Distribution::new(),
            lateness: Distribution::new(),
        }
    }

    /// Records a probe that was sent. One sent early, which no generator should do, has no
    /// lateness.
    pub fn sent(&mut self, due: Offset, at: Offset) {
        self.lateness.record(at.nanos_since(due));
    }

    /// Records a probe that was answered in time.
    pub fn answered(&mut self, trip: &RoundTrip) {
        self.from_due.record(trip.answered.nanos_since(trip.due));
        self.from_send.record(trip.answered.nanos_since(trip.sent));
    }

    /// Holds nothing again, and keeps its memory.
    pub fn clear(&mut self) {
        self.from_due.clear();
        self.from_send.clear();
        self.lateness.clear();
    }

    /// What has been recorded since it was as it is in `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            from_due: self.from_due.since(&before.from_due),
            from_send: self.from_send.since(&before.from_send),
            lateness: self.lateness.since(&before.lateness),
        }
    }

    /// Adds what another thread recorded.
    pub fn merge(&mut self, other: &Self) {
        self.from_due.merge(&other.from_due);
        self.from_send.merge(&other.from_send);
        self.lateness.merge(&other.lateness);
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::new()
    }
}
