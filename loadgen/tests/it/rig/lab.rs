//! A lab of two hosts on this machine (`scripts/lab`).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::need::need;
use super::program::{Ended, LOADGEN, Program, reactor};

/// A lab of this test's own. It goes when this is dropped.
pub(crate) struct Lab {
    pub(crate) name: String,
}

impl Lab {
    /// `None` where the test has to return, since the host cannot do it.
    pub(crate) fn up(options: &str) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let lab = Self {
            name: format!("lab-it-{}-{number}", std::process::id()),
        };
        let ended = lab.script(&format!("up {options}"));
        let made = if ended.status.success() {
            Ok(())
        } else {
            Err(ended.stderr)
        };
        need(made, "a lab of two network namespaces")?;
        Some(lab)
    }

    pub(crate) fn script(&self, arguments: &str) -> Ended {
        self.start(arguments).end()
    }

    /// Starts `scripts/lab` on it.
    pub(crate) fn start(&self, arguments: &str) -> Program {
        let mut command = Command::new(script());
        command.args(["--name", &self.name]);
        command.args(arguments.split_whitespace());
        command.env("LOADGEN", LOADGEN);
        if let Some(reactor) = need(reactor(), "the program echo-reactor") {
            command.env("ECHO_REACTOR", reactor);
        }
        Program::start(command)
    }

    pub(crate) fn is_there(&self) -> bool {
        ["server", "client"]
            .iter()
            .any(|side| Path::new(&format!("/run/netns/{}-{side}", self.name)).exists())
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _down: Ended = self.script("down");
    }
}

pub(crate) fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/lab")
}
