//! Why a file cannot be used.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A file that cannot be used.
#[derive(Debug, Error)]
#[error("cannot read {}: {cause}", path.display())]
pub struct ReadError {
    pub(super) path: PathBuf,
    pub(super) cause: Cause,
}

/// Why a file cannot be used: the end of a sentence.
#[derive(Debug, Error)]
pub enum Cause {
    /// The system does not hand it out.
    #[error("{0}")]
    Unreadable(io::Error),
    /// It has nothing in it.
    #[error("it is empty, where a result of loadgen --json was expected")]
    Empty,
    /// It ends too early.
    #[error("it ends too early, at line {line}, column {column}: it was cut, or is being written")]
    Cut {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// It is JSON that does not have the form of a result, or no JSON.
    #[error("line {line}, column {column}: {what}")]
    Form {
        /// Counted from 1.
        line: usize,
        /// Counted from 1; 0 if only the line is known.
        column: usize,
        /// What was found, and what was expected.
        what: String,
    },
    /// It has counts of which none can be true.
    #[error("it counts more than a run can send")]
    Counts,
    /// It is somebody else's.
    #[error("it is no result of loadgen: {0}, where \"loadgen/run/1\" or the like was expected")]
    Foreign(String),
    /// It was written by a later version of this program.
    #[error("it has the format {0}, which this version of loadgen does not know: use a newer one")]
    Newer(String),
    /// Its rows are not those of a run.
    #[error("its intervals do not follow each other, or count more than a run can send")]
    Rows,
    /// It is an experiment in which a number points nowhere.
    #[error("its lists do not fit together: {0}")]
    Astray(String),
    /// It is of a time when runs kept none.
    #[error("it holds no environment: an older loadgen has written it, so measure again")]
    NoEnvironment,
    /// It holds something else.
    #[error("it holds {found}, where {wanted} was expected")]
    #[expect(missing_docs, reason = "the sentence names its fields")]
    Kind {
        found: &'static str,
        wanted: &'static str,
    },
}

impl From<serde_json::Error> for Cause {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        if error.is_eof() {
            return Self::Cut { line, column };
        }
        let text = error.to_string();
        let place = format!(" at line {line} column {column}");
        let what = text.strip_suffix(&place).unwrap_or(&text);
        let what = if error.is_syntax() {
            format!("it is no JSON there ({what})")
        } else {
            what.to_owned()
        };
        Self::Form { line, column, what }
    }
}
