//! The settings of this host while an experiment turns them.

use std::process::Command;

use thiserror::Error;

use super::design::Variant;
use super::journal::{Journal, JournalError, Unrestored};
use super::knob::{Knob, KnobError};
use super::mark::Mark;
use super::plan::{FactorKind, Level, Plan, Setting};
use super::trial::Register;

/// The settings of this host that a plan varies, with the numbers of their factors.
pub fn knobs(plan: &Plan) -> impl Iterator<Item = (usize, &Knob)> {
    let factors = plan.factors.iter().enumerate();
    factors.filter_map(|(number, factor)| match &factor.kind {
        FactorKind::Host(knob) => Some((number, knob)),
        _ => None,
    })
}

/// The settings of this host that a plan varies. Whatever becomes of the experiment, dropping this puts
/// everything back.
#[derive(Debug)]
pub struct Host {
    journal: Journal,
    turned: Vec<Turned>,
    /// Whether it was tried to put everything back, and nothing was set since.
    is_done: bool,
}

/// One setting.
#[derive(Debug)]
struct Turned {
    factor: usize,
    knob: Knob,
    levels: Vec<Level>,
    before: String,
    /// The level that it has now, and what it showed then; `None` before the first, and after one that
    /// it did not take.
    now: Option<(usize, String)>,
}

impl Host {
    /// Reads every setting, and writes down what it is; nothing is changed.
    ///
    /// # Errors
    /// If one cannot be read, or not be written down.
    pub fn of(plan: &Plan, journal: Journal) -> Result<Self, JournalError> {
        // What is written down goes with this value, even if the next setting cannot be read.
        let mut host = Self {
            journal,
            turned: Vec::new(),
            is_done: false,
        };
        for (factor, knob) in knobs(plan) {
            let before = host.journal.before(knob)?;
            host.turned.push(Turned {
                factor,
                knob: knob.clone(),
                levels: plan.factors[factor].levels.clone(),
                before,
                now: None,
            });
        }
        Ok(host)
    }

    /// Looks whether each setting takes the value that it has, before any of them is changed. Returns the
    /// factors of those that could not be put back, with the reason.
    #[must_use]
    pub fn rehearse(&self) -> Vec<(usize, KnobError)> {
        let each = self.turned.iter().map(|turned| {
            let rehearsed = self.journal.rehearse(&turned.knob);
            rehearsed.err().map(|error| (turned.factor, error))
        });
        each.flatten().collect()
    }

    /// What people should know of others that had the same settings in hand: sentences.
    #[must_use]
    pub fn remarks(&self) -> &[String] {
        self.journal.remarks()
    }

    /// What the setting of a factor was before; `None` if the factor is none of the host.
    #[must_use]
    pub fn before(&self, factor: usize) -> Option<&str> {
        let mut turned = self.turned.iter();
        turned
            .find(|turned| turned.factor == factor)
            .map(|turned| turned.before.as_str())
    }

    /// Gives every setting the level that it has in `variant`, and reads it back.
    ///
    /// # Errors
    /// The first setting that did not take its level.
    pub fn arrange(&mut self, variant: &Variant) -> Result<(), HostError> {
        self.is_done = false;
        // One setting may change another, so that each is looked at once all are set.
        for _round in 0..ROUNDS {
            let mut is_settled = true;
            for turned in &mut self.turned {
                let level = variant.levels[turned.factor];
                is_settled &= turned.set(level, self.journal.mark())?;
            }
            if is_settled {
                return Ok(());
            }
        }
        Err(HostError::Contradict)
    }

    /// Puts everything back, and tells what could not be. That is not tried once more when this goes.
    pub fn put_back(&mut self) -> Vec<Unrestored> {
        self.is_done = true;
        for turned in &mut self.turned {
            turned.now = None;
        }
        self.journal.put_back()
    }
}

/// What a setting of the host that was `before` is to be at a level.
#[must_use]
pub fn value(level: &Level, before: &str) -> String {
    match level {
        Level::Present => before.to_owned(),
        Level::To(Setting::Values(values)) => values.join(" "),
        // As switches of the kernel are written.
        Level::To(Setting::On) => "1".to_owned(),
        Level::To(Setting::Off) => "0".to_owned(),
    }
}

impl Turned {
    /// Sets it if it does not have this level, or shows another value than it did when it took it.
    /// Returns whether there was nothing to do.
    fn set(&mut self, level: usize, mark: &Mark) -> Result<bool, HostError> {
        let knob = self.knob.marked(mark);
        let failed = |source| HostError::Untaken {
            level: self.levels[level].to_string(),
            source,
        };
        if let Some((now, shown)) = &self.now
            && *now == level
            && knob.shown().map_err(failed)? == *shown
        {
            return Ok(true);
        }
        self.now = None;
        let set = match &self.levels[level] {
            Level::Present => knob.put_back(&self.before),
            level @ Level::To(_) => knob.apply(&value(level, &self.before)),
        };
        set.map_err(failed)?;
        let shown = knob.shown().map_err(failed)?;
        self.now = Some((level, shown));
        Ok(false)
    }
}

impl Register for Host {
    fn mark(&self, command: &mut Command) {
        self.journal.mark().put_on(command);
    }

    fn started(&mut self, process: u32, what: &str) -> Result<(), String> {
        let kept = self.journal.started(process, what);
        kept.map_err(|error| error.to_string())
    }

    fn ended(&mut self, process: u32) -> Result<(), String> {
        let kept = self.journal.ended(process);
        kept.map_err(|error| error.to_string())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if !self.is_done {
            // What cannot be put back stays in the journal, by which the next start says so.
            let _unrestored: Vec<Unrestored> = self.put_back();
        }
    }
}

/// Settings did not take their levels: the end of a sentence that begins with the variant.
#[derive(Debug, Error)]
pub enum HostError {
    /// One of them.
    #[error("the level {level} cannot be set: {source}")]
    Untaken {
        /// Which level.
        level: String,
        /// Why not.
        source: KnobError,
    },
    /// Each by itself, but not together.
    #[error("its settings change each other back, so that they cannot be had together")]
    Contradict,
}

/// How often settings that change each other are gone through.
const ROUNDS: usize = 4;
