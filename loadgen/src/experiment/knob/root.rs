//! What settings are read from and set by: the files of `/proc` and `/sys`, or of a tree that was made
//! up for a test, and programs.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::program;
use crate::experiment::mark::Mark;
use crate::host::{Figure, unreadable};

/// Where `/proc` and `/sys` are, and by what the programs are known that are run.
#[derive(Clone, Debug)]
pub(super) struct Root {
    path: PathBuf,
    mark: Option<Mark>,
}

impl Root {
    /// Those of this host.
    pub(super) fn host() -> Self {
        Self {
            path: PathBuf::from("/"),
            mark: None,
        }
    }

    /// Those of this host, where programs that are run have a mark.
    pub(super) fn marked(mark: &Mark) -> Self {
        Self {
            mark: Some(mark.clone()),
            ..Self::host()
        }
    }

    /// Runs a program to its end; returns what it printed, without the space around.
    ///
    /// # Errors
    /// If it cannot be started, fails, takes too long, or prints more than a value.
    pub(super) fn run<S: AsRef<str>>(&self, words: &[S]) -> Figure<String> {
        program::run(words, self.mark.as_ref())
    }

    #[cfg(test)]
    pub(super) fn made_up(directory: &Path) -> Self {
        Self {
            path: directory.to_owned(),
            mark: None,
        }
    }

    /// Whether it is that of this host.
    pub(super) fn is_host(&self) -> bool {
        self.path == Path::new("/")
    }

    /// Where a file is that the host has at `path`.
    pub(super) fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.path.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Where a file is after all links, as the host names it.
    pub(super) fn resolved(&self, path: &Path) -> Figure<PathBuf> {
        let place = self.at(path);
        let real = fs::canonicalize(&place).map_err(|error| unreadable(&place, &error))?;
        let root = fs::canonicalize(&self.path).map_err(|error| unreadable(&self.path, &error))?;
        let inside = real
            .strip_prefix(root)
            .map(|rest| Path::new("/").join(rest));
        inside.map_err(|_outside| format!("{} leads elsewhere", place.display()))
    }
}

/// A short file without the space around its text.
pub(super) fn read(path: &Path) -> Figure<String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
    read.map_err(|error| unreadable(path, &error))?;
    if text.len() as u64 > LONGEST {
        return Err(format!("{} holds more than one value", path.display()));
    }
    Ok(text.trim().to_owned())
}

/// Writes as a shell's `echo` does. A file that is not there is not made.
pub(super) fn write(path: &Path, value: &str) -> Figure<()> {
    if !is_one_line(value) {
        return Err("a value is one line of text".to_owned());
    }
    let opened = OpenOptions::new().write(true).truncate(true).open(path);
    // In one piece: the kernel takes each write as a value of its own.
    let written = opened.and_then(|mut file| file.write_all(format!("{value}\n").as_bytes()));
    written.map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Whether a file may be read and written, and what it holds be written back; it stays as it is.
pub(super) fn may_write(path: &Path) -> Figure<()> {
    let opened = OpenOptions::new().write(true).open(path);
    opened.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    if is_one_line(&read(path)?) {
        return Ok(());
    }
    Err(format!(
        "{} holds more than one line of text, which could not be put back",
        path.display()
    ))
}

fn is_one_line(value: &str) -> bool {
    !value.contains(|letter: char| letter.is_control() && letter != '\t')
}

/// Bytes of the longest value: the kernel itself takes a page at once.
const LONGEST: u64 = 4096;
