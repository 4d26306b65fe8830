//! A script that completes commands and flags, as it was asked for.

use clap::Args;
use clap_complete::Shell;

/// The flags of `loadgen completions`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Arguments {
    /// The shell that it is for
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Shell,
}
