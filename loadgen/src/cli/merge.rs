//! Runs to be put together, as they were typed.

use std::path::PathBuf;

use clap::Args;

use super::exports::Exports;

/// The flags of `loadgen merge`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Arguments {
    /// Results of runs that were side by side, as `--json` wrote them
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Write the result as JSON to this file; `-` is standard output, instead of the report
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// The same for other tools.
    #[command(flatten)]
    pub exports: Exports,

    /// Print no report
    #[arg(long)]
    pub quiet: bool,
}
