//! The difference within each block.

use std::collections::BTreeMap;

use crate::compare::numbers::number;
use crate::experiment::design::{Contrast, Design};
use crate::results::ExperimentRun;
use crate::statistics::shift::{difference, mean, median};

/// The runs that count, by block and variant.
#[derive(Debug)]
pub(super) struct Blocks<'a> {
    blocks: Vec<Vec<Option<&'a ExperimentRun>>>,
}

/// What lies between two groups of variants in one quantity.
#[derive(Debug)]
pub(super) struct Differences {
    /// Of each block; `None` where a run is missing or does not have the quantity.
    pub(super) each: Vec<Option<f64>>,
    /// Blocks that have all the runs.
    pub(super) complete: usize,
    /// Runs of these.
    pub(super) runs: usize,
    /// Those of them that do not have the quantity.
    pub(super) lacking: usize,
    /// Why the first of these has no processor time.
    pub(super) cpu_unknown: Option<String>,
}

impl<'a> Blocks<'a> {
    /// Every block that has had a run, also one that does not count. Of runs of one variant in one block
    /// the last that counts does.
    pub(super) fn new(design: &Design, runs: &'a [ExperimentRun]) -> Self {
        let variants = design.variants.len();
        let mut blocks: BTreeMap<u32, Vec<Option<&ExperimentRun>>> = BTreeMap::new();
        for run in runs {
            let block = blocks
                .entry(run.block)
                .or_insert_with(|| vec![None; variants]);
            let place = usize::try_from(run.variant).ok();
            let place = place.and_then(|variant| block.get_mut(variant));
            if let Some(place) = place.filter(|_| run.left_out.is_none()) {
                *place = Some(run);
            }
        }
        Self {
            blocks: blocks.into_values().collect(),
        }
    }

    /// What a quantity differs by, which is the mean of the one group less that of the other.
    pub(super) fn differences(&self, contrast: &Contrast, quantity: usize) -> Differences {
        let mut found = Differences {
            each: Vec::new(),
            complete: 0,
            runs: 0,
            lacking: 0,
            cpu_unknown: None,
        };
        for block in &self.blocks {
            let (plus, minus) = (group(block, &contrast.plus), group(block, &contrast.minus));
            let (Some(plus), Some(minus)) = (plus, minus) else {
                found.each.push(None);
                continue;
            };
            let values = |group: &[&ExperimentRun]| -> Vec<f64> {
                group
                    .iter()
                    .filter_map(|run| value(run, quantity))
                    .collect()
            };
            let runs = plus.len() + minus.len();
            let mut lacking = plus
                .iter()
                .chain(&minus)
                .filter(|run| value(run, quantity).is_none());
            let why = lacking.next().and_then(|run| run.cpu_unknown.clone());
            found.cpu_unknown = found.cpu_unknown.or(why);
            let (plus, minus) = (values(&plus), values(&minus));
            let lacking = runs - plus.len() - minus.len();
            found.complete += 1;
            found.runs += runs;
            found.lacking += lacking;
            found
                .each
                .push((lacking == 0).then(|| difference(mean(&minus), mean(&plus))));
        }
        found
    }

    /// The median of the reference's runs; `None` if there are none with the quantity.
    pub(super) fn reference(&self, quantity: usize) -> Option<f64> {
        let runs = self.blocks.iter().filter_map(|block| *block.first()?);
        let values: Vec<f64> = runs.filter_map(|run| value(run, quantity)).collect();
        median(&values)
    }

    /// The median over the variants of each block that has all of them, in order; `None` if a run does
    /// not have the quantity.
    pub(super) fn course(&self, quantity: usize) -> Option<Vec<f64>> {
        let complete = self.blocks.iter().filter_map(|block| {
            block
                .iter()
                .copied()
                .collect::<Option<Vec<&ExperimentRun>>>()
        });
        let level = |block: Vec<&ExperimentRun>| {
            let values: Option<Vec<f64>> = block.iter().map(|run| value(run, quantity)).collect();
            median(&values?)
        };
        complete.map(level).collect()
    }
}

/// The runs of a group; `None` if one is missing.
fn group<'a>(
    block: &[Option<&'a ExperimentRun>],
    variants: &[usize],
) -> Option<Vec<&'a ExperimentRun>> {
    variants
        .iter()
        .map(|variant| block.get(*variant).copied().flatten())
        .collect()
}

fn value(run: &ExperimentRun, quantity: usize) -> Option<f64> {
    run.values.get(quantity).copied().and_then(number)
}
