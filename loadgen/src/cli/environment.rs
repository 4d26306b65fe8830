//! The environment, as it was typed.

use std::path::PathBuf;

use clap::Args;

/// The flags of `loadgen environment`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Server whose route's interface shall be read too, as in 127.0.0.1:50007 or host:50007
    #[arg(long, value_name = "HOST:PORT")]
    pub target: Option<String>,

    /// Tell where two files differ, of this command or of runs, in place of reading this machine
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with = "target")]
    pub diff: Option<Vec<PathBuf>>,

    /// Write the result as JSON to FILE; `-` is standard output, and the report is left out
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}
