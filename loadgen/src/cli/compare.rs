//! A comparison of results that were kept, as it was typed.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use crate::compare::Bound;

/// The flags of `loadgen compare`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Result files of runs of the one kind (A), as `--json` wrote them: at least 4, better 10
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Result files of runs of the other kind (B), which is compared with A
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub with: Vec<PathBuf>,

    /// Exit with code 4 if B differs from A by more, as in p99>+5%, p50>+20us, loss>+0.1% (points) or
    /// p50<-10%: if there is evidence of a difference (p up to 0.05, corrected for the number of
    /// quantities) and the difference measured is beyond the bound. May be given several times
    #[arg(long, value_name = "BOUND", value_parser = Bound::from_str)]
    pub fail_if: Vec<Bound>,

    /// Write the comparison as JSON to this file; `-` is standard output, instead of the report
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Write the comparison as a page for a browser to this file: one file, no network
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Print no report
    #[arg(long)]
    pub quiet: bool,
}
