//! What `-h` and `--help` print, word for word: one file a command in `tests/snapshots`.
//!
//! `UPDATE_EXPECT=1 cargo test --workspace help` writes the files anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use expect_test::expect_file;
use loadgen::cli::Cli;

/// As wide as the narrowest terminal that people use.
const COLUMNS: usize = 80;

/// What a program prints at this width, whatever the terminal's is.
struct Help {
    file_name: String,
    text: String,
}

#[test]
fn the_help_of_every_command_is_as_it_was_read_last() {
    for help in every_help() {
        expect_file![snapshots().join(&help.file_name)].assert_eq(&help.text);
    }
}

#[test]
fn no_snapshot_of_a_help_has_lost_its_command() {
    let known: BTreeSet<String> = every_help().map(|help| help.file_name).collect();
    for entry in fs::read_dir(snapshots()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name), "{name} belongs to no command");
    }
}

#[test]
fn every_line_of_help_fits_eighty_columns() {
    for help in every_help() {
        for line in help.text.lines() {
            let width = line.chars().count();
            assert!(width <= COLUMNS, "{}: {width} in {line}", help.file_name);
        }
    }
}

#[test]
fn the_help_of_a_terminal_twice_as_wide_has_the_same_words() {
    let wide = all(Cli::command().max_term_width(0).term_width(2 * COLUMNS));
    for (narrow, wide) in every_help().zip(wide) {
        let words = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(
            words(&narrow.text),
            words(&wide.text),
            "{}",
            narrow.file_name
        );
    }
}

fn every_help() -> impl Iterator<Item = Help> {
    all(Cli::command().term_width(COLUMNS))
}

fn all(mut program: Command) -> impl Iterator<Item = Help> {
    program.build();
    let parts = program.get_subcommands().cloned();
    let parts = parts.filter(|part| part.get_name() != "help" && !part.is_hide_set());
    let commands: Vec<Command> = parts.collect();
    [program].into_iter().chain(commands).flat_map(|command| {
        let name = command.get_display_name().unwrap_or(command.get_name());
        let (short, long) = (format!("{name}.-h.txt"), format!("{name}.--help.txt"));
        let help = |file_name, text: String| Help { file_name, text };
        [
            help(short, command.clone().render_help().to_string()),
            help(long, command.clone().render_long_help().to_string()),
        ]
    })
}

fn snapshots() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/help")
}
