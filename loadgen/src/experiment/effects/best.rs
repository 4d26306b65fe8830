//! Which levels to take.
//!
//! Of each factor, the level that helps most by the quantity that judges, if there is evidence that it
//! helps and none that more is lost with it. Where factors were crossed and there is evidence that
//! levels do not add up, that would be a guess; then it is the variant that helps most, of those that
//! were tried. So it is where a variant was given up without which it cannot be known what levels do. What
//! was given up is never the best.

use super::Observed;
use super::family::{effect_of, small};
use crate::compare::words;
use crate::results::{Best, Change, Effect, EffectOf, Finding};

/// The best setting, by what was found of it.
pub(super) fn best(
    observed: &Observed<'_>,
    effects: &[Effect],
    interactions: &[Effect],
    against_reference: &[Effect],
) -> Best {
    let choice = Choice {
        observed,
        effects,
        interactions,
        against_reference,
    };
    let chosen = choice.levels();
    if let Some(why) = choice.why_not_by_levels(&chosen) {
        return choice.variant(&why);
    }
    if chosen.is_empty() {
        return nothing(choice.why_nothing());
    }
    choice.together(&chosen)
}

/// What a choice is made from.
struct Choice<'a> {
    observed: &'a Observed<'a>,
    effects: &'a [Effect],
    interactions: &'a [Effect],
    against_reference: &'a [Effect],
}

