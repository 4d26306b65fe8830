//! One run, from beginning to end.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::exports::Outputs;
use super::subject::Subject;
use super::{Failure, colour_is_wanted, exit_code, failed, misused, print, style, watch_signals};
use crate::cli::Cli;
use crate::cli::run::Arguments;
use crate::output::Output;
use crate::plan::Plan;
use crate::progress::{Bar, Display, Nothing};
use crate::report;
use crate::results::Run;
use crate::screen::Screen;

pub(super) fn measure(cli: &Cli) -> Result<u8, Failure> {
    let arguments = &cli.run;
    if cli.tui {
        check_terminal(arguments)?;
    }
    let subject = Subject::of(arguments)?;
    let plan = subject.plan(arguments)?;
    let mut outputs = Outputs::create(arguments.json.as_deref(), &arguments.exports)?;
    let run = run(cli, &subject, &plan, outputs.json())?;
    if !arguments.quiet && !outputs.take_stdout() {
        print(&report::text(&run, style()))?;
    }
    // Last, so that a full disk does not cost the report too.
    outputs.write(&run)?;
    subject.stop()?;
    Ok(exit_code(&run))
}

/// The run itself; what shows it is gone afterwards.
fn run(cli: &Cli, subject: &Subject, plan: &Plan, output: &mut Output) -> Result<Run, Failure> {
    // A screen takes signals in its own way, since it has a terminal to give back.
    let stop = if cli.tui {
        Arc::new(AtomicBool::new(false))
    } else {
        watch_signals()?
    };
    let session = subject.session(plan.clone(), &stop)?;
    let mut display = display(cli, plan, &stop)?;
    session
        .run_and_keep(display.as_mut(), |known| output.keep(|| known.run()))
        .map_err(failed)
}

fn display(cli: &Cli, plan: &Plan, stop: &Arc<AtomicBool>) -> Result<Box<dyn Display>, Failure> {
    if cli.run.quiet {
        return Ok(Box::new(Nothing));
    }
    if !cli.tui {
        return Ok(Box::new(Bar::new(plan, "")));
    }
    let screen = Screen::open(plan, stop, colour_is_wanted());
    let screen = screen.map_err(|error| {
        failed(format_args!(
            "cannot take the terminal for --tui: {error}; leave it out for a progress bar"
        ))
    })?;
    Ok(Box::new(screen))
}

/// Whether there is a terminal for a screen, and for the report after it.
fn check_terminal(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.json.as_deref() == Some(Path::new("-")) {
        return Err(misused(
            "--tui does not go with --json -, which takes standard output: name a file",
        ));
    }
    for (name, is_terminal) in [
        ("output", io::stdout().is_terminal()),
        ("error", io::stderr().is_terminal()),
    ] {
        if !is_terminal {
            return Err(misused(format_args!(
                "--tui needs a terminal, and standard {name} is none: leave it out"
            )));
        }
    }
    Ok(())
}
