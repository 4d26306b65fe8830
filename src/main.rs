//! `echo-reactor`: parse, configure, serve, and tell how it went.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use echo_reactor::cli::{self, Cli};
use echo_reactor::endpoint::Endpoint;
use echo_reactor::manual::Page;
use echo_reactor::periodic::Periodic;
use echo_reactor::rulebook::Rulebook;
use echo_reactor::signals::{Reload, Watch};
use echo_reactor::transcript::{self, Printer, Transcript};
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
    let (transcript, printer) = start_transcript(cli)?.unzip();
    let server = Server::with_transcript(&config, transcript.as_ref())?;
    drop(transcript);
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
    let reload = reload(cli, &server);
    let _watch =
        Watch::start(server.lifecycle(), tell_statistics.clone(), reload).map_err(|source| {
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

/// What reads the files of prefixes again; `None` if there are none.
fn reload(cli: &Cli, server: &Server) -> Option<Reload> {
    let rulebook = Rulebook::from(cli);
    let rules = server.rules().filter(|_| rulebook.has_files())?;
    Some(Box::new(move || match rulebook.read() {
        Ok(None) => {}
        Ok(Some(prefixes)) => {
            let sentence = format!("echo-reactor: from now on there are {prefixes}");
            rules.replace(prefixes);
            tell(&sentence);
        }
        Err(error) => tell(&format!(
            "echo-reactor: {error}; the rules in force stay as they are"
        )),
    }))
}

/// The datagrams go where a person reads them; JSON on standard output stays free of them.
fn start_transcript(cli: &Cli) -> Result<Option<(Transcript, Printer)>, Error> {
    if !cli.log_datagrams {
        return Ok(None);
    }
    let started = if cli.json {
        transcript::start(io::stderr())
    } else {
        transcript::start(io::stdout())
    };
    started.map(Some).map_err(|source| Error::System {
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