impl<'a> Choice<'a> {
    /// The effect of the level that helps most, of each factor that has one.
    fn levels(&self) -> Vec<&'a Effect> {
        let factors = 0..self.observed.design.factors.len();
        let best_of = |factor: usize| {
            let of_factor = |effect: &&Effect| matches!(effect.of, EffectOf::Level { factor: of, .. } if of == small(factor));
            self.helping(self.effects)
                .filter(of_factor)
                .min_by(|one, other| by_gain(one, other))
        };
        factors.filter_map(best_of).collect()
    }

    /// Those that help, by what judges, and do not lose more.
    fn helping(&self, among: &'a [Effect]) -> impl Iterator<Item = &'a Effect> {
        let judged = self.judged(among);
        judged.filter(|effect| {
            effect.finding == Finding::Better
                && !loses_more(&effect.of, among)
                && !self.is_given_up(&effect.of)
        })
    }

    /// Whether it is the effect of a variant that is not run any more, or of a level that only such a
    /// variant has.
    fn is_given_up(&self, of: &EffectOf) -> bool {
        let variant = match *of {
            EffectOf::Variant { variant } => Some(variant),
            EffectOf::Level { factor, level } if !self.observed.design.crossed => {
                let mut levels = vec![0; self.observed.design.factors.len()];
                levels[factor as usize] = level;
                self.tried(&levels)
            }
            _ => None,
        };
        variant.is_some_and(|variant| self.observed.is_stopped(variant as usize))
    }

    /// Why the best setting is not put together from these levels, if it is not: half a sentence.
    fn why_not_by_levels(&self, chosen: &[&Effect]) -> Option<String> {
        let design = self.observed.design;
        if design.crossed {
            let unknown = |effect: &&Effect| effect.finding == Finding::TooFewBlocks;
            let unknown: Vec<&EffectOf> = self
                .judged(self.effects)
                .filter(unknown)
                .map(|effect| &effect.of)
                .collect();
            let contrasts = design.contrasts();
            let mut contrasts = contrasts
                .iter()
                .filter(|contrast| unknown.contains(&&effect_of(&contrast.of)));
            let stopped = contrasts.find_map(|contrast| self.observed.stopped(contrast));
            if let Some(stopped) = stopped {
                return Some(format!(
                    "{stopped}, so that what each level does by itself is not known"
                ));
            }
        }
        let tried = self.tried(&self.combined(chosen)).map(|one| one as usize);
        let given_up = tried.filter(|variant| self.observed.is_stopped(*variant));
        if let Some(variant) = given_up {
            let name = &self.observed.variants[variant].name;
            return Some(format!("{name} is not run any more"));
        }
        let apart = "levels do not do together what each does by itself";
        self.do_not_add_up(chosen).then(|| apart.to_owned())
    }

    fn judged(&self, among: &'a [Effect]) -> impl Iterator<Item = &'a Effect> {
        let judge = self.observed.judge;
        among.iter().filter(move |effect| effect.quantity == judge)
    }

    /// Whether there is evidence that these levels do not do together what each does by itself. Of a
    /// fraction, an interaction may be that of other factors, so that any of them counts; and so it does
    /// where no level helps by itself.
    fn do_not_add_up(&self, chosen: &[&Effect]) -> bool {
        let fraction = self.observed.design.fraction.is_some();
        let concerns = |effect: &Effect| {
            fraction || chosen.is_empty() || chosen.iter().any(|level| has(&effect.of, &level.of))
        };
        let evident = |effect: &&Effect| matches!(effect.finding, Finding::Better | Finding::Worse);
        if self.judged(self.interactions).filter(evident).any(concerns) {
            return true;
        }
        let tried = self.tried(&self.combined(chosen));
        let worse = |effect: &Effect| effect.finding == Finding::Worse;
        let together = tried.map(|variant| EffectOf::Variant { variant });
        together.is_some_and(|of| {
            let mut judged = self.judged(self.against_reference);
            judged.any(|effect| effect.of == of && worse(effect))
                || loses_more(&of, self.against_reference)
        })
    }

    /// The variant that helps most, of those that were tried; `why` it is to be one of them.
    fn variant(&self, why: &str) -> Best {
        let helping = self.helping(self.against_reference);
        let Some(effect) = helping.min_by(|one, other| by_gain(one, other)) else {
            let mut running = self
                .judged(self.against_reference)
                .filter(|effect| !self.is_given_up(&effect.of));
            let too_few = running.find(|effect| effect.finding == Finding::TooFewBlocks);
            let rest = match too_few.and_then(|effect| effect.reason.as_ref()) {
                Some(reason) => format!("of the variants that were tried: {reason}"),
                None => "there is no evidence that any variant that was tried helps".to_owned(),
            };
            return nothing(format!("{why}, and {rest}"));
        };
        let EffectOf::Variant { variant } = effect.of else {
            return nothing(NOTHING.to_owned());
        };
        let variants = &self.observed.design.variants;
        let levels = variants
            .get(variant as usize)
            .map(|variant| variant.levels.clone());
        let levels: Vec<u32> = levels.unwrap_or_default().into_iter().map(small).collect();
        Best {
            sentence: format!(
                "{}: {}, the best of the variants that were tried; {why}",
                self.names(&levels),
                self.gain(effect)
            ),
            levels: Some(levels),
            variant: Some(variant),
        }
    }

    /// All chosen levels.
    fn together(&self, chosen: &[&Effect]) -> Best {
        let levels = self.combined(chosen);
        let variant = self.tried(&levels);
        let names = self.names(&levels);
        let help = if chosen.len() == 1 { "helps" } else { "help" };
        let against = |variant| {
            let mut all = self.judged(self.against_reference);
            all.find(|effect| effect.of == EffectOf::Variant { variant } && effect.shift.is_some())
        };
        // What the whole variant does, where that is known; else what the only level does.
        let only = || match chosen {
            [effect] => Some(*effect),
            _ => None,
        };
        let sentence = if let Some(effect) = variant.and_then(against).or_else(only) {
            format!("{names} {help}: {}", self.gain(effect))
        } else {
            let each = chosen.iter().map(|effect| {
                let levels = self.combined(&[effect]);
                format!("{} {}", self.names(&levels), self.gain(effect))
            });
            let each = each.collect::<Vec<_>>().join("; ");
            format!("{names} help, each by itself; the combination was not tried: {each}")
        };
        Best {
            levels: Some(levels),
            variant,
            sentence,
        }
    }

    /// The level of each factor, which is the first one where none is chosen.
    fn combined(&self, chosen: &[&Effect]) -> Vec<u32> {
        let mut levels = vec![0; self.observed.design.factors.len()];
        for effect in chosen {
            if let EffectOf::Level { factor, level } = effect.of {
                levels[factor as usize] = level;
            }
        }
        levels
    }

    /// The variant with these levels; never the reference.
    fn tried(&self, levels: &[u32]) -> Option<u32> {
        let levels: Vec<usize> = levels.iter().map(|level| *level as usize).collect();
        let variant = self.observed.design.variant(&levels);
        variant.filter(|variant| *variant > 0).map(small)
    }

    /// `busy_poll=50 and workers=2`: where levels are not the first.
    fn names(&self, levels: &[u32]) -> String {
        let names = levels.iter().zip(self.observed.factors);
        let names = names
            .filter(|(level, _)| **level > 0)
            .map(|(level, factor)| {
                let called = factor.levels.get(*level as usize);
                format!("{}={}", factor.name, called.map_or("?", String::as_str))
            });
        names.collect::<Vec<_>>().join(" and ")
    }

    /// `p50 -12.3 us, -20.1 % (95 % within -14.0 to -10.1 us)`.
    fn gain(&self, effect: &Effect) -> String {
        let shift = effect
            .shift
            .as_ref()
            .map(|shift| words::shift(shift, effect.unit));
        format!("{} {}", self.observed.judge, shift.unwrap_or_default())
    }

    fn why_nothing(&self) -> String {
        let judge = self.observed.judge;
        let all: Vec<&Effect> = self.judged(self.effects).collect();
        let reason = |finding: Finding| {
            let same = all.iter().all(|effect| effect.finding == finding);
            all.first().filter(|_| same)?.reason.as_ref()
        };
        if all.is_empty() {
            return format!("{judge} is not compared, so that nothing can be judged by it");
        }
        if let Some(reason) = reason(Finding::TooFewBlocks) {
            return format!("too few blocks to say anything: {reason}");
        }
        if let Some(reason) = reason(Finding::NotMeasured) {
            return format!("nothing can be judged by {judge}: {reason}");
        }
        let mut better = all
            .iter()
            .filter(|effect| effect.finding == Finding::Better);
        if better.clone().any(|effect| self.is_given_up(&effect.of)) {
            return format!("{NOTHING} and could be run to the end");
        }
        if better.next().is_some() {
            return format!("{NOTHING}: what makes {judge} less loses more");
        }
        NOTHING.to_owned()
    }
}

const NOTHING: &str = "no evidence that any of these helps";

fn nothing(sentence: String) -> Best {
    Best {
        levels: None,
        variant: None,
        sentence,
    }
}

/// Whether there is evidence that more is lost.
fn loses_more(of: &EffectOf, among: &[Effect]) -> bool {
    let mut losses = among.iter().filter(|effect| effect.quantity == "loss");
    losses.any(|effect| effect.of == *of && effect.finding == Finding::Worse)
}

/// The largest gain first.
fn by_gain(one: &Effect, other: &Effect) -> std::cmp::Ordering {
    let by = |effect: &Effect| match effect.shift.as_ref().map(|shift| shift.by) {
        Some(Change::By(by)) => i128::from(by),
        Some(Change::FromLost) => i128::MIN,
        Some(Change::ToLost) | None => i128::MAX,
    };
    by(one).cmp(&by(other))
}

/// Whether an interaction is that of a level.
fn has(interaction: &EffectOf, wanted: &EffectOf) -> bool {
    let EffectOf::Interaction {
        first,
        first_level,
        second,
        second_level,
    } = *interaction
    else {
        return false;
    };
    let mut levels = [(first, first_level), (second, second_level)].into_iter();
    levels.any(|(factor, level)| EffectOf::Level { factor, level } == *wanted)
}
