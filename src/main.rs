//! `echo-reactor`: parse, configure, serve, and tell how it went.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use echo_reactor::activation;
use echo_reactor::cli::{self, Cli};
use echo_reactor::endpoint::Endpoint;
use echo_reactor::manual::Page;
use echo_reactor::periodic::Periodic;
use echo_reactor::sandbox::{self, Needs};
use echo_reactor::signals::Watch;
use echo_reactor::transcript::{self, Printer, Waiting};
use echo_reactor::user::{Identity, UserName};
use echo_reactor::{Config, Error, Server, Summary};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = match document(&cli) {
        Some(text) => print_line(&text),
        None => serve(&cli),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
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

fn serve(cli: &Cli) -> Result<(), Error> {
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
    // The sockets are open, and no thread is started before this: those that come inherit it.
    confine(cli, user.as_ref(), &mut server)?;
    if let Some(probe) = cli.sandbox_probe {
        return probe.attempt().map_err(|source| Error::System {
            operation: "do what a server must not be able to do (--sandbox-probe)",
            source,
        });
    }
    let printer = waiting
        .map(|waiting| start_transcript(waiting, cli.json))
        .transpose()?;
    if server.without_ipv6() {
        tell("echo-reactor: this host has no IPv6, so it listens on IPv4 alone");
    }
    // From before the address is announced, since whoever reads that may send a signal, until the
    // summary is printed, since that may hang.
    let json = cli.json;
    let observer = server.observer();
    let tell_statistics = move || {
        if let Some(summary) = observer.summary()
            && let Err(error) = print_statistics("statistics", &summary, json)
        {
            // No reason to stop answering; whether the program ends well is up to the summary.
            complain(&error);
        }
    };
    let _watch = Watch::start(server.lifecycle(), tell_statistics.clone()).map_err(|source| {
        Error::System {
            operation: "take signals",
            source,
        }
    })?;
    // The sockets are open: what comes from now on is queued.
    for endpoint in server.endpoints() {
        announce(endpoint, cli.json)?;
    }
    let periodic = cli
        .stats_interval
        .map(|interval| Periodic::start(interval, tell_statistics))
        .transpose()
        .map_err(|source| Error::System {
            operation: "start the thread that prints statistics (--stats-interval)",
            source,
        })?;
    let mut summary = server.start()?.join()?;
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
        tell(&format!("echo-reactor: {shortcoming}"));
    }
    server.tell_confinement(user, &sandbox);
    Ok(())
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

fn announce(endpoint: &Endpoint, json: bool) -> Result<(), Error> {
    if json {
        print_json(&endpoint.to_json())?;
    } else {
        print_line(&endpoint.to_string())?;
    }
    for warning in &endpoint.warnings {
        tell(&format!("echo-reactor: {}: {warning}", endpoint.address));
    }
    Ok(())
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

fn complain(error: &Error) {
    tell(&format!("echo-reactor: {error}"));
}

fn tell(sentence: &str) {
    // With standard error closed too, the exit code has to say it.
    let _written: io::Result<()> = writeln!(io::stderr(), "{sentence}");
}
