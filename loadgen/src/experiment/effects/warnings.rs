//! What speaks against believing an experiment.

use super::blocks::Blocks;
use super::family::Family;
use super::{Observed, blocks_needed};
use crate::compare::numbers::change;
use crate::compare::words;
use crate::measure::Quantile;
use crate::results::{Effect, Finding};
use crate::statistics::scores::Scores;
use crate::statistics::shift::Differences;
use crate::statistics::{FEWEST, FEWEST_PAIRS, permutation};

/// Sentences for people.
pub(super) fn warnings(
    observed: &Observed<'_>,
    blocks: &Blocks<'_>,
    noise: &[Effect],
    families: &[Family<'_>],
) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(alike(noise));
    for family in families.iter().filter(|_| !observed.runs.is_empty()) {
        warnings.extend(too_few(family));
    }
    warnings.extend(left_out(observed));
    warnings.extend(without_cpu(observed));
    warnings.extend(drift(observed, blocks));
    warnings
}

/// The reference and its twin differ.
fn alike(noise: &[Effect]) -> Option<String> {
    let evident = noise
        .iter()
        .filter(|effect| matches!(effect.finding, Finding::Better | Finding::Worse))
        .filter_map(|effect| {
            let shift = words::shift(effect.shift.as_ref()?, effect.unit);
            Some(format!("{} {shift}", effect.quantity))
        });
    let evident: Vec<String> = evident.collect();
    (!evident.is_empty()).then(|| {
        format!(
            "two variants that are alike differ: something else changes from run to run ({})",
            evident.join(", ")
        )
    })
}

/// Not even the clearest of so many effects could be evident. Where it is not for want of blocks, the
/// effects themselves say so.
fn too_few(family: &Family<'_>) -> Option<String> {
    let (name, contrasts) = (family.name, family.members.len());
    let blocks = family.most_blocks()?;
    let needed = blocks_needed(contrasts);
    // With fewer, the effects themselves say that nothing is known.
    let is_short = (FEWEST_PAIRS..needed as usize).contains(&blocks);
    is_short.then(|| {
        format!(
            "with {blocks} blocks, none of the {name} can be evident: there are {contrasts}, which \
             takes {needed} blocks at least"
        )
    })
}

/// More than a fifth of the runs does not count.
fn left_out(observed: &Observed<'_>) -> Option<String> {
    let left_out = observed
        .runs
        .iter()
        .filter(|run| run.left_out.is_some())
        .count();
    let all = observed.runs.len();
    (5 * left_out > all).then(|| {
        format!(
            "{left_out} of {all} runs do not count: what is left may not be what the settings \
             usually do"
        )
    })
}

/// Some runs have no processor time, and the effects on it are known without them.
fn without_cpu(observed: &Observed<'_>) -> Option<String> {
    let mut quantities = observed.quantities.iter();
    let cpu = quantities.position(|quantity| quantity.name == "cpu")?;
    let counting = observed.runs.iter().filter(|run| run.left_out.is_none());
    let without = counting
        .clone()
        .filter(|run| !matches!(run.values.get(cpu), Some(Quantile::Value(_))));
    let (all, without_it) = (counting.count(), without.clone().count());
    if without_it == 0 || without_it == all {
        return None;
    }
    let mut without = without;
    let why = without.find_map(|run| run.cpu_unknown.as_deref());
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    Some(format!(
        "cpu is not known of {without_it} of {all} runs{why}: their blocks do not count for it"
    ))
}

/// The second half of the blocks is different from the first: a test of two sets of blocks, corrected
/// for the number of quantities. Blocks that are as good as each other could have come in any order.
fn drift(observed: &Observed<'_>, blocks: &Blocks<'_>) -> Option<String> {
    let quantities = observed.quantities.iter().enumerate();
    let courses = quantities.filter_map(|(number, quantity)| {
        let course = blocks.course(number)?;
        (course.len() >= 2 * FEWEST).then_some((quantity, course))
    });
    let courses: Vec<_> = courses.collect();
    let half = courses.first()?.1.len() / 2;
    let family: Vec<Scores> = courses
        .iter()
        .map(|(_, course)| Scores::new(course))
        .collect();
    let chances = permutation::test(&family, half);
    let clearest = courses
        .iter()
        .zip(&chances)
        .min_by(|(_, one), (_, other)| one.p_corrected.total_cmp(&other.p_corrected));
    let ((quantity, course), _) = clearest.filter(|(_, chance)| chance.p_corrected <= RARE)?;
    let (early, late) = course.split_at(half);
    let by = change(Differences::new(early, late).shift());
    Some(format!(
        "the machine changed meanwhile: {} {} from the first half of the blocks to the second; both \
         sides of every comparison felt it alike, but what helps may not be the same at all times",
        quantity.name,
        words::change(by, quantity.unit)
    ))
}

/// How rarely chance alone may call something a drift: a warning that every twentieth sound experiment
/// had would not be read.
const RARE: f64 = 0.01;
