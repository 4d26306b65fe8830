//! What is known of an experiment while it runs: every run so far, and what they tell.

use std::collections::BTreeSet;
use std::time::Duration;

use super::design::{Design, Variant};
use super::host;
use super::plan::{Blocks, Factor, FactorKind, Plan};
use super::trial::Measured;
use crate::compare::Subject;
use crate::measure::Quantile;
use crate::results::{
    Best, Ended, Experiment, ExperimentEnd, ExperimentFactor, ExperimentQuantity, ExperimentRun,
    ExperimentSchema, ExperimentVariant, Unit, Verdict,
};
use crate::verdict::{Outcome, phrases};

/// Where a run stands in an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number of the block, from 0.
    pub block: u32,
    /// The number of the variant, from 0.
    pub variant: usize,
    /// How often it was run in this block before.
    pub attempt: u32,
}

/// An experiment of which nothing is known yet.
#[must_use]
pub fn begin(
    plan: &Plan,
    design: &Design,
    factors: Vec<ExperimentFactor>,
    seed: u64,
) -> Experiment {
    let names: Vec<&str> = plan
        .factors
        .iter()
        .map(|factor| factor.name.as_str())
        .collect();
    let variants = design.variants.iter().enumerate();
    let last = design.twin();
    let variants = variants.map(|(number, variant)| ExperimentVariant {
        name: match number {
            0 => "reference".to_owned(),
            twin if twin == last => "reference again".to_owned(),
            _ => name(plan, variant),
        },
        levels: variant.levels.iter().map(|level| small(*level)).collect(),
        stopped: None,
    });
    Experiment {
        schema: ExperimentSchema::Tune1,
        name: plan.name.clone(),
        question: plan.question.clone(),
        known: plan.known.clone(),
        plan: plan.text.clone(),
        plan_hash: plan.hash.clone(),
        began_unix_ns: None,
        ended: ExperimentEnd::Unfinished,
        why: None,
        seed,
        design: design.described(&names),
        factors,
        variants: variants.collect(),
        blocks_planned: match plan.blocks {
            Blocks::Fixed(blocks) => Some(blocks),
            Blocks::Until { .. } => None,
        },
        blocks: 0,
        quantities: quantities(),
        judge: plan.judge.clone(),
        runs: Vec::new(),
        noise: Vec::new(),
        effects: Vec::new(),
        interactions: Vec::new(),
        against_reference: Vec::new(),
        best: Best {
            levels: None,
            variant: None,
            sentence: "nothing is known yet".to_owned(),
        },
        warnings: Vec::new(),
        environment: None,
        spent_ns: None,
        programs: Vec::new(),
    }
}

/// A factor as the result has it. A setting of the host was `before`.
#[must_use]
pub fn described(factor: &Factor, before: Option<&str>) -> ExperimentFactor {
    let recipe = match (&factor.kind, before) {
        (FactorKind::Host(knob), Some(before)) => {
            let values = factor.levels.iter().map(|level| host::value(level, before));
            let values: Vec<String> = values.collect();
            // A level that cannot be is told when it is tried.
            knob.recipe(values.iter().map(String::as_str)).ok()
        }
        _ => None,
    };
    ExperimentFactor {
        name: factor.name.clone(),
        what: factor.kind.what(),
        levels: factor
            .levels
            .iter()
            .map(|level| factor.called(level))
            .collect(),
        before: before.map(str::to_owned),
        recipe,
    }
}

/// Where a variant differs from the reference.
fn name(plan: &Plan, variant: &Variant) -> String {
    let differs = plan.factors.iter().zip(&variant.levels);
    let differs = differs.filter(|(_, level)| **level > 0);
    let parts: Vec<String> = differs
        .map(|(factor, level)| format!("{}={}", factor.name, factor.called(&factor.levels[*level])))
        .collect();
    parts.join(", ")
}

/// What is compared, in the order of [`values`].
fn quantities() -> Vec<ExperimentQuantity> {
    let measured = Subject::ALL.into_iter().map(|subject| ExperimentQuantity {
        name: subject.to_string(),
        unit: subject.unit(),
    });
    let cpu = ExperimentQuantity {
        name: "cpu".to_owned(),
        unit: Unit::Nanoseconds,
    };
    measured.chain([cpu]).collect()
}

