//! The file a tuning experiment leaves behind.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Shift, Unit};
use crate::environment::Environment;
use crate::environment::build::Executable;
use crate::measure::Quantile;
use crate::verdict::Outcome;

/// A tuning experiment: which settings were tried, every run, and what they tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Experiment {
    /// What kind of file this is.
    pub schema: ExperimentSchema,
    /// What people call it.
    pub name: String,
    /// What it asks, as a sentence.
    pub question: Option<String>,
    /// What a known result looks like, as a sentence.
    pub known: Option<String>,
    /// The plan, as it was read.
    pub plan: String,
    /// SHA-256 of the plan and of the variables that were set from outside, in hexadecimal.
    pub plan_hash: String,
    /// When the first run began, in nanoseconds since 1970 by the wall clock.
    pub began_unix_ns: Option<u64>,
    /// How it came to an end.
    pub ended: ExperimentEnd,
    /// Why it ended so, as a sentence; null if it went through.
    pub why: Option<String>,
    /// Where the order of the runs starts from.
    pub seed: u64,
    /// How the variants were chosen.
    pub design: ExperimentDesign,
    /// What was varied, in the order of the plan.
    pub factors: Vec<ExperimentFactor>,
    /// The combinations that were tried: the first is the reference, the last the same once more.
    pub variants: Vec<ExperimentVariant>,
    /// How many blocks there should have been; null if they were to be as many as it takes.
    pub blocks_planned: Option<u32>,
    /// Blocks in which every variant had its turn.
    pub blocks: u32,
    /// What is compared, in the order of the values of a run.
    pub quantities: Vec<ExperimentQuantity>,
    /// By which of them the best setting is chosen.
    pub judge: String,
    /// Every run, in the order in which they were made.
    pub runs: Vec<ExperimentRun>,
    /// What lies between the reference and its twin, which are alike: the measure of the noise. One a
    /// quantity.
    pub noise: Vec<Effect>,
    /// What each level does against the first one of its factor: one a level and quantity.
    pub effects: Vec<Effect>,
    /// Half of how much more two levels do together than one by one; empty unless factors were crossed.
    pub interactions: Vec<Effect>,
    /// What each variant does against the reference; empty unless factors were crossed, since the
    /// effects say it then.
    pub against_reference: Vec<Effect>,
    /// The best setting.
    pub best: Best,
    /// What speaks against believing it: sentences for people.
    pub warnings: Vec<String>,
    /// The machine that it was made on, before anything was changed.
    pub environment: Option<Environment>,
    /// How long it has gone on up to the last run, all its parts together, in nanoseconds; null in files
    /// of earlier versions.
    #[serde(default)]
    pub spent_ns: Option<u64>,
    /// The programs that runs were made with; empty in files of earlier versions.
    #[serde(default)]
    pub programs: Vec<ExperimentProgram>,
}

/// A program that was measured with, or that was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExperimentProgram {
    /// Where it is; `loadgen` for the one that made the experiment.
    pub program: String,
    /// The file.
    pub executable: Executable,
}

/// The version of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ExperimentSchema {
    /// First version.
    #[serde(rename = "loadgen/tune/1")]
    Tune1,
}

/// How an experiment came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExperimentEnd {
    /// It is under way, or was broken off without a word.
    Unfinished,
    /// All blocks were run.
    Complete,
    /// Its time was up before the effects were known as well as they should be.
    TimeUp,
    /// A signal ended it.
    Stopped,
    /// Something went wrong.
    Failed,
}

/// How the variants were chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExperimentDesign {
    /// By which rule.
    pub kind: DesignKind,
    /// Factors in the shortest word of the defining relation; null unless it is a fraction.
    pub resolution: Option<u32>,
    /// What the added factors were made of, as in `D = A B C` with the names of the factors.
    pub generators: Vec<String>,
    /// What cannot be told apart, as in `A B = C D`: effects and interactions of two factors.
    pub aliases: Vec<String>,
}

/// By which rule variants were chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DesignKind {
    /// Each level of each factor alone.
    OneFactor,
    /// Every combination.
    Factorial,
    /// A regular part of them.
    Fraction,
}

