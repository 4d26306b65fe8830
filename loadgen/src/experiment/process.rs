//! A program that an experiment starts.
//!
//! What it prints is read by threads, so that it never waits for a reader; of each stream the end is
//! kept.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::leader::Leader;

/// A running program. Dropping it kills it and all of its process group.
#[derive(Debug)]
pub struct Process {
    leader: Leader,
    /// Lines of standard output as they come, until nobody wants them.
    lines: Receiver<String>,
    output: Option<Receiver<Tail>>,
    errors: Option<Receiver<Tail>>,
}

/// How waiting for a program came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// It ended.
    Ended,
    /// It took longer than it may.
    Late,
    /// A signal wants everything to end.
    Stopped,
}

/// A program that has ended, and the last of what it printed.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// The last lines of its standard output.
    pub output: Vec<String>,
    /// The last lines of its standard error.
    pub errors: Vec<String>,
}

impl Process {
    /// Starts a program.
    ///
    /// # Errors
    /// What the system said.
    pub fn start(mut command: Command) -> io::Result<Self> {
        let mut leader = Leader::start(&mut command)?;
        let (sender, lines) = mpsc::channel();
        // A receiver that has gone away wants no more lines; the tail is kept all the same.
        let pass_on = move |line: &str| drop(sender.send(line.to_owned()));
        let (output, errors) = leader.pipes();
        let output = output.map(|pipe| read(pipe, pass_on));
        let errors = errors.map(|pipe| read(pipe, |_line| {}));
        Ok(Self {
            leader,
            lines,
            output,
            errors,
        })
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.leader.id()
    }

    /// The next line of its standard output; `None` if it has closed it, or if none comes before
    /// `deadline` or `stop`.
    #[must_use]
    pub fn line(&self, deadline: Instant, stop: &AtomicBool) -> Option<String> {
        while !stop.load(Ordering::Relaxed) {
            let left = deadline.checked_duration_since(Instant::now())?;
            match self.lines.recv_timeout(left.min(LOOK)) {
                Ok(line) => return Some(line),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        None
    }

    /// Whether it has ended by itself.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.leader.has_ended()
    }

    /// Waits until it ends, until `deadline` or until `stop`.
    #[must_use]
    pub fn wait(&self, deadline: Instant, stop: &AtomicBool) -> Waited {
        loop {
            if self.has_ended() {
                return Waited::Ended;
            }
            if stop.load(Ordering::Relaxed) {
                return Waited::Stopped;
            }
            let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                return Waited::Late;
            };
            thread::sleep(left.min(LOOK));
        }
    }

    /// Asks it to end (SIGTERM), and kills it if it takes longer than `patience`.
    ///
    /// # Errors
    /// What the system said.
    pub fn end(mut self, patience: Duration) -> io::Result<Ended> {
        let deadline = Instant::now() + patience;
        if !self.has_ended() {
            self.leader.signal(Signal::TERM);
        }
        while !self.has_ended() && Instant::now() < deadline {
            thread::sleep(QUICK_LOOK);
        }
        // What it has started itself goes with it, or the pipes would never close.
        let status = self.leader.end()?;
        // A process that has left the group may hold a pipe open for ever.
        let tail = |reader: Option<Receiver<Tail>>| {
            let read = reader.and_then(|reader| reader.recv_timeout(LAST_WORDS).ok());
            read.map(|tail| tail.lines.into()).unwrap_or_default()
        };
        Ok(Ended {
            status,
            output: tail(self.output.take()),
            errors: tail(self.errors.take()),
        })
    }
}

impl Ended {
    /// Why it ended when it should not have: the end of a sentence, with the last that it complained
    /// of.
    #[must_use]
    pub fn reason(&self) -> String {
        let ended = self.status;
        match self
            .errors
            .iter()
            .rev()
            .find(|line| !line.trim().is_empty())
        {
            Some(line) => format!("{ended}: {}", line.trim()),
            None => format!("{ended}, without a word on standard error"),
        }
    }
}

/// The last lines of a stream.
#[derive(Debug, Default)]
struct Tail {
    lines: VecDeque<String>,
}

impl Tail {
    fn add(&mut self, line: String) {
        self.lines.push_back(line);
        if self.lines.len() > LINES_KEPT {
            self.lines.pop_front();
        }
    }
}

