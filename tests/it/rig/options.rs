//! Options that a program reads from a file.

use std::fs;
use std::path::PathBuf;

/// A file of options that goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Options(PathBuf);

impl Options {
    pub(crate) fn fresh(name: &str) -> Self {
        let name = format!("echo-it-options-{name}-{}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    pub(crate) fn write(&self, text: &str) {
        fs::write(&self.0, text).expect("temporary files can be written");
    }

    pub(crate) fn argument(&self) -> String {
        format!("@{}", self.0.display())
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // What stays is a file in a temporary directory.
        let _removed: std::io::Result<()> = fs::remove_file(&self.0);
    }
}
