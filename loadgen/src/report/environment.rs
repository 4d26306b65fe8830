//! The machine as text, and where two differ.

use std::collections::BTreeMap;

use super::printable;
use crate::environment::flat::{self, Named, Shown};
use crate::results::{DifferenceFile, EnvironmentFile};

/// Everything that is known about the machine, in groups, and at the end what is not, and why. Ends
/// with a line break.
#[must_use]
pub fn text(file: &EnvironmentFile) -> String {
    let mut figures = flat::figures(&file.environment);
    figures.extend(flat::named("builds", &file.builds, &BTreeMap::new()));
    let mut lines = Vec::new();
    for group in GROUPS {
        let rows: Vec<(String, String)> = figures
            .iter()
            .filter_map(|figure| row(figure, group))
            .collect();
        if !rows.is_empty() {
            lines.push(group.to_owned());
            lines.extend(table(&rows));
            lines.push(String::new());
        }
    }
    let environment = &file.environment;
    let unknown = environment.unreadable.iter();
    let unknown: Vec<(String, String)> = unknown
        .map(|(name, reason)| (name.clone(), reason.clone()))
        .collect();
    if !unknown.is_empty() {
        lines.push("cannot be read".to_owned());
        lines.extend(under(&unknown));
    }
    lines.join("\n").trim_end().to_owned() + "\n"
}

/// Where two files differ. Ends with a line break.
#[must_use]
pub fn differences(file: &DifferenceFile) -> String {
    let (load, settings): (Vec<_>, Vec<_>) = file
        .differences
        .iter()
        .partition(|difference| difference.is_of_load());
    if file.differences.is_empty() {
        return "no difference\n".to_owned();
    }
    let sides = |a: Option<&str>, b: Option<&str>| {
        [("  A", a), ("  B", b)]
            .map(|(side, value)| (side.to_owned(), value.unwrap_or("none").to_owned()))
    };
    let mut lines = aligned(&sides(Some(&file.a), Some(&file.b)), SIDE);
    lines.push(String::new());
    if settings.is_empty() {
        lines.push("no difference but in what the machines were doing:".to_owned());
        lines.push(String::new());
    }
    for difference in settings.into_iter().chain(load) {
        lines.push(printable(&difference.name));
        let sides = sides(difference.a.as_deref(), difference.b.as_deref());
        lines.extend(aligned(&sides, SIDE));
    }
    lines.join("\n") + "\n"
}

/// The row of a known figure of `group`, under its name within the group.
fn row(figure: &Named, group: &str) -> Option<(String, String)> {
    let name = figure.name.strip_prefix(group)?.strip_prefix('.')?;
    let value = match figure.value.as_ref().ok()? {
        Shown::One(text) => text.clone(),
        Shown::Many(items) if items.is_empty() => "none".to_owned(),
        Shown::Many(items) => items.join(", "),
    };
    Some((name.to_owned(), value))
}

/// Names, each with its value under it.
fn under(rows: &[(String, String)]) -> Vec<String> {
    aligned(&indented(rows), REASON)
}

/// Rows of names and values; the values begin in one column, unless a name is longer than most.
pub(super) fn table(rows: &[(String, String)]) -> Vec<String> {
    let rows = indented(rows);
    let longest = rows.iter().map(|(name, _)| name.chars().count()).max();
    aligned(&rows, longest.unwrap_or(0).min(LONGEST_NAME) + 2)
}

fn indented(rows: &[(String, String)]) -> Vec<(String, String)> {
    let rows = rows.iter();
    rows.map(|(name, value)| (format!("  {}", printable(name)), value.clone()))
        .collect()
}

/// Values from `column` on, broken where a line would be too long.
pub(super) fn aligned(rows: &[(String, String)], column: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, value) in rows {
        let mut parts = broken(value, WIDTH - column).into_iter();
        if name.chars().count() + 2 <= column {
            let first = parts.next().unwrap_or_default();
            lines.push(format!("{name:<column$}{first}"));
        } else {
            lines.push(name.chars().take(WIDTH).collect());
        }
        lines.extend(parts.map(|part| format!("{:column$}{part}", "")));
    }
    let trimmed = lines.iter().map(|line| line.trim_end().to_owned());
    trimmed.collect()
}

