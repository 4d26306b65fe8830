//! Puts back what an experiment that was killed has left changed.

use std::fmt::Write;
use std::path::Path;

use crate::commands::{Failure, failed, print};
use crate::experiment::journal;

pub(super) fn restore(state: &Path, quiet: bool) -> Result<u8, Failure> {
    let restored = journal::restore(state).map_err(failed)?;
    let mut text = match &restored.what {
        None => "nothing was left changed: no experiment was broken off\n".to_owned(),
        Some(what) => format!("the experiment '{what}' had been broken off\n"),
    };
    for step in &restored.steps {
        writeln!(text, "  {step}").expect("a string takes everything");
    }
    if !quiet {
        print(&text)?;
    }
    if restored.unrestored.is_empty() {
        return Ok(0);
    }
    let sentences: Vec<String> = restored
        .unrestored
        .iter()
        .map(ToString::to_string)
        .collect();
    Err(failed(format_args!(
        "not everything could be put back, and what could not is still in the journal: {}",
        sentences.join("; ")
    )))
}
