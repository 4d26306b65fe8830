//! What each command does, from what was typed to the exit code.

mod compare;
mod completions;
mod environment;
mod exports;
mod guard;
mod host;
mod man;
mod measure;
mod merge;
mod page;
mod ping;
mod report;
mod search;
mod selftest;
mod subject;
mod sweep;
mod tune;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::cli::{Cli, Command};
use crate::report::{Style, harmless};
use crate::results::Run;
use crate::slo;
use crate::verdict::Outcome;

/// Does what was typed; returns the exit code.
///
/// # Errors
/// [`Failure`] if it could not be done.
pub fn carry_out(cli: &Cli) -> Result<u8, Failure> {
    match &cli.command {
        None => measure::measure(cli),
        Some(Command::Compare(arguments)) => compare::carry_out(arguments),
        Some(Command::Ping(arguments)) => ping::ping(arguments),
        Some(Command::Sweep(arguments)) => sweep::sweep(arguments),
        Some(Command::Search(arguments)) => search::search(arguments),
        Some(Command::Tune(arguments)) => tune::tune(arguments),
        Some(Command::Environment(arguments)) => environment::environment(arguments),
        Some(Command::Host(arguments)) => host::host(arguments),
        Some(Command::Selftest(arguments)) => selftest::selftest(arguments),
        Some(Command::Report(arguments)) => report::report(arguments),
        Some(Command::Merge(arguments)) => merge::merge(arguments),
        Some(Command::Schema(arguments)) => print(&arguments.kind.text()).map(|()| 0),
        Some(Command::Man(arguments)) => man::man(arguments),
        Some(Command::Completions(arguments)) => completions::completions(arguments),
    }
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong, and what to change.
    pub sentence: String,
    /// 1, or 2 for wrong use.
    pub code: u8,
}

fn failed(cause: impl Display) -> Failure {
    Failure {
        sentence: cause.to_string(),
        code: 1,
    }
}

fn misused(cause: impl Display) -> Failure {
    Failure {
        sentence: cause.to_string(),
        code: 2,
    }
}

/// The exit code of a run.
fn exit_code(run: &Run) -> u8 {
    let objectives = run.slo.as_ref().map(|slo| slo.outcome);
    match (run.verdict.outcome, objectives) {
        (Outcome::Invalid, _) => NOT_TO_BE_TRUSTED,
        (Outcome::Valid | Outcome::Suspect, Some(slo::Outcome::Missed)) => OBJECTIVE_MISSED,
        (Outcome::Valid | Outcome::Suspect, _) => 0,
    }
}

/// The first SIGINT or SIGTERM ends a run early, with a report of what was measured; the second
/// ends the program.
fn watch_signals() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag still down, so that only the second ends
        // the program.
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&stop))
            .and_then(|_id| signal_hook::flag::register(signal, Arc::clone(&stop)))
            .map_err(|error| failed(format_args!("cannot take signals: {error}")))?;
    }
    Ok(stop)
}

/// A reader that has gone away (`| head`) has seen what it wanted.
fn print(text: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    let written = output
        .write_all(harmless(text).as_bytes())
        .and_then(|()| output.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(failed(format_args!(
            "cannot write the report to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}

/// What to do where somebody else's settings were refused.
const AS_ROOT: &str = "run it as root, who alone may change most settings of a host";

/// Says something that people should know, besides the answer.
fn remark(sentences: &[String]) {
    for sentence in sentences {
        say(sentence);
    }
}

/// Says a sentence on standard error. Whoever has closed that does not want to hear it, which is no reason
/// to break off what is being done.
fn say(sentence: &str) {
    let _heard: io::Result<()> = writeln!(io::stderr(), "loadgen: {}", harmless(sentence));
}

/// <https://no-color.org>: any value but an empty one turns colour off.
fn colour_is_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn style() -> Style {
    if io::stdout().is_terminal() && colour_is_wanted() {
        Style::Colour
    } else {
        Style::Plain
    }
}

/// The exit code of a run that ended but proves nothing.
const NOT_TO_BE_TRUSTED: u8 = 3;

/// The exit code of a run that proves that the server does not do what it shall.
const OBJECTIVE_MISSED: u8 = 4;