/// Something that was varied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExperimentFactor {
    /// What people call it.
    pub name: String,
    /// What it is: `sysctl net.core.busy_poll`, `--workers of the server`.
    pub what: String,
    /// What was tried; the first is what the others are compared with.
    pub levels: Vec<String>,
    /// What it was before, and is again; null if it is no setting of the host.
    pub before: Option<String>,
    /// How to set it on another host; null if it is no setting of the host.
    pub recipe: Option<Recipe>,
}

/// How to set something on a host, for files that apply what won.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recipe {
    /// A name for sysctl.d.
    Sysctl(String),
    /// A line of shell for each level, in their order.
    Shell(Vec<String>),
}

/// A combination of levels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExperimentVariant {
    /// What people call it: `reference`, `reference again`, or where it differs from the reference, as
    /// in `busy_poll=50`.
    pub name: String,
    /// The number of the level of each factor, from 0.
    pub levels: Vec<u32>,
    /// Why it was not run on, as a sentence; null if it was.
    pub stopped: Option<String>,
}

/// Something that is compared. Less is better in all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExperimentQuantity {
    /// `p50`, `p90`, `p99`, `p99.9` of the round trips from due, `loss`, or `cpu`: processor time of the
    /// server an echo.
    pub name: String,
    /// What its numbers count.
    pub unit: Unit,
}

/// One run of an experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExperimentRun {
    /// The number of its block, from 0.
    pub block: u32,
    /// The number of its variant, from 0.
    pub variant: u32,
    /// How often this variant had been run in this block before.
    pub attempt: u32,
    /// The result file, in the directory of the experiment; null if there is none.
    pub file: Option<String>,
    /// When its measured window began, in nanoseconds since 1970; null if there is no result.
    pub began_unix_ns: Option<u64>,
    /// Whether to believe it; null if there is no result.
    pub verdict: Option<Outcome>,
    /// The names of its doubts.
    pub doubts: Vec<String>,
    /// Why it does not count, as a sentence; null if it does.
    pub left_out: Option<String>,
    /// What it measured, in the order of the quantities; empty if there is no result.
    pub values: Vec<Quantile>,
    /// Why `cpu` is not among what it measured, as half a sentence; null if it is, if there is no result,
    /// and in files of earlier versions.
    #[serde(default)]
    pub cpu_unknown: Option<String>,
}

/// What lies between two groups of variants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Effect {
    /// What it is the effect of.
    pub of: EffectOf,
    /// Which of the quantities, by name.
    pub quantity: String,
    /// What its numbers count.
    pub unit: Unit,
    /// The difference within each block, in its order, as a number of the unit; null where a run is
    /// missing, and `"to lost"` or `"from lost"` where one side has no number.
    pub each: Vec<Option<super::Change>>,
    /// Their middle, with its interval and its chance; null where that is not known. Parts are those of
    /// the median of the reference's runs.
    pub shift: Option<Shift>,
    /// What is to be thought of it.
    pub finding: Finding,
    /// Why nothing is known, if nothing is.
    pub reason: Option<String>,
}

/// What an effect is the effect of. Numbers count from 0 in the lists of the experiment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffectOf {
    /// Of nothing: the reference's twin against the reference.
    Noise,
    /// Of a level against the first one of its factor.
    Level {
        /// The number of the factor.
        factor: u32,
        /// The number of the level.
        level: u32,
    },
    /// Of two levels together, beyond what each does alone.
    Interaction {
        /// The number of the first factor.
        first: u32,
        /// The number of its level.
        first_level: u32,
        /// The number of the second factor.
        second: u32,
        /// The number of its level.
        second_level: u32,
    },
    /// Of a variant against the reference.
    Variant {
        /// The number of the variant.
        variant: u32,
    },
}

/// What is to be thought of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// There is evidence that it makes the quantity less. Of an interaction: less than both alone.
    Better,
    /// There is evidence that it makes the quantity more.
    Worse,
    /// What was found could as well be chance.
    NoEvidence,
    /// There are too few blocks to say anything.
    TooFewBlocks,
    /// Some runs do not have the quantity.
    NotMeasured,
}

/// The best setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Best {
    /// The number of the level of each factor, from 0; null if there is no evidence that anything
    /// helps.
    pub levels: Option<Vec<u32>>,
    /// The variant that has these levels, if it was tried.
    pub variant: Option<u32>,
    /// It in one line, for people.
    pub sentence: String,
}
