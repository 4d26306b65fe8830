//! What `-h` and `--help` print, word for word, in `tests/snapshots`; and what is made of the same.
//!
//! `UPDATE_EXPECT=1 cargo test --workspace help` writes the files anew.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use clap::CommandFactory;
use echo_reactor::cli::Cli;
use expect_test::expect_file;

use crate::rig::need::need;
use crate::rig::program::Program;

/// As wide as the narrowest terminal that people use.
const COLUMNS: usize = 80;

#[test]
fn the_help_is_as_it_was_read_last() {
    for (name, text) in at_width(COLUMNS) {
        let file_name = format!("tests/snapshots/help/echo-reactor.{name}.txt");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file_name);
        expect_file![path].assert_eq(&text);
    }
}

#[test]
fn every_line_of_help_fits_eighty_columns() {
    for (name, text) in at_width(COLUMNS) {
        for line in text.lines() {
            let width = line.chars().count();
            assert!(width <= COLUMNS, "{name}: {width} in {line}");
        }
    }
}

#[test]
fn the_help_of_a_terminal_twice_as_wide_has_the_same_words() {
    let words = |text: &str| text.split_whitespace().collect::<String>();
    for ((name, narrow), (_, wide)) in at_width(COLUMNS).iter().zip(at_width(2 * COLUMNS)) {
        assert_eq!(words(narrow), words(&wide), "{name}");
    }
}

#[test]
fn groff_has_nothing_to_complain_of_in_the_manual_page() {
    let printed = Program::start(&["--man"]).end();
    assert_eq!(printed.status.code(), Some(0), "{:?}", printed.stderr);
    let page = printed.stdout.join("\n");
    for section in ["SYNOPSIS", "OPTIONS", "\"EXIT STATUS\"", "EXAMPLES"] {
        assert!(page.contains(&format!("\n.SH {section}\n")), "{page}");
    }
    let mut groff = Command::new("groff");
    groff.args(["-man", "-Tutf8", "-ww", "-rLL=80n"]);
    groff
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let Some(mut groff) = need(groff.spawn(), "groff") else {
        return;
    };
    // The page is smaller than what a pipe holds, so that nobody waits for anybody.
    let written = groff
        .stdin
        .take()
        .unwrap()
        .write_all((page + "\n").as_bytes());
    written.unwrap();
    let output = groff.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
}

#[test]
fn every_shell_that_is_offered_has_a_script() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let printed = Program::start(&["--completions", shell]).end();
        assert_eq!(printed.status.code(), Some(0), "{shell}");
        let flag = printed.stdout.iter().any(|line| line.contains("rcvbuf"));
        assert!(flag, "{shell}");
    }
}

/// What it prints, whatever the terminal's width is.
fn at_width(columns: usize) -> [(&'static str, String); 2] {
    let command = || Cli::command().max_term_width(0).term_width(columns);
    [
        ("-h", command().render_help().to_string()),
        ("--help", command().render_long_help().to_string()),
    ]
}