fn values(measured: &Measured) -> Vec<Quantile> {
    let subjects = Subject::ALL.into_iter();
    let of_run = subjects.map(|subject| subject.of(&measured.run));
    let cpu = match &measured.cpu_per_echo {
        Ok(time) => Quantile::Value(nanos(*time)),
        Err(_unknown) => Quantile::TooFew,
    };
    of_run.chain([cpu]).collect()
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Adds a run that has a result, in the file `name`.
pub fn add(experiment: &mut Experiment, place: Place, name: String, measured: &Measured) {
    let run = &measured.run;
    experiment.began_unix_ns = experiment.began_unix_ns.or(run.began_unix_ns);
    let doubts: Vec<String> = run
        .verdict
        .doubts
        .iter()
        .map(|doubt| doubt.code.clone())
        .collect();
    let left_out = if run.verdict.outcome == Outcome::Invalid {
        Some(format!("its verdict is invalid: {}", reasons(&run.verdict)))
    } else if run.ended != Some(Ended::AsPlanned) {
        Some("it was broken off".to_owned())
    } else {
        None
    };
    experiment.runs.push(ExperimentRun {
        file: Some(name),
        began_unix_ns: run.began_unix_ns,
        verdict: Some(run.verdict.outcome),
        doubts,
        left_out,
        values: values(measured),
        cpu_unknown: measured.cpu_per_echo.as_ref().err().cloned(),
        ..without_result(place)
    });
}

/// What makes a verdict as bad as it is, in a few words.
fn reasons(verdict: &Verdict) -> String {
    let doubts = verdict.doubts.iter();
    let worst = doubts.filter(|doubt| doubt.outcome == verdict.outcome);
    let named = worst.map(|doubt| phrases::named(&doubt.code));
    named.collect::<Vec<_>>().join(", ")
}

/// Adds a run that has no result, with the reason.
pub fn add_failed(experiment: &mut Experiment, place: Place, reason: String) {
    experiment.runs.push(ExperimentRun {
        left_out: Some(reason),
        ..without_result(place)
    });
}

fn without_result(place: Place) -> ExperimentRun {
    ExperimentRun {
        block: place.block,
        variant: small(place.variant),
        attempt: place.attempt,
        file: None,
        began_unix_ns: None,
        verdict: None,
        doubts: Vec::new(),
        left_out: None,
        values: Vec::new(),
        cpu_unknown: None,
    }
}

/// Makes it ready to go on: what could not be run may be by now, so that it is tried anew, and so are blocks
/// in which nobody answered.
pub fn go_on(experiment: &mut Experiment) {
    experiment.ended = ExperimentEnd::Unfinished;
    experiment.why = None;
    let blocks: BTreeSet<u32> = experiment.runs.iter().map(|run| run.block).collect();
    let silent = blocks.into_iter();
    let silent: Vec<u32> = silent
        .filter(|block| is_silent(experiment, *block))
        .collect();
    let runs = &mut experiment.runs;
    runs.retain(|run| run.file.is_some() && !silent.contains(&run.block));
    for variant in &mut experiment.variants {
        variant.stopped = None;
    }
}

/// Whether the file of an experiment is of the same variants, factors and quantities as one that begins.
#[must_use]
pub fn are_alike(begun: &Experiment, fresh: &Experiment) -> bool {
    let levels = |experiment: &Experiment| -> Vec<Vec<u32>> {
        let variants = experiment.variants.iter();
        variants.map(|variant| variant.levels.clone()).collect()
    };
    let names = |experiment: &Experiment| -> Vec<String> {
        let factors = experiment.factors.iter();
        factors.map(|factor| factor.name.clone()).collect()
    };
    begun.quantities == fresh.quantities
        && levels(begun) == levels(fresh)
        && names(begun) == names(fresh)
}

/// How often a variant was run in a block, and whether one of these runs counts.
#[must_use]
pub fn attempts(experiment: &Experiment, block: u32, variant: usize) -> (u32, bool) {
    let runs = experiment.runs.iter();
    let runs = runs.filter(|run| run.block == block && run.variant == small(variant));
    runs.fold((0, false), |(attempts, counts), run| {
        (attempts + 1, counts || run.left_out.is_none())
    })
}

/// Whether there are runs of a block, none of which had an answer.
#[must_use]
pub fn is_silent(experiment: &Experiment, block: u32) -> bool {
    let mut runs = experiment.runs.iter().filter(|run| run.block == block);
    let is_silent = |run: &ExperimentRun| run.doubts.iter().any(|doubt| doubt == NO_ANSWERS);
    runs.next().is_some_and(is_silent) && runs.all(is_silent)
}

/// The doubt about a run in which nobody answered.
pub const NO_ANSWERS: &str = "no_answers";

/// A list of an experiment is never so long.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
