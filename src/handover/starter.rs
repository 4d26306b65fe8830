//! The process that starts successors.
//!
//! A running server can start nothing: its sandbox forbids it, and would bind every child too. So it
//! has a companion from before it is confined, which is this program again and does one thing: when
//! the server asks, it starts the program anew, with the arguments that the server was started with,
//! and an input that the server hands over. Program and arguments stand fixed from the beginning, and
//! nothing that the server says becomes part of them.
//!
//! What somebody gains who has taken over the confined server: they can have the program started
//! anew that the administrator has put there, one at a time, and hand it sockets, which are all that
//! they have anyway; and they can have the one ended that they have just had started, or leave it to
//! itself: then the companion ends, so that there is never more than one of those. They cannot name another program, another argument, another file or another process.
//! What such a successor hears at the beginning is data that it checks, not code.
//!
//! The companion has the rights that the program was started with, since the successor may need them
//! to open more sockets. It reads no datagram, and opens nothing.

use std::collections::VecDeque;
use std::env;
use std::ffi::OsString;
use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::channel::{Channel, wait_for};
use super::message::{About, Order, Report};
use super::{ROLE, STARTER, SUCCESSOR};

/// Starts the companion of a server. `stderr` is what successors shall have, if it is not that of
/// this process.
pub(super) fn launch(stderr: Option<BorrowedFd<'_>>) -> io::Result<Channel> {
    let (mine, theirs) = Channel::pair()?;
    let mut arguments = env::args_os();
    let name = arguments.next().unwrap_or_default();
    let program = program(name)?;
    // What runs here, also if it is no longer where it was.
    let mut command = Command::new("/proc/self/exe");
    command
        .arg0("echo-starter")
        .args(arguments)
        .env(ROLE, STARTER)
        .env(PROGRAM, program)
        .stdin(theirs);
    if let Some(stderr) = stderr {
        command.stderr(stderr.try_clone_to_owned()?);
    }
    // It ends by itself when this end closes.
    let _child: Child = command.spawn()?;
    Ok(mine)
}

/// What shall be started later, as it was named: whatever a link leads to by then, or takes the place
/// of a file. A name that is none of this program (as `exec -a` gives it) does not count.
fn program(name: OsString) -> io::Result<PathBuf> {
    let own = env::current_exe()?;
    let named = PathBuf::from(name);
    let found = if named.components().count() > 1 {
        Some(named)
    } else {
        let folders = env::var_os("PATH").unwrap_or_default();
        let mut places = env::split_paths(&folders).map(|folder| folder.join(&named));
        places.find(|place| place.is_file())
    };
    let is_own = |path: &PathBuf| same_file(path, &own).unwrap_or(false);
    Ok(found.filter(is_own).unwrap_or(own))
}

fn same_file(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (one.metadata()?, other.metadata()?);
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

/// Starts successors until the server has gone or is replaced.
pub(super) fn run() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        // The server finds out when it asks.
        Err(_gone) => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    rustix::thread::set_name(c"echo-starter")?;
    // Neither does the end of a terminal concern it: it ends with its server.
    super::outlive_requests()?;
    let program = env::var_os(PROGRAM).ok_or(io::ErrorKind::NotFound)?;
    let channel = Channel::inherited()?;
    while let Some((order, files)) = channel.receive::<About<Order>>()? {
        // An order for one that has ended meanwhile.
        if order.what != Order::Start {
            continue;
        }
        let attempt = order.attempt;
        let started = start(&program, attempt, files);
        match started {
            Ok(successor) => {
                if let Fate::Settled = successor.attend(&channel)? {
                    // The server ends, and the successor has a companion of its own.
                    return Ok(());
                }
            }
            Err(reason) => {
                let reason = format!("{}: {reason}", Path::new(&program).display());
                let what = Report::NotStarted { reason };
                channel.send(&About { attempt, what }, &[])?;
            }
        }
    }
    Ok(())
}

/// What became of a successor.
enum Fate {
    /// It goes on by itself.
    Settled,
    Ended,
}

/// A program that runs, and is not settled yet.
struct Successor {
    attempt: u64,
    child: Child,
    exit: OwnedFd,
    stderr: PipeReader,
    said: Tail,
}

