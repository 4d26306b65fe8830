//! Where the time of round trips went.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::{self, Fraction, Mean, StampClock};

/// Where the time of the sampled round trips went. Probes are sampled by chance; these are those of
/// the measured window that were answered in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimeSplit {
    /// Whose stamps the path was measured by.
    pub clock: Clock,
    /// Probes that were sampled and answered in time.
    pub sampled: u64,
    /// Those of them that have all their stamps.
    pub complete: u64,
    /// Those of the complete ones that are left out because the wall clock was stepped.
    pub stepped: u64,
    /// Those of the complete ones that are left out because a part ends before it begins.
    pub negative: u64,
    /// Probes that were to be sampled, but too many stamps were outstanding; warm-up included.
    pub skipped: u64,
    /// Those of a million sampled that are complete and not left out, rounded down.
    pub coverage_ppm: u64,
    /// From the median to the slowest, as far as there are samples enough to know them.
    pub rows: Vec<Row>,
    /// Why there are no rows, if the samples cannot be trusted.
    pub withheld: Option<String>,
}

/// The mean parts of round trips that took about as long as a quantile. The parts add up to the
/// total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// Which round trips.
    pub at: At,
    /// How many the means are of.
    pub samples: u64,
    /// From when the probe was due until the call that sent it.
    pub lag_ns: u64,
    /// From that call until the kernel gave the probe to the device.
    pub send_ns: u64,
    /// Between the stamps of kernel and device, on both ways together; 0 with software stamps.
    pub device_ns: u64,
    /// From the stamp of the probe to the stamp of the answer: path and server.
    pub path_ns: u64,
    /// From when the kernel had the answer until it was read.
    pub read_ns: u64,
    /// From when the probe was due until the answer was read.
    pub total_ns: u64,
}

/// Whose stamps there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// The kernel's.
    Software,
    /// The device's, at both ends of the path.
    Hardware,
}

/// Which of the round trips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the quantiles are named by their number")]
pub enum At {
    P50,
    P90,
    P99,
    #[serde(rename = "p99_9")]
    P99_9,
    /// The slowest 0.1 %.
    SlowestThousandth,
}

impl At {
    /// All of them, from the fastest on.
    pub const ALL: [Self; 5] = [
        Self::P50,
        Self::P90,
        Self::P99,
        Self::P99_9,
        Self::SlowestThousandth,
    ];

    /// How many samples it takes to tell.
    #[must_use]
    pub fn smallest_population(self) -> u64 {
        self.fraction().smallest_population()
    }

    /// The quantile, or where the slowest begin.
    fn fraction(self) -> Fraction {
        match self {
            Self::P50 => Fraction::P50,
            Self::P90 => Fraction::P90,
            Self::P99 => Fraction::P99,
            Self::P99_9 | Self::SlowestThousandth => Fraction::P99_9,
        }
    }

    fn of(self, split: &measure::Split) -> Option<Mean> {
        match self {
            Self::P50 | Self::P90 | Self::P99 | Self::P99_9 => split.quantile(self.fraction()),
            Self::SlowestThousandth => split.slowest(),
        }
    }
}

impl TimeSplit {
    /// The row of some round trips, if it is known.
    #[must_use]
    pub fn row(&self, at: At) -> Option<&Row> {
        self.rows.iter().find(|row| row.at == at)
    }
}

impl From<&measure::TimeSplit> for TimeSplit {
    fn from(split: &measure::TimeSplit) -> Self {
        let table = split.table();
        let rows = At::ALL.iter().filter_map(|at| {
            let mean = at.of(table.ok()?)?;
            Some(Row::new(*at, &mean))
        });
        Self {
            clock: match split.clock() {
                StampClock::Software => Clock::Software,
                StampClock::Hardware => Clock::Hardware,
            },
            sampled: split.sampled,
            complete: split.complete,
            stepped: split.stepped,
            negative: split.negative,
            skipped: split.skipped,
            coverage_ppm: split.coverage_ppm(),
            rows: rows.collect(),
            withheld: table.err().map(|withheld| withheld.to_string()),
        }
    }
}

impl Row {
    fn new(at: At, mean: &Mean) -> Self {
        let parts = &mean.parts;
        Self {
            at,
            samples: mean.samples,
            lag_ns: parts.lag,
            send_ns: parts.send,
            device_ns: parts.device,
            path_ns: parts.path,
            read_ns: parts.read,
            total_ns: parts.total(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::measure::{RoundTrip, Sample};
    use crate::time::{Offset, Realtime};

    /// So many samples of 1 us of lag, 2 us to the device, 30 us on the path, 4 us to be read.
    fn split(samples: u64) -> measure::TimeSplit {
        let sample = Sample {
            trip: RoundTrip {
                due: Offset::from_nanos(0),
                sent: Offset::from_nanos(1_000),
                answered: Offset::from_nanos(37_000),
                measured: true,
            },
            called: Realtime::from_nanos(1),
            left: Realtime::from_nanos(2_001),
            came: Realtime::from_nanos(32_001),
            read: Realtime::from_nanos(36_001),
            device: None,
        };
        let mut split = measure::TimeSplit::default();
        (0..samples).for_each(|_| split.complete(&sample));
        split
    }

    #[test]
    fn the_file_has_the_documented_fields() {
        let file = serde_json::to_value(TimeSplit::from(&split(29))).unwrap();
        let row = |at| {
            json!({
                "at": at, "samples": 29, "lag_ns": 1_000, "send_ns": 2_000, "device_ns": 0,
                "path_ns": 30_000, "read_ns": 4_000, "total_ns": 37_000,
            })
        };
        let expected = json!({
            "clock": "software", "sampled": 29, "complete": 29, "stepped": 0, "negative": 0,
            "skipped": 0, "coverage_ppm": 1_000_000, "rows": [row("p50"), row("p90")],
            "withheld": null,
        });
        assert_eq!(file, expected);
        let file = serde_json::to_value(TimeSplit::from(&split(2_995))).unwrap();
        let names: Vec<_> = file["rows"].as_array().unwrap().iter().collect();
        let names: Vec<_> = names.iter().map(|row| &row["at"]).collect();
        assert_eq!(names, ["p50", "p90", "p99", "p99_9", "slowest_thousandth"]);
    }

    #[test]
    fn a_table_is_withheld_with_its_reason() {
        let file = TimeSplit::from(&split(0));
        assert_eq!((file.rows.len(), file.coverage_ppm), (0, 0));
        let reason = "no sampled probe was answered in time";
        assert_eq!(file.withheld.as_deref(), Some(reason));
    }
}
