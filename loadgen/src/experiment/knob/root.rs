//! The files of `/proc` and `/sys`, or of a tree that was made up for a test.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::host::{Figure, unreadable};

/// Where `/proc` and `/sys` are.
#[derive(Clone, Debug)]
pub(super) struct Root(PathBuf);

impl Root {
    /// Those of this host.
    pub(super) fn host() -> Self {
        Self(PathBuf::from("/"))
    }

    #[cfg(test)]
    pub(super) fn made_up(directory: &Path) -> Self {
        Self(directory.to_owned())
    }

    /// Whether it is that of this host.
    pub(super) fn is_host(&self) -> bool {
        self.0 == Path::new("/")
    }

    /// Where a file is that the host has at `path`.
    pub(super) fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Where a file is after all links, as the host names it.
    pub(super) fn resolved(&self, path: &Path) -> Figure<PathBuf> {
        let place = self.at(path);
        let real = fs::canonicalize(&place).map_err(|error| unreadable(&place, &error))?;
        let root = fs::canonicalize(&self.0).map_err(|error| unreadable(&self.0, &error))?;
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
    if value.contains(|letter: char| letter.is_control() && letter != '\t') {
        return Err("a value is one line of text".to_owned());
    }
    let opened = OpenOptions::new().write(true).truncate(true).open(path);
    // In one piece: the kernel takes each write as a value of its own.
    let written = opened.and_then(|mut file| file.write_all(format!("{value}\n").as_bytes()));
    written.map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Whether a file may be read and written; it stays as it is.
pub(super) fn may_write(path: &Path) -> Figure<()> {
    let opened = OpenOptions::new().write(true).open(path);
    opened.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    read(path).map(|_value| ())
}

/// Bytes of the longest value: the kernel itself takes a page at once.
const LONGEST: u64 = 4096;
