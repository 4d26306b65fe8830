//! What is to be set.

use super::comment::comment;
use crate::results::{Experiment, ExperimentFactor, Recipe};

/// The level that won of a factor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice<'a> {
    pub(super) factor: &'a ExperimentFactor,
    pub(super) level: &'a str,
    pub(super) how: How<'a>,
}

/// How it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How<'a> {
    /// Under this name.
    Sysctl(&'a str),
    /// By this line.
    Shell(&'a str),
    /// Where the programs are started.
    Argument,
    /// It is there already.
    Nothing,
    /// It would mean something else than it says.
    Refused,
}

/// What won; nothing if there is no evidence that anything helps.
pub(super) fn choices(experiment: &Experiment) -> Option<Vec<Choice<'_>>> {
    let levels = experiment.best.levels.as_ref()?;
    let all = experiment.factors.iter().zip(levels);
    let chosen = all.filter_map(|(factor, number)| {
        let level = factor.levels.get(*number as usize)?;
        Some(Choice {
            factor,
            level,
            how: how(factor, *number as usize, level),
        })
    });
    Some(chosen.collect())
}

fn how<'a>(factor: &'a ExperimentFactor, number: usize, level: &str) -> How<'a> {
    if is_there(factor, level) {
        return How::Nothing;
    }
    match &factor.recipe {
        None => How::Argument,
        Some(Recipe::Sysctl(name)) if is_sysctl(name) && is_plain(level) => How::Sysctl(name),
        Some(Recipe::Shell(lines)) => match lines.get(number) {
            Some(line) if is_plain(line) => How::Shell(line),
            _ => How::Refused,
        },
        Some(Recipe::Sysctl(_)) => How::Refused,
    }
}

/// Whether the host has it without being told. What has several numbers may have them with any
/// blanks between.
fn is_there(factor: &ExperimentFactor, level: &str) -> bool {
    factor.before.as_ref().is_some_and(|before| {
        level == PRESENT || level.split_whitespace().eq(before.split_whitespace())
    })
}

/// How plans call what was found at the start.
const PRESENT: &str = "present";

/// Whether a name is one below /proc/sys and nothing else: no pattern, no way out, no second word.
fn is_sysctl(name: &str) -> bool {
    let is_usual = |letter: char| letter.is_ascii_alphanumeric() || "_-:@".contains(letter);
    let mut parts = name.split(['.', '/']);
    !name.starts_with('-') && parts.all(|part| !part.is_empty() && part.chars().all(is_usual))
}

/// Whether a text is one line that shows all that it holds.
fn is_plain(text: &str) -> bool {
    let is_shown = |letter: char| letter.is_ascii_graphic() || letter == ' ';
    !text.trim().is_empty() && text.chars().all(is_shown)
}

/// What a choice is about, in a comment: `busy_poll, sysctl net.core.busy_poll; was 0`.
pub(super) fn about(choice: &Choice<'_>) -> String {
    let factor = choice.factor;
    let was = match &factor.before {
        Some(before) => format!("; was {before}"),
        None => String::new(),
    };
    comment(&format!("{}, {}{was}", factor.name, factor.what))
}

/// What the file cannot do: arguments of the programs, and what was refused.
pub(super) fn by_hand(choices: &[Choice<'_>]) -> String {
    let mut text = String::new();
    for choice in choices {
        let Choice { factor, level, how } = choice;
        let sentence = match how {
            How::Argument => format!(
                "{} is no setting of the host. Give it where the program is started: {}: {level}",
                factor.name, factor.what
            ),
            How::Refused => format!(
                "{} is left out, since the result file holds something for it that could mean \
                 something else here: set {} to {level} by hand",
                factor.name, factor.what
            ),
            How::Sysctl(_) | How::Shell(_) | How::Nothing => continue,
        };
        text.push('\n');
        text.push_str(&comment(&sentence));
    }
    text
}
