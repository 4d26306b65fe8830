//! Runs an experiment: block by block, every variant once in each, in an order that chance chose.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::design::order::order;
use super::design::{Design, Variant};
use super::effects::{self, goal};
use super::folder::{Folder, FolderError};
use super::host::Host;
use super::plan::{Blocks, Plan};
use super::programs::{self, Programs};
use super::record::{self, NO_ANSWERS, Place};
use super::trial::{Trial, TrialError};
use crate::precision::Goal;
use crate::results::{Experiment, ExperimentEnd, ExperimentProgram, read};

/// Is told what an experiment is doing.
pub trait Audience {
    /// A run begins.
    fn begins(&mut self, experiment: &Experiment, place: Place);

    /// Something that people should know at once: a sentence.
    fn hears(&mut self, sentence: &str);
}

/// An experiment that is ready to run, or to go on.
pub struct Runner<'a> {
    /// What is wanted.
    pub plan: &'a Plan,
    /// Its variants.
    pub design: &'a Design,
    /// The settings of this host.
    pub host: &'a mut Host,
    /// Where everything is kept.
    pub folder: &'a Folder,
    /// What is known so far.
    pub experiment: Experiment,
    /// Ends it early.
    pub stop: &'a AtomicBool,
    /// Is told how it goes.
    pub audience: &'a mut dyn Audience,
    /// What it is run with.
    pub programs: Programs,
    /// Up to when the time that it takes has been counted: when it begins, or goes on.
    pub counted: Instant,
}

/// Why an experiment came to an end before its time.
enum Broken {
    /// A signal.
    Stopped,
    /// A reason, as a sentence.
    Failed(String),
}

