//! What `-h` and `--help` print, word for word, in `tests/snapshots`.
//!
//! `UPDATE_EXPECT=1 cargo test --workspace help` writes the files anew.

use std::path::Path;

use clap::CommandFactory;
use echo_reactor::cli::Cli;
use expect_test::expect_file;

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

/// What it prints, whatever the terminal's width is.
fn at_width(columns: usize) -> [(&'static str, String); 2] {
    let command = || Cli::command().max_term_width(0).term_width(columns);
    [
        ("-h", command().render_help().to_string()),
        ("--help", command().render_long_help().to_string()),
    ]
}
