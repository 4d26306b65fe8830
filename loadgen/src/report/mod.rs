//! Results for people: as text for one glance, and as [a page](html).

mod accounts;
pub mod compare;
pub mod environment;
mod harmless;
pub mod html;
mod run;
pub mod search;
pub mod selftest;
mod setting;
pub mod settings;
pub mod sweep;
mod table;
mod time_split;
pub mod tune;

pub use self::harmless::harmless;
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

/// A line that says what the lines below it are about.
#[must_use]
pub fn title(label: &str, name: &str, style: Style) -> String {
    painted(&labelled(label, &printable(name)), BOLD, style) + "\n"
}

fn labelled(label: &str, text: &str) -> String {
    format!("{label:<12}{text}")
}

/// Figures in as many lines as it takes to stay within 80 columns: broken behind the last comma
/// that fits, or at a blank where that would leave more than half of a line empty.
pub(crate) fn wrapped(label: &str, text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut label, mut rest) = (label, text);
    while let Some(end) = line_end(rest) {
        lines.push(labelled(label, rest[..end].trim_end()));
        (label, rest) = ("", rest[end..].trim_start());
    }
    lines.push(labelled(label, rest));
    lines
}

/// A labelled sentence in lines of up to 80 columns, broken between any two words: for lists of figures
/// [`wrapped`] breaks at better places.
pub(crate) fn prose(label: &str, text: &str) -> Vec<String> {
    let mut lines = vec![labelled(label, "")];
    let indented = lines[0].chars().count();
    for word in printable(text).split(' ') {
        let line = lines.last().map_or(0, |line| line.chars().count());
        let blank = usize::from(line > indented);
        if blank == 1 && line + 1 + word.chars().count() > WIDTH {
            lines.push(labelled("", word));
        } else if let Some(line) = lines.last_mut() {
            line.push_str(&" "[..blank]);
            line.push_str(word);
        }
    }
    lines
}

/// Of a line, in columns.
const WIDTH: usize = 80;

/// Where the first line of a text ends that is too long for one.
fn line_end(text: &str) -> Option<usize> {
    let (beyond, _) = text.char_indices().nth(TEXT_COLUMNS)?;
    // With the blank that would follow a line that is just full.
    let after = beyond + text[beyond..].chars().next().map_or(0, char::len_utf8);
    let fitting = &text[..after];
    let comma = fitting.rfind(", ").map(|comma| comma + 1);
    comma
        .filter(|comma| 2 * fitting[..*comma].chars().count() >= TEXT_COLUMNS)
        .or_else(|| last_blank(fitting))
        .or_else(|| fitting.rfind(' '))
        .filter(|end| *end > 0)
}

/// The last one that is not between a number and its unit.
fn last_blank(text: &str) -> Option<usize> {
    let number = |end: usize| text[..end].ends_with(|letter: char| letter.is_ascii_digit());
    let mut blanks = text.rmatch_indices(' ').map(|(at, _)| at);
    blanks.find(|at| !number(*at))
}

/// The text, with a sign for each character that would take a terminal elsewhere.
fn printable(text: &str) -> String {
    let sign = |letter: char| if letter.is_control() { '?' } else { letter };
    text.chars().map(sign).collect()
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

/// What is left of 80 columns beside a label.
const TEXT_COLUMNS: usize = WIDTH - 12;

const BOLD: &str = "1";
const RED: &str = "1;31";
const GREEN: &str = "32";
const YELLOW: &str = "1;33";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_that_fits_stays_one() {
        let just = format!("{} {}", "a".repeat(40), "b".repeat(27));
        assert_eq!(wrapped("load", &just), [labelled("load", &just)]);
        assert_eq!(wrapped("load", ""), [labelled("load", "")]);
    }

    #[test]
    fn a_comma_early_in_a_line_does_not_break_it() {
        let rest = vec!["word"; 20].join(" ");
        let lines = wrapped("known", &format!("One, {rest}"));
        assert_eq!(lines.len(), 2);
        assert!(lines[0].ends_with("word word"), "{lines:?}");
    }

    #[test]
    fn a_long_line_is_broken_behind_a_comma_or_else_at_a_blank() {
        let parts = ["a".repeat(40), "b".repeat(20), "c".repeat(20)];
        let [first, second, third] = &parts;
        assert_eq!(
            wrapped("gaps", &format!("{first}, {second} {third}")),
            [
                format!("gaps        {first},"),
                format!("            {second} {third}")
            ]
        );
        assert_eq!(
            wrapped("load", &format!("{first} {second} {third}")),
            [
                format!("load        {first} {second}"),
                format!("            {third}")
            ]
        );
        assert_eq!(
            wrapped("load", &format!("{first} {second} 10.00 ms and more")),
            [
                format!("load        {first} {second}"),
                "            10.00 ms and more".to_owned()
            ]
        );
    }

    proptest! {
        #[test]
        fn no_word_is_lost_and_no_line_too_long(text in "([a-z0-9]{1,12},? ){0,40}[a-z]{1,9}") {
            let lines = wrapped("label", &text);
            for line in &lines {
                prop_assert!(line.chars().count() <= 80, "{}", line);
            }
            let words: Vec<String> = lines.iter().map(|line| line[12..].to_owned()).collect();
            prop_assert_eq!(words.join(" "), text);
        }

        #[test]
        fn nothing_makes_it_panic_or_go_on_for_ever(text in "\\PC{0,200}") {
            prop_assert!(!wrapped("label", &text).is_empty());
        }
    }
}
