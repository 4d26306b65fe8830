//! Is enough known to stop?
//!
//! An experiment that ends because its intervals have become narrow stops at a lucky moment now and then,
//! so that these hold the truth a little less often than those of a number of blocks that was fixed
//! before. It does not stop because something has become evident, which would be worse: whoever adds
//! runs until there is a difference will find one.

use thiserror::Error;

use super::Observed;
use super::family::effect_of;
use crate::compare::Subject;
use crate::experiment::design::Design;
use crate::measure::Fraction;
use crate::precision::Goal;
use crate::results::{Effect, EffectOf, Experiment, Unit};
use crate::share::Share;

/// Whether all of these effects are known as well as they shall be in the quantile of the goal: half the
/// width of each one's 95 % interval is no more than the tolerated part of the reference's median. Of no
/// effects nothing is known.
pub fn is_reached(goal: Goal, effects: &[Effect]) -> Result<bool, GoalError> {
    let name = quantity(goal)?.to_string();
    let known: Option<Vec<f64>> = effects
        .iter()
        .filter(|effect| effect.quantity == name)
        .map(precision)
        .collect();
    let tolerated = part(goal.tolerance());
    let known = known.filter(|known| !known.is_empty());
    Ok(known.is_some_and(|known| known.iter().all(|precision| *precision <= tolerated)))
}

/// The effects that have to be known: those of the levels, as far as they can become known with the
/// variants that are run. If none can, how these variants differ from the reference.
#[must_use]
pub fn wanted(design: &Design, experiment: &Experiment) -> Vec<Effect> {
    let observed = Observed::of(design, experiment);
    let contrasts = design.contrasts();
    let running = contrasts
        .iter()
        .filter(|contrast| observed.stopped(contrast).is_none());
    let running: Vec<EffectOf> = running.map(|contrast| effect_of(&contrast.of)).collect();
    let of = |effects: &[Effect]| -> Vec<Effect> {
        let effects = effects.iter();
        effects
            .filter(|effect| running.contains(&effect.of))
            .cloned()
            .collect()
    };
    let levels = of(&experiment.effects);
    if levels.is_empty() {
        of(&experiment.against_reference)
    } else {
        levels
    }
}

/// The quantity that a goal is about: to be checked before anything is run.
pub fn quantity(goal: Goal) -> Result<Subject, GoalError> {
    let fraction = goal.fraction();
    let subject = Subject::named(&fraction.to_string());
    let subject = subject.filter(|subject| subject.unit() == Unit::Nanoseconds);
    subject.ok_or(GoalError { fraction })
}

/// Half the width of an effect's 95 % interval as a part of the reference's median; `None` if that is not
/// known, or if the interval has no end.
#[must_use]
pub fn precision(effect: &Effect) -> Option<f64> {
    let [_, low, high] = effect.shift.as_ref()?.relative?;
    Some((high? - low?) / 2.0)
}

#[expect(clippy::cast_precision_loss, reason = "no more than 10^9")]
fn part(share: Share) -> f64 {
    share.billionths() as f64 / Share::WHOLE.billionths() as f64
}

/// A quantile that is not compared.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{fraction} is not compared: until what is known of p50, p90, p99 or p99.9?")]
pub struct GoalError {
    /// Which one.
    pub fraction: Fraction,
}
