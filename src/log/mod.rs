//! What the program has to say beside its output: sentences for people, or JSON for programs, on
//! standard error.
//!
//! - `sentence`: the text form;
//! - `sink`: writes lines without ever making anybody wait;
//! - [`limiter`]: how often a sentence of one kind is said. Pure;
//! - [`trouble`]: what the counters have to say that should be read. Pure.
//!
//! Whatever a peer can trigger goes through a [`Limiter`].

pub mod limiter;
mod sentence;
mod sink;
pub mod trouble;

use std::any::Any;
use std::io;
use std::panic::{self, PanicHookInfo};
use std::thread;

use tracing::Level;
use tracing::subscriber::{SetGlobalDefaultError, set_global_default};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;

pub use limiter::{Limiter, More};
pub use sink::Unwritten;

use crate::error::Error;
use sentence::Sentence;
use sink::{Sink, Waiting};

/// What a line looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Format {
    /// A sentence
    Text,
    /// An object with time, level and sentence
    Json,
}

/// How much is said: this and everything that matters more.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Verbosity {
    /// Nothing
    Off,
    /// Why it ends
    Error,
    /// What should be looked at
    Warn,
    /// What it does: starts, takes signals, ends
    Info,
    /// Also what clients of --metrics do wrong
    Debug,
}

impl Verbosity {
    fn filter(self) -> LevelFilter {
        match self {
            Self::Off => LevelFilter::OFF,
            Self::Error => Level::ERROR.into(),
            Self::Warn => Level::WARN.into(),
            Self::Info => Level::INFO.into(),
            Self::Debug => Level::DEBUG.into(),
        }
    }
}

/// The log of a program. When it is dropped, what was said gets written first, if that does not
/// take long.
#[derive(Debug)]
pub struct Log {
    sink: Sink,
    waiting: Option<Waiting>,
}

impl Log {
    /// Takes all that this program says, panics included, from now on; it waits until there is a
    /// thread that writes it.
    ///
    /// # Errors
    /// [`Error::System`] if this program has a log already.
    pub fn open(format: Format, verbosity: Verbosity) -> Result<Self, Error> {
        let (sink, waiting) = Sink::open();
        let writer = sink.clone();
        let subscriber = fmt()
            .with_max_level(verbosity.filter())
            .with_writer(move || writer.clone())
            .with_ansi(false);
        let taken = match format {
            Format::Text => set_global_default(subscriber.event_format(Sentence).finish()),
            Format::Json => {
                let subscriber = subscriber.json().flatten_event(true).with_target(false);
                set_global_default(
                    subscriber
                        .with_current_span(false)
                        .with_span_list(false)
                        .finish(),
                )
            }
        };
        taken.map_err(|taken: SetGlobalDefaultError| Error::System {
            operation: "open the log",
            source: io::Error::other(taken),
        })?;
        panic::set_hook(Box::new(tell_of_panic));
        Ok(Self {
            sink,
            waiting: Some(waiting),
        })
    }

    /// Starts the thread that writes, unless it runs already.
    ///
    /// # Errors
    /// [`Error::System`] if the system has no room for a thread.
    pub fn start(&mut self) -> Result<(), Error> {
        let Some(waiting) = self.waiting.take() else {
            return Ok(());
        };
        waiting
            .write_to(io::stderr())
            .map_err(|source| Error::System {
                operation: "start the thread that writes the log",
                source,
            })
    }

    /// What counts the lines that got lost.
    #[must_use]
    pub fn unwritten(&self) -> Unwritten {
        self.sink.unwritten()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // Not every program comes as far as to start it. Without a thread nothing can be said of
        // having none, and the exit code has to do.
        if self.start().is_ok() {
            self.sink.finish();
        }
    }
}

/// By the log, since standard error may be a pipe that nobody reads, on which a worker that panics
/// would hang for ever.
fn tell_of_panic(panic: &PanicHookInfo<'_>) {
    let thread = thread::current();
    let name = thread.name().unwrap_or("without a name");
    let place = panic.location().map(ToString::to_string);
    tracing::error!(
        "thread {name} panicked at {}: {}",
        place.as_deref().unwrap_or("an unknown place"),
        words(panic.payload()),
    );
}

fn words(payload: &dyn Any) -> &str {
    let words = payload.downcast_ref::<&str>().copied();
    words
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it left no word")
}
