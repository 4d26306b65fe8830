//! `loadgen`: parse, plan, measure, report.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Parser;
use loadgen::cli::{Cli, Command, address, ping::Arguments as PingArguments, run::Arguments};
use loadgen::output::Output;
use loadgen::ping;
use loadgen::plan::Plan;
use loadgen::report::{self, Style};
use loadgen::session::{Embedded, Session};
use loadgen::verdict::Outcome;
use signal_hook::consts::{SIGINT, SIGTERM};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = match &cli.command {
        Some(Command::Ping(arguments)) => send_pings(arguments),
        None => measure(&cli.run),
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            // With standard error closed too, the exit code has to say it.
            let _written: io::Result<()> = writeln!(io::stderr(), "loadgen: {}", failure.error);
            ExitCode::from(failure.code)
        }
    }
}

/// A run from beginning to end; returns the exit code.
fn measure(arguments: &Arguments) -> Result<u8, Failure> {
    let embedded = match &arguments.target {
        None => Some(Embedded::start().map_err(failed)?),
        Some(_) => None,
    };
    let target = match (&embedded, &arguments.target) {
        (Some(embedded), _) => embedded.address(),
        (None, name) => address::resolve(name.as_deref().unwrap_or_default()).map_err(misused)?,
    };
    let plan = Plan::new(arguments.choices(target).map_err(misused)?).map_err(misused)?;
    let mut output = Output::create(arguments.json.as_deref()).map_err(failed)?;
    let stop = watch_signals().map_err(failed)?;
    let session = Session::prepare(plan, &stop).map_err(failed)?;
    let run = session.run(!arguments.quiet).map_err(failed)?;
    if !arguments.quiet && !output.is_stdout() {
        print(&report::text(&run, style()));
    }
    // Last, so that a full disk does not cost the report too.
    output.write(&run).map_err(failed)?;
    if let Some(embedded) = embedded {
        embedded.stop().map_err(failed)?;
    }
    Ok(match run.verdict.outcome {
        Outcome::Valid | Outcome::Suspect => 0,
        Outcome::Invalid => NOT_TO_BE_TRUSTED,
    })
}

/// Sends texts and prints the answers; returns the exit code.
fn send_pings(arguments: &PingArguments) -> Result<u8, Failure> {
    let target = address::resolve(&arguments.target).map_err(misused)?;
    let pinged = ping::ping(target, arguments, &mut io::stdout())
        .map_err(|error| failed(anyhow::anyhow!("cannot ping {target}: {error}")))?;
    Ok(u8::from(pinged.answered == 0))
}

/// The first SIGINT or SIGTERM ends a run early, with a report of what was measured; the second
/// ends the program.
fn watch_signals() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag still down, so that only the second ends
        // the program.
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}

/// A reader that has gone away (`| head`) has seen what it wanted.
fn print(text: &str) {
    let mut output = io::stdout().lock();
    let _written: io::Result<()> = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
}

fn style() -> Style {
    // https://no-color.org: any value but an empty one turns colour off.
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if io::stdout().is_terminal() && !unwanted {
        Style::Colour
    } else {
        Style::Plain
    }
}

/// What ends the program, and its exit code.
struct Failure {
    error: anyhow::Error,
    code: u8,
}

fn failed(error: impl Into<anyhow::Error>) -> Failure {
    Failure {
        error: error.into(),
        code: 1,
    }
}

fn misused(sentence: impl std::fmt::Display) -> Failure {
    Failure {
        error: anyhow::anyhow!("{sentence}"),
        code: 2,
    }
}

/// The exit code of a run that ended but proves nothing.
const NOT_TO_BE_TRUSTED: u8 = 3;
