//! What is wanted, as a plan says it: a text in TOML.
//!
//! A plan names the load, the server under test, and factors: settings with the levels that are tried.
//! The first level of every factor is what the others are compared with; the variant that has the
//! first level of everything is the reference.
//!
//! - `variables`: the text with its variables filled in;
//! - `typed`: what was typed;
//! - `check`: what it means as a whole;
//! - `factors`, `knobs`: what is varied;
//! - `programs`: the load generator and the server, with their flags;
//! - `blocks`: how often, and in which combinations;
//! - `variant`: what the programs are started with for a combination of levels;
//! - `understood`: whether the programs take that;
//! - `times`: how long the load goes on;
//! - `words`: how all this reads;
//! - `wrong`: what is wrong with a plan, and where.

mod blocks;
mod check;
mod factors;
mod knobs;
mod programs;
#[cfg(test)]
mod tests;
mod times;
mod typed;
mod understood;
mod variables;
mod variant;
mod words;
mod wrong;

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};

pub use self::blocks::{JUDGES, least_blocks, takes_long};
pub use self::programs::arguments;
pub use self::times::Times;
pub use self::wrong::PlanError;
use super::knob::Knob;
use crate::precision::Goal;

/// A plan that makes sense, as far as that can be told without looking at the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What people call it.
    pub name: String,
    /// What it asks, as a sentence.
    pub question: Option<String>,
    /// What a known result looks like, as a sentence.
    pub known: Option<String>,
    /// What the host must have, checked before anything starts.
    pub needs: Vec<Need>,
    /// The load generator.
    pub load: Program,
    /// The server under test.
    pub server: Server,
    /// Which variants are wanted.
    pub design: Wanted,
    /// How many blocks.
    pub blocks: Blocks,
    /// Where the order starts from; `None` for another one each time.
    pub seed: Option<u64>,
    /// How long to rest after each run.
    pub pause: Duration,
    /// How often a run that proves nothing is run again.
    pub retries: u32,
    /// The quantity by which the best setting is chosen: `p50`, `p90`, `p99`, `p99.9`, `loss` or
    /// `cpu`.
    pub judge: String,
    /// What is varied; one at least.
    pub factors: Vec<Factor>,
    /// The text that it was read from.
    pub text: String,
    /// The variables that were set from outside, sorted by name.
    pub variables: Vec<(String, String)>,
    /// SHA-256 of the text and these variables, as 64 hexadecimal digits.
    pub hash: String,
}

impl Plan {
    /// Reads a plan. `variables` take the place of those that the plan itself sets.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, as a sentence with its place.
    pub fn parse(text: &str, variables: &[(String, String)]) -> Result<Self, PlanError> {
        let mut variables = variables.to_vec();
        variables.sort();
        let plan = variables::fill_in(text, &variables)
            .and_then(typed::read)
            .and_then(check::plan)
            .map_err(|wrong| wrong.within(text))?;
        Ok(Self {
            text: text.to_owned(),
            hash: hash(text, &variables),
            variables,
            ..plan
        })
    }
}

/// Of everything that can change what a plan means, with ends between the parts.
fn hash(text: &str, variables: &[(String, String)]) -> String {
    let mut hash = Sha256::new();
    let parts = variables.iter().flat_map(|(name, value)| [name, value]);
    for part in [text].into_iter().chain(parts.map(String::as_str)) {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .fold(String::new(), |mut digits, byte| {
            write!(digits, "{byte:02x}").expect("a string takes everything");
            digits
        })
}

/// What a host must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// The rights of root.
    Root,
    /// So many processors.
    Processors(usize),
    /// An interface of this name.
    Interface(String),
    /// An interface whose receive queues can be polled: a device with interrupts of its own.
    Queues(String),
    /// A receive buffer of so many bytes for whoever asks: the rights to exceed `net.core.rmem_max`, or
    /// enough of that.
    ReceiveBuffer {
        /// The number as it was typed: `4Mi`.
        typed: String,
        /// The same as a number.
        bytes: usize,
    },
    /// A program on the search path.
    Program(String),
    /// A file, as in /sys/devices/system/cpu/cpu0/cpufreq.
    File(PathBuf),
}

/// A program with what it is started with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// Where it is; `None` for the one beside this program, or this program itself.
    pub path: Option<PathBuf>,
    /// What stands before it, as in `ip netns exec NAME`; empty for nothing.
    pub wrapper: Vec<String>,
    /// Its flags without their dashes, in order.
    pub options: Vec<(String, Setting)>,
    /// Environment variables that it gets in addition.
    pub environment: Vec<(String, String)>,
}

/// What a flag or an environment variable is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Left out.
    Off,
    /// Given without a value.
    On,
    /// Given once for each value.
    Values(Vec<String>),
}

/// The server under test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Server {
    /// An echo-reactor that is started for each run.
    Started {
        /// It, and its arguments.
        program: Program,
        /// Where the load goes; `None` for the first address that it says it listens on.
        target: Option<String>,
        /// How long it may take to listen.
        ready_within: Duration,
    },
    /// One that runs already, and is left alone.
    Elsewhere {
        /// Where the load goes.
        target: String,
    },
}

/// Which variants are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Each level of each factor alone, with the first level of all others.
    OneFactor,
    /// Every combination of levels.
    Factorial,
    /// Every `1 / 2^halvings`-th of them, of factors with two levels each.
    Fraction {
        /// How often the number of variants is halved; one at least.
        halvings: u32,
    },
}

/// How many blocks there are: in each of them every variant runs once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Blocks {
    /// So many.
    Fixed(u32),
    /// Until the effects are known so well, or time is up.
    Until {
        /// Which quantile of the round trips, and how wide half of the 95 % interval of each effect
        /// may be as a part of the reference's median.
        goal: Goal,
        /// No more blocks are begun after so long.
        within: Duration,
        /// So many in any case, if time allows.
        least: u32,
    },
}

/// Something that is varied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// What people call it; unlike all others of the plan.
    pub name: String,
    /// What it is.
    pub kind: FactorKind,
    /// What is tried; two at least, all different.
    pub levels: Vec<Level>,
}

/// What is varied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactorKind {
    /// A setting of this host.
    Host(Knob),
    /// A flag of the server, without its dashes.
    ServerOption(String),
    /// A flag of the load generator, without its dashes.
    LoadOption(String),
    /// Which build of the server is started.
    ServerProgram,
    /// Which build of the load generator is started.
    LoadProgram,
    /// An environment variable of the server.
    ServerVariable(String),
    /// An environment variable of the load generator.
    LoadVariable(String),
}

/// What a factor is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Level {
    /// What was found at the start, written `present`; of a setting of the host alone.
    Present,
    /// A value of the host, or that of a program.
    To(Setting),
}
