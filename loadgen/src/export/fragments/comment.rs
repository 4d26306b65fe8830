//! Comments, which are the same in both kinds of file.

use std::time::{Duration, UNIX_EPOCH};

use crate::results::{Experiment, ExperimentEnd};

/// A text as lines of a comment, of at most 80 columns but for long words. Whatever could end a line
/// or show it as another one is a question mark.
pub(super) fn comment(text: &str) -> String {
    let mut lines = vec![String::from("#")];
    for word in text.split_whitespace() {
        let word: String = word.chars().map(shown).collect();
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last > 1 && last + 1 + word.chars().count() > WIDTH {
            lines.push(String::from("#"));
        }
        if let Some(line) = lines.last_mut() {
            line.push(' ');
            line.push_str(&word);
        }
    }
    lines.join("\n") + "\n"
}

/// In columns.
const WIDTH: usize = 80;

/// What can be seen as it is; what controls how the rest is shown is not.
fn shown(letter: char) -> char {
    let is_seen = letter.is_ascii_graphic() || letter.escape_debug().len() == 1;
    if is_seen { letter } else { '?' }
}

/// Of which experiment the file is, when that was made, and what was gained. `use_it` says what to do
/// with the file.
pub(super) fn header(experiment: &Experiment, use_it: &str) -> String {
    let when = experiment.began_unix_ns.map_or_else(String::new, |began| {
        let began = UNIX_EPOCH + Duration::from_nanos(began);
        format!(" of {}", humantime::format_rfc3339_seconds(began))
    });
    let mut text = comment(&format!(
        "Tuning experiment {}{when}, written by loadgen {}.",
        experiment.name,
        env!("CARGO_PKG_VERSION")
    ));
    text.push_str(&comment(&format!("Result: {}", experiment.best.sentence)));
    if experiment.best.levels.is_none() {
        let none = "There is no evidence that anything helps, so that nothing is set.";
        return text + &comment(none);
    }
    if experiment.ended != ExperimentEnd::Complete {
        text.push_str(&comment("The experiment did not go through to its end."));
    }
    for warning in &experiment.warnings {
        text.push_str(&comment(&format!("Warning: {warning}")));
    }
    let what = "Only what differs from what was there before is set.";
    text + &comment(&format!("{use_it} {what}"))
}
