//! Replacing the running program by another one without losing a datagram (SIGUSR2).
//!
//! The sockets outlive their program: a successor gets them as they are, with what is queued there.
//! Old and new read the same queues for a moment, then the old one stops to read, sends what it has
//! taken, and ends. Until the successor has said that it takes over, the old one does nothing else than
//! before; whatever is wrong with the successor costs a line in the log. But who ends the successor has
//! ended the server, since nobody outside can tell which of them got a `quit`.
//!
//! - [`successor`]: what a program does that takes over: it gets the sockets, opens more of them if it
//!   has more workers, and has a server on those that are too many until nothing comes there any more;
//! - [`predecessor`]: what the running one does on SIGUSR2, and `attempt`: what it hears meanwhile;
//! - `starter`: the process that starts successors, and why it is there;
//! - `message`: what they say to each other. Pure; `channel`: by which way.
//!
//! While both read, replies of one flow may overtake each other, and two workers may answer where one
//! did. What a program knows by heart begins anew in its successor: counters, limits of rates, nonces
//! of keys. Options of the sockets (buffers, traffic class) are the successor's from when it has taken
//! them, also if it fails later.

mod attempt;
mod channel;
mod message;
pub mod predecessor;
mod starter;
pub mod successor;

use std::env;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGUSR1, SIGUSR2};

pub use predecessor::Predecessor;
pub use successor::Inheritance;

/// What this process was started for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// To answer.
    Server,
    /// To start successors of the server that has started it.
    Starter,
    /// To take over from a server.
    Successor,
}

impl Role {
    /// That of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        match env::var_os(ROLE) {
            Some(role) if role == STARTER => Self::Starter,
            Some(role) if role == SUCCESSOR => Self::Successor,
            Some(_) | None => Self::Server,
        }
    }
}

/// The life of a starter.
#[must_use]
pub fn start_successors() -> ExitCode {
    starter::run()
}

/// Takes what servers are asked by signals, and does nothing about it: whoever names a program and not
/// a process asks its starter and its successor too.
///
/// # Errors
/// What the system said.
pub fn outlive_requests() -> io::Result<Outlived> {
    for signal in [SIGUSR1, SIGUSR2] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    let heeds = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register_conditional_default(SIGHUP, Arc::clone(&heeds))?;
    Ok(Outlived { heeds })
}

/// Signals that do nothing to this process.
#[derive(Debug)]
pub struct Outlived {
    /// Whether SIGHUP ends it all the same.
    heeds: Arc<AtomicBool>,
}

impl Outlived {
    /// From now on SIGHUP ends it.
    fn heed_hangups(&self) {
        self.heeds.store(true, Ordering::Release);
    }
}

/// Says what a process is for.
const ROLE: &str = "ECHO_REACTOR_ROLE";
const STARTER: &str = "starter";
const SUCCESSOR: &str = "successor";

/// How long a successor may take until it reads.
const PATIENCE: Duration = Duration::from_secs(10);
