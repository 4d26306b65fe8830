//! The directory of an experiment: its plan, the result of every run, and what they tell.
//!
//! ```text
//! plan.toml                  as it was read
//! tune.json                  what is known so far, put in place whole after every run
//! runs/block-3-variant-2.json   the result of a run; -again-1 at the end for a second attempt
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::plan::Plan;
use crate::output::{Output, OutputError};
use crate::results::Experiment;
use crate::results::read::{self, Document, ReadError};

/// The directory of an experiment.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the directory for an experiment that begins.
    ///
    /// # Errors
    /// If there is an experiment in it already, or it cannot be made.
    pub fn create(path: &Path, plan: &Plan) -> Result<Self, FolderError> {
        let folder = Self::free(path, plan)?;
        let copy = path.join(PLAN);
        let written =
            fs::create_dir_all(path.join(RUNS)).and_then(|()| fs::write(&copy, &plan.text));
        written.map_err(|source| FolderError::Create {
            path: path.to_owned(),
            source,
        })?;
        Ok(folder)
    }

    /// The directory for an experiment that could begin there. Nothing is made yet.
    ///
    /// # Errors
    /// If there is an experiment in it already, or another plan.
    pub fn free(path: &Path, plan: &Plan) -> Result<Self, FolderError> {
        let folder = Self {
            path: path.to_owned(),
        };
        if folder.result().exists() {
            return Err(FolderError::Taken(path.to_owned()));
        }
        let copy = path.join(PLAN);
        let is_taken = fs::read(&copy).is_ok_and(|there| there != plan.text.as_bytes());
        if is_taken {
            return Err(FolderError::Occupied(copy));
        }
        Ok(folder)
    }

    /// Opens the directory of an experiment that was broken off, to go on with it.
    ///
    /// # Errors
    /// If there is none in it, or one of another plan.
    pub fn open(path: &Path, plan: &Plan) -> Result<(Self, Experiment), FolderError> {
        let folder = Self {
            path: path.to_owned(),
        };
        if !folder.result().exists() {
            return Err(FolderError::Nothing(path.to_owned()));
        }
        let begun = match read::document(&folder.result())? {
            Document::Experiment(begun) => *begun,
            other => {
                return Err(FolderError::Foreign {
                    path: folder.result(),
                    found: other.kind(),
                });
            }
        };
        if begun.plan_hash != plan.hash {
            return Err(FolderError::OtherPlan(path.to_owned()));
        }
        Ok((folder, begun))
    }

    /// Where what is known is kept.
    #[must_use]
    pub fn result(&self) -> PathBuf {
        self.path.join(RESULT)
    }

    /// The name of the result of a run within the directory.
    #[must_use]
    pub fn name(block: u32, variant: u32, attempt: u32) -> String {
        let again = match attempt {
            0 => String::new(),
            attempt => format!("-again-{attempt}"),
        };
        format!("{RUNS}/block-{block}-variant-{variant}{again}.json")
    }

    /// Where a name within the directory is.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Puts what is known in place, so that it survives a power cut.
    ///
    /// # Errors
    /// If it cannot be written; what was there before stays whole.
    pub fn keep(&self, experiment: &Experiment) -> Result<(), FolderError> {
        let mut output = Output::create("--dir", Some(&self.result()))?;
        Ok(output.write(experiment)?)
    }
}

/// Why the directory of an experiment cannot be used.
#[derive(Debug, Error)]
pub enum FolderError {
    /// Another one is in it.
    #[error(
        "{} holds an experiment already: go on with it by --resume, or name another directory with \
         --dir",
        .0.display()
    )]
    Taken(PathBuf),
    /// Something else is in it.
    #[error(
        "{} is there already and is another plan, which a copy of this one would replace: name another \
         directory with --dir",
        .0.display()
    )]
    Occupied(PathBuf),
    /// None is in it.
    #[error(
        "{} holds no experiment that --resume could go on with: leave --resume out to begin one, or \
         name its directory with --dir",
        .0.display()
    )]
    Nothing(PathBuf),
    /// It is that of another plan.
    #[error(
        "{} holds an experiment of another plan, or of other values of --set: its runs do not belong \
         to this one, so name another directory with --dir",
        .0.display()
    )]
    OtherPlan(PathBuf),
    /// The file in it is something else.
    #[error("{} holds {found}, where an experiment was expected", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: &'static str,
    },
    /// It cannot be made.
    #[error("cannot make the directory {} of the experiment (--dir): {source}", path.display())]
    Create {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What is known cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What is known cannot be written.
    #[error(transparent)]
    Write(#[from] OutputError),
}

const PLAN: &str = "plan.toml";
const RUNS: &str = "runs";
const RESULT: &str = "tune.json";
