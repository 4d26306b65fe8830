//! Manual pages, as they were asked for.

use std::path::PathBuf;

use clap::Args;

/// The flags of `loadgen man`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Arguments {
    /// Write a page of every command into this directory, which is made if there is none
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
