//! A report on results that were kept, as it was typed.

use std::path::PathBuf;

use clap::Args;

/// The flags of `loadgen report`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Result files, as `--json` wrote them
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Print the report that the run printed: the default
    #[arg(long)]
    pub text: bool,
}
