//! SIGINT and SIGTERM: the first drains the server, the second stops it at once. SIGUSR1 asks for
//! the statistics, SIGUSR2 for another program in the place of this one, and SIGHUP for what files say
//! now, if there are any.

use std::io;
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::signal_name;
use tracing::{error, info};

use crate::errand::Errand;
use crate::lifecycle::{Lifecycle, Phase};

/// Reads files again.
pub type Reload = Box<dyn Fn() + Send + Sync>;

/// What is done on signals that do not end the server.
pub struct Requests {
    /// Tells the statistics (SIGUSR1), on a thread of its own: nobody may read what it writes.
    pub tell: Box<dyn Fn() + Send + Sync>,
    /// Has the program replaced (SIGUSR2), without waiting for it.
    pub replace: Box<dyn Fn() + Send>,
    /// Tells a successor that the server shall end, if there is one by now, without waiting for it.
    pub pass_on: Box<dyn Fn() + Send>,
    /// On a thread of its own, since files may lie on a disk that does not answer. Without it SIGHUP
    /// ends the program, as it does any other.
    pub reload: Option<Reload>,
}

/// A thread that waits for signals as long as this lives.
#[derive(Debug)]
pub struct Watch {
    handle: Handle,
}

impl Watch {
    /// Takes SIGINT, SIGTERM, and the signals of `requests` from now on.
    ///
    /// # Errors
    /// What the kernel said; no signal is taken then.
    pub fn start(lifecycle: Lifecycle, requests: Requests) -> io::Result<Self> {
        let requests = Answers::from(requests);
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGUSR1, SIGUSR2])?;
        if requests.reload.is_some() {
            signals.add_signal(SIGHUP)?;
        }
        let handle = signals.handle();
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    if requests.answer(signal) {
                        continue;
                    }
                    let name = signal_name(signal).unwrap_or("a signal");
                    match lifecycle.phase() {
                        Phase::Running => {
                            info!("{name}: answers what is queued, then ends");
                            lifecycle.quit();
                        }
                        Phase::Replaced if !lifecycle.is_told_to_end() => {
                            info!("{name}: ends, and so shall the successor");
                            lifecycle.quit();
                            (requests.pass_on)();
                        }
                        Phase::Draining | Phase::Replaced | Phase::Stopped => {
                            info!("{name}, once more: ends at once");
                            lifecycle.stop();
                            end_what_hangs(signal);
                        }
                    }
                }
            })?;
        Ok(Self { handle })
    }
}

/// The requests, with what may take long on threads of their own: whatever hangs, the next signal is
/// heard.
struct Answers {
    tell: Errand,
    replace: Box<dyn Fn() + Send>,
    pass_on: Box<dyn Fn() + Send>,
    reload: Option<Errand>,
}

impl From<Requests> for Answers {
    fn from(requests: Requests) -> Self {
        Self {
            tell: Errand::new("statistics", requests.tell),
            replace: requests.replace,
            pass_on: requests.pass_on,
            reload: requests.reload.map(|reload| Errand::new("rules", reload)),
        }
    }
}

impl Answers {
    /// Whether it was one of them.
    fn answer(&self, signal: i32) -> bool {
        match (signal, &self.reload) {
            (SIGUSR1, _) => begin(&self.tell, "SIGUSR1"),
            (SIGUSR2, _) => (self.replace)(),
            (SIGHUP, Some(reload)) => begin(reload, "SIGHUP"),
            _ => return false,
        }
        true
    }
}

fn begin(errand: &Errand, signal: &str) {
    if let Err(error) = errand.ask() {
        error!("{signal}: nothing is done, since the system has no room for a thread: {error}");
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.handle.close();
    }
}

/// The workers end at once, but the program may still hang on an output that nobody reads. Then it
/// dies of the signal, as if it had never been taken.
fn end_what_hangs(signal: i32) {
    thread::sleep(LAST_WORDS);
    // Fails only for a signal that does not exist.
    let _died: io::Result<()> = signal_hook::low_level::emulate_default_handler(signal);
}

/// How long a stopped program may take to print its summary.
const LAST_WORDS: Duration = Duration::from_millis(500);
