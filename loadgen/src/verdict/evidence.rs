//! Everything that a run is judged by, as plain data.

use std::collections::BTreeMap;

use crate::host::Host;
use crate::measure::{Counts, Measured, Part, Quantiles, TimeSplit};

/// What is known of a run that has ended, of its measured window alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// What became of probes and datagrams.
    pub counts: Counts,
    /// Why probes were not sent, by name; see [`NotSent::by_name`](crate::measure::NotSent::by_name).
    pub not_sent_by: BTreeMap<String, u64>,
    /// Round trips from due, the unanswered among them.
    pub from_due: Quantiles,
    /// How long after being due probes were sent.
    pub lateness: Quantiles,
    /// Times that were longer than a histogram holds, in all distributions together.
    pub over_range: u64,
    /// Datagrams that our own sockets dropped.
    pub own_drops: u64,
    /// Times that somebody said that the target is not to be reached, warm-up included.
    pub unreachable: u64,
    /// The window in parts; see [`Parts`](crate::measure::Parts).
    pub parts: Vec<Part>,
    /// What the host did meanwhile.
    pub host: Host,
    /// How far the achieved gaps between probes are from the intended ones, 0 to 1, if known.
    pub arrivals_distance: Option<f64>,
    /// The part of the sampled answers whose kernel timestamps can be used, 0 to 1; `None` if none
    /// are asked for, or if no sampled probe was answered in time.
    pub timestamp_coverage: Option<f64>,
}

impl Evidence {
    /// What the books of a run say by themselves; of the host nothing is known.
    #[must_use]
    pub fn of(measured: &Measured) -> Self {
        let counts = measured.counts();
        let latency = &measured.latency;
        Self {
            counts,
            not_sent_by: measured.not_sent().by_name(),
            from_due: latency.from_due.quantiles(counts.lost + counts.late),
            lateness: latency.lateness.quantiles(0),
            over_range: latency.from_due.over()
                + latency.from_send.over()
                + latency.lateness.over(),
            own_drops: measured.own_drops_measured,
            unreachable: measured.unreachable,
            parts: Vec::new(),
            host: Host::unknown("nobody looked"),
            arrivals_distance: measured.gaps.distance(),
            timestamp_coverage: measured.time_split.as_ref().and_then(coverage),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a million is far below 2^53")]
fn coverage(split: &TimeSplit) -> Option<f64> {
    (split.sampled > 0).then(|| split.coverage_ppm() as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_sample_no_timestamp_is_missed() {
        let mut split = TimeSplit::default();
        assert_eq!(coverage(&split), None);
        split.sampled = 1;
        assert_eq!(coverage(&split), Some(0.0));
    }
}
