//! `echo-reactor`: parse, configure, serve, and tell how it went.

use std::env;
use std::fmt::Display;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use echo_reactor::activation;
use echo_reactor::cli::{self, Cli};
use echo_reactor::cue::Attention;
use echo_reactor::handover::predecessor::Starter;
use echo_reactor::handover::{self, Inheritance, Outlived, Predecessor, Role};
use echo_reactor::lifecycle::Phase;
use echo_reactor::log::Log;
use echo_reactor::manual::Page;
use echo_reactor::metrics::Door;
use echo_reactor::notify::Notify;
use echo_reactor::options_file;
use echo_reactor::periodic::Periodic;
use echo_reactor::rulebook::Rulebook;
use echo_reactor::sandbox::{self, Needs};
use echo_reactor::signals::{Reload, Requests, Watch};
use echo_reactor::transcript::{self, Printer, Transcript, Waiting};
use echo_reactor::user::{Identity, UserName};
use echo_reactor::watchers::Watchers;
use echo_reactor::{Config, Error, Running, Server, Summary};
use tracing::{error, info, warn};

fn main() -> ExitCode {
    let role = Role::of_this_process();
    if role == Role::Starter {
        return handover::start_successors();
    }
    // Whoever signals all programs of this name, while this one is not yet a server.
    let outlived = (role == Role::Successor).then(handover::outlive_requests);
    let outlived = match outlived.transpose() {
        Ok(outlived) => outlived,
        Err(error) => return complain(&error, FAILURE),
    };
    let cli = match arguments(role) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let mut log = match Log::open(cli.log_format, cli.log_level) {
        Ok(log) => log,
        Err(error) => return complain(&error, error.exit_code()),
    };
    let ended = match document(&cli) {
        Some(text) => print_line(&text),
        None => serve(&cli, outlived, &mut log),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!("{error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// What was typed, or how to end.
fn arguments(role: Role) -> Result<Cli, ExitCode> {
    let typed = options_file::expand(env::args_os())
        .map_err(|error| complain(&error, error.exit_code()))?;
    Cli::try_parse_from(typed).map_err(|error| {
        if role == Role::Successor {
            // The predecessor tells one line.
            let text = error.to_string();
            complain(&text.lines().next().unwrap_or_default(), WRONG_USE)
        } else {
            error.exit()
        }
    })
}

/// Says why it ends, before there is a log.
fn complain(error: &impl Display, code: u8) -> ExitCode {
    // With standard error closed too, the exit code has to say it.
    let _written: io::Result<()> = writeln!(io::stderr(), "echo-reactor: {error}");
    ExitCode::from(code)
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

/// Opens all that it takes to serve, or takes it over, gives up the rest, and only then starts
/// threads: they inherit what is left.
fn serve(cli: &Cli, outlived: Option<Outlived>, log: &mut Log) -> Result<(), Error> {
    let mut inheritance = outlived.map(Inheritance::receive).transpose()?;
    let config = Config::try_from(cli)?;
    let user = cli.user.as_ref().map(UserName::look_up).transpose()?;
    let (transcript, waiting) = cli.log_datagrams.then(transcript::open).unzip();
    let mut opened = open(cli, &config, transcript.as_ref(), inheritance.as_mut())?;
    drop(transcript);
    if let Some(probe) = cli.sandbox_probe {
        confine(cli, user.as_ref(), &mut opened.server)?;
        return probe.attempt().map_err(Error::Probe);
    }
    let starter = Starter::launch(inheritance.as_ref().map(Inheritance::stderr));
    if let Some(inheritance) = &inheritance {
        inheritance.speak_for_itself()?;
    }
    confine(cli, user.as_ref(), &mut opened.server)?;
    log.start()?;
    let printer = waiting
        .map(|waiting| start_transcript(waiting, cli.json))
        .transpose()?;
    answer(cli, log, opened, starter, inheritance, printer)
}

/// All that is open.
struct Opened {
    server: Server,
    /// On sockets of a predecessor that are too many.
    surplus: Option<Server>,
    from_manager: bool,
    door: Option<Door>,
    notify: Notify,
}

/// Sockets that are handed over by a predecessor or by a service manager, or new ones.
fn open(
    cli: &Cli,
    config: &Config,
    transcript: Option<&Transcript>,
    inheritance: Option<&mut Inheritance>,
) -> Result<Opened, Error> {
    let given = activation::sockets()?;
    let mut from_manager = !given.is_empty();
    let mut metrics = None;
    let (server, surplus) = match inheritance {
        Some(inheritance) => {
            from_manager = inheritance.from_manager();
            metrics = inheritance.take_metrics();
            inheritance.open(config, transcript)?
        }
        None if from_manager => (Server::on_sockets(config, transcript, given)?, None),
        None => (Server::with_transcript(config, transcript)?, None),
    };
    let door = cli.metrics.map(|address| Door::inherit(address, metrics));
    Ok(Opened {
        server,
        surplus,
        from_manager,
        door: door.transpose()?,
        notify: Notify::connect(),
    })
}

/// Answers until it shall end or is replaced, and tells how it went.
fn answer(
    cli: &Cli,
    log: &Log,
    opened: Opened,
    starter: Starter,
    inheritance: Option<Inheritance>,
    printer: Option<Printer>,
) -> Result<(), Error> {
    let Opened {
        server,
        door,
        notify,
        ..
    } = opened;
    let listener = door.as_ref().map(Door::listener).transpose()?;
    let predecessor = Predecessor::new(
        starter,
        &server,
        opened.from_manager,
        listener,
        notify.clone(),
    );
    let tell_statistics = statistics(cli, &server);
    // From before the address is announced, since whoever reads that may send a signal, until the
    // summary is printed, since that may hang.
    let reload = reload(cli, &server);
    let _watch = watch(
        &server,
        &predecessor,
        tell_statistics.clone(),
        reload.clone(),
    )?;
    if reload.is_none() {
        inheritance.iter().for_each(Inheritance::heed_hangups);
    }
    let mut running = server.start()?;
    let address = door.as_ref().map(Door::address);
    // All threads that there will be, before a predecessor relies on this program. Until the summary is
    // printed, since that may hang, and those who look shall see it.
    let watchers = Watchers::prepare(&running, door, notify, log)?;
    let periodic = print_regularly(cli, watchers.attention(), tell_statistics)?;
    let heir = inheritance
        .map(|inheritance| inheritance.take_over(&mut running, opened.surplus, &predecessor))
        .transpose()?;
    match (&heir, reload) {
        // Of a SIGHUP since they were read the predecessor alone has learnt.
        (Some(_), Some(reload)) => reload(),
        (Some(_), None) => {}
        (None, _) => predecessor.settle(),
    }
    let lifecycle = running.stopper();
    if heir.is_some() {
        // Whoever reads what is said now may never read on.
        watchers.begin();
        announce(cli, &running, address).unwrap_or_else(|error| error!("{error}"));
    } else {
        announce(cli, &running, address)?;
        watchers.begin();
    }
    info!("answers what comes");
    running.wait()?;
    predecessor.part();
    // Whoever has taken over is looked at from now on.
    let _watchers = (lifecycle.phase() != Phase::Replaced).then_some(watchers);
    if let Some(heir) = heir {
        heir.finish();
    }
    let mut summary = running.summary();
    // Its sockets close, whoever reads what is printed now.
    drop(running);
    predecessor.depart();
    drop(periodic);
    summary.unlogged = printer.map_or(0, Printer::finish);
    print_statistics("summary", &summary, cli.json)?;
    predecessor.verdict()
}

/// What prints the statistics so far, from any thread.
fn statistics(cli: &Cli, server: &Server) -> impl Fn() + Clone + Send + Sync + 'static {
    let (json, observer) = (cli.json, server.observer());
    move || {
        if let Some(summary) = observer.summary()
            && let Err(error) = print_statistics("statistics", &summary, json)
        {
            // No reason to stop answering; whether the program ends well is up to the summary.
            error!("{error}");
        }
    }
}

/// Prints statistics at the interval that was asked for, if there is one.
fn print_regularly(
    cli: &Cli,
    attention: Attention,
    tell: impl Fn() + Send + 'static,
) -> Result<Option<Periodic>, Error> {
    let act = move || {
        if attention.is_given() {
            tell();
        }
    };
    let periodic = cli
        .stats_interval
        .map(|interval| Periodic::start(interval, act));
    periodic.transpose().map_err(|source| Error::System {
        operation: "start the thread that prints statistics (--stats-interval)",
        source,
    })
}

/// Takes signals from now on.
fn watch(
    server: &Server,
    predecessor: &Predecessor,
    tell: impl Fn() + Send + Sync + 'static,
    reload: Option<impl Fn() + Send + Sync + 'static>,
) -> Result<Watch, Error> {
    let (replaced, ended) = (predecessor.clone(), predecessor.clone());
    let requests = Requests {
        tell: Box::new(tell),
        replace: Box::new(move || replaced.begin()),
        pass_on: Box::new(move || ended.part()),
        reload: reload.map(|reload| Box::new(reload) as Reload),
    };
    Watch::start(server.lifecycle(), requests).map_err(|source| Error::System {
        operation: "take signals",
        source,
    })
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
fn reload(cli: &Cli, server: &Server) -> Option<impl Fn() + Clone + Send + use<>> {
    let rulebook = Rulebook::from(cli);
    let rules = server.rules().filter(|_| rulebook.has_files())?;
    // They were read before the program became another user.
    if let Err(error) = rulebook.read() {
        warn!("{error}; until that is mended, SIGHUP changes nothing");
    }
    Some(move || match rulebook.read() {
        Ok(None) => {}
        Ok(Some(prefixes)) => {
            let sentence = format!("from now on there are {prefixes}");
            rules.replace(prefixes);
            // Who may talk to the server has changed: that shall be seen without asking for it.
            warn!("{sentence}");
        }
        Err(error) => error!("{error}; the rules in force stay as they are"),
    })
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
fn announce(cli: &Cli, running: &Running, metrics: Option<SocketAddr>) -> Result<(), Error> {
    if running.without_ipv6() {
        warn!("this host has no IPv6, so it listens on IPv4 alone");
    }
    for endpoint in running.endpoints() {
        if cli.json {
            print_json(&endpoint.to_json())?;
        } else {
            print_line(&endpoint.to_string())?;
        }
        for warning in &endpoint.warnings {
            warn!("{}: {warning}", endpoint.address);
        }
    }
    let Some(address) = metrics else {
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
    // By one call, since a successor writes there too.
    let line = format!("{}\n", line.trim_end());
    let written = output
        .write_all(line.as_bytes())
        .and_then(|()| output.flush());
    match written {
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => Err(Error::System {
            operation: "write to standard output",
            source,
        }),
        _ => Ok(()),
    }
}

/// Exit codes, as `--help` tells them.
const FAILURE: u8 = 1;
const WRONG_USE: u8 = 2;
