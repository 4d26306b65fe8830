//! A program and those that take over from it, one after the other; none of them outlives its test.

use std::fs;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::process::Command;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::program::{Ended, PROGRAM, Program};

/// The first program, of which the others have the output, and the one that answers now.
pub(crate) struct Lineage {
    program: Program,
    current: OwnedFd,
    /// The number of its process.
    pub(crate) process: u32,
    /// Whether it has said that it answers.
    answers: bool,
}

/// What came of an attempt to replace the one that answers.
pub(crate) type Replaced = Result<u32, String>;

impl Lineage {
    /// Starts the first one on a free port of 127.0.0.1.
    #[track_caller]
    pub(crate) fn listening(arguments: &[&str]) -> (Self, SocketAddr) {
        let mut command = Command::new(PROGRAM);
        command.args(["--listen", "127.0.0.1:0"]).args(arguments);
        Self::run(command)
    }

    /// Starts the first one by `command`.
    #[track_caller]
    pub(crate) fn run(mut command: Command) -> (Self, SocketAddr) {
        command.args(["--log-level", "info"]);
        let mut program = Program::run(command);
        let address = program.announced();
        let process = program.id();
        let mut lineage = Self {
            program,
            current: handle(process),
            process,
            answers: true,
        };
        lineage.hear("answers what comes");
        (lineage, address)
    }

    /// The next line on standard error that has these words in it.
    #[track_caller]
    pub(crate) fn hear(&mut self, words: &str) -> String {
        loop {
            let line = self.program.error_line();
            if line.contains(words) {
                return line;
            }
        }
    }

    /// The same where it may take longer than anything else.
    #[track_caller]
    pub(crate) fn hear_slowly(&mut self, words: &str) -> String {
        self.program.await_error_line();
        self.hear(words)
    }

    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        pidfd_send_signal(&self.current, signal).expect("it runs");
    }

    /// The process that starts successors of the one that answers.
    #[track_caller]
    pub(crate) fn starter(&self) -> OwnedFd {
        handle(self.starter_number())
    }

    /// The number of that process.
    #[track_caller]
    pub(crate) fn starter_number(&self) -> u32 {
        let number = self.process;
        let children = format!("/proc/{number}/task/{number}/children");
        let children = fs::read_to_string(children).expect("it runs");
        let [starter] = children.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("a server has one child, not '{children}'");
        };
        starter.parse().expect("it is a number")
    }

    /// Has the one that answers replaced; tells by which process, or why not.
    #[track_caller]
    pub(crate) fn try_to_replace(&mut self) -> Replaced {
        self.signal(Signal::USR2);
        self.answers = false;
        loop {
            let line = self.program.error_line();
            // Two programs write, in whatever order.
            self.answers |= line.contains("answers what comes");
            if line.contains("not replaced") {
                return Err(line);
            }
            let Some((_, rest)) = line.split_once("from now on process ") else {
                continue;
            };
            let number = rest
                .split(' ')
                .next()
                .and_then(|number| number.parse().ok());
            self.process = number.expect("it is a number");
            self.current = handle(self.process);
            return Ok(self.process);
        }
    }

    /// The same, which has to work; then waits until the next replacement may begin.
    #[track_caller]
    pub(crate) fn replace(&mut self) {
        self.try_to_replace().expect("the successor is as good");
        if !self.answers {
            self.hear("answers what comes");
        }
    }

    /// Ends the one that answers, and waits until all are gone.
    #[track_caller]
    pub(crate) fn end(self) -> Ended {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Waits until all are gone.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Ended {
        self.program.outcome()
    }

    /// The first program, with the output of all.
    pub(crate) fn program(&mut self) -> &mut Program {
        &mut self.program
    }
}

impl Drop for Lineage {
    fn drop(&mut self) {
        // An error says that it has ended already.
        let _killed = pidfd_send_signal(&self.current, Signal::KILL);
    }
}

fn handle(process: u32) -> OwnedFd {
    let number = i32::try_from(process).ok().and_then(Pid::from_raw);
    let number = number.expect("numbers of processes are positive");
    pidfd_open(number, PidfdFlags::empty()).expect("it runs")
}

/// The sum over all that ended of a number in their summaries.
pub(crate) fn summed(ended: &Ended, name: &str) -> u64 {
    let rests = ended
        .stdout
        .iter()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let digits = rests.map(|rest| {
        rest.split_whitespace()
            .next()
            .unwrap_or_default()
            .replace(',', "")
    });
    digits
        .map(|digits| digits.parse::<u64>().expect("it is a number"))
        .sum()
}
