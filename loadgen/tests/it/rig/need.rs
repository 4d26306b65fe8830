//! What a test needs and a host may lack.

use std::io::{self, Write};

/// The thing, or `None` and a word about it on standard error: then the test has to return. Where
/// `CI` is set every test must run, so there it panics.
pub(crate) fn need<T, E: std::fmt::Display>(thing: Result<T, E>, name: &str) -> Option<T> {
    let reason = match thing {
        Ok(thing) => return Some(thing),
        Err(reason) => reason,
    };
    let test = std::thread::current().name().unwrap_or("?").to_owned();
    let sentence = format!("{test} needs {name}: {reason}");
    assert!(std::env::var_os("CI").is_none(), "{sentence}");
    // Past the capture of the test harness, which hides what a passing test prints.
    writeln!(io::stderr(), "not run: {sentence}").expect("standard error is open");
    None
}
