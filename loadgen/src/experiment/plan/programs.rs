//! The programs of an experiment, and their flags.

use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;

use super::blocks::duration;
use super::typed::{self, Named, Value};
use super::wrong::{Placed, Wrong};
use super::{Program, Server, Setting};

/// Options as arguments, in order: `--rate=10k`.
#[must_use]
pub fn arguments(options: &[(String, Setting)]) -> Vec<String> {
    let one = |(flag, setting): &(String, Setting)| match setting {
        Setting::Off => Vec::new(),
        Setting::On => vec![format!("--{flag}")],
        Setting::Values(values) => {
            let each = values.iter().map(|value| format!("--{flag}={value}"));
            each.collect()
        }
    };
    options.iter().flat_map(one).collect()
}

/// The load generator.
pub(super) fn load(typed: typed::Load) -> Result<Program, Wrong> {
    let options = typed.options.0.iter();
    let options = options.map(|(flag, value)| Ok((load_flag(flag)?, setting(value)?)));
    Ok(Program {
        path: typed.program.as_ref().map(path).transpose()?,
        wrapper: wrapper(typed.wrapper)?,
        options: options.collect::<Result<_, Wrong>>()?,
        environment: environment(&typed.environment)?,
    })
}

/// The server: one that is started, unless nothing but its address is there.
pub(super) fn server(typed: typed::Server) -> Result<Server, Wrong> {
    let target = typed.target.as_ref().map(target).transpose()?;
    let is_started = typed.program.is_some()
        || typed.wrapper.is_some()
        || typed.options.is_some()
        || typed.environment.is_some()
        || typed.ready_within.is_some();
    if let Some(target) = &target
        && !is_started
    {
        let target = target.clone();
        return Ok(Server::Elsewhere { target });
    }
    let ready_within = match &typed.ready_within {
        Some(within) => {
            let time = duration(within, "ready_within")?;
            if time.is_zero() {
                return Err(within.wrong("ready_within is no time at all: write it as in \"5s\""));
            }
            time
        }
        None => READY_WITHIN,
    };
    let options = typed.options.unwrap_or_default().0;
    let options = options
        .iter()
        .map(|(flag, value)| Ok((server_flag(flag)?, setting(value)?)));
    Ok(Server::Started {
        program: Program {
            path: typed.program.as_ref().map(path).transpose()?,
            wrapper: wrapper(typed.wrapper)?,
            options: options.collect::<Result<_, Wrong>>()?,
            environment: environment(&typed.environment.unwrap_or_default())?,
        },
        target,
        ready_within,
    })
}

/// A flag of the load generator that a plan may set.
pub(super) fn load_flag(typed: &Spanned<String>) -> Result<String, Wrong> {
    flag(typed, "the load generator", LOAD_FLAGS)
}

/// A flag of the server that a plan may set.
pub(super) fn server_flag(typed: &Spanned<String>) -> Result<String, Wrong> {
    flag(typed, "the server", SERVER_FLAGS)
}

fn flag(typed: &Spanned<String>, program: &str, taken: &[(&str, &str)]) -> Result<String, Wrong> {
    let flag = typed.get_ref();
    if flag.starts_with('-') {
        let bare = flag.trim_start_matches('-');
        return Err(typed.wrong(format_args!(
            "flags are written without their dashes: '{bare}' instead of '{flag}'"
        )));
    }
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if flag.is_empty() || !flag.chars().all(fits) {
        return Err(typed.wrong(format_args!("'{flag}' is no flag of {program}")));
    }
    match taken.iter().find(|(taken, _)| taken == flag) {
        Some((_, why)) => Err(typed.wrong(format_args!(
            "--{flag} of {program} is not for a plan to set: {why}"
        ))),
        None => Ok(flag.clone()),
    }
}

