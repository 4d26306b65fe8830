//! Manual pages, made from the same definitions as the help.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};

use crate::cli::Cli;
use crate::cli::appendix::Appendix;

/// A page of section 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// As `man` looks for it: `loadgen-sweep.1`.
    pub file_name: String,
    /// In the `man` macros of roff.
    pub text: String,
}

/// The page of `loadgen` itself.
#[must_use]
pub fn page() -> Page {
    let command = whole();
    render(&command, "", &others(&command, None))
}

/// The pages of `loadgen` and of each of its commands.
#[must_use]
pub fn pages() -> Vec<Page> {
    let command = whole();
    let mut pages = vec![page()];
    for part in shown(&command) {
        let name = part.get_name();
        pages.push(render(part, name, &others(&command, Some(name))));
    }
    pages
}

fn whole() -> Command {
    // `loadgen help` shows what these pages do, so it has none.
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    command
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    let parts = command.get_subcommands();
    parts.filter(|part| !part.is_hide_set())
}

/// The pages beside that of a command; all but the first if it is none of the parts.
fn others(command: &Command, part: Option<&str>) -> Vec<String> {
    let parts = shown(command).map(Command::get_name);
    let parts = parts.filter(|name| Some(*name) != part);
    let first = part.map(|_| "loadgen".to_owned());
    let others = first
        .into_iter()
        .chain(parts.map(|name| format!("loadgen-{name}")));
    others.collect()
}

fn render(command: &Command, name: &str, others: &[String]) -> Page {
    let man = Man::new(command.clone());
    let appendix = Appendix::of(name);
    let text = [
        title(command),
        written(|page| man.render_name_section(page)),
        written(|page| synopsis(command).to_writer(page)),
        written(|page| man.render_description_section(page)),
        options(&written(|page| man.render_options_section(page))),
        commands(command, &man),
        written(|page| last_sections(&appendix, others).to_writer(page)),
    ];
    Page {
        file_name: man.get_filename(),
        text: text.concat(),
    }
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
fn title(command: &Command) -> String {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let title = name.to_uppercase();
    let version = env!("CARGO_PKG_VERSION");
    format!("{APOSTROPHE}.TH \"{title}\" 1 \"\" \"loadgen {version}\" \"User Commands\"\n")
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

    fn sections_of(page: &Page) -> Vec<&str> {
        let lines = page.text.lines();
        lines.filter_map(|line| line.strip_prefix(".SH ")).collect()
    }

    #[test]
    fn the_first_page_has_the_sections_that_readers_look_for() {
        let expected = [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "COMMANDS",
            "\"EXIT STATUS\"",
            "EXAMPLES",
            "\"SEE ALSO\"",
        ];
        let page = page();
        assert_eq!(sections_of(&page), expected);
        assert_eq!(page.file_name, "loadgen.1");
    }

    #[test]
    fn every_command_has_a_page_and_every_page_names_the_others() {
        let pages = pages();
        let names: Vec<String> = shown(&whole())
            .map(|part| format!("loadgen-{}.1", part.get_name()))
            .collect();
        assert_eq!(pages[0], page());
        for (page, name) in pages[1..].iter().zip(&names) {
            assert_eq!(page.file_name, *name);
            let (_, others) = page.text.split_once(".SH \"SEE ALSO\"").unwrap();
            assert_eq!(others.matches("(1)").count(), names.len(), "{others}");
        }
        assert_eq!(pages.len(), names.len() + 1);
    }

    #[test]
    fn a_list_keeps_its_columns() {
        let list = ".nf\n  constant     evenly\n";
        assert!(page().text.contains(list), "{}", page().text);
        assert_eq!(options("a\n  b\n  c\nd\n"), "a\n.nf\n  b\n  c\n.fi\nd\n");
    }

    #[test]
    fn every_group_of_flags_is_a_part_of_the_options() {
        let page = page();
        let parts = page.text.lines().filter(|line| line.starts_with(".SS "));
        assert!(parts.count() >= 5, "{}", page.text);
        assert!(
            page.text.contains(".SS \"Measured time\"\n"),
            "{}",
            page.text
        );
    }
}
