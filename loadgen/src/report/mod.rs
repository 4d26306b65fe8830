//! Results as text, for one glance.

mod accounts;
pub mod compare;
mod run;
pub mod search;
pub mod selftest;
mod setting;
pub mod sweep;
mod table;
mod time_split;

pub use self::run::text;
use crate::verdict::Outcome;

/// Whether text may hold colours; the caller knows the terminal and the user's wishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Plain text.
    Plain,
    /// With ANSI escape sequences.
    Colour,
}

fn labelled(label: &str, text: &str) -> String {
    format!("{label:<12}{text}")
}

fn verdict_word(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Valid => ("valid", GREEN),
        Outcome::Suspect => ("SUSPECT", YELLOW),
        Outcome::Invalid => ("INVALID", RED),
    }
}

fn painted(text: &str, colour: &str, style: Style) -> String {
    match style {
        Style::Plain => text.to_owned(),
        Style::Colour => format!("\x1b[{colour}m{text}\x1b[0m"),
    }
}

const BOLD: &str = "1";
const RED: &str = "1;31";
const GREEN: &str = "32";
const YELLOW: &str = "1;33";
