//! What belongs to a program besides its flags: exit codes, examples, and manual pages, which are made
//! from the same definitions as the help.

use std::fmt::Write as _;
use std::io::{self, Write};

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};

/// What follows the flags of a command, in its help and in its manual page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appendix {
    /// Each exit code with its meaning, in rising order.
    pub exit_codes: &'static [(u8, &'static str)],
    /// Each command line with what it does.
    pub examples: &'static [(&'static str, &'static str)],
}

impl Appendix {
    /// As it stands in the help.
    ///
    /// # Panics
    ///
    /// Never: a string takes everything.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = "Exit codes:".to_owned();
        for (code, meaning) in self.exit_codes {
            write!(text, "\n  {code}  {meaning}").expect("a string takes everything");
        }
        if !self.examples.is_empty() {
            text.push_str("\n\nExamples:");
        }
        for (line, meaning) in self.examples {
            write!(text, "\n  {line}\n      {meaning}").expect("a string takes everything");
        }
        text
    }
}

/// A page of section 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// As `man` looks for it: `loadgen-sweep.1`.
    pub file_name: String,
    /// In the `man` macros of roff.
    pub text: String,
}

impl Page {
    /// The page of a command of `program`, which has to be built, with the names of the pages to
    /// read on.
    #[must_use]
    pub fn of(command: &Command, program: &str, appendix: &Appendix, others: &[String]) -> Self {
        let man = Man::new(command.clone());
        let text = [
            title(command, program),
            written(|page| man.render_name_section(page)),
            written(|page| synopsis(command).to_writer(page)),
            written(|page| man.render_description_section(page)),
            options(&written(|page| man.render_options_section(page))),
            commands(command, &man),
            written(|page| last_sections(appendix, others).to_writer(page)),
        ];
        Self {
            file_name: man.get_filename(),
            text: text.concat(),
        }
    }
}

/// The commands of a program that people are told of.
pub fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    let parts = command.get_subcommands();
    parts.filter(|part| !part.is_hide_set())
}

/// A section without what every one of them begins with; see [`APOSTROPHE`].
fn written(render: impl Fn(&mut dyn Write) -> io::Result<()>) -> String {
    let mut section = Vec::new();
    render(&mut section).expect("memory takes whatever is written");
    let section = String::from_utf8(section).expect("it is made of strings");
    section.replace(APOSTROPHE, "")
}

/// Written out, since an empty date needs quotes. Pages have no date, so that they are the same
/// whenever they are made.
fn title(command: &Command, program: &str) -> String {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let title = name.to_uppercase();
    let version = env!("CARGO_PKG_VERSION");
    format!("{APOSTROPHE}.TH \"{title}\" 1 \"\" \"{program} {version}\" \"User Commands\"\n")
}

/// What the help shows as usage, instead of every flag once more.
fn synopsis(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    for (at, line) in usage.trim_start_matches("Usage:").lines().enumerate() {
        if at > 0 {
            roff.control("br", []);
        }
        roff.text([bold(line.trim())]);
    }
    roff
}

/// The groups of flags as parts of one section, in place of a section each; and lists as they are
/// written.
fn options(section: &str) -> String {
    let mut text = String::new();
    let mut listing = false;
    for line in section.lines() {
        if line.starts_with("  ") != listing {
            listing = !listing;
            text.push_str(if listing { ".nf\n" } else { ".fi\n" });
        }
        match line.strip_prefix(".SH ") {
            Some(heading) if heading != "OPTIONS" => {
                text.push_str(".SS ");
                text.push_str(&sentence_case(heading));
            }
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    if listing {
        text.push_str(".fi\n");
    }
    text
}

/// The first letter as it is, all others small.
fn sentence_case(heading: &str) -> String {
    let mut first = true;
    let letters = heading.chars().map(|letter| {
        let kept = !letter.is_alphabetic() || std::mem::take(&mut first);
        if kept {
            letter
        } else {
            letter.to_ascii_lowercase()
        }
    });
    letters.collect()
}

fn commands(command: &Command, man: &Man) -> String {
    if shown(command).next().is_none() {
        return String::new();
    }
    let section = written(|page| man.render_subcommands_section(page));
    section.replace(".SH SUBCOMMANDS", ".SH COMMANDS")
}

fn last_sections(appendix: &Appendix, others: &[String]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in appendix.exit_codes {
        item(&mut roff, bold(code.to_string()), meaning);
    }
    if !appendix.examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]);
    }
    for (line, meaning) in appendix.examples {
        item(&mut roff, bold(*line), meaning);
    }
    roff.control("SH", ["SEE ALSO"]);
    let mut named = Vec::new();
    for other in others {
        if !named.is_empty() {
            named.push(roman(", "));
        }
        named.extend([bold(other), roman("(1)")]);
    }
    roff.text(named);
    roff
}

fn item(roff: &mut Roff, term: Inline, meaning: &str) {
    roff.control("TP", []);
    roff.text([term]);
    roff.text([roman(meaning)]);
}

/// The name under which an apostrophe that stays straight is known to roff of every make: it has to
/// stand at the top of a page, and there alone.
const APOSTROPHE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_keeps_its_columns() {
        assert_eq!(options("a\n  b\n  c\nd\n"), "a\n.nf\n  b\n  c\n.fi\nd\n");
    }

    #[test]
    fn a_group_of_flags_is_a_part_of_the_options() {
        let grouped = options(".SH OPTIONS\na\n.SH \"MEASURED TIME\"\nb\n");
        assert_eq!(grouped, ".SH OPTIONS\na\n.SS \"Measured time\"\nb\n");
    }

    #[test]
    fn the_text_below_the_flags_has_a_line_for_each_thing() {
        let appendix = Appendix {
            exit_codes: &[(0, "done"), (1, "failed")],
            examples: &[("loadgen", "measure")],
        };
        let expected = "Exit codes:\n  0  done\n  1  failed\n\nExamples:\n  loadgen\n      measure";
        assert_eq!(appendix.text(), expected);
    }
}