/// Text in lines of at most `width` characters, broken between words, and within a word alone that
/// is longer than a line.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in printable(text).split(' ') {
        let word: Vec<char> = word.chars().collect();
        for (index, piece) in word.chunks(width).enumerate() {
            let gap = usize::from(index == 0 && length > 0);
            if length + gap + piece.len() > width {
                lines.push(std::mem::take(&mut line));
                length = 0;
            } else if gap == 1 {
                line.push(' ');
                length += 1;
            }
            line.extend(piece);
            length += piece.len();
        }
    }
    lines.push(line);
    lines
}

/// In the order in which they are shown.
const GROUPS: [&str; 9] = [
    "kernel",
    "processor",
    "machine",
    "memory",
    "limits",
    "interface",
    "sysctls",
    "load",
    "builds",
];

/// Columns of a line.
const WIDTH: usize = 80;

/// A longer name has a line to itself.
const LONGEST_NAME: usize = 34;

/// Where reasons begin.
const REASON: usize = 6;

/// Where the values of two sides begin.
const SIDE: usize = 5;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::environment::Environment;
    use crate::environment::build::Builds;
    use crate::environment::difference::Difference;
    use crate::results::{DifferenceSchema, EnvironmentSchema};

    fn file() -> EnvironmentFile {
        let mut environment = Environment::read(None);
        environment.kernel.release = Some("1.2.3".to_owned());
        environment.kernel.command_line = Some("quiet ".repeat(40));
        EnvironmentFile {
            schema: EnvironmentSchema::Environment1,
            environment,
            builds: Builds::read(false),
        }
    }

    #[test]
    fn groups_stand_in_order_and_no_line_is_longer_than_80() {
        let text = text(&file());
        let mut from = 0;
        for group in [
            "kernel\n",
            "\nprocessor\n",
            "\nlimits\n",
            "\nsysctls\n",
            "\ncannot be read\n",
        ] {
            let at = text[from..].find(group);
            from += at.unwrap_or_else(|| panic!("no {group} after {from} in {text}"));
        }
        assert!(text.lines().any(|line| {
            let mut words = line.split_whitespace();
            words.next() == Some("release") && words.next() == Some("1.2.3")
        }));
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        assert!(text[from..].contains("  interface"), "{text}");
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"));
    }

    fn told(differences: Vec<Difference>) -> String {
        super::differences(&DifferenceFile {
            schema: DifferenceSchema::Difference1,
            a: Path::new("a.json").display().to_string(),
            b: Path::new("b.json").display().to_string(),
            differences,
        })
    }

    fn difference(name: &str) -> Difference {
        Difference {
            name: name.to_owned(),
            a: Some("1".to_owned()),
            b: None,
        }
    }

    #[test]
    fn a_difference_shows_both_sides() {
        let files = "  A  a.json\n  B  b.json\n\n";
        let text = told(vec![difference("kernel.release")]);
        assert_eq!(text, format!("{files}kernel.release\n  A  1\n  B  none\n"));
        let text = told(vec![difference("load.at_start.running")]);
        assert!(
            text.starts_with(&format!("{files}no difference but in")),
            "{text}"
        );
        assert_eq!(told(Vec::new()), "no difference\n");
    }

    proptest! {
        #[test]
        fn a_broken_text_has_its_words_and_no_long_line(
            text in "([a-z]{0,20} ){0,9}[a-z]{0,9}", width in 1..30_usize,
        ) {
            let lines = broken(&text, width);
            prop_assert!(lines.iter().all(|line| line.chars().count() <= width));
            let letters = |text: &str| text.replace(' ', "");
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }

        #[test]
        fn no_text_is_too_strange(text in ".{0,60}", name in ".{0,60}") {
            let rows = [(name, text)];
            for line in table(&rows).into_iter().chain(under(&rows)) {
                prop_assert!(line.chars().count() <= WIDTH);
                prop_assert!(!line.chars().any(char::is_control));
            }
        }
    }
}
