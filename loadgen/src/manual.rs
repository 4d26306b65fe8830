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
    let man = Man::new(command.clone())
        .manual("UDP latency")
        .source(concat!("loadgen ", env!("CARGO_PKG_VERSION")));
    let appendix = Appendix::of(name);
    let mut page = Vec::new();
    sections(&man, command, &appendix, others, &mut page)
        .expect("memory takes whatever is written");
    Page {
        file_name: man.get_filename(),
        text: String::from_utf8(page).expect("it is made of strings"),
    }
}

fn sections(
    man: &Man,
    command: &Command,
    appendix: &Appendix,
    others: &[String],
    page: &mut Vec<u8>,
) -> io::Result<()> {
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    let mut options = Vec::new();
    man.render_options_section(&mut options)?;
    page.write_all(grouped(&String::from_utf8_lossy(&options)).as_bytes())?;
    if shown(command).next().is_some() {
        man.render_subcommands_section(page)?;
    }
    last_sections(appendix, others).to_writer(page)
}

/// The groups of flags as parts of one section, in place of a section each.
fn grouped(options: &str) -> String {
    let line = |line: &str| match line.strip_prefix(".SH ") {
        Some(heading) if heading != "OPTIONS" => format!(".SS {heading}\n"),
        _ => format!("{line}\n"),
    };
    options.lines().map(line).collect()
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
            "SUBCOMMANDS",
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
    fn every_group_of_flags_is_a_part_of_the_options() {
        let page = page();
        let parts = page.text.lines().filter(|line| line.starts_with(".SS "));
        assert!(parts.count() >= 5, "{}", page.text);
    }
}
