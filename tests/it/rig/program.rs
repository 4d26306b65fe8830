//! The program as a child process that never outlives its test.

use std::fs::OpenOptions;
use std::io::{PipeReader, Write, pipe};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::{
    Pid, PidfdFlags, PidfdGetfdFlags, Signal, kill_process, pidfd_getfd, pidfd_open,
};

use super::PATIENCE;
use super::lines::{Lines, wait_for, wait_within};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_echo-reactor");

/// A running program. Dropping it kills it.
pub(crate) struct Program {
    child: Child,
    exit: OwnedFd,
    stdout: Option<Lines<PipeReader>>,
    stderr: Lines<ChildStderr>,
}

/// How a program ended, and what it printed that nobody had read before.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: Vec<String>,
    /// What it said on standard error about the host, which few tests are about.
    pub(crate) of_the_host: Vec<String>,
}

impl Program {
    /// Starts it with `arguments`, in the network namespace of this thread.
    #[track_caller]
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(arguments);
        Self::run(command)
    }

    /// Starts it on a free port of 127.0.0.1 and waits until it answers there.
    #[track_caller]
    pub(crate) fn listening(arguments: &[&str]) -> (Self, SocketAddr) {
        let arguments = [&["--listen", "127.0.0.1:0"], arguments].concat();
        let mut program = Self::start(&arguments);
        let address = program.announced();
        (program, address)
    }

    #[track_caller]
    pub(crate) fn run(command: Command) -> Self {
        Self::run_with(command, Stdio::null())
    }

    /// The same with something else than nothing on its standard input.
    #[track_caller]
    pub(crate) fn run_with(mut command: Command, stdin: Stdio) -> Self {
        let (reader, writer) = pipe().expect("the host has pipes");
        command.stdin(stdin).stdout(writer).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program can be started");
        let exit = pidfd_open(Pid::from_child(&child), PidfdFlags::empty());
        Self {
            stderr: Lines::of(child.stderr.take().expect("it is piped")),
            stdout: Some(Lines::of(reader)),
            child,
            exit: exit.expect("Linux has pidfd_open since 5.3"),
        }
    }

    /// The next line on standard output.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        let Some(line) = self.line_if_any() else {
            panic!("it printed no further line, but {:?}", self.stderr.rest());
        };
        line
    }

    /// The next line on standard output, or `None` if no more will come.
    #[track_caller]
    pub(crate) fn line_if_any(&mut self) -> Option<String> {
        let stdout = self.stdout.as_mut().expect("it is not closed");
        stdout.next()
    }

    /// The next line on standard error.
    #[track_caller]
    pub(crate) fn error_line(&mut self) -> String {
        let line = self.stderr.next();
        line.expect("it says something on standard error")
    }

    /// Waits for the next line on standard error, for longer than anything else takes.
    #[track_caller]
    pub(crate) fn await_error_line(&self) {
        wait_within(3 * PATIENCE, self.stderr.pipe().as_fd(), "a line");
    }

    /// The address in the next line, which says where it listens.
    #[track_caller]
    pub(crate) fn announced(&mut self) -> SocketAddr {
        let line = self.line();
        let address = line
            .strip_prefix("listening on ")
            .and_then(|rest| rest.split_once(": "))
            .and_then(|(address, _)| address.parse().ok());
        address.unwrap_or_else(|| panic!("{line:?} names no address"))
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it has not been reaped");
    }

    /// Goes away as the reader of its standard output.
    pub(crate) fn close_stdout(&mut self) {
        self.stdout = None;
    }

    /// Fills its standard output up, so that whatever it prints next makes it wait.
    pub(crate) fn jam_stdout(&mut self) {
        let pipe = self.stdout.as_ref().expect("it is not closed").pipe();
        let room = rustix::pipe::fcntl_setpipe_size(pipe, 4_096).expect("nothing is in it");
        OpenOptions::new()
            .write(true)
            .open(format!("/proc/self/fd/{}", pipe.as_raw_fd()))
            .and_then(|mut writer| writer.write_all(&vec![b'\n'; room]))
            .expect("a pipe can be opened by its number");
    }

    /// The same, but so that whatever it prints next fails, as on a full disk.
    pub(crate) fn choke_stdout(&mut self) {
        self.jam_stdout();
        let theirs = pidfd_getfd(&self.exit, 1, PidfdGetfdFlags::empty());
        let theirs = theirs.expect("it is our child");
        fcntl_setfl(theirs, OFlags::WRONLY | OFlags::NONBLOCK).expect("a mode of pipes");
    }

    /// Waits until it has ended, without reading what it prints.
    #[track_caller]
    pub(crate) fn status(&mut self) -> ExitStatus {
        wait_for(self.exit.as_fd(), "the end of the program");
        self.child.wait().expect("it is our child")
    }

    /// Waits until it has ended, and reads the rest of what it printed.
    #[track_caller]
    pub(crate) fn end(mut self) -> Ended {
        self.outcome()
    }

    /// The same of one that is still needed.
    #[track_caller]
    pub(crate) fn outcome(&mut self) -> Ended {
        let stdout = self.stdout.as_mut().map(Lines::rest).unwrap_or_default();
        let stderr = self.stderr.rest().into_iter();
        let (of_the_host, stderr) =
            stderr.partition(|line| line.starts_with("echo-reactor: this kernel has no "));
        let status = self.status();
        Ended {
            status,
            stdout,
            stderr,
            of_the_host,
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
    /// It ended with exit code 0 and a summary.
    #[track_caller]
    pub(crate) fn assert_well(&self) {
        assert!(self.counted("received").is_some());
    }

    /// It ended well and printed a summary; gives the number there that is called `name`, or
    /// `None` if the summary does not mention it.
    #[track_caller]
    pub(crate) fn counted(&self, name: &str) -> Option<u64> {
        assert_eq!(self.status.code(), Some(0), "{:?}", self.stderr);
        let number = |name: &str| {
            let mut lines = self.stdout.iter();
            let rest = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
            let digits = rest.split_whitespace().next()?.replace(',', "");
            digits.parse().ok()
        };
        assert!(number("received").is_some(), "{:?}", self.stdout);
        number(name)
    }

    /// It failed with exit code 1 and one sentence, which comes back.
    #[track_caller]
    pub(crate) fn complaint(&self) -> &str {
        assert_eq!(self.status.code(), Some(1), "{:?}", self.stderr);
        assert_eq!(self.stdout, [""; 0]);
        assert_eq!(self.stderr.len(), 1, "{:?}", self.stderr);
        &self.stderr[0]
    }
}

/// Waits until no socket has `address` any more.
#[track_caller]
pub(crate) fn until_free(address: SocketAddr) {
    let start = Instant::now();
    while let Err(error) = UdpSocket::bind(address) {
        assert!(
            start.elapsed() < PATIENCE,
            "{address} is not freed: {error}"
        );
        thread::sleep(Duration::from_millis(1));
    }
}
