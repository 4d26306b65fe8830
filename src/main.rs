//! `echo-reactor`: parse, configure, serve, and tell how it went.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use echo_reactor::cli::Cli;
use echo_reactor::figures::grouped;
use echo_reactor::server::Endpoint;
use echo_reactor::signals::Watch;
use echo_reactor::transcript::{self, Printer, Transcript};
use echo_reactor::{Config, Error, Server, Summary};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match serve(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::from(error.exit_code())
        }
    }
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
    let _watch = Watch::start(server.lifecycle()).map_err(|source| Error::System {
        operation: "take signals",
        source,
    })?;
    // The sockets are open: what comes from now on is queued.
    for endpoint in server.endpoints() {
        announce(endpoint, cli.json);
    }
    let mut summary = server.start()?.join()?;
    summary.unlogged = printer.map_or(0, Printer::finish);
    print_summary(&summary, cli.json);
    Ok(())
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

fn announce(endpoint: &Endpoint, json: bool) {
    let small = endpoint.small_datagrams();
    if json {
        print_json(&serde_json::json!({
            "event": "listening",
            "address": endpoint.address,
            "workers": endpoint.workers,
            "io": endpoint.io.name(),
            "receive_buffer_bytes": endpoint.receive_buffer.applied(),
            "receive_buffer_small_datagrams": small,
        }));
        return;
    }
    let plural = if endpoint.workers == 1 { "" } else { "s" };
    let buffer = match (endpoint.receive_buffer.applied(), small) {
        (Some(bytes), Some(small)) => format!(
            "{} bytes ({} small datagrams)",
            grouped(*bytes as u64),
            grouped(small as u64)
        ),
        _ => endpoint.receive_buffer.to_string(),
    };
    print_line(&format!(
        "listening on {}: {} worker{plural}, {} I/O, receive buffer {buffer} a worker",
        endpoint.address,
        endpoint.workers,
        endpoint.io.name(),
    ));
}

fn print_summary(summary: &Summary, json: bool) {
    if json {
        let mut value = serde_json::json!({ "event": "summary" });
        match (value.as_object_mut(), serde_json::to_value(summary)) {
            (Some(object), Ok(serde_json::Value::Object(fields))) => object.extend(fields),
            (_, other) => unreachable!("a summary is a JSON object, not {other:?}"),
        }
        print_json(&value);
    } else {
        print_line(&format!("\n{summary}"));
    }
}

fn print_json(value: &serde_json::Value) {
    print_line(&value.to_string());
}

/// A reader that has gone away (`| head`) is no reason to stop answering.
fn print_line(line: &str) {
    let mut output = io::stdout().lock();
    let _written: io::Result<()> =
        writeln!(output, "{}", line.trim_end()).and_then(|()| output.flush());
}

fn complain(error: &Error) {
    tell(&format!("echo-reactor: {error}"));
}

fn tell(sentence: &str) {
    // With standard error closed too, the exit code has to say it.
    let _written: io::Result<()> = writeln!(io::stderr(), "{sentence}");
}
