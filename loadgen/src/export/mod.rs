//! Results as other tools read them. Pure: a result goes in, a text comes out.
//!
//! - [`csv`]: a row an interval, for spreadsheets and scripts;
//! - [`fragments`]: what won a tuning experiment, for `sysctl.d` and for a shell;
//! - [`hgrm`]: the percentile distribution, for plotters of `HdrHistogram`;
//! - [`hlog`]: a histogram an interval, for processors of `HdrHistogram` logs;
//! - [`prometheus`]: metrics, for the textfile collector of `node_exporter`.

pub mod csv;
pub mod fragments;
pub mod hgrm;
pub mod hlog;
pub mod prometheus;

use thiserror::Error;

use crate::measure::Distribution;
use crate::results::{Histogram, Histograms, Run};

/// A form that others read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// See [`csv`].
    Csv,
    /// See [`hgrm`].
    Hgrm,
    /// See [`hlog`].
    Hlog,
    /// See [`prometheus`].
    Prometheus,
}

impl Format {
    /// The flag that asks for it.
    #[must_use]
    pub fn flag(self) -> &'static str {
        match self {
            Self::Csv => "--csv",
            Self::Hgrm => "--hgrm",
            Self::Hlog => "--hlog",
            Self::Prometheus => "--prometheus-file",
        }
    }

    /// A run in this form.
    ///
    /// # Errors
    ///
    /// [`ExportError`] if the run does not have what it takes.
    pub fn text(self, run: &Run) -> Result<String, ExportError> {
        match self {
            Self::Csv => Ok(csv::run(run)),
            Self::Hgrm => hgrm::text(run),
            Self::Hlog => hlog::text(run),
            Self::Prometheus => prometheus::text(run),
        }
    }
}

/// Why a result cannot be written in a form. Displays as the end of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExportError {
    /// It is of a time when results had none.
    #[error("the result has no histograms, which came later: measure again")]
    NoHistograms,
    /// Something that is none stands in place of one.
    #[error("a histogram of the result cannot be used: {0}")]
    BadHistogram(String),
}

fn histograms(run: &Run) -> Result<&Histograms, ExportError> {
    run.histograms.as_ref().ok_or(ExportError::NoHistograms)
}

fn distribution(histogram: &Histogram) -> Result<Distribution, ExportError> {
    let distribution = histogram.distribution();
    distribution.map_err(ExportError::BadHistogram)
}

/// Nanoseconds in seconds with three decimals, rounded: as interval logs have their times.
fn seconds(nanos: u64) -> String {
    let millis = nanos.saturating_add(500_000) / 1_000_000;
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}

/// Nanoseconds in microseconds, exactly.
fn micros(nanos: u64) -> String {
    format!("{}.{:03}", nanos / 1_000, nanos % 1_000)
}
