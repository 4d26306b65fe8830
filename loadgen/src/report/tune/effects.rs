//! What settings do: a row a quantity, under what it is the effect of.

use super::words::{finding, found, of, short};
use crate::report::compare::{row, wrapped};
use crate::report::{BOLD, GREEN, RED, Style, YELLOW, painted, printable};
use crate::results::{Effect, EffectOf, Experiment, Finding};

/// Each level against the first one of its factor.
pub(super) fn levels(experiment: &Experiment, style: Style) -> Vec<String> {
    let effects = in_order(&experiment.effects);
    if let Some(reason) = common_reason(&effects) {
        return wrapped("effects", &format!("not known: {reason}"));
    }
    if effects.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![heading("effect", style)];
    lines.extend(table(experiment, &effects, style));
    let note = "Less is better in all of them. A difference is the middle of those within each \
                block. p is how likely chance alone is to make one as large, corrected for all that \
                was looked at: 0.05 and less is evidence.";
    lines.extend(wrapped("", note));
    lines
}

/// What lies between two that are alike.
pub(super) fn noise(experiment: &Experiment, style: Style) -> Vec<String> {
    let effects = in_order(&experiment.noise);
    if common_reason(&effects).is_some() || effects.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![heading("noise", style)];
    lines.extend(table(experiment, &effects, style));
    let differ = effects
        .iter()
        .any(|effect| matches!(effect.finding, Finding::Better | Finding::Worse));
    let note = if differ {
        "The two are alike, and yet there is evidence of a difference: something besides the \
         settings changed in the course of the experiment."
    } else {
        "The two are alike: what lies between them is chance, and an effect of that size is no news."
    };
    let note = wrapped("", note);
    lines.extend(if differ {
        painted_all(&note, YELLOW, style)
    } else {
        note
    });
    lines
}

/// What two levels do together, as far as there is evidence.
pub(super) fn interactions(experiment: &Experiment, style: Style) -> Vec<String> {
    let effects = in_order(&experiment.interactions);
    if effects.is_empty() || common_reason(&effects).is_some() {
        return Vec::new();
    }
    let (evident, rest): (Vec<&Effect>, Vec<&Effect>) = effects
        .into_iter()
        .partition(|effect| matches!(effect.finding, Finding::Better | Finding::Worse));
    if evident.is_empty() {
        let none = "no evidence that any two settings do more or less together than one by one";
        return wrapped("together", none);
    }
    let mut lines = vec![heading("together", style)];
    lines.extend(table(experiment, &evident, style));
    let rest = match rest.len() {
        0 => String::new(),
        rest => format!(" Of {rest} more there is no evidence."),
    };
    let note = format!(
        "By so much two settings together do more or less than both one by one: better is less of \
         the quantity.{rest}"
    );
    lines.extend(wrapped("", &note));
    lines
}

/// What makes something worse than the reference.
pub(super) fn worse(experiment: &Experiment, style: Style) -> Vec<String> {
    let effects = if experiment.against_reference.is_empty() {
        &experiment.effects
    } else {
        &experiment.against_reference
    };
    let effects = in_order(effects);
    let evident: Vec<&Effect> = effects
        .into_iter()
        .filter(|effect| effect.finding == Finding::Worse)
        .collect();
    let mut lines = Vec::new();
    let mut label = "worse";
    for alike in evident.chunk_by(|one, next| one.of == next.of) {
        let figures = alike.iter().filter_map(|effect| {
            let shift = effect.shift.as_ref()?;
            Some(found(&effect.quantity, shift, effect.unit))
        });
        let figures: Vec<String> = figures.collect();
        let name = short(experiment, &alike[0].of);
        lines.extend(wrapped(label, &format!("{name}: {}", figures.join("; "))));
        label = "";
    }
    painted_all(&lines, RED, style)
}

/// Effects of the same beside each other, whatever order a file has them in.
fn in_order(effects: &[Effect]) -> Vec<&Effect> {
    let mut sorted: Vec<&Effect> = effects.iter().collect();
    sorted.sort_by_key(|effect| place(&effect.of));
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
fn common_reason<'a>(effects: &[&'a Effect]) -> Option<&'a str> {
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

fn table(experiment: &Experiment, effects: &[&Effect], style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    for alike in effects.chunk_by(|one, next| one.of == next.of) {
        let mut name = of(experiment, &alike[0].of);
        if let EffectOf::Level { factor, .. } = alike[0].of {
            let factor = experiment.factors.get(factor as usize);
            name.extend(factor.map(|factor| format!(" ({})", factor.what)));
        }
        lines.push(painted(&printable(&name), BOLD, style));
        lines.extend(alike.iter().flat_map(|effect| line(effect, style)));
    }
    lines
}

fn line(effect: &Effect, style: Style) -> Vec<String> {
    let name = printable(&effect.quantity);
    let Some(shift) = &effect.shift else {
        let reason = effect.reason.as_deref().unwrap_or(finding(effect));
        return wrapped(&name, &format!("not known: {reason}"));
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
