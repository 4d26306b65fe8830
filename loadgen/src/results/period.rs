//! The measured window, one row an interval.

use serde::{Deserialize, Serialize};

use super::histograms::Encoded;
use super::nanos;
use crate::measure::{self, Quantile, Quantiles};

/// What happened in one interval: probes count when they were sent, answers when they came, and
/// losses when they were given up, one timeout after they were sent. The last one also holds what
/// came after the window's end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Period {
    /// Where it begins, after the beginning of the window.
    pub from_ns: u64,
    /// Where it ends, after the beginning of the window; good to a millisecond.
    pub to_ns: u64,
    /// Probes the kernel took.
    pub sent: u64,
    /// Probes that were asked for and not sent.
    pub not_sent: u64,
    /// Probes answered in time.
    pub received: u64,
    /// Probes given up; of some the answer came later.
    pub lost: u64,
    /// Further copies of an answer that had arrived.
    pub duplicated: u64,
    /// Answers overtaken by the answer to a later probe.
    pub reordered: u64,
    /// Datagrams that were changed on the way.
    pub corrupted: u64,
    /// Datagrams that answer no probe.
    pub foreign: u64,
    /// Answers to probes that are forgotten.
    pub stale: u64,
    /// How long the answers that came took.
    pub rtt_ns: PeriodRoundTrips,
    /// How long after being due the probes were sent.
    pub lateness_ns: Spread,
    /// All round trips from due.
    pub histogram: Encoded,
}

/// Round trips of one interval by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodRoundTrips {
    /// From when a probe was due. Probes given up took for ever.
    pub from_due: Spread,
    /// From when a probe was sent. Probes given up took for ever.
    pub from_send: Spread,
}

/// Quantiles in nanoseconds: each a number, `"lost"` or `null`, as those of the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the quantiles are named by their number")]
pub struct Spread {
    pub p50: Quantile,
    pub p90: Quantile,
    pub p99: Quantile,
    pub p99_9: Quantile,
    pub max: Quantile,
}

impl From<&measure::Row> for Period {
    fn from(row: &measure::Row) -> Self {
        let tally = &row.tally;
        Self {
            from_ns: nanos(row.from),
            to_ns: nanos(row.to),
            sent: tally.sent,
            not_sent: tally.not_sent,
            received: tally.received,
            lost: tally.given_up,
            duplicated: tally.duplicated,
            reordered: tally.reordered,
            corrupted: tally.corrupted,
            foreign: tally.foreign,
            stale: tally.stale,
            rtt_ns: PeriodRoundTrips {
                from_due: Spread::from(&row.from_due),
                from_send: Spread::from(&row.from_send),
            },
            lateness_ns: Spread::from(&row.lateness),
            histogram: Encoded::from(&row.histogram),
        }
    }
}

impl From<&Quantiles> for Spread {
    fn from(quantiles: &Quantiles) -> Self {
        Self {
            p50: quantiles.p50,
            p90: quantiles.p90,
            p99: quantiles.p99,
            p99_9: quantiles.p99_9,
            max: quantiles.max,
        }
    }
}
