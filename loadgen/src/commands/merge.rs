//! Runs that are put together.

use super::exports::Outputs;
use super::{Failure, exit_code, failed, guard, misused, print, style};
use crate::cli::merge::Arguments;
use crate::merge::{self, MergeError, Source};
use crate::report;
use crate::results::read;

pub(super) fn merge(arguments: &Arguments) -> Result<u8, Failure> {
    guard::spare_inputs("--json", arguments.json.as_deref(), &arguments.files)?;
    let sources = arguments.files.iter().map(|file| {
        Ok(Source {
            file: file.display().to_string(),
            run: read::run(file).map_err(failed)?,
        })
    });
    let sources = sources.collect::<Result<Vec<_>, Failure>>()?;
    let mut outputs = Outputs::create(arguments.json.as_deref(), &arguments.exports)?;
    let merged = merge::merge(sources).map_err(|error| match error {
        MergeError::TooFew | MergeError::Twice { .. } => misused(error),
        _ => failed(error),
    })?;
    if !arguments.quiet && !outputs.take_stdout() {
        print(&report::text(&merged, style()))?;
    }
    outputs.write(&merged)?;
    Ok(exit_code(&merged))
}