/// What an option is set to.
pub(super) fn setting(typed: &Spanned<Value>) -> Result<Setting, Wrong> {
    match typed.get_ref() {
        Value::Boolean(true) => Ok(Setting::On),
        Value::Boolean(false) => Ok(Setting::Off),
        Value::List(values) if values.is_empty() => {
            Err(typed.wrong("an empty list sets nothing: write false to leave a flag out"))
        }
        Value::List(values) => {
            let values = values.iter().map(text);
            values.collect::<Result<_, _>>().map(Setting::Values)
        }
        Value::Integer(_) | Value::Text(_) => Ok(Setting::Values(vec![text(typed)?])),
    }
}

/// One value, as a program gets it.
fn text(typed: &Spanned<Value>) -> Result<String, Wrong> {
    match typed.get_ref() {
        Value::Integer(number) => Ok(number.to_string()),
        Value::Text(text) if text.contains('\0') => {
            Err(typed.wrong("a value cannot have a NUL in it"))
        }
        Value::Text(text) => Ok(text.clone()),
        Value::Boolean(_) | Value::List(_) => {
            Err(typed.wrong("a number or a string was expected here"))
        }
    }
}

/// The name of an environment variable.
pub(super) fn variable(typed: &Spanned<String>) -> Result<String, Wrong> {
    let name = typed.get_ref();
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(typed.wrong(format_args!(
            "'{name}' is no name of an environment variable"
        )));
    }
    Ok(name.clone())
}

fn environment(typed: &Named) -> Result<Vec<(String, String)>, Wrong> {
    let one =
        |(name, value): &(Spanned<String>, Spanned<Value>)| Ok((variable(name)?, text(value)?));
    typed.0.iter().map(one).collect()
}

/// A command that runs another one.
fn wrapper(typed: Option<Spanned<Vec<String>>>) -> Result<Vec<String>, Wrong> {
    let Some(typed) = typed else {
        return Ok(Vec::new());
    };
    let words = typed.get_ref();
    if words.first().is_some_and(String::is_empty) || words.iter().any(|word| word.contains('\0')) {
        return Err(typed.wrong(
            "wrapper is no command: write the program and its arguments, as in [\"ip\", \"netns\", \
             \"exec\", \"NAME\"]",
        ));
    }
    Ok(typed.into_inner())
}

fn path(typed: &Spanned<String>) -> Result<PathBuf, Wrong> {
    let path = typed.get_ref();
    if is_path(path) {
        return Ok(path.into());
    }
    Err(typed.wrong(format_args!("'{path}' is no path of a program")))
}

/// Whether there could be a program.
pub(super) fn is_path(path: &str) -> bool {
    !path.is_empty() && !path.contains('\0')
}

/// A host or an address, and a port. Whether it exists is not looked at.
fn target(typed: &Spanned<String>) -> Result<String, Wrong> {
    let target = typed.get_ref();
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    match target.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && is_port(port) => Ok(target.clone()),
        _ => Err(typed.wrong(format_args!(
            "target: '{target}' is not a host and a port, as in 10.89.0.2:50007"
        ))),
    }
}

const READY_WITHIN: Duration = Duration::from_secs(5);

/// What a tuning run sets itself, or has no use for.
const LOAD_FLAGS: &[(&str, &str)] = &[
    ("target", "it is the server's, in [server]"),
    ("json", KEPT),
    ("csv", KEPT),
    ("hgrm", KEPT),
    ("hlog", KEPT),
    ("prometheus-file", KEPT),
    ("quiet", SILENT),
    ("tui", SILENT),
    ("help", NO_RUN),
    ("version", NO_RUN),
];

const SERVER_FLAGS: &[(&str, &str)] = &[
    ("json", "what it says is read by the experiment"),
    ("log-datagrams", "what it says is read by the experiment"),
    ("man", NO_RUN),
    ("completions", NO_RUN),
    ("help", NO_RUN),
    ("version", NO_RUN),
];

const KEPT: &str = "every run's result is kept by itself";
const SILENT: &str = "the runs are silent, and the experiment shows how far it is";
const NO_RUN: &str = "with it there is no run";
