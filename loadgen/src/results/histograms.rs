//! Whole distributions, for other tools and for putting runs together.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::measure::{self, Compressed, Exact, Latency};

/// The distributions of a run, all of their values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Histograms {
    /// Round trips from when a probe was due, without the lost and the late.
    pub from_due: Histogram,
    /// Round trips from when a probe was sent, without the lost and the late.
    pub from_send: Histogram,
    /// How long after being due probes were sent.
    pub lateness: Histogram,
}

/// One distribution of values in nanoseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Histogram {
    /// The values up to two minutes, to 3 significant digits.
    pub hdr: Encoded,
    /// Values over two minutes, which `hdr` does not hold.
    pub over: u64,
    /// The smallest value, exactly; null without any.
    pub min: Option<u64>,
    /// The largest value, exactly; null without any.
    pub max: Option<u64>,
    /// The sum of all values, exactly, in decimal digits: it may exceed what readers of JSON take
    /// for a number.
    #[schemars(regex(pattern = "^[0-9]+$"))]
    pub sum: String,
    /// The sum of their squares, in decimal digits.
    #[schemars(regex(pattern = "^[0-9]+$"))]
    pub sum_of_squares: String,
}

/// A histogram in the V2 compressed format of `HdrHistogram`, in base64.
#[derive(Clone, PartialEq, Eq)]
pub struct Encoded(Compressed);

impl Histograms {
    pub(crate) fn of(latency: &Latency) -> Self {
        Self {
            from_due: Histogram::of(&latency.from_due),
            from_send: Histogram::of(&latency.from_send),
            lateness: Histogram::of(&latency.lateness),
        }
    }
}

impl Histogram {
    /// A distribution, as the file has it.
    #[must_use]
    pub fn of(distribution: &measure::Distribution) -> Self {
        let exact = distribution.exact();
        let known = distribution.count() > 0;
        Self {
            hdr: Encoded::from(&Compressed::of(distribution.histogram())),
            over: exact.over,
            min: known.then_some(exact.min),
            max: known.then_some(exact.max),
            sum: exact.sum.to_string(),
            sum_of_squares: exact.sum_of_squares.to_string(),
        }
    }

    /// The distribution that the file has.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as the end of a sentence.
    pub fn distribution(&self) -> Result<measure::Distribution, String> {
        let number = |name: &str, digits: &str| {
            let parsed = digits.parse::<u128>();
            parsed.map_err(|_error| format!("its {name} is {digits:?} instead of a number"))
        };
        let exact = Exact {
            over: self.over,
            min: self.min.unwrap_or(u64::MAX),
            max: self.max.unwrap_or(0),
            sum: number("sum", &self.sum)?,
            sum_of_squares: number("sum_of_squares", &self.sum_of_squares)?,
        };
        let histogram = self.hdr.histogram()?;
        // What no run reaches could not be added up.
        let count = histogram.len().checked_add(exact.over);
        if count.is_none_or(|count| count > MOST) || exact.sum > u128::from(MOST) << 64 {
            return Err("it counts more than a run can send".to_owned());
        }
        if count != Some(0) && exact.min > exact.max {
            return Err("its min and max are not in order".to_owned());
        }
        Ok(measure::Distribution::from_parts(histogram, exact))
    }
}

impl Encoded {
    /// The text in base64.
    #[must_use]
    pub fn text(&self) -> String {
        BASE64_STANDARD.encode(self.0.as_bytes())
    }

    /// The histogram itself.
    ///
    /// # Errors
    ///
    /// Why it is none, as the end of a sentence.
    pub fn histogram(&self) -> Result<hdrhistogram::Histogram<u64>, String> {
        self.0.histogram().map_err(|error| error.to_string())
    }
}

impl From<&Compressed> for Encoded {
    fn from(compressed: &Compressed) -> Self {
        Self(compressed.clone())
    }
}

impl fmt::Debug for Encoded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Encoded({} bytes)", self.0.as_bytes().len())
    }
}

impl Serialize for Encoded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl JsonSchema for Encoded {
    fn schema_name() -> Cow<'static, str> {
        "Encoded".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A histogram in the V2 compressed format of `HdrHistogram`, in base64.",
            "type": "string",
            "contentEncoding": "base64",
            // The bytes of every histogram of that format begin alike.
            "pattern": "^HISTF[A-Za-z0-9+/]+=*$",
        })
    }
}

impl<'de> Deserialize<'de> for Encoded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64_STANDARD
            .decode(text)
            .map_err(|error| D::Error::custom(format!("a histogram is in base64: {error}")))?;
        Ok(Self(Compressed::from_bytes(bytes)))
    }
}

/// The probes of a year at the highest rate there is are fewer.
const MOST: u64 = 1 << 60;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_contradicts_itself_is_refused() {
        let mut distribution = measure::Distribution::new();
        distribution.record(7);
        let sound = Histogram::of(&distribution);
        let refusal = |change: fn(&mut Histogram)| {
            let mut changed = sound.clone();
            change(&mut changed);
            changed.distribution().unwrap_err()
        };
        for refused in [
            refusal(|file| file.min = Some(8)),
            refusal(|file| file.min = None),
            refusal(|file| file.max = None),
        ] {
            assert_eq!(refused, "its min and max are not in order");
        }
        for refused in [
            refusal(|file| file.over = u64::MAX),
            refusal(|file| file.sum = u128::MAX.to_string()),
        ] {
            assert_eq!(refused, "it counts more than a run can send");
        }
        assert!(refusal(|file| file.sum = "-1".to_owned()).contains("its sum is \"-1\""));
    }

    proptest! {
        #[test]
        fn a_distribution_survives_the_file(values in vec(any::<u64>(), 0..50)) {
            let mut distribution = measure::Distribution::new();
            for nanos in &values {
                distribution.record(*nanos >> 8);
            }
            let file = serde_json::to_string(&Histogram::of(&distribution)).unwrap();
            let back: Histogram = serde_json::from_str(&file).unwrap();
            prop_assert_eq!(back.distribution().unwrap(), distribution);
        }
    }
}
