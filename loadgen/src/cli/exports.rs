//! Results for other tools, as they were typed.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::export::Format;

/// The flags that ask for results in forms of others.
#[derive(Args, Clone, Debug, Default)]
#[group(skip)]
pub struct Exports {
    /// Write a row an interval as comma-separated values to this file; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    pub csv: Option<PathBuf>,

    /// Write the percentile distribution of `HdrHistogram` to this file; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    pub hgrm: Option<PathBuf>,

    /// Write the interval log of `HdrHistogram` to this file; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    pub hlog: Option<PathBuf>,

    /// Write metrics for the textfile collector of Prometheus to this file; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    pub prometheus_file: Option<PathBuf>,
}

impl Exports {
    /// What was asked for, and where it shall go.
    pub fn wanted(&self) -> impl Iterator<Item = (Format, &Path)> {
        let all = [
            (Format::Csv, &self.csv),
            (Format::Hgrm, &self.hgrm),
            (Format::Hlog, &self.hlog),
            (Format::Prometheus, &self.prometheus_file),
        ];
        all.into_iter()
            .filter_map(|(format, path)| Some((format, path.as_deref()?)))
    }
}

const HEADING: &str = "For other tools";
