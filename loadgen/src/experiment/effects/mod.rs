//! What the runs tell. Pure.
//!
//! - `blocks`: the difference within each block;
//! - `family`: its middle, its interval, and whether chance would have done as much;
//! - `best`: which levels to take;
//! - `warnings`: what speaks against believing it;
//! - [`goal`]: is enough known to stop?
//!
//! The block is the unit, and never the run or the probe: whatever changes in the course of time falls
//! on all runs of a block. The numbers come from [`statistics`](crate::statistics): a difference is the
//! estimate of Hodges and Lehmann over the blocks, its interval that of the signed ranks, and whether it
//! is more than chance is decided by flipping the signs of whole blocks. If what lies between two groups
//! of variants does nothing, then swapping their labels within a block changes nothing but the sign of
//! the difference there, so that this test is exact, whatever runs look like.
//!
//! Chance has a try at every quantity of every comparison. Within a comparison, the correction of
//! Westfall and Young takes into account that the quantities of a run hang together; over the
//! comparisons of a family (effects, interactions, variants against the reference), each p is multiplied
//! by their number (Bonferroni). Holm's correction over the comparisons would multiply by fewer once some
//! of them are evident. That does not hold here: a comparison in which one quantity is evident may still
//! have others that are not, which go on having their tries, so that it cannot be struck off. The noise
//! is in no family.

mod best;
mod blocks;
mod family;
pub mod goal;
mod warnings;

use self::blocks::Blocks;
use self::family::Family;
use super::design::{Contrast, Design, Difference};
use crate::results::{
    Best, Effect, Experiment, ExperimentFactor, ExperimentQuantity, ExperimentRun,
    ExperimentVariant,
};
use crate::statistics::FEWEST_PAIRS;

/// What an experiment has so far.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The variants that are run.
    pub design: &'a Design,
    /// What they are called, in their order, and which of them are not run any more.
    pub variants: &'a [ExperimentVariant],
    /// What the factors and their levels are called, in the order of the design.
    pub factors: &'a [ExperimentFactor],
    /// What the values of a run are.
    pub quantities: &'a [ExperimentQuantity],
    /// By which of them the best setting is chosen.
    pub judge: &'a str,
    /// All runs, also those that do not count.
    pub runs: &'a [ExperimentRun],
}

/// What the runs of an experiment tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// The reference's twin against the reference.
    pub noise: Vec<Effect>,
    /// Each level against the first one of its factor.
    pub effects: Vec<Effect>,
    /// Two levels together, beyond what each does alone.
    pub interactions: Vec<Effect>,
    /// Each variant against the reference.
    pub against_reference: Vec<Effect>,
    /// The best setting.
    pub best: Best,
    /// What speaks against believing it.
    pub warnings: Vec<String>,
}

impl<'a> Observed<'a> {
    /// What the file of an experiment has, which must be of this design.
    #[must_use]
    pub fn of(design: &'a Design, experiment: &'a Experiment) -> Self {
        Self {
            design,
            variants: &experiment.variants,
            factors: &experiment.factors,
            quantities: &experiment.quantities,
            judge: &experiment.judge,
            runs: &experiment.runs,
        }
    }

    /// Whether a variant is not run any more.
    fn is_stopped(&self, variant: usize) -> bool {
        let variant = self.variants.get(variant);
        variant.is_some_and(|variant| variant.stopped.is_some())
    }

    /// The variants that a comparison takes and that are not run any more, as the beginning of a
    /// sentence; `None` if there are none.
    fn stopped(&self, contrast: &Contrast) -> Option<String> {
        let of_contrast = contrast.plus.iter().chain(&contrast.minus);
        let stopped = of_contrast.copied().filter(|one| self.is_stopped(*one));
        let names: Vec<&str> = stopped
            .map(|one| self.variants[one].name.as_str())
            .collect();
        let is = match names.as_slice() {
            [] => return None,
            [one] => format!("{one} is"),
            [one, other] => format!("{one} and {other} are"),
            [one, others @ ..] => format!("{one} and {} others are", others.len()),
        };
        Some(format!("{is} not run any more"))
    }
}

impl Analysis {
    /// Writes it down where the file of an experiment has it.
    pub fn write_to(self, experiment: &mut Experiment) {
        experiment.noise = self.noise;
        experiment.effects = self.effects;
        experiment.interactions = self.interactions;
        experiment.against_reference = self.against_reference;
        experiment.best = self.best;
        experiment.warnings = self.warnings;
    }
}

/// What the runs tell. The same runs always tell the same.
#[must_use]
pub fn analyse(observed: &Observed<'_>) -> Analysis {
    let blocks = Blocks::new(observed.design, observed.runs);
    let contrasts = observed.design.contrasts();
    let family = |name, wanted: fn(&Difference) -> bool| Family {
        name,
        observed,
        blocks: &blocks,
        members: contrasts.iter().filter(|one| wanted(&one.of)).collect(),
    };
    let noise = family("noise", |of| matches!(of, Difference::Noise)).effects();
    let families = [
        family("effects of a level", |of| {
            matches!(of, Difference::Level { .. })
        }),
        family("interactions", |of| {
            matches!(of, Difference::Interaction { .. })
        }),
        family("differences to the reference", |of| {
            matches!(of, Difference::Variant(_))
        }),
    ];
    let warnings = warnings::warnings(observed, &blocks, &noise, &families);
    let [effects, interactions, against_reference] = families.map(|family| family.effects());
    let best = best::best(observed, &effects, &interactions, &against_reference);
    Analysis {
        noise,
        effects,
        interactions,
        against_reference,
        best,
        warnings,
    }
}

/// The fewest blocks with which any of so many comparisons can be evident: n differences that all have
/// one sign come about by chance in 2 of 2^n ways, and this has to be no more than 5 % of one in so many.
#[must_use]
pub fn blocks_needed(contrasts: usize) -> u32 {
    let ways = contrasts.max(1).saturating_mul(40);
    let fewest = u32::try_from(FEWEST_PAIRS).unwrap_or(u32::MAX);
    // The next power of two at or above `ways`.
    (usize::BITS - (ways - 1).leading_zeros()).max(fewest)
}

#[cfg(test)]
mod tests;
