//! A report on results that were kept, as it was typed.

use std::path::{Path, PathBuf};

use clap::Args;

use super::exports::Exports;

/// The flags of `loadgen report`.
#[derive(Args, Clone, Debug)]
#[command(mut_arg("csv", |csv| csv.help(CSV)))]
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

    /// Write a row an effect of a tuning experiment, and its answer, as comma-separated values to this
    /// file; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = "For other tools")]
    pub effects: Option<PathBuf>,

    /// Write what won a tuning experiment as a file for sysctl.d; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = "To apply what won")]
    pub sysctl: Option<PathBuf>,

    /// Write what won a tuning experiment as a shell script; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = "To apply what won")]
    pub shell: Option<PathBuf>,
}

/// Of results of all kinds, and not of runs alone.
const CSV: &str = "Write comma-separated values to this file: of a run a row an interval, of a sweep or a \
                   tuning experiment a row a run; `-` is standard output";

impl Arguments {
    /// The files that only an experiment has, if they are asked for, and the flags that do.
    #[must_use]
    pub fn of_experiment(&self) -> [(&'static str, Option<&Path>); 3] {
        [
            ("--effects", self.effects.as_deref()),
            ("--sysctl", self.sysctl.as_deref()),
            ("--shell", self.shell.as_deref()),
        ]
    }
}
