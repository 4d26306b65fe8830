//! A tuning experiment as text: what was asked and the answer, then what each setting does, then how
//! that came to be known.
//!
//! - `effects`: tables of differences;
//! - `reference`: what all differences are differences from;
//! - `circumstances`: how the experiment was made, and what went wrong;
//! - `words`: what everything is called, here and on the page.

pub(super) mod circumstances;
pub(super) mod effects;
mod reference;
#[cfg(test)]
mod tests;
pub(super) mod words;

use super::{BOLD, Style, prose};
use crate::results::Experiment;

/// The report of an experiment, at most 80 columns wide but for long names. Ends with a line break.
#[must_use]
pub fn text(experiment: &Experiment, style: Style) -> String {
    let paragraphs = [
        answer(experiment, style),
        circumstances::troubles(experiment, style),
        effects::levels(experiment, style),
        effects::variants(experiment, style),
        effects::worse(experiment, style),
        effects::interactions(experiment, style),
        effects::noise(experiment, style),
        circumstances::method(experiment),
    ];
    let written = paragraphs.iter().filter(|lines| !lines.is_empty());
    let written: Vec<String> = written.map(|lines| lines.join("\n") + "\n").collect();
    written.join("\n")
}

fn answer(experiment: &Experiment, style: Style) -> Vec<String> {
    let mut lines = prose("asked", &asked(experiment));
    let answer = prose("answer", &experiment.best.sentence);
    lines.extend(effects::painted_all(&answer, BOLD, style));
    if let Some(best) = words::best(experiment) {
        lines.extend(prose("best", &best));
    }
    if let Some(known) = &experiment.known {
        lines.extend(prose("expected", known));
    }
    lines
}

/// What an experiment asks.
pub(super) fn asked(experiment: &Experiment) -> String {
    let name = &experiment.name;
    match &experiment.question {
        Some(question) => format!("{name}: {question}"),
        None => format!("{name}: which setting has the least {}?", experiment.judge),
    }
}
