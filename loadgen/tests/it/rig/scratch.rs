//! A directory for a test's files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// An empty directory, which goes away with the value.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// `name` must be that of one test alone.
    pub(crate) fn new(name: &str) -> Self {
        let unique = format!("{name}-{}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(unique);
        fs::create_dir_all(&path).expect("a build can write to its own directory");
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The names of all files in it, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("it exists");
        let name = |entry: io::Result<fs::DirEntry>| entry.map(|entry| entry.file_name());
        let mut names: Vec<String> = entries
            .map(|entry| name(entry).expect("it can be listed"))
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left lies in the build's own directory.
        let _removed: io::Result<()> = fs::remove_dir_all(&self.0);
    }
}
