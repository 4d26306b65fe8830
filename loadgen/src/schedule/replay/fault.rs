//! What can be wrong with a file of probes.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::sizes::{LARGEST, SMALLEST};

/// Why a file cannot be replayed.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum TraceError {
    /// The system does not give it.
    #[error("cannot read the file of --arrivals replay:{path}: {source}", path = path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// It has to be read twice.
    #[error("--arrivals replay:{path}: that is not a regular file", path = path.display())]
    NotAFile { path: PathBuf },
    /// Nothing to send.
    #[error("--arrivals replay:{path}: the file has no probe", path = path.display())]
    Empty { path: PathBuf },
    /// A line that is no probe.
    #[error("--arrivals replay:{path}: line {line}: {fault}", path = path.display())]
    Line {
        path: PathBuf,
        line: u64,
        fault: LineFault,
    },
    /// The file is not what it was before the run.
    #[error(
        "{path} was changed while it was replayed (line {line}: {fault}): run again, and leave \
         the file alone meanwhile",
        path = path.display()
    )]
    Changed {
        path: PathBuf,
        line: u64,
        fault: LineFault,
    },
}

/// What is wrong with a line.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum LineFault {
    #[error("'{typed}' is not a time in decimal seconds, as in 0.000125")]
    Time { typed: String },
    #[error("'{typed}' is too late: at most 365 days are possible")]
    TooLate { typed: String },
    #[error("'{typed}' is before the time of the probe above it")]
    Falls { typed: String },
    #[error("'{typed}' is not a size in bytes: {SMALLEST} to {LARGEST} are possible")]
    Size { typed: String },
    #[error("'{typed}' is one word too many: a line holds a time and a size")]
    Excess { typed: String },
    #[error("it is not text")]
    NotText,
    #[error("it is longer than {LONGEST_LINE} bytes")]
    TooLong,
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("it is not what it was when the run began")]
    Different,
}

/// Bytes of a line, its end included.
pub(super) const LONGEST_LINE: usize = 1_024;
