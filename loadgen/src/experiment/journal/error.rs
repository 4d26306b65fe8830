//! What can go wrong with a journal.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::claim::Holder;
use super::entry::Damage;
use crate::experiment::knob::KnobError;

/// Why nothing may be changed, or nothing was put back.
#[derive(Debug, Error)]
pub enum JournalError {
    /// There is no place for it.
    #[error(
        "there is no place for a journal: HOME is not set, and neither is XDG_STATE_HOME (--state names one)"
    )]
    NoPlace,
    /// A file or directory cannot be used.
    #[error("cannot {operation} {}: {source}", path.display())]
    File {
        /// What was tried: `write`.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody else could have written it, and it says what to run.
    #[error("{} {reason}: a journal is obeyed only if nobody else can write it", path.display())]
    NotOurs {
        /// The file or directory.
        path: PathBuf,
        /// Half a sentence.
        reason: &'static str,
    },
    /// Another process has it.
    #[error("another process has {} locked: one experiment at a time", path.display())]
    Busy {
        /// The file that is locked.
        path: PathBuf,
    },
    /// Another process may change the same settings, whatever its directory.
    #[error("{}", held(path, holder.as_ref()))]
    Held {
        /// The file that is locked.
        path: PathBuf,
        /// Who has it, if that is known.
        holder: Option<Holder>,
    },
    /// An experiment with another directory was broken off.
    #[error(
        "{what} (process {pid}) was broken off and has changed settings here, as {} says: {restore} puts \
         that back", journal.display()
    )]
    LeftElsewhere {
        /// What it was.
        what: String,
        /// Its process.
        pid: u32,
        /// Its journal.
        journal: PathBuf,
        /// The command to run.
        restore: String,
    },
    /// An earlier experiment was broken off.
    #[error("{what} was broken off and left {count} behind: {restore} puts that back")]
    Left {
        /// What it was.
        what: String,
        /// How many settings, for people.
        count: String,
        /// The command to run.
        restore: String,
    },
    /// It cannot be understood.
    #[error(
        "{} is damaged: {damage}. Nothing was put back: set the values that stand in it by hand, and \
         remove it", path.display()
    )]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// Where.
        damage: Damage,
    },
    /// It belongs to another network.
    #[error("{what} ran in another network namespace: {advice}")]
    Elsewhere {
        /// What it was.
        what: String,
        /// Half a sentence.
        advice: String,
    },
    /// Something that is needed to know this host or a process cannot be read.
    #[error("{0}")]
    Unknown(String),
    /// The present value of a setting cannot be read.
    #[error(transparent)]
    Knob(#[from] KnobError),
}

fn held(path: &Path, holder: Option<&Holder>) -> String {
    let path = path.display();
    match holder {
        Some(Holder { pid, what, journal }) => format!(
            "{what} (process {pid}, whose journal is {}) may change the same settings, and has {path} \
             locked: one experiment at a time",
            journal.display()
        ),
        None => format!(
            "another process may change the same settings, and has {path} locked: one experiment at a \
             time"
        ),
    }
}

impl JournalError {
    pub(super) fn file(operation: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File {
            operation,
            path: path.to_owned(),
            source,
        }
    }
}
