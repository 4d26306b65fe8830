//! What a plan means as a whole.

use toml::Spanned;

use super::blocks::{Layout, layout};
use super::factors::factors;
use super::typed::Typed;
use super::wrong::{Placed, Wrong, known};
use crate::cli::units;

use super::{Factor, FactorKind, Need, Plan, Program, Server, knobs, programs, understood};

/// The plan that was typed; its text is not known here.
pub(super) fn plan(typed: Typed) -> Result<Plan, Wrong> {
    if typed.name.get_ref().trim().is_empty() {
        return Err(typed
            .name
            .wrong("name is empty: what shall people call it?"));
    }
    let places = understood::Places::of(&typed);
    let needs = typed.needs.iter().map(need).collect::<Result<_, _>>()?;
    let load = programs::load(typed.load)?;
    let server = programs::server(typed.server)?;
    let factors = factors(&typed.factor)?;
    for (factor, place) in factors.iter().zip(&typed.factor) {
        set_once(factor, &load, &server).map_err(|sentence| place.wrong(sentence))?;
    }
    let Layout {
        design,
        blocks,
        seed,
        pause,
        retries,
        judge,
    } = layout(&typed.design, &factors)?;
    let plan = Plan {
        name: typed.name.into_inner(),
        question: typed.question,
        known: typed.known,
        needs,
        load,
        server,
        design,
        blocks,
        seed,
        pause,
        retries,
        judge,
        factors,
        text: String::new(),
        variables: Vec::new(),
        hash: String::new(),
    };
    understood::in_every_variant(&plan, &typed.factor, &places)?;
    Ok(plan)
}

fn need(typed: &Spanned<String>) -> Result<Need, Wrong> {
    let need = typed.get_ref();
    let (kind, what) = match need.split_once(':') {
        Some((kind, what)) => (kind, Some(Spanned::new(typed.span(), what.to_owned()))),
        None => (need.as_str(), None),
    };
    match (kind, what) {
        ("root", None) => Ok(Need::Root),
        ("processors", Some(count)) => match count.get_ref().parse() {
            Ok(count) if count > 0 => Ok(Need::Processors(count)),
            _ => Err(typed.wrong(format_args!(
                "needs: '{need}' says no number of processors, as in processors:2"
            ))),
        },
        ("interface", Some(name)) => knobs::interface(&name).map(Need::Interface),
        ("queues", Some(name)) => knobs::interface(&name).map(Need::Queues),
        ("receive-buffer", Some(size)) => match units::size(size.get_ref()) {
            Ok(bytes) if bytes > MOST_BUFFER => Err(typed.wrong(format_args!(
                "needs: '{need}' is too much: a receive buffer has less than 2048Mi"
            ))),
            Ok(bytes) if bytes > 0 => Ok(Need::ReceiveBuffer {
                typed: size.into_inner(),
                bytes,
            }),
            Ok(_) => Err(typed.wrong(format_args!(
                "needs: '{need}' is no buffer: say how many bytes, as in receive-buffer:4Mi"
            ))),
            Err(error) => Err(typed.wrong(format_args!(
                "needs: '{need}' says no number of bytes, as in receive-buffer:4Mi: {error}"
            ))),
        },
        ("program", Some(name)) if programs::is_path(name.get_ref()) => {
            Ok(Need::Program(name.into_inner()))
        }
        ("file", Some(path)) if path.get_ref().starts_with('/') => {
            Ok(Need::File(path.into_inner().into()))
        }
        ("file", Some(_)) => Err(typed.wrong(format_args!(
            "needs: '{need}' is no absolute path of a file, as in file:/sys/class/net"
        ))),
        (kind, _) if NEEDS.contains(&kind) => Err(typed.wrong(format_args!(
            "needs: '{need}' does not say what: there are root, processors:N, interface:NAME, \
             queues:NAME, receive-buffer:BYTES, program:NAME and file:PATH"
        ))),
        (kind, _) => Err(typed.wrong(format_args!(
            "needs: '{need}' is not known: {}",
            known(kind, &NEEDS)
        ))),
    }
}

/// The kernel takes the size as a signed number of 32 bits.
const MOST_BUFFER: usize = i32::MAX as usize;

const NEEDS: [&str; 7] = [
    "root",
    "processors",
    "interface",
    "queues",
    "receive-buffer",
    "program",
    "file",
];

/// Whether what a factor sets is set by nothing else, and can be set at all.
fn set_once(factor: &Factor, load: &Program, server: &Server) -> Result<(), String> {
    let name = &factor.name;
    let (program, section) = match (&factor.kind, server) {
        (FactorKind::Host(_), _) => return Ok(()),
        (FactorKind::LoadOption(_) | FactorKind::LoadVariable(_) | FactorKind::LoadProgram, _) => {
            (load, "load")
        }
        (_, Server::Started { program, .. }) => (program, "server"),
        (_, Server::Elsewhere { target }) => {
            return Err(format!(
                "factor '{name}': the server at {target} is not started by this plan, so that nothing of \
                 it can be varied: [server] needs options, be they empty"
            ));
        }
    };
    let (is_set, place) = match &factor.kind {
        FactorKind::ServerOption(flag) | FactorKind::LoadOption(flag) => {
            let set = program.options.iter().any(|(there, _)| there == flag);
            (set, format!("options.{flag}"))
        }
        FactorKind::ServerVariable(name) | FactorKind::LoadVariable(name) => {
            let set = program.environment.iter().any(|(there, _)| there == name);
            (set, format!("environment.{name}"))
        }
        _ => (program.path.is_some(), "program".to_owned()),
    };
    if is_set {
        return Err(format!(
            "factor '{name}' varies what {section}.{place} sets: leave one of them out"
        ));
    }
    Ok(())
}
