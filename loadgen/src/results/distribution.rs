//! Times, as distributions.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::measure::{self, Edge, Interval, Quantile};

/// Round trips by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoundTrips {
    /// From when a probe was due. Probes lost and late took for ever.
    pub from_due: Distribution,
    /// From when a probe was sent. Probes lost and late took for ever.
    pub from_send: Distribution,
}

/// A distribution in nanoseconds. `min`, `mean` and `stdev` are those of the recorded values
/// alone, `null` without any; a quantile is a number, `"lost"` if it falls among the probes
/// that took for ever, or `null` if there were too few probes to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// How far the quantiles can be relied on.
    #[serde(default)]
    pub intervals: Intervals,
}

/// Between which two times each quantile lies with 95 % confidence, as `[low, high]`: `null`
/// where the quantile is, else a number or `"lost"` each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the intervals are named like their quantiles")]
pub struct Intervals {
    pub p50: Option<[Edge; 2]>,
    pub p90: Option<[Edge; 2]>,
    pub p99: Option<[Edge; 2]>,
    pub p99_9: Option<[Edge; 2]>,
    pub p99_99: Option<[Edge; 2]>,
}

impl Distribution {
    pub(crate) fn new(recorded: &measure::Distribution, unanswered: u64) -> Self {
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
            intervals: Intervals::from(&quantiles.intervals),
        }
    }
}

impl From<&measure::Intervals> for Intervals {
    fn from(intervals: &measure::Intervals) -> Self {
        let ends = |interval: Interval| [interval.low, interval.high];
        Self {
            p50: intervals.p50.map(ends),
            p90: intervals.p90.map(ends),
            p99: intervals.p99.map(ends),
            p99_9: intervals.p99_9.map(ends),
            p99_99: intervals.p99_99.map(ends),
        }
    }
}

impl Serialize for Edge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Quantile::from(*self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Edge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Quantile::deserialize(deserializer)? {
            Quantile::Value(nanos) => Ok(Self::Value(nanos)),
            Quantile::Lost => Ok(Self::Lost),
            Quantile::TooFew => Err(D::Error::custom("an interval has two ends, or is null")),
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

impl JsonSchema for Quantile {
    fn schema_name() -> Cow<'static, str> {
        "Quantile".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number, of nanoseconds if nothing else is said; \"lost\" if the rank falls among the probes that took for \
                            ever; null if there are too few probes to tell, or nothing is known.",
            "anyOf": [{ "type": "integer", "minimum": 0 }, { "const": "lost" }, { "type": "null" }],
        })
    }
}

impl JsonSchema for Edge {
    fn schema_name() -> Cow<'static, str> {
        "Edge".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An end of an interval in nanoseconds, or \"lost\" if it is among the \
                            probes that took for ever.",
            "anyOf": [{ "type": "integer", "minimum": 0 }, { "const": "lost" }],
        })
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_end_of_an_interval_is_a_number_or_lost() {
        let read = |value: Value| serde_json::from_value::<Edge>(value);
        assert_eq!(read(json!(5)).unwrap(), Edge::Value(5));
        assert_eq!(read(json!("lost")).unwrap(), Edge::Lost);
        assert!(read(json!(null)).is_err());
        assert_eq!(serde_json::to_value(Edge::Lost).unwrap(), "lost");
    }

    #[test]
    fn a_quantile_is_a_number_lost_or_null_and_nothing_else() {
        let read = |value: Value| serde_json::from_value::<Quantile>(value);
        assert_eq!(read(json!(5)).unwrap(), Quantile::Value(5));
        assert_eq!(read(json!("lost")).unwrap(), Quantile::Lost);
        assert_eq!(read(json!(null)).unwrap(), Quantile::TooFew);
        assert!(read(json!("gone")).is_err());
        assert!(read(json!(1.5)).is_err());
    }
}
