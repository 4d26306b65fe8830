//! The effects of a family of comparisons.

use std::cmp::Ordering;

use super::Observed;
use super::blocks::{Blocks, Differences};
use crate::compare::numbers::{change, shift};
use crate::experiment::design::{Contrast, Difference};
use crate::figures::count;
use crate::measure::Fraction;
use crate::results::{Effect, EffectOf, ExperimentQuantity, Finding};
use crate::statistics::signed::SignedScores;
use crate::statistics::stepdown::Chance;
use crate::statistics::walsh::Averages;
use crate::statistics::{FEWEST_PAIRS, LEVEL, flips};

/// Comparisons of which chance may call none different in 95 % of all experiments in which none is.
#[derive(Debug)]
pub(super) struct Family<'a> {
    /// What they are called, in the plural.
    pub(super) name: &'static str,
    pub(super) observed: &'a Observed<'a>,
    pub(super) blocks: &'a Blocks<'a>,
    pub(super) members: Vec<&'a Contrast>,
}

impl Family<'_> {
    /// One a comparison and quantity.
    pub(super) fn effects(&self) -> Vec<Effect> {
        let members = self.members.iter();
        members.flat_map(|contrast| self.of(contrast)).collect()
    }

    /// The most blocks in which a comparison has all its runs, of those that can still have more; `None`
    /// if none can, since variants are not run any more.
    pub(super) fn most_blocks(&self) -> Option<usize> {
        let goes_on = |contrast: &&&Contrast| self.observed.stopped(contrast).is_none();
        let running = self.members.iter().filter(goes_on);
        let quantities = 0..self.observed.quantities.len();
        running
            .flat_map(|contrast| {
                quantities.clone().map(|quantity| {
                    let differences = self.blocks.differences(contrast, quantity);
                    differences.each.iter().flatten().count()
                })
            })
            .max()
    }

    /// Those of one comparison.
    fn of(&self, contrast: &Contrast) -> Vec<Effect> {
        let quantities = self.observed.quantities;
        let all: Vec<Differences> = (0..quantities.len())
            .map(|quantity| self.blocks.differences(contrast, quantity))
            .collect();
        let stopped = self.observed.stopped(contrast);
        let mut effects: Vec<Effect> = all
            .iter()
            .zip(quantities)
            .map(|(differences, quantity)| {
                unknown(contrast, quantity, differences, stopped.as_deref())
            })
            .collect();
        let known: Vec<usize> = (0..effects.len())
            .filter(|quantity| effects[*quantity].reason.is_none())
            .collect();
        let numbers = |quantity: usize| -> Vec<f64> {
            all[quantity].each.iter().copied().flatten().collect()
        };
        // Blocks of which nothing is known have no part in it.
        let blocks = (0..all.first().map_or(0, |first| first.each.len()))
            .filter(|block| known.iter().any(|one| all[*one].each[*block].is_some()));
        let blocks: Vec<usize> = blocks.collect();
        let scores: Vec<SignedScores> = known
            .iter()
            .map(|quantity| {
                let each = blocks.iter().map(|block| all[*quantity].each[*block]);
                SignedScores::with_gaps(&each.collect::<Vec<_>>())
            })
            .collect();
        let chances = flips::test(&scores);
        for ((quantity, scores), chance) in known.into_iter().zip(&scores).zip(chances) {
            let chance = self.corrected(chance);
            let averages = Averages::new(&numbers(quantity));
            let effect = &mut effects[quantity];
            if chance.p_corrected <= LEVEL {
                effect.finding = finding(scores.direction());
            }
            let whole = self.blocks.reference(quantity);
            effect.shift = averages
                .interval()
                .map(|interval| shift(averages.middle(), interval, whole, chance, effect.unit));
        }
        effects
    }

    /// For the number of comparisons.
    fn corrected(&self, chance: Chance) -> Chance {
        #[expect(
            clippy::cast_precision_loss,
            reason = "there are some hundreds at most"
        )]
        let tries = self.members.len() as f64;
        let p_corrected = (chance.p_corrected * tries).min(1.0);
        Chance {
            p_corrected,
            ..chance
        }
    }
}

/// The effect before it is known, with the reason why it is not known if there is one; `stopped` says
/// that variants which it takes are not run any more.
fn unknown(
    contrast: &Contrast,
    quantity: &ExperimentQuantity,
    differences: &Differences,
    stopped: Option<&str>,
) -> Effect {
    let (finding, reason) = if differences.complete < FEWEST_PAIRS {
        let complete = match differences.complete {
            0 => "no block has all its runs".to_owned(),
            1 => "1 block has all its runs".to_owned(),
            several => format!("{several} blocks have all their runs"),
        };
        let reason = match stopped {
            Some(stopped) => format!("{complete}, since {stopped}"),
            None => format!("{complete}, and at least {FEWEST_PAIRS} are wanted"),
        };
        (Finding::TooFewBlocks, Some(reason))
    } else if lacks(quantity, differences) {
        (Finding::NotMeasured, Some(lacking(quantity, differences)))
    } else {
        (Finding::NoEvidence, None)
    };
    let each = differences.each.iter();
    Effect {
        of: effect_of(&contrast.of),
        quantity: quantity.name.clone(),
        unit: quantity.unit,
        each: each.map(|difference| difference.map(change)).collect(),
        shift: None,
        finding,
        reason,
    }
}

/// Whether so many runs lack the quantity that nothing can be said. Whether a run has a quantile depends on
/// what it is: without the runs that lack it, the rest would look better or worse than it is.
fn lacks(quantity: &ExperimentQuantity, differences: &Differences) -> bool {
    let known = differences.each.iter().flatten().count();
    let is_quantile = quantity.name.parse::<Fraction>().is_ok();
    differences.lacking > 0 && (is_quantile || known < FEWEST_PAIRS)
}

fn lacking(quantity: &ExperimentQuantity, differences: &Differences) -> String {
    let Differences {
        lacking,
        runs,
        cpu_unknown,
        ..
    } = differences;
    let why = match quantity.name.parse::<Fraction>() {
        Ok(fraction) => {
            let needed = count(fraction.smallest_population());
            format!(": it takes {needed} answers a run")
        }
        Err(_) if quantity.name == "cpu" => {
            let why = cpu_unknown.as_ref().map(|why| format!(": {why}"));
            why.unwrap_or_default()
        }
        Err(_) => String::new(),
    };
    format!("{lacking} of {runs} runs do not have it{why}")
}

fn finding(direction: Ordering) -> Finding {
    match direction {
        Ordering::Less => Finding::Better,
        Ordering::Greater => Finding::Worse,
        Ordering::Equal => Finding::NoEvidence,
    }
}

pub(super) fn effect_of(difference: &Difference) -> EffectOf {
    match *difference {
        Difference::Noise => EffectOf::Noise,
        Difference::Level { factor, level } => EffectOf::Level {
            factor: small(factor),
            level: small(level),
        },
        Difference::Interaction { first, second } => EffectOf::Interaction {
            first: small(first.0),
            first_level: small(first.1),
            second: small(second.0),
            second_level: small(second.1),
        },
        Difference::Variant(variant) => EffectOf::Variant {
            variant: small(variant),
        },
    }
}

/// There are some dozens of variants at most, and no more levels.
pub(super) fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
