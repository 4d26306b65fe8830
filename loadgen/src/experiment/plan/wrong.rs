//! What is wrong with a plan, and where.

use std::fmt::Display;
use std::ops::Range;

use thiserror::Error;

/// What is wrong with a plan: a sentence that says what was expected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{sentence}", place(*.line))]
pub struct PlanError {
    /// The line that it is about, from 1; `None` where no line is to blame.
    pub line: Option<usize>,
    /// What is wrong, and what was expected.
    pub sentence: String,
}

/// The same while the text is not at hand: the place is so many bytes from its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    at: Option<usize>,
    sentence: String,
}

impl Wrong {
    /// Something that is nowhere in the text.
    pub(super) fn anywhere(sentence: impl Display) -> Self {
        Self {
            at: None,
            sentence: sentence.to_string(),
        }
    }

    /// Something at a place of the text.
    pub(super) fn at(span: &Range<usize>, sentence: impl Display) -> Self {
        Self {
            at: Some(span.start),
            ..Self::anywhere(sentence)
        }
    }

    /// What the reader of TOML says, in the words of this program.
    pub(super) fn of_toml(error: &toml::de::Error) -> Self {
        let sentence = sentence(error.message());
        match error.span() {
            Some(span) => Self::at(&span, sentence),
            None => Self::anywhere(sentence),
        }
    }

    /// What is wrong with this text.
    pub(super) fn within(self, text: &str) -> PlanError {
        let before = self.at.and_then(|at| text.get(..at));
        PlanError {
            line: before.map(|before| 1 + before.matches('\n').count()),
            sentence: self.sentence,
        }
    }
}

/// A value with its place in the text.
pub(super) trait Placed {
    /// What is wrong with it.
    fn wrong(&self, sentence: impl Display) -> Wrong;
}

impl<T> Placed for toml::Spanned<T> {
    fn wrong(&self, sentence: impl Display) -> Wrong {
        Wrong::at(&self.span(), sentence)
    }
}

/// The one of `known` that somebody who typed `typed` may have meant, as the end of a sentence; all of
/// them if none is close.
pub(super) fn known(typed: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|one| (strsim::damerau_levenshtein(typed, one), one))
        .min();
    match nearest {
        Some((distance, one)) if distance <= 1 + typed.chars().count() / 4 => {
            format!("did you mean '{one}'?")
        }
        _ => format!("there are {}", list(known)),
    }
}

/// `a, b and c`.
pub(super) fn list(words: &[&str]) -> String {
    match words {
        [] => "none".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn place(line: Option<usize>) -> String {
    line.map_or(String::new(), |line| format!("line {line}: "))
}

/// The complaints of serde, which knows of fields and types, as those of plans.
fn sentence(message: &str) -> String {
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let mut names = rest.split('`').skip(1).step_by(2);
        let typed = names.next().unwrap_or_default();
        let there: Vec<&str> = names.collect();
        return format!("there is no key '{typed}' here: {}", known(typed, &there));
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        return format!("{} is missing here", rest.replace('`', "'"));
    }
    let (found, expected) = match message.split_once(", expected ") {
        Some((found, expected)) if found.starts_with("invalid ") => (found, expected),
        _ => return message.to_owned(),
    };
    let found = found.split_once(": ").map_or(found, |(_, found)| found);
    format!(
        "expected {}, but there is {}",
        called(expected),
        called(found)
    )
}

/// What serde calls a kind of value, as plans do.
fn called(kind: &str) -> &str {
    match kind {
        "a sequence" => "a list, as in [\"taskset\", \"-c\", \"0\"]",
        "sequence" => "a list",
        "a map" => "a table",
        // Dates are read as if they were tables.
        "map" => "a table or a date",
        kind if kind.starts_with("struct ") => "a table",
        kind => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_and_otherwise_all_of_them() {
        let there = ["blocks", "pause", "seed"];
        assert_eq!(known("block", &there), "did you mean 'blocks'?");
        assert_eq!(known("speed", &there), "did you mean 'seed'?");
        assert_eq!(known("colour", &there), "there are blocks, pause and seed");
    }

    #[test]
    fn the_line_is_that_of_the_place() {
        let text = "one\ntwo\nthree";
        for (at, line) in [(0, 1), (3, 1), (4, 2), (8, 3), (13, 3)] {
            let error = Wrong::at(&(at..at), "bad").within(text);
            assert_eq!(error.to_string(), format!("line {line}: bad"), "{at}");
        }
        assert_eq!(Wrong::anywhere("bad").within(text).to_string(), "bad");
        assert_eq!(Wrong::at(&(99..99), "bad").within(text).line, None);
    }
}
