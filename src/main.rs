//! `echo-reactor`: parse, configure, serve, and tell how it went.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use echo_reactor::activation;
use echo_reactor::cli::{self, Cli};
use echo_reactor::log::Log;
use echo_reactor::manual::Page;
use echo_reactor::metrics::Door;
use echo_reactor::periodic::Periodic;
use echo_reactor::rulebook::Rulebook;
use echo_reactor::sandbox::{self, Needs};
use echo_reactor::signals::{Reload, Watch};
use echo_reactor::transcript::{self, Printer, Waiting};
use echo_reactor::user::{Identity, UserName};
use echo_reactor::watchers::Watchers;
use echo_reactor::{Config, Error, Server, Summary};
use tracing::{error, info, warn};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut log = match Log::open(cli.log_format, cli.log_level) {
        Ok(log) => log,
        Err(error) => {
            // With standard error closed too, the exit code has to say it.
            let _written: io::Result<()> = writeln!(io::stderr(), "echo-reactor: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = match document(&cli) {
        Some(text) => print_line(&text),
        None => serve(&cli, &mut log),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!("{error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// What shall be printed instead of serving.
fn document(cli: &Cli) -> Option<String> {
    let mut command = Cli::command();
    if let Some(shell) = cli.completions {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut command, "echo-reactor", &mut script);
        return Some(String::from_utf8_lossy(&script).into_owned());
    }
    cli.man.then(|| {
        command.build();
        let others = ["loadgen".to_owned()];
        Page::of(&command, "echo-reactor", &cli::APPENDIX, &others).text
    })
}

/// Opens all that it takes to serve, gives up the rest, and only then starts threads: they inherit
/// what is left.
fn serve(cli: &Cli, log: &mut Log) -> Result<(), Error> {
    let config = Config::try_from(cli)?;
    let user = cli.user.as_ref().map(UserName::look_up).transpose()?;
    let (transcript, waiting) = cli.log_datagrams.then(transcript::open).unzip();
    let given = activation::sockets()?;
    let mut server = if given.is_empty() {
        Server::with_transcript(&config, transcript.as_ref())?
    } else {
        Server::on_sockets(&config, transcript.as_ref(), given)?
    };
    drop(transcript);
    let door = cli.metrics.map(Door::open).transpose()?;
    confine(cli, user.as_ref(), &mut server)?;
    if let Some(probe) = cli.sandbox_probe {
        return probe.attempt().map_err(|source| Error::System {
            operation: "do what a server must not be able to do (--sandbox-probe)",
            source,
        });
    }
    log.start()?;
    let printer = waiting
        .map(|waiting| start_transcript(waiting, cli.json))
        .transpose()?;
    answer(cli, log, server, door, printer)
}

/// Answers until it shall end, and tells how it went.
fn answer(
    cli: &Cli,
    log: &Log,
    server: Server,
    door: Option<Door>,
    printer: Option<Printer>,
) -> Result<(), Error> {
    let json = cli.json;
    let observer = server.observer();
    let tell_statistics = move || {
        if let Some(summary) = observer.summary()
            && let Err(error) = print_statistics("statistics", &summary, json)
        {
            // No reason to stop answering; whether the program ends well is up to the summary.
            error!("{error}");
        }
    };
    // From before the address is announced, since whoever reads that may send a signal, until the
    // summary is printed, since that may hang.
    let reload = reload(cli, &server);
    let _watch =
        Watch::start(server.lifecycle(), tell_statistics.clone(), reload).map_err(|source| {
            Error::System {
                operation: "take signals",
                source,
            }
        })?;
    // What comes from now on is queued.
    announce(cli, &server, door.as_ref())?;
    let periodic = cli
        .stats_interval
        .map(|interval| Periodic::start(interval, tell_statistics))
        .transpose()
        .map_err(|source| Error::System {
            operation: "start the thread that prints statistics (--stats-interval)",
            source,
        })?;
    info!("answers what comes");
    let running = server.start()?;
    // Until the summary is printed, since that may hang, and those who look shall see it.
    let _watchers = Watchers::start(&running, door, log)?;
    let mut summary = running.join()?;
    drop(periodic);
    summary.unlogged = printer.map_or(0, Printer::finish);
    print_statistics("summary", &summary, cli.json)
}

/// Gives up what a running server does not need, and says so once where the kernel cannot take it.
fn confine(cli: &Cli, user: Option<&Identity>, server: &mut Server) -> Result<(), Error> {
    if let Some(user) = user {
        user.assume()?;
    }
    let sandbox = sandbox::enter(cli.sandbox, &Needs::from(cli))?;
    for shortcoming in sandbox.shortcomings() {
        warn!("{shortcoming}");
    }
    server.tell_confinement(user, &sandbox);
    Ok(())
}

/// What reads the files of prefixes again; `None` if there are none.
fn reload(cli: &Cli, server: &Server) -> Option<Reload> {
    let rulebook = Rulebook::from(cli);
    let rules = server.rules().filter(|_| rulebook.has_files())?;
    // They were read before the program became another user.
    if let Err(error) = rulebook.read() {
        warn!("{error}; until that is mended, SIGHUP changes nothing");
    }
    Some(Box::new(move || match rulebook.read() {
        Ok(None) => {}
        Ok(Some(prefixes)) => {
            let sentence = format!("from now on there are {prefixes}");
            rules.replace(prefixes);
            // Who may talk to the server has changed: that shall be seen without asking for it.
            warn!("{sentence}");
        }
        Err(error) => error!("{error}; the rules in force stay as they are"),
    }))
}

/// The datagrams go where a person reads them; JSON on standard output stays free of them.
fn start_transcript(waiting: Waiting, json: bool) -> Result<Printer, Error> {
    let started = if json {
        waiting.print_to(io::stderr())
    } else {
        waiting.print_to(io::stdout())
    };
    started.map_err(|source| Error::System {
        operation: "start the thread that prints datagrams",
        source,
    })
}

/// Says where it listens.
fn announce(cli: &Cli, server: &Server, door: Option<&Door>) -> Result<(), Error> {
    if server.without_ipv6() {
        warn!("this host has no IPv6, so it listens on IPv4 alone");
    }
    for endpoint in server.endpoints() {
        if cli.json {
            print_json(&endpoint.to_json())?;
        } else {
            print_line(&endpoint.to_string())?;
        }
        for warning in &endpoint.warnings {
            warn!("{}: {warning}", endpoint.address);
        }
    }
    let Some(address) = door.map(Door::address) else {
        return Ok(());
    };
    if cli.json {
        print_json(&serde_json::json!({ "event": "metrics", "address": address }))
    } else {
        print_line(&format!("metrics at http://{address}/metrics"))
    }
}

fn print_statistics(event: &str, summary: &Summary, json: bool) -> Result<(), Error> {
    if json {
        let mut value = serde_json::json!({ "event": event });
        match (value.as_object_mut(), serde_json::to_value(summary)) {
            (Some(object), Ok(serde_json::Value::Object(fields))) => object.extend(fields),
            (_, other) => unreachable!("a summary is a JSON object, not {other:?}"),
        }
        print_json(&value)
    } else {
        print_line(&format!("\n{summary}"))
    }
}

fn print_json(value: &serde_json::Value) -> Result<(), Error> {
    print_line(&value.to_string())
}

/// A reader that has gone away (`| head`) is no reason to stop answering; a file that takes no more
/// is, since nobody would learn what was counted.
fn print_line(line: &str) -> Result<(), Error> {
    let mut output = io::stdout().lock();
    let written = writeln!(output, "{}", line.trim_end()).and_then(|()| output.flush());
    match written {
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => Err(Error::System {
            operation: "write to standard output",
            source,
        }),
        _ => Ok(()),
    }
}
