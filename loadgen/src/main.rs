//! `loadgen`: parse, plan, measure, report.

use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Parser;
use echo_reactor::{Config, Running, Server};
use loadgen::cli::{Cli, Command, address, ping::Arguments as PingArguments, run::Arguments};
use loadgen::engine::{self, Engine};
use loadgen::output::Output;
use loadgen::plan::Plan;
use loadgen::report::{self, Style};
use loadgen::results::Run;
use loadgen::verdict::Outcome;
use loadgen::{ping, progress, verdict};
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
    let reactor = if arguments.target.is_none() {
        Some(start_reactor().map_err(failed)?)
    } else {
        None
    };
    let target = match (&reactor, &arguments.target) {
        (Some((_, address)), _) => *address,
        (None, name) => address::resolve(name.as_deref().unwrap_or_default()).map_err(misused)?,
    };
    let plan = Plan::new(arguments.choices(target)).map_err(misused)?;
    let mut output = Output::create(arguments.json.as_deref()).map_err(failed)?;
    let stop = watch_signals().map_err(failed)?;
    let engine = Engine::prepare(&plan, &stop).map_err(failed)?;
    let live = engine.live();
    let underway = engine.start(&plan).map_err(failed)?;
    progress::watch(&underway, &live, &plan, !arguments.quiet);
    let outcome = underway.join().map_err(failed)?;
    check_books(&plan, &outcome).map_err(failed)?;
    let verdict = verdict::judge(&outcome.measured.counts(), &outcome.measured.latency);
    let run = Run::new(&plan, outcome.window, &outcome.measured, &verdict);
    if !arguments.quiet && !output.is_stdout() {
        print(&report::text(&run, style()));
    }
    // Last, so that a full disk does not cost the report too.
    output.write(&run).map_err(failed)?;
    if let Some((reactor, _)) = reactor {
        reactor.stopper().drain();
        reactor.join().map_err(failed)?;
    }
    Ok(match verdict.outcome {
        Outcome::Valid | Outcome::Suspect => 0,
        Outcome::Invalid => NOT_TO_BE_TRUSTED,
    })
}

/// Whether every scheduled probe is accounted for: numbers that do not add up must not be shown.
fn check_books(plan: &Plan, outcome: &engine::Outcome) -> anyhow::Result<()> {
    let fault = "this is a fault of loadgen, please report it";
    for (flow, result) in outcome.measured.flows.iter().enumerate() {
        if let Err(imbalance) = result.counts.check() {
            anyhow::bail!("the counts of flow {flow} do not add up: {imbalance}; {fault}");
        }
    }
    let scheduled = outcome.measured.counts().scheduled;
    if let (Some(due), false) = (plan.probes_due(), outcome.stopped_early)
        && due != scheduled
    {
        anyhow::bail!("{due} probes were due and {scheduled} are accounted for; {fault}");
    }
    Ok(())
}

fn start_reactor() -> anyhow::Result<(Running, SocketAddr)> {
    let server = Server::bind(&Config::on(SocketAddr::from(([127, 0, 0, 1], 0))))?;
    let address = server.endpoints()[0].address;
    Ok((server.start()?, address))
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