fn start(program: &OsString, attempt: u64, files: Vec<OwnedFd>) -> io::Result<Successor> {
    let stdin = files.into_iter().next().ok_or(io::ErrorKind::InvalidData)?;
    let (stderr, writer) = io::pipe()?;
    let mut child = Command::new(program)
        .args(env::args_os().skip(1))
        .env(ROLE, SUCCESSOR)
        .env_remove(PROGRAM)
        // They name the process for which they are meant.
        .env_remove("WATCHDOG_PID")
        .env_remove("LISTEN_PID")
        .env_remove("LISTEN_FDS")
        .stdin(stdin)
        .stderr(writer)
        .spawn()?;
    let exit = match pidfd_open(Pid::from_child(&child), PidfdFlags::empty()) {
        Ok(exit) => exit,
        Err(errno) => {
            // Nobody would learn of its end, nor bury it.
            child.kill()?;
            child.wait()?;
            return Err(errno.into());
        }
    };
    Ok(Successor {
        attempt,
        child,
        exit,
        stderr,
        said: Tail::default(),
    })
}

impl Successor {
    /// Until it is settled or has ended. If the server goes first, it ends too.
    fn attend(mut self, channel: &Channel) -> io::Result<Fate> {
        let attempt = self.attempt;
        let process = self.child.id();
        let what = Report::Started { process };
        channel.send(&About { attempt, what }, &[])?;
        let mut hears = true;
        loop {
            let files = [channel.as_fd(), self.exit.as_fd(), self.stderr.as_fd()];
            let [ordered, ended, said] = if hears {
                wait_for(files, None)?
            } else {
                let [ordered, ended] = wait_for([files[0], files[1]], None)?;
                [ordered, ended, false]
            };
            if said {
                hears = self.listen()?;
            }
            if ended {
                return self.report(channel);
            }
            if !ordered {
                continue;
            }
            let order = channel.receive::<About<Order>>()?;
            match order.map(|(order, _)| (order.attempt == attempt, order.what)) {
                Some((true, Order::Settled)) => return Ok(Fate::Settled),
                Some((true, Order::GiveUp)) | None => {
                    self.child.kill()?;
                    return self.report(channel);
                }
                // One at a time.
                Some((_, Order::Start) | (false, _)) => {}
            }
        }
    }

    /// Takes what it says; false if no more will come.
    fn listen(&mut self) -> io::Result<bool> {
        let mut chunk = [0; 4_096];
        let length = self.stderr.read(&mut chunk)?;
        self.said.push(&chunk[..length]);
        Ok(length > 0)
    }

    fn report(mut self, channel: &Channel) -> io::Result<Fate> {
        let status = self.child.wait()?;
        // What it has said last may still be on its way, but others may hold the pipe open.
        let end = Instant::now() + LAST_WORDS;
        while let [true] = wait_for([self.stderr.as_fd()], Some(end))? {
            if !self.listen()? {
                break;
            }
        }
        let what = Report::Ended {
            how: how(status),
            words: self.said.last_line(),
        };
        let attempt = self.attempt;
        channel.send(&About { attempt, what }, &[])?;
        Ok(Fate::Ended)
    }
}

fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}

/// The end of what a program says, whatever that is.
#[derive(Debug, Default)]
struct Tail(VecDeque<u8>);

impl Tail {
    fn push(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
        let surplus = self.0.len().saturating_sub(LONGEST_LINE);
        self.0.drain(..surplus);
    }

    /// The last line that is not empty, fit for a terminal.
    fn last_line(&self) -> Option<String> {
        let bytes: Vec<u8> = self.0.iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = text.lines().rev().map(str::trim);
        let line = lines.find(|line| !line.is_empty())?;
        let line = line.strip_prefix("echo-reactor: ").unwrap_or(line);
        Some(line.chars().flat_map(fit).collect())
    }
}

/// A character as it is, or escaped if it could move a cursor.
fn fit(character: char) -> Vec<char> {
    if character.is_control() {
        character.escape_default().collect()
    } else {
        vec![character]
    }
}

/// The program to start, for the companion.
const PROGRAM: &str = "ECHO_REACTOR_PROGRAM";

/// How much of what a successor says is kept.
const LONGEST_LINE: usize = 512;

/// How long to wait for it when the successor has ended.
const LAST_WORDS: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_found_in_whatever_a_program_says() {
        let mut tail = Tail::default();
        assert_eq!(tail.last_line(), None);
        tail.push(b"echo-reactor: it's wrong\n\n");
        assert_eq!(tail.last_line().unwrap(), "it's wrong");
        tail.push(&[b'x'; 10_000]);
        assert_eq!(tail.last_line().unwrap().len(), LONGEST_LINE);
        tail.push(b"\n\x1b[2J\xff");
        assert_eq!(tail.last_line().unwrap(), "\\u{1b}[2J\u{fffd}");
    }

    #[test]
    fn a_name_that_is_none_of_this_program_does_not_count() {
        let own = env::current_exe().unwrap();
        for name in ["sh", "-echo-reactor", "/bin/sh", "", "/no/such/file"] {
            assert_eq!(program(name.into()).unwrap(), own, "{name}");
        }
        assert_eq!(program(own.clone().into()).unwrap(), own);
    }
}
