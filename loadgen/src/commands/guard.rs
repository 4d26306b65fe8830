//! Keeps results from being replaced by a slip, such as a flag that takes the first of the files that
//! were to be read.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{Failure, misused};
use crate::results::read::{self, Document};

/// Refuses to write over one of the files that are read.
pub(super) fn spare_inputs(
    flag: &str,
    path: Option<&Path>,
    inputs: &[PathBuf],
) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let Ok(place) = fs::canonicalize(path) else {
        // What is not there cannot be lost.
        return Ok(());
    };
    let same = |input: &PathBuf| fs::canonicalize(input).is_ok_and(|input| input == place);
    if inputs.iter().any(same) {
        return Err(misused(format_args!(
            "{flag} {} is one of the results that are read, and would replace it: name another file",
            path.display()
        )));
    }
    Ok(())
}

/// Refuses to write something else over a result of this program.
pub(super) fn spare_results(flag: &str, path: &Path) -> Result<(), Failure> {
    if looks_like_json(path).unwrap_or(false) {
        return Err(misused(format_args!(
            "{flag} {} would replace a file of JSON, which may be a result: name another file",
            path.display()
        )));
    }
    Ok(())
}

/// Refuses to write a comparison over anything but a comparison.
pub(super) fn spare_all_but_comparisons(path: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = path.filter(|path| looks_like_json(path).unwrap_or(false)) else {
        return Ok(());
    };
    match read::document(path) {
        Ok(Document::Comparison(_)) => Ok(()),
        Ok(_) | Err(_) => Err(misused(format_args!(
            "--json {} would replace a file that is no comparison: name another file",
            path.display()
        ))),
    }
}

fn looks_like_json(path: &Path) -> io::Result<bool> {
    if !fs::metadata(path)?.is_file() {
        return Ok(false);
    }
    let mut beginning = Vec::new();
    File::open(path)?
        .take(BEGINNING)
        .read_to_end(&mut beginning)?;
    Ok(beginning.trim_ascii_start().first() == Some(&b'{'))
}

const BEGINNING: u64 = 64;
