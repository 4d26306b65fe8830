//! What settings do: a row a quantity, under what it is the effect of.

use super::circumstances::listed;
use super::reference::reference;
use super::words::{finding, found, names_itself, of, short};
use crate::report::compare::row;
use crate::report::prose;
use crate::report::{BOLD, GREEN, RED, Style, YELLOW, painted, printable};
use crate::results::{Effect, EffectOf, Experiment, Finding};

/// Each level against the first one of its factor.
pub(super) fn levels(experiment: &Experiment, style: Style) -> Vec<String> {
    let effects = &experiment.effects;
    if let Some(reason) = common_reason(effects) {
        return prose("effects", &format!("not known: {reason}"));
    }
    if effects.is_empty() {
        return Vec::new();
    }
    let reference = reference(experiment).into_iter();
    let mut lines: Vec<String> = reference
        .flat_map(|reference| prose("reference", &reference))
        .collect();
    lines.push(heading("effect", style));
    lines.extend(table(experiment, &in_order(effects), style));
    lines.extend(prose("", NOTE));
    lines
}

/// Each variant against the reference, where a variant was given up and what levels do is not known: that
/// is what is known then.
pub(super) fn variants(experiment: &Experiment, style: Style) -> Vec<String> {
    let is_known = |effect: &&Effect| effect.shift.is_some();
    let given_up = |effect: &Effect| match effect.of {
        EffectOf::Variant { variant } => {
            let variant = experiment.variants.get(variant as usize);
            variant.is_some_and(|variant| variant.stopped.is_some())
        }
        _ => false,
    };
    let against = &experiment.against_reference;
    let is_torn = experiment.effects.iter().any(is_too_few)
        && experiment.variants.iter().any(|one| one.stopped.is_some());
    if !is_torn || !against.iter().any(|effect| is_known(&effect)) {
        return Vec::new();
    }
    let mut told = in_order(against);
    told.retain(|(_, effect)| effect.shift.is_some() || !given_up(effect));
    let mut lines = vec![heading("variant", style)];
    lines.extend(table(experiment, &told, style));
    lines.extend(prose("", &format!("{VARIANTS} {NOTE}")));
    lines
}

fn is_too_few(effect: &Effect) -> bool {
    effect.finding == Finding::TooFewBlocks
}

const VARIANTS: &str = "Not all variants could be run, so that what each setting does by itself is not \
                        known, and what these do as a whole is.";

/// How to read differences.
pub(in crate::report) const NOTE: &str = "Less is better in all of them. A difference is the middle of those within each block. p is how \
     likely chance alone is to make one as large, corrected for all that was looked at: 0.05 and less \
     is evidence.";

/// What lies between two that are alike.
pub(super) fn noise(experiment: &Experiment, style: Style) -> Vec<String> {
    let effects = &experiment.noise;
    if common_reason(effects).is_some() || effects.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![heading("noise", style)];
    lines.extend(table(experiment, &in_order(effects), style));
    let differ = effects.iter().any(is_evident);
    lines.extend(if differ {
        painted_all(&prose("", DIFFER), YELLOW, style)
    } else {
        prose("", ALIKE)
    });
    lines
}

/// What the noise is, if it is nothing but that.
pub(in crate::report) const ALIKE: &str =
    "The two are alike: what lies between them is chance, and an effect of that size is no news.";

/// What the noise is, if it is more than that.
pub(in crate::report) const DIFFER: &str = "The two are alike, and yet there is evidence of a difference: something besides the settings \
     changed in the course of the experiment.";

/// What two levels do together, as far as there is evidence.
pub(super) fn interactions(experiment: &Experiment, style: Style) -> Vec<String> {
    let effects = &experiment.interactions;
    if effects.is_empty() || common_reason(effects).is_some() {
        return Vec::new();
    }
    let mut evident = in_order(effects);
    evident.retain(|(_, effect)| is_evident(effect));
    if evident.is_empty() {
        let none = "no evidence that any two settings do more or less together than one by one";
        return prose("together", none);
    }
    let mut lines = vec![heading("together", style)];
    lines.extend(table(experiment, &evident, style));
    let rest = match effects.len() - evident.len() {
        0 => String::new(),
        rest => format!(" Of {rest} more there is no evidence."),
    };
    lines.extend(prose("", &format!("{TOGETHER}{rest}")));
    lines
}

/// What the numbers of an interaction mean.
pub(in crate::report) const TOGETHER: &str = "What a setting does, as told above, is a mean over all others. By so much it is more where the \
     other of the pair is set as well, and by so much less where that is not.";

