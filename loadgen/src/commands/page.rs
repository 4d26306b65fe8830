//! Pages for a browser: where they go.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::{Failure, failed, misused};
use crate::output::Output;

/// Opens the place that `--html` names, if it does.
///
/// A result where a page was to go is a slip (`--html` before the files) that would cost a
/// measurement: it is not replaced.
pub(super) fn create(path: Option<&Path>) -> Result<Output, Failure> {
    if let Some(path) = path.filter(|path| is_something_else(path)) {
        return Err(misused(format_args!(
            "--html {} would replace a file that is no page: name the page first, then the results",
            path.display()
        )));
    }
    Output::create("--html", path).map_err(failed)
}

fn is_something_else(path: &Path) -> bool {
    let is_file = fs::metadata(path).is_ok_and(|there| there.is_file());
    is_file && !is_page(path).unwrap_or(false)
}

/// Whether a file may be written over: an empty one, or one that begins like a page.
fn is_page(path: &Path) -> io::Result<bool> {
    let mut beginning = String::new();
    let mut file = File::open(path)?.take(BEGINNING.len() as u64);
    file.read_to_string(&mut beginning)?;
    Ok(beginning.is_empty() || beginning.eq_ignore_ascii_case(BEGINNING))
}

const BEGINNING: &str = "<!doctype html>";
