//! Settings of the host, as they were typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The arguments of `loadgen host`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// What to do
    #[arg(value_name = "ACTION", value_enum, default_value_t = Action::Show)]
    pub action: Action,

    /// Settings to apply or restore, by the names that are shown; all if none is named
    #[arg(value_name = "SETTING")]
    pub settings: Vec<String>,

    /// Interface whose settings count too, as in eth0
    #[arg(long, value_name = "NAME")]
    pub interface: Option<String>,

    /// Directory of the journal, by which settings are put back: /var/lib/loadgen of root, or
    /// ~/.local/state/loadgen
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// Write the settings, as they are in the end, as JSON to FILE; `-` is standard output, and the
    /// report is left out
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// What to do with settings of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// Show what they are, what they should be, and why
    Show,
    /// Set what is proposed, after writing down what it was
    Apply,
    /// Put back what was written down
    Restore,
}
