//! SIGINT and SIGTERM: the first drains the server, the second stops it at once. SIGUSR1 asks for
//! the statistics, and SIGHUP for what files say now, if there are any.

use std::io;
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::signal_name;
use tracing::info;

use crate::lifecycle::{Lifecycle, Phase};

/// Reads files again.
pub type Reload = Box<dyn Fn() + Send>;

/// A thread that waits for signals as long as this lives.
#[derive(Debug)]
pub struct Watch {
    handle: Handle,
}

impl Watch {
    /// Takes SIGINT, SIGTERM and SIGUSR1 from now on; `tell` is called for the last. With `reload`
    /// it takes SIGHUP too, which ends a program otherwise.
    ///
    /// # Errors
    /// What the kernel said; no signal is taken then.
    pub fn start(
        lifecycle: Lifecycle,
        tell: impl Fn() + Send + 'static,
        reload: Option<Reload>,
    ) -> io::Result<Self> {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGUSR1])?;
        if reload.is_some() {
            signals.add_signal(SIGHUP)?;
        }
        let handle = signals.handle();
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    if signal == SIGUSR1 {
                        tell();
                        continue;
                    }
                    if signal == SIGHUP {
                        if let Some(reload) = &reload {
                            reload();
                        }
                        continue;
                    }
                    let name = signal_name(signal).unwrap_or("a signal");
                    match lifecycle.phase() {
                        Phase::Running => {
                            info!("{name}: answers what is queued, then ends");
                            lifecycle.drain();
                        }
                        Phase::Draining | Phase::Stopped => {
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
