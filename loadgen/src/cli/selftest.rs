//! A selftest, as it was typed.

use std::path::PathBuf;

use clap::Args;

/// The flags of `loadgen selftest`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Arguments {
    /// Write the result as JSON to this file; `-` is standard output, instead of the report
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Print no report and show no progress
    #[arg(long)]
    pub quiet: bool,
}
