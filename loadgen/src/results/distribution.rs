//! Times, as distributions.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::measure::{self, Quantile};

/// Round trips by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundTrips {
    /// From when a probe was due. Probes lost and late took for ever.
    pub from_due: Distribution,
    /// From when a probe was sent. Probes lost and late took for ever.
    pub from_send: Distribution,
}

/// A distribution in nanoseconds. `min`, `mean` and `stdev` are those of the recorded values
/// alone, `null` without any; a quantile is a number, `"lost"` if it falls among the probes
/// that took for ever, or `null` if there were too few probes to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the quantiles are named by their number")]
pub struct Distribution {
    /// Values recorded.
    pub count: u64,
    pub min: Option<u64>,
    pub mean: Option<u64>,
    pub stdev: Option<u64>,
    pub p50: Quantile,
    pub p90: Quantile,
    pub p99: Quantile,
    pub p99_9: Quantile,
    pub p99_99: Quantile,
    /// Like a quantile: `"lost"` if any probe took for ever.
    pub max: Quantile,
}

impl Distribution {
    pub(super) fn new(recorded: &measure::Distribution, unanswered: u64) -> Self {
        let quantiles = recorded.quantiles(unanswered);
        Self {
            count: quantiles.count,
            min: quantiles.summary.map(|summary| summary.min),
            mean: quantiles.summary.map(|summary| summary.mean),
            stdev: quantiles.summary.map(|summary| summary.stdev),
            p50: quantiles.p50,
            p90: quantiles.p90,
            p99: quantiles.p99,
            p99_9: quantiles.p99_9,
            p99_99: quantiles.p99_99,
            max: quantiles.max,
        }
    }
}

impl Serialize for Quantile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = match *self {
            Self::Value(nanos) => Written::Value(nanos),
            Self::Lost => Written::Lost(Word::Lost),
            Self::TooFew => Written::TooFew,
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Quantile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let quantile = match Written::deserialize(deserializer)? {
            Written::Value(nanos) => Self::Value(nanos),
            Written::Lost(Word::Lost) => Self::Lost,
            Written::TooFew => Self::TooFew,
        };
        Ok(quantile)
    }
}

/// A quantile as the file has it.
#[derive(Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a quantile is a whole number of nanoseconds, \"lost\" or null"
)]
enum Written {
    Value(u64),
    Lost(Word),
    TooFew,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Lost,
}
