//! A program as a child process that never outlives its test.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, waitpid};

use super::PATIENCE;

pub(crate) const LOADGEN: &str = env!("CARGO_BIN_EXE_loadgen");

/// A running program. Dropping it kills it.
pub(crate) struct Program {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

/// How a program ended, and what it printed that nobody had read before.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// Starts the generator with `arguments`, which are separated by spaces.
    #[track_caller]
    pub(crate) fn loadgen(arguments: &str) -> Self {
        let mut command = Command::new(LOADGEN);
        command.args(arguments.split_whitespace());
        Self::start(command)
    }

    #[track_caller]
    pub(crate) fn start(mut command: Command) -> Self {
        Self::try_start(&mut command).expect("the program can be started")
    }

    pub(crate) fn try_start(command: &mut Command) -> std::io::Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().expect("it is piped");
        let stderr = child.stderr.take().expect("it is piped");
        Ok(Self {
            child,
            stdout: lines(stdout),
            stderr: lines(stderr),
        })
    }

    /// The next line on standard output, with its end.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        next(&self.stdout, PATIENCE)
            .unwrap_or_else(|| panic!("it printed {:?}", rest(&self.stderr, PATIENCE)))
    }

    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it has not been reaped");
    }

    /// The same to its process group, which it must have been started to lead.
    #[track_caller]
    pub(crate) fn signal_group(&self, signal: Signal) {
        kill_process_group(Pid::from_child(&self.child), signal).expect("it leads a group");
    }

    /// Waits until a signal has stopped it.
    #[track_caller]
    pub(crate) fn until_stopped(&self) {
        let (_, status) = waitpid(Some(Pid::from_child(&self.child)), WaitOptions::UNTRACED)
            .expect("it is our child")
            .expect("the call waits");
        assert!(status.stopped(), "{status:?}");
    }

    /// Whether it has not ended yet.
    pub(crate) fn is_running(&mut self) -> bool {
        let ended = self.child.try_wait().expect("it is our child");
        ended.is_none()
    }

    /// Waits until it has ended.
    #[track_caller]
    pub(crate) fn end(self) -> Ended {
        self.end_within(PATIENCE)
    }

    /// The same of one that may be silent for so long.
    #[track_caller]
    pub(crate) fn end_within(mut self, patience: Duration) -> Ended {
        let stdout = rest(&self.stdout, patience);
        let stderr = rest(&self.stderr, patience);
        let status = self.child.wait().expect("it is our child");
        Ended {
            status,
            stdout,
            stderr,
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // An error says that it has ended already.
        let _killed: std::io::Result<()> = self.child.kill();
        let _reaped: std::io::Result<ExitStatus> = self.child.wait();
    }
}

impl Ended {
    /// It ended with exit code `code`.
    #[track_caller]
    pub(crate) fn assert_code(&self, code: i32) {
        assert_eq!(self.status.code(), Some(code), "{self:?}");
    }

    /// It ended with exit code `code`, or with 3 because a busy machine held it up for so long that
    /// the run proves nothing; only runs of many probes are judged by that.
    #[track_caller]
    pub(crate) fn assert_code_unless_held_up(&self, code: i32) {
        assert!(
            [Some(code), Some(3)].contains(&self.status.code()),
            "{self:?}"
        );
    }

    /// It failed with exit code `code` and one sentence that has all of `words` in it.
    #[track_caller]
    pub(crate) fn assert_complaint(&self, code: i32, words: &[&str]) {
        self.assert_code(code);
        assert_eq!(self.stdout, "");
        for word in words {
            assert!(self.stderr.contains(word), "no {word} in {:?}", self.stderr);
        }
    }
}

/// The server's program, beside the generator: built if it is not there.
pub(crate) fn reactor() -> Result<PathBuf, Error> {
    let server = Path::new(LOADGEN).with_file_name("echo-reactor");
    if server.exists() {
        return Ok(server);
    }
    let broken = || Error::from(ErrorKind::NotFound);
    let profile = server.parent().ok_or_else(broken)?;
    let target = profile.parent().ok_or_else(broken)?;
    let name = profile.file_name().ok_or_else(broken)?;
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--package",
            "echo-reactor",
            "--bin",
            "echo-reactor",
        ])
        .arg("--profile")
        .arg(if name == "debug" {
            "dev".as_ref()
        } else {
            name
        })
        .arg("--target-dir")
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()?;
    if built.status.success() {
        Ok(server)
    } else {
        Err(Error::other(String::from_utf8_lossy(&built.stderr)))
    }
}

/// Reads on a thread of its own, so that nobody waits for ever.
fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = String::new();
        while pipe.read_line(&mut line).is_ok_and(|length| length > 0) {
            if sender.send(std::mem::take(&mut line)).is_err() {
                return;
            }
        }
    });
    receiver
}

#[track_caller]
fn next(lines: &Receiver<String>, patience: Duration) -> Option<String> {
    match lines.recv_timeout(patience) {
        Ok(line) => Some(line),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => {
            panic!("neither a line nor the end of the output came within {patience:?}")
        }
    }
}

#[track_caller]
fn rest(lines: &Receiver<String>, patience: Duration) -> String {
    std::iter::from_fn(|| next(lines, patience)).collect()
}
