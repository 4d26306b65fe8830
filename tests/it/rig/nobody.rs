//! Users without privileges, and what they may read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::geteuid;

use super::need::need;
use super::program::PROGRAM;

/// A directory that everybody may read and that goes when this is dropped.
pub(crate) struct OpenDirectory(PathBuf);

impl OpenDirectory {
    pub(crate) fn fresh(name: &str) -> Self {
        let name = format!("echo-reactor-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("nobody else takes this name");
        let directory = Self(path);
        fs::set_permissions(&directory.0, fs::Permissions::from_mode(0o755)).expect("it is ours");
        directory
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for OpenDirectory {
    fn drop(&mut self) {
        // What stays is a file in a temporary directory.
        let _removed: std::io::Result<()> = fs::remove_dir_all(&self.0);
    }
}

/// Where the program is a user without privileges; `None` where the test has to return.
pub(crate) fn command_of(
    user: u32,
    directory: &OpenDirectory,
    arguments: &[&str],
) -> Option<Command> {
    root()?;
    let copy = directory.path().join("echo-reactor");
    // By a child process: a program that any process still has open for writing cannot be run, and
    // other tests fork while we would write.
    let copied = Command::new("cp")
        .args([Path::new(PROGRAM), &copy])
        .status();
    assert!(copied.is_ok_and(|status| status.success()));
    let mut command = Command::new(copy);
    command.args(arguments).uid(user).gid(user);
    Some(command)
}

/// `None` where the test has to return.
pub(crate) fn root() -> Option<()> {
    let root = geteuid().is_root().then_some(());
    need(root.ok_or("this is an ordinary user"), "root")
}

/// A user that every host has.
pub(crate) const NOBODY: u32 = 65_534;