/// Reads to the end on a thread of its own.
fn read(
    pipe: impl Read + Send + 'static,
    mut pass_on: impl FnMut(&str) + Send + 'static,
) -> Receiver<Tail> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut tail = Tail::default();
        let mut pipe = BufReader::new(pipe);
        loop {
            let mut line = Vec::new();
            // A line without an end must not take all memory.
            let read = (&mut pipe).take(LONGEST_LINE).read_until(b'\n', &mut line);
            if !read.is_ok_and(|bytes| bytes > 0) {
                // Nobody may want it any more.
                drop(sender.send(tail));
                return;
            }
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            pass_on(&line);
            tail.add(line);
        }
    });
    receiver
}

/// How often it is looked whether something has happened: rarely, since a run is being measured.
const LOOK: Duration = Duration::from_millis(20);
/// The same when nothing is measured.
const QUICK_LOOK: Duration = Duration::from_millis(2);
/// How long what a program has printed may take to be read once it is gone.
const LAST_WORDS: Duration = Duration::from_secs(1);
const LINES_KEPT: usize = 64;
const LONGEST_LINE: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rustix::process::Pid;

    use super::*;

    fn shell(script: &str) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Process::start(command).unwrap()
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn lines_come_as_they_are_printed() {
        let running = AtomicBool::new(false);
        let process = shell("echo one; echo two; sleep 60");
        assert_eq!(process.line(soon(), &running).as_deref(), Some("one"));
        assert_eq!(process.line(soon(), &running).as_deref(), Some("two"));
        let now = Instant::now();
        assert_eq!(process.line(now, &running), None);
        assert_eq!(process.line(soon(), &AtomicBool::new(true)), None);
    }

    #[test]
    fn a_program_that_fails_says_why() {
        let process = shell("echo no such port >&2; exit 7");
        let waited = process.wait(soon(), &AtomicBool::new(false));
        assert_eq!(waited, Waited::Ended);
        let ended = process.end(Duration::ZERO).unwrap();
        assert_eq!(ended.status.code(), Some(7));
        assert_eq!(ended.reason(), "exit status: 7: no such port");
    }

    #[test]
    fn waiting_ends_with_its_time_or_with_a_signal() {
        let process = shell("sleep 60");
        let now = Instant::now();
        assert_eq!(process.wait(now, &AtomicBool::new(false)), Waited::Late);
        let stop = AtomicBool::new(true);
        assert_eq!(process.wait(soon(), &stop), Waited::Stopped);
    }

    #[test]
    fn one_that_will_not_end_is_killed_with_all_that_it_has_started() {
        let running = AtomicBool::new(false);
        let process = shell("trap '' TERM; sleep 60 & echo $!; wait; sleep 60");
        let inner = process.line(soon(), &running).unwrap();
        // Its pipes close only when the inner one has gone too.
        let ended = process.end(Duration::from_millis(50)).unwrap();
        assert!(!ended.status.success());
        let state = format!("/proc/{inner}/stat");
        let is_there = || std::fs::read_to_string(&state).is_ok_and(|it| !it.contains(") Z "));
        let deadline = soon();
        while is_there() {
            assert!(Instant::now() < deadline, "{inner} runs on");
            thread::yield_now();
        }
    }

    #[test]
    fn one_that_has_left_the_group_holds_nobody_up() {
        let running = AtomicBool::new(false);
        let process = shell("setsid sleep 60 & echo $!; wait");
        let daemon = process.line(soon(), &running).unwrap();
        process.end(Duration::from_millis(50)).unwrap();
        let still_runs = Path::new("/proc").join(&daemon).exists();
        let daemon = daemon.parse().ok().and_then(Pid::from_raw).unwrap();
        rustix::process::kill_process(daemon, Signal::KILL).unwrap();
        assert!(
            still_runs,
            "it had closed the pipes, so that this proves nothing"
        );
    }

    #[test]
    fn of_a_long_output_the_end_is_kept() {
        let process = shell("seq 1 1000");
        assert_eq!(process.wait(soon(), &AtomicBool::new(false)), Waited::Ended);
        let ended = process.end(Duration::ZERO).unwrap();
        assert_eq!(ended.output.last().map(String::as_str), Some("1000"));
        assert_eq!(ended.output.len(), LINES_KEPT);
    }
}
