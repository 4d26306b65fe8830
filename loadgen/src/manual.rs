//! The manual pages of `loadgen`, one a command.

use clap::{Command, CommandFactory};
use echo_reactor::manual::{Page, shown};

use crate::cli::{Cli, appendix};

/// The page of `loadgen` itself.
#[must_use]
pub fn page() -> Page {
    let command = whole();
    of(&command, "", &others(&command, None))
}

/// The pages of `loadgen` and of each of its commands.
#[must_use]
pub fn pages() -> Vec<Page> {
    let command = whole();
    let mut pages = vec![page()];
    for part in shown(&command) {
        let name = part.get_name();
        pages.push(of(part, name, &others(&command, Some(name))));
    }
    pages
}

fn of(command: &Command, name: &str, others: &[String]) -> Page {
    Page::of(command, "loadgen", &appendix::of(name), others)
}

fn whole() -> Command {
    // `loadgen help` shows what these pages do, so it has none.
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    command
}

/// The pages beside that of a command; all but the first if it is none of the parts.
fn others(command: &Command, part: Option<&str>) -> Vec<String> {
    let parts = shown(command).map(Command::get_name);
    let parts = parts.filter(|name| Some(*name) != part);
    let first = part.map(|_| "loadgen".to_owned());
    let others = first
        .into_iter()
        .chain(parts.map(|name| format!("loadgen-{name}")));
    others.chain(["echo-reactor".to_owned()]).collect()
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
            assert_eq!(others.matches("(1)").count(), names.len() + 1, "{others}");
        }
        assert_eq!(pages.len(), names.len() + 1);
    }

    #[test]
    fn a_list_keeps_its_columns() {
        let list = ".nf\n  constant     evenly\n";
        assert!(page().text.contains(list), "{}", page().text);
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
