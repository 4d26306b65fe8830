//! A report on results that were kept, as it was typed.

use std::path::PathBuf;

use clap::Args;

use super::exports::Exports;

/// The flags of `loadgen report`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Result files, as `--json` wrote them
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Print the report that the run printed: the default if nothing is written
    #[arg(long)]
    pub text: bool,

    /// Write a page for a browser: one file, no network
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// The same for other tools.
    #[command(flatten)]
    pub exports: Exports,
}