/// Whether there is evidence, for whatever.
pub(in crate::report) fn is_evident(effect: &Effect) -> bool {
    matches!(effect.finding, Finding::Better | Finding::Worse)
}

/// What makes something worse than the reference.
pub(super) fn worse(experiment: &Experiment, style: Style) -> Vec<String> {
    let lines = listed("worse", worse_than_the_reference(experiment).into_iter());
    painted_all(&lines, RED, style)
}

/// The same as sentences: `busy_poll=50: cpu +416 ns, +19.7 %`.
pub(in crate::report) fn worse_than_the_reference(experiment: &Experiment) -> Vec<String> {
    let effects = if experiment.against_reference.is_empty() {
        &experiment.effects
    } else {
        &experiment.against_reference
    };
    let mut effects = in_order(effects);
    effects.retain(|(_, effect)| effect.finding == Finding::Worse);
    let alike = effects.chunk_by(|(_, one), (_, next)| one.of == next.of);
    let sentences = alike.map(|alike| {
        let figures = alike.iter().filter_map(|(_, effect)| {
            let shift = effect.shift.as_ref()?;
            Some(found(&effect.quantity, shift, effect.unit))
        });
        let figures: Vec<String> = figures.collect();
        let name = short(experiment, &alike[0].1.of);
        format!("{name}: {}", figures.join("; "))
    });
    sentences.collect()
}

/// Effects with their places in the file, those of the same beside each other, whatever order the
/// file has them in.
pub(in crate::report) fn in_order(effects: &[Effect]) -> Vec<(usize, &Effect)> {
    let mut sorted: Vec<(usize, &Effect)> = effects.iter().enumerate().collect();
    sorted.sort_by_key(|(_, effect)| place(&effect.of));
    sorted
}

fn place(of: &EffectOf) -> [u32; 4] {
    match *of {
        EffectOf::Noise => [0; 4],
        EffectOf::Level { factor, level } => [factor, level, 0, 0],
        EffectOf::Interaction {
            first,
            first_level,
            second,
            second_level,
        } => [first, second, first_level, second_level],
        EffectOf::Variant { variant } => [variant, 0, 0, 0],
    }
}

/// Why nothing is known of any of them, if nothing is and for one reason.
pub(in crate::report) fn common_reason(effects: &[Effect]) -> Option<&str> {
    let reason = effects.first()?.reason.as_deref()?;
    let mut all = effects.iter();
    let alike = all.all(|one| one.shift.is_none() && one.reason.as_deref() == Some(reason));
    alike.then_some(reason)
}

fn heading(label: &str, style: Style) -> String {
    let heading = format!(
        "{label:<12}{:<22}{:<25}{:<9}finding",
        "difference", "95 % within", "p"
    );
    painted(&heading, BOLD, style)
}

fn table(experiment: &Experiment, effects: &[(usize, &Effect)], style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    for alike in effects.chunk_by(|(_, one), (_, next)| one.of == next.of) {
        let name = explained(experiment, &alike[0].1.of);
        lines.push(painted(&printable(&name), BOLD, style));
        let rows = alike.iter().flat_map(|(_, effect)| line(effect, style));
        lines.extend(rows);
    }
    lines
}

/// What an effect is the effect of, and what that is: `busy_poll=50 against 0 (sysctl
/// net.core.busy_poll)`.
pub(in crate::report) fn explained(experiment: &Experiment, what: &EffectOf) -> String {
    let name = of(experiment, what);
    let EffectOf::Level { factor, .. } = *what else {
        return name;
    };
    let factor = experiment.factors.get(factor as usize);
    match factor.filter(|factor| !names_itself(factor)) {
        Some(factor) => format!("{name} ({})", factor.what),
        None => name,
    }
}

fn line(effect: &Effect, style: Style) -> Vec<String> {
    let name = printable(&effect.quantity);
    let Some(shift) = &effect.shift else {
        let reason = effect.reason.as_deref().unwrap_or(finding(effect));
        return prose(&name, &format!("not known: {reason}"));
    };
    let word = finding(effect);
    let word = match (effect.finding, &effect.of) {
        (Finding::Better | Finding::Worse, EffectOf::Noise) => painted(word, YELLOW, style),
        (Finding::Better, _) => painted(word, GREEN, style),
        (Finding::Worse, _) => painted(word, RED, style),
        _ => word.to_owned(),
    };
    vec![row(&name, shift, effect.unit, &word)]
}

pub(super) fn painted_all(lines: &[String], colour: &str, style: Style) -> Vec<String> {
    let painted = lines.iter().map(|line| painted(line, colour, style));
    painted.collect()
}
