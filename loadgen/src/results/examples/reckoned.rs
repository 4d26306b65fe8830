//! What made-up runs tell, by simpler rules than those of experiments: enough to look at.

use super::super::{Change, DesignKind, Effect, EffectOf, Experiment, Finding, Shift};
use super::{counted, is_reference};
use crate::measure::Quantile;

/// Reckons all effects anew.
pub(super) fn reckon(made: &mut Experiment) {
    let last = made.variants.len() - 1;
    let all = |list: Vec<(EffectOf, Vec<usize>, Vec<usize>)>| -> Vec<Effect> {
        let family = list.len() * made.quantities.len();
        let of = list.iter().flat_map(|(of, plus, minus)| {
            let quantities = 0..made.quantities.len();
            quantities.map(|number| effect(made, (of, plus, minus), number, family))
        });
        of.collect()
    };
    let noise = all(vec![(EffectOf::Noise, vec![last], vec![0])]);
    let effects = all(levels(made));
    let (interactions, against) = match made.design.kind {
        DesignKind::OneFactor => (Vec::new(), Vec::new()),
        _ => (all(interactions(made)), all(against(made))),
    };
    (made.noise, made.effects) = (noise, effects);
    (made.interactions, made.against_reference) = (interactions, against);
}

type Compared = (EffectOf, Vec<usize>, Vec<usize>);

/// All with a level against all with the first one of its factor.
fn levels(made: &Experiment) -> Vec<Compared> {
    let mut all = Vec::new();
    for (factor, shown) in (0_u32..).zip(&made.factors) {
        for level in (1_u32..).take(shown.levels.len() - 1) {
            let with = |wanted| {
                variants(made, |levels: &[u32]| {
                    let alone = made.design.kind != DesignKind::OneFactor
                        || levels.iter().filter(|level| **level > 0).count() <= 1;
                    alone && levels[factor as usize] == wanted
                })
            };
            let minus = match made.design.kind {
                DesignKind::OneFactor => vec![0],
                _ => with(0),
            };
            all.push((EffectOf::Level { factor, level }, with(level), minus));
        }
    }
    all
}

/// Of the first levels of the first two factors.
fn interactions(made: &Experiment) -> Vec<Compared> {
    let of = EffectOf::Interaction {
        first: 0,
        first_level: 1,
        second: 1,
        second_level: 1,
    };
    let with = |alike: bool| {
        variants(made, |levels| {
            levels[..2].iter().all(|level| *level < 2) && (levels[0] == levels[1]) == alike
        })
    };
    vec![(of, with(true), with(false))]
}

fn against(made: &Experiment) -> Vec<Compared> {
    let others = (0_u32..)
        .zip(&made.variants)
        .filter(|(_, one)| !is_reference(one));
    let others = others.map(|(variant, _)| {
        (
            EffectOf::Variant { variant },
            vec![variant as usize],
            vec![0],
        )
    });
    others.collect()
}

/// The numbers of all that are asked for, but for the twin.
fn variants(made: &Experiment, is_asked: impl Fn(&[u32]) -> bool) -> Vec<usize> {
    let but_the_twin = made
        .variants
        .iter()
        .enumerate()
        .take(made.variants.len() - 1);
    let asked = but_the_twin.filter(|(_, one)| is_asked(&one.levels) && one.stopped.is_none());
    asked.map(|(number, _)| number).collect()
}

fn effect(
    made: &Experiment,
    (of, plus, minus): (&EffectOf, &[usize], &[usize]),
    number: usize,
    family: usize,
) -> Effect {
    let quantity = &made.quantities[number];
    let each: Vec<Option<Change>> = (0..made.blocks_planned.unwrap_or(0))
        .filter(|block| made.runs.iter().any(|run| run.block == *block))
        .map(|block| {
            let [up, down] = [plus, minus].map(|group| mean(made, group, block, number));
            Some(match (up, down) {
                (Quantile::Value(up), Quantile::Value(down)) => {
                    Change::By(up.cast_signed() - down.cast_signed())
                }
                (Quantile::Lost, Quantile::Lost) => Change::By(0),
                (Quantile::Lost, Quantile::Value(_)) => Change::ToLost,
                (Quantile::Value(_), Quantile::Lost) => Change::FromLost,
                (Quantile::TooFew, _) | (_, Quantile::TooFew) => return None,
            })
        })
        .collect();
    let shift = shift(&each, family, mean(made, &[0], 0, number));
    let finding = match shift.as_ref().filter(|shift| shift.p_corrected <= 0.05) {
        Some(shift) if rank(shift.by) < 0 => Finding::Better,
        Some(_) => Finding::Worse,
        None if shift.is_some() => Finding::NoEvidence,
        None => Finding::NotMeasured,
    };
    Effect {
        of: of.clone(),
        quantity: quantity.name.clone(),
        unit: quantity.unit,
        reason: shift
            .is_none()
            .then(|| "no block has all of its runs".to_owned()),
        each,
        shift,
        finding,
    }
}

/// Of one group in one block; too few if a run is missing.
fn mean(made: &Experiment, group: &[usize], block: u32, number: usize) -> Quantile {
    let (mut sum, mut lost) = (0, false);
    for variant in group {
        let run = counted(made, *variant, block);
        match run.and_then(|run| run.values.get(number)) {
            Some(Quantile::Value(value)) => sum += value,
            Some(Quantile::Lost) => lost = true,
            Some(Quantile::TooFew) | None => return Quantile::TooFew,
        }
    }
    match sum.checked_div(group.len() as u64) {
        Some(mean) if !lost => Quantile::Value(mean),
        Some(_) => Quantile::Lost,
        None => Quantile::TooFew,
    }
}

/// The median, all but the outermost, and the chance that all signs are alike.
fn shift(each: &[Option<Change>], family: usize, whole: Quantile) -> Option<Shift> {
    let mut sorted: Vec<Change> = each.iter().copied().flatten().collect();
    sorted.sort_by_key(|change| rank(*change));
    let last = sorted.len().checked_sub(1)?;
    let (by, low, high) = (
        sorted[last / 2],
        sorted[1.min(last)],
        sorted[last.saturating_sub(1)],
    );
    let signs = [low, high].map(|end| rank(end).signum());
    let blocks = i32::try_from(sorted.len()).ok()?;
    let p = match signs {
        [below, above] if below == above && below != 0 => 2.0 * 0.5_f64.powi(blocks),
        _ => 0.4,
    };
    let part = |change| match (change, whole) {
        #[expect(clippy::cast_precision_loss, reason = "they are small")]
        (Change::By(by), Quantile::Value(whole)) if whole != 0 => Some(by as f64 / whole as f64),
        _ => None,
    };
    #[expect(clippy::cast_precision_loss, reason = "they are few")]
    let p_corrected = (p * family as f64).min(1.0);
    Some(Shift {
        by,
        low,
        high,
        relative: part(by).map(|by| [Some(by), part(low), part(high)]),
        p,
        p_corrected,
    })
}

/// From the smallest to the largest.
fn rank(change: Change) -> i64 {
    match change {
        Change::By(by) => by,
        Change::ToLost => i64::MAX,
        Change::FromLost => i64::MIN,
    }
}
