//! The file a comparison leaves behind.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Unit;
use crate::measure::Quantile;
use crate::verdict::Outcome;

/// What two sets of runs tell of a difference between them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// What kind of file this is.
    pub schema: CompareSchema,
    /// How the second side compares with the first, everything taken together.
    pub answer: Answer,
    /// The same as a sentence for people.
    pub message: String,
    /// The side that is compared with.
    pub a: Side,
    /// The side that is compared.
    pub b: Side,
    /// Quantity by quantity.
    pub quantities: Vec<Quantity>,
    /// What was to be kept to.
    pub bounds: Vec<Bound>,
    /// Where the sides were not asked to do the same.
    pub plan: Vec<Difference>,
    /// Where the sides ran in different surroundings.
    pub environment: Vec<Difference>,
    /// What else speaks against comparing them: sentences for people.
    pub warnings: Vec<String>,
}

/// The version of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CompareSchema {
    /// First version.
    #[serde(rename = "loadgen/compare/1")]
    Compare1,
}

/// How the second side compares with the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Its round trips are shorter.
    Faster,
    /// Its round trips are longer.
    Slower,
    /// It leaves fewer probes unanswered.
    LosesLess,
    /// It leaves more probes unanswered.
    LosesMore,
    /// Better in one and worse in another; only of everything taken together.
    Mixed,
    /// What was found could as well be chance.
    NoEvidence,
    /// Nothing can be said of so few runs.
    TooFewRuns,
    /// Nothing can be said, since some runs do not have the quantity.
    NotMeasured,
}

/// The runs of one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// All that were given, in their order.
    pub runs: Vec<SideRun>,
}

/// One run of a side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SideRun {
    /// The file it was read from.
    pub name: String,
    /// When its measured window began, in nanoseconds since 1970; null if the file does not say.
    pub began_unix_ns: Option<u64>,
    /// Whether to believe it.
    pub verdict: Outcome,
    /// Why it does not count; null if it does.
    pub left_out: Option<LeftOut>,
}

/// Why a run does not count.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// Its verdict is that it proves nothing.
    Invalid,
    /// It was under way when its file was written, or broken off.
    Unfinished,
    /// The same side has it already.
    Repeated,
    /// It was put together from runs of which the same side has some already, or is among those that
    /// another result was put together from.
    Overlapping,
}

/// One quantity of all runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quantity {
    /// `p50`, `p90`, `p99` or `p99.9` of the round trips from due, or `loss`.
    pub name: String,
    /// What its numbers count.
    pub unit: Unit,
    /// What the runs of the first side measured.
    pub a: Values,
    /// What the runs of the second side measured.
    pub b: Values,
    /// How far the second side lies from the first; null where that is not known.
    pub difference: Option<Shift>,
    /// How the second side compares with the first.
    pub answer: Answer,
    /// Why there is no answer, if there is none.
    pub reason: Option<String>,
}

/// What the runs of a side measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Values {
    /// The middle one; null if any is.
    pub median: Quantile,
    /// The smallest.
    pub lowest: Quantile,
    /// The largest.
    pub highest: Quantile,
    /// That of each run that counts, in their order.
    pub each: Vec<Quantile>,
}

/// How far one side lies from the other, in the unit of the quantity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Shift {
    /// The median of the differences between the runs of both sides.
    pub by: Change,
    /// The lower end of its 95 % interval.
    pub low: Change,
    /// The upper end.
    pub high: Change,
    /// The same three as a part of the first side's median (0.05 for 5 %); null where that is
    /// nothing or lost, where the difference is not a number, and for loss, which is a part already.
    /// An end that is not a number is null by itself.
    pub relative: Option<[Option<f64>; 3]>,
    /// How likely chance alone is to make a difference as large.
    pub p: f64,
    /// The same in any of the quantities; up to 0.05 it counts as evidence.
    pub p_corrected: f64,
}

impl Shift {
    /// The difference as a part of the first side's median.
    #[must_use]
    pub fn part(&self) -> Option<f64> {
        self.relative.and_then(|[by, ..]| by)
    }
}

/// A difference between two values: a number, `"to lost"` or `"from lost"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// So much more, or less.
    By(i64),
    /// From a number to no answer at all.
    ToLost,
    /// From no answer at all to a number.
    FromLost,
}

/// What was to be kept to, and whether it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bound {
    /// As `--fail-if` takes it.
    pub bound: String,
    /// Whether it was kept to.
    pub outcome: BoundOutcome,
    /// A sentence for people.
    pub message: String,
}

/// Whether a bound was kept to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BoundOutcome {
    /// There is no evidence of a difference, or it does not go beyond the bound.
    Kept,
    /// There is evidence of a difference, and it goes beyond the bound.
    Broken,
    /// The quantity could not be compared.
    Unknown,
}

/// Something that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// What it is.
    pub name: String,
    /// On the first side; several values have commas between them.
    pub a: String,
    /// On the second side.
    pub b: String,
}

impl Side {
    /// The runs that count.
    pub fn counted(&self) -> impl Iterator<Item = &SideRun> {
        self.runs.iter().filter(|run| run.left_out.is_none())
    }
}

impl Comparison {
    /// Whether too few runs count on a side to say anything.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.answer == Answer::TooFewRuns
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::By(difference) => serializer.serialize_i64(*difference),
            Self::ToLost => serializer.serialize_str(TO_LOST),
            Self::FromLost => serializer.serialize_str(FROM_LOST),
        }
    }
}

impl JsonSchema for Change {
    fn schema_name() -> Cow<'static, str> {
        "Change".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A difference between two values.",
            "anyOf": [{ "type": "integer" }, { "const": TO_LOST }, { "const": FROM_LOST }],
        })
    }
}

impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::By(difference) => Ok(Self::By(difference)),
            Written::Word(word) if word == TO_LOST => Ok(Self::ToLost),
            Written::Word(word) if word == FROM_LOST => Ok(Self::FromLost),
            Written::Word(_) => Err(D::Error::custom(EXPECTED)),
        }
    }
}

/// A change as the file has it.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a difference is a whole number, \"to lost\" or \"from lost\""
)]
enum Written {
    By(i64),
    Word(String),
}

const TO_LOST: &str = "to lost";
const FROM_LOST: &str = "from lost";
const EXPECTED: &str = "a difference is a whole number, \"to lost\" or \"from lost\"";
