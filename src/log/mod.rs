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

pub use limiter::Limiter;
pub use sink::Unwritten;

use sentence::Sentence;
use sink::Sink;

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
}

impl Log {
    /// Takes all that this program says, panics included, from now on.
    ///
    /// # Errors
    /// What the system said when it could not start a thread.
    pub fn start(format: Format, verbosity: Verbosity) -> io::Result<Self> {
        let sink = Sink::start(io::stderr())?;
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
        taken.map_err(|taken: SetGlobalDefaultError| io::Error::other(taken))?;
        panic::set_hook(Box::new(tell_of_panic));
        Ok(Self { sink })
    }

    /// What counts the lines that got lost.
    #[must_use]
    pub fn unwritten(&self) -> Unwritten {
        self.sink.unwritten()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.sink.finish();
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