impl Runner<'_> {
    /// Runs what is missing, and tells what is known in the end, and whether it could be kept; the settings
    /// of the host are left as the last run had them. What is known is kept after every run.
    pub fn run(mut self) -> (Experiment, Result<(), FolderError>) {
        record::go_on(&mut self.experiment);
        let ended = self.run_blocks();
        (self.experiment.ended, self.experiment.why) = match ended {
            Ok(end) => (end, self.why(end)),
            Err(Broken::Stopped) => (ExperimentEnd::Stopped, None),
            Err(Broken::Failed(sentence)) => (ExperimentEnd::Failed, Some(sentence)),
        };
        self.analyse();
        self.spent();
        let kept = self.folder.keep(&self.experiment);
        (self.experiment, kept)
    }

    fn run_blocks(&mut self) -> Result<ExperimentEnd, Broken> {
        for block in 0.. {
            let spent = self.spent();
            if let Some(end) = self.is_over(block, spent) {
                return Ok(end);
            }
            self.run_block(block)?;
            self.experiment.blocks = self.experiment.blocks.max(block + 1);
            self.analyse();
        }
        Ok(ExperimentEnd::Complete)
    }

    /// How long it has gone on, with all that was before it was broken off.
    fn spent(&mut self) -> Duration {
        let now = Instant::now();
        let before = Duration::from_nanos(self.experiment.spent_ns.unwrap_or(0));
        let spent = before + now.saturating_duration_since(self.counted);
        self.counted = now;
        self.experiment.spent_ns = Some(u64::try_from(spent.as_nanos()).unwrap_or(u64::MAX));
        spent
    }

    /// Whether there is no block any more after `blocks` of them.
    fn is_over(&self, blocks: u32, spent: Duration) -> Option<ExperimentEnd> {
        match self.plan.blocks {
            Blocks::Fixed(all) => (blocks >= all).then_some(ExperimentEnd::Complete),
            // Blocks that were run before count whatever they tell.
            Blocks::Until { .. } if blocks < self.experiment.blocks => None,
            Blocks::Until {
                goal,
                within,
                least,
            } => {
                if blocks >= least && self.is_known(goal) {
                    Some(ExperimentEnd::Complete)
                } else {
                    (spent >= within).then_some(ExperimentEnd::TimeUp)
                }
            }
        }
    }

    /// Whether all that can be known of what is still run is known so well.
    fn is_known(&self, goal: Goal) -> bool {
        let effects = goal::wanted(self.design, &self.experiment);
        // A quantile that no run has was refused with the plan.
        goal::is_reached(goal, &effects).unwrap_or(false)
    }

    fn why(&self, end: ExperimentEnd) -> Option<String> {
        match (end, self.plan.blocks) {
            (ExperimentEnd::TimeUp, Blocks::Until { goal, within, .. }) => Some(format!(
                "the effects are not known to {goal} after {}: give it more time (within), or a longer \
                 duration in [load]",
                humantime::format_duration(within)
            )),
            _ => None,
        }
    }

    /// Every variant once, and those that prove nothing again.
    fn run_block(&mut self, block: u32) -> Result<(), Broken> {
        let order = order(self.experiment.seed, block, self.design.variants.len());
        for round in 0..=self.plan.retries {
            for &variant in &order {
                let (attempts, counts) = record::attempts(&self.experiment, block, variant);
                let is_due = attempts <= round && !counts;
                if is_due && self.experiment.variants[variant].stopped.is_none() {
                    self.run_variant(Place {
                        block,
                        variant,
                        attempt: attempts,
                    })?;
                }
            }
            self.is_heard(block, round)?;
        }
        order
            .iter()
            .try_for_each(|variant| self.give_up(block, *variant))
    }

    /// Ends what would be measured on and on though nobody answers. Where somebody once did, the whole block
    /// has its tries.
    fn is_heard(&self, block: u32, round: u32) -> Result<(), Broken> {
        let mut blocks = 0..=block;
        let never = blocks.all(|block| record::is_silent(&self.experiment, block));
        let is_last = round == self.plan.retries;
        if !(never || is_last && record::is_silent(&self.experiment, block)) {
            return Ok(());
        }
        let last = self.experiment.runs.last();
        let file = last.and_then(|run| run.file.as_deref());
        let run = file.and_then(|name| read::run(&self.folder.path(name)).ok());
        let doubts = run.iter().flat_map(|run| &run.verdict.doubts);
        let mut messages = doubts
            .filter(|doubt| doubt.code == NO_ANSWERS)
            .map(|doubt| doubt.message.as_str());
        let message = messages.next().unwrap_or("look at what is between.");
        Err(Broken::Failed(format!(
            "no run of block {} had an answer: {message}",
            block + 1
        )))
    }

    fn run_variant(&mut self, place: Place) -> Result<(), Broken> {
        self.audience.begins(&self.experiment, place);
        let variant = &self.design.variants[place.variant];
        let programs = self.programs(variant)?;
        if let Err(error) = self.host.arrange(variant) {
            return self.stop_variant(place.variant, error.to_string());
        }
        let block = place.block;
        let name = Folder::name(
            block,
            u32::try_from(place.variant).unwrap_or(u32::MAX),
            place.attempt,
        );
        let file = self.folder.path(&name);
        // One that an earlier process was writing when it was killed.
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let sentence = format!("cannot remove {}: {error}", file.display());
                return Err(Broken::Failed(sentence));
            }
            _ => {}
        }
        let trial = Trial {
            plan: self.plan,
            levels: &variant.levels,
            file: &file,
            stop: self.stop,
        };
        let ended = trial.run(self.host);
        // One that was replaced meanwhile may have been started as either of the two.
        if self.programs(variant)? != programs {
            let sentence =
                "a program was replaced while it ran, so that nobody knows which one it was";
            return Err(Broken::Failed(sentence.to_owned()));
        }
        match ended {
            Ok(measured) => {
                record::add(&mut self.experiment, place, name, &measured);
                programs::add(&mut self.experiment, programs);
            }
            Err(TrialError::Stopped) => return Err(Broken::Stopped),
            Err(TrialError::Register(cause)) => return Err(Broken::Failed(cause)),
            Err(error) => record::add_failed(&mut self.experiment, place, error.to_string()),
        }
        // A run that was ended by the signal is left out, and made again if the experiment goes on.
        if self.stop.load(Ordering::Relaxed) {
            self.experiment.runs.pop();
            return Err(Broken::Stopped);
        }
        self.tell_of_last();
        self.keep()?;
        self.rest()
    }

    /// What a variant is run with, which must be what it was before.
    fn programs(&mut self, variant: &Variant) -> Result<Vec<ExperimentProgram>, Broken> {
        let found = self.programs.at(self.plan, &variant.levels);
        let found = found.and_then(|found| {
            programs::check(&self.experiment, &found)?;
            Ok(found)
        });
        found.map_err(Broken::Failed)
    }

    /// Says why a run does not count, if it does not and the attempts before have not said the same.
    fn tell_of_last(&mut self) {
        let Some((run, before)) = self.experiment.runs.split_last() else {
            return;
        };
        let place = (run.block, run.variant);
        let mut attempts = before.iter().rev();
        let is_told =
            attempts.any(|one| (one.block, one.variant) == place && one.left_out == run.left_out);
        if let Some(reason) = run.left_out.as_ref().filter(|_| !is_told) {
            let name = &self.experiment.variants[run.variant as usize].name;
            let sentence = format!("block {}, {name}: {reason}", run.block + 1);
            self.audience.hears(&sentence);
        }
    }

    /// Stops a variant of which no attempt in this block had any result.
    fn give_up(&mut self, block: u32, variant: usize) -> Result<(), Broken> {
        let runs = self.experiment.runs.iter();
        let mut runs = runs.filter(|run| run.block == block && run.variant as usize == variant);
        let is_hopeless = runs.clone().all(|run| run.file.is_none());
        match runs.next_back().and_then(|run| run.left_out.clone()) {
            Some(reason) if is_hopeless => self.stop_variant(variant, reason),
            _ => Ok(()),
        }
    }

    /// Runs a variant no more. Without the reference there is nothing to compare with.
    fn stop_variant(&mut self, variant: usize, reason: String) -> Result<(), Broken> {
        let stopped = &mut self.experiment.variants[variant];
        if stopped.stopped.is_some() {
            return Ok(());
        }
        let sentence = format!("{} is not run any more: {reason}", stopped.name);
        stopped.stopped = Some(reason);
        let is_reference = self.design.variants[variant] == self.design.variants[0];
        if is_reference {
            return Err(Broken::Failed(format!(
                "the reference, with which everything is compared, cannot be run: {sentence}"
            )));
        }
        let reference = &self.design.variants[0];
        let others = self.design.variants.iter().zip(&self.experiment.variants);
        let mut others = others.filter(|(variant, _)| *variant != reference);
        if others.all(|(_, other)| other.stopped.is_some()) {
            return Err(Broken::Failed(format!(
                "nothing is left that could be compared with the reference: {sentence}"
            )));
        }
        if self.design.crossed {
            self.audience.hears(&format!(
                "{sentence}; without it, what single levels do may never be known, and what the other \
                 variants do against the reference will be"
            ));
        } else {
            self.audience.hears(&sentence);
        }
        self.keep()
    }

    fn keep(&mut self) -> Result<(), Broken> {
        self.spent();
        let kept = self.folder.keep(&self.experiment);
        kept.map_err(|error| Broken::Failed(error.to_string()))
    }

    fn rest(&self) -> Result<(), Broken> {
        let until = Instant::now() + self.plan.pause;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            if self.stop.load(Ordering::Relaxed) {
                return Err(Broken::Stopped);
            }
            thread::sleep(left.min(LOOK));
        }
        Ok(())
    }

    fn analyse(&mut self) {
        let observed = effects::Observed::of(self.design, &self.experiment);
        effects::analyse(&observed).write_to(&mut self.experiment);
    }
}

/// How often it is looked whether a signal came.
const LOOK: Duration = Duration::from_millis(20);
