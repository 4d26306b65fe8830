//! A script that completes commands and flags.

use clap::CommandFactory;

use super::{Failure, failed, print};
use crate::cli::Cli;
use crate::cli::completions::Arguments;

pub(super) fn completions(arguments: &Arguments) -> Result<u8, Failure> {
    let mut script = Vec::new();
    let mut command = Cli::command();
    clap_complete::generate(arguments.shell, &mut command, "loadgen", &mut script);
    let script = String::from_utf8(script).map_err(failed)?;
    print(&script)?;
    Ok(0)
}
