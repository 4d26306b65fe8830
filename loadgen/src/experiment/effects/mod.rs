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
};
use crate::statistics::FEWEST_PAIRS;

/// What an experiment has so far.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The variants that are run.
    pub design: &'a Design,
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
            factors: &experiment.factors,
            quantities: &experiment.quantities,
            judge: &experiment.judge,
            runs: &experiment.runs,
        }
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
    let of = |wanted: fn(&Difference) -> bool| {
        let members: Vec<&Contrast> = contrasts.iter().filter(|one| wanted(&one.of)).collect();
        let family = Family {
            blocks: &blocks,
            quantities: observed.quantities,
            members,
        };
        family.effects()
    };
    let noise = of(|of| matches!(of, Difference::Noise));
    let effects = of(|of| matches!(of, Difference::Level { .. }));
    let interactions = of(|of| matches!(of, Difference::Interaction { .. }));
    let against_reference = of(|of| matches!(of, Difference::Variant(_)));
    let families = [
        ("effects of a level", &effects),
        ("interactions", &interactions),
        ("differences to the reference", &against_reference),
    ];
    let warnings = warnings::warnings(observed, &blocks, &noise, &families);
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
