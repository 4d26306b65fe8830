//! Settings of the host, as they were typed and as they are.

use std::path::{Component, Path, PathBuf};

use echo_reactor::affinity::CpuList;
use toml::Spanned;

use super::typed;
use super::wrong::{Placed, Wrong, list};
use crate::experiment::knob::{EthtoolGroup, Knob};

/// Every setting of the host that a factor names.
pub(super) fn named(factor: &typed::Factor) -> Result<Vec<Knob>, Wrong> {
    let mut knobs = Vec::new();
    if let Some(name) = &factor.sysctl {
        knobs.push(Knob::Sysctl(sysctl(name)?));
    }
    if let Some(path) = &factor.file {
        knobs.push(Knob::File(file(path)?));
    }
    if let Some(ethtool) = &factor.ethtool {
        knobs.push(self::ethtool(ethtool)?);
    }
    if let Some(command) = &factor.command {
        knobs.push(self::command(command)?);
    }
    let steering = [
        (
            &factor.receive_steering,
            Knob::ReceiveSteering as fn(_) -> _,
        ),
        (&factor.transmit_steering, Knob::TransmitSteering),
        (&factor.flow_steering, Knob::FlowSteering),
        (&factor.queueing, Knob::Queueing),
    ];
    for (typed, knob) in steering {
        if let Some(typed) = typed {
            knobs.push(knob(interface(typed)?));
        }
    }
    let processors = [
        (&factor.governor, Knob::Governor as fn(_) -> _),
        (&factor.idle_limit, Knob::IdleLimit),
    ];
    for (typed, knob) in processors {
        if let Some(typed) = typed {
            knobs.push(knob(self::processors(typed)?));
        }
    }
    if let Some(interrupt) = &factor.interrupt {
        let name = word(interrupt, "an interrupt, as in /proc/interrupts")?;
        knobs.push(Knob::Interrupt(name));
    }
    Ok(knobs)
}

/// Whether setting the one would set (some of) the other.
pub(super) fn overlap(one: &Knob, other: &Knob) -> bool {
    match (one, other) {
        (Knob::Governor(one), Knob::Governor(other))
        | (Knob::IdleLimit(one), Knob::IdleLimit(other)) => share(one, other),
        _ => one == other || path(one).is_some_and(|one| Some(one) == path(other)),
    }
}

/// The name of an interface of the host.
pub(super) fn interface(typed: &Spanned<String>) -> Result<String, Wrong> {
    let name = typed.get_ref();
    // IFNAMSIZ, and what dev_valid_name() of the kernel takes.
    let fits = (1..=15).contains(&name.len()) && !matches!(name.as_str(), "." | "..");
    if fits && !name.contains(|letter: char| letter == '/' || letter == ':' || is_blank(letter)) {
        return Ok(name.clone());
    }
    Err(typed.wrong(format_args!(
        "'{name}' is no name of an interface, as in eth0"
    )))
}

fn sysctl(typed: &Spanned<String>) -> Result<String, Wrong> {
    let name = typed.get_ref();
    let parts = sysctl_path(name);
    let fits = |part: &str| !part.is_empty() && part != "." && part != "..";
    if name.contains(is_blank) || parts.split('/').count() < 2 || !parts.split('/').all(fits) {
        return Err(typed.wrong(format_args!(
            "'{name}' is no name of a sysctl, as in net.core.busy_poll"
        )));
    }
    Ok(name.clone())
}

/// Below /proc/sys. As sysctl(8) has it, the first separator separates, and the other one stands for
/// itself: `net.ipv4.conf.eth0/1.rp_filter` is about the interface `eth0.1`.
fn sysctl_path(name: &str) -> String {
    match name.find(['.', '/']).map(|at| name.as_bytes()[at]) {
        Some(b'.') => name
            .chars()
            .map(|letter| match letter {
                '.' => '/',
                '/' => '.',
                letter => letter,
            })
            .collect(),
        _ => name.to_owned(),
    }
}

fn file(typed: &Spanned<String>) -> Result<PathBuf, Wrong> {
    let path = Path::new(typed.get_ref());
    let inside = ["/sys", "/proc"].iter().any(|root| path.starts_with(root));
    let straight = path
        .components()
        .all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    if inside && straight && path.components().count() > 2 && !typed.get_ref().contains('\0') {
        return Ok(path.to_owned());
    }
    Err(typed.wrong(format_args!(
        "file: '{}' is no file below /sys or /proc",
        path.display()
    )))
}

fn ethtool(typed: &Spanned<typed::Ethtool>) -> Result<Knob, Wrong> {
    let ethtool = typed.get_ref();
    let groups = [
        (EthtoolGroup::Coalesce, &ethtool.coalesce),
        (EthtoolGroup::Ring, &ethtool.ring),
        (EthtoolGroup::Offload, &ethtool.offload),
        (EthtoolGroup::Channels, &ethtool.channels),
    ];
    let mut named = groups
        .into_iter()
        .filter_map(|(group, parameter)| Some((group, parameter.as_ref()?)));
    let (Some((group, parameter)), None) = (named.next(), named.next()) else {
        return Err(typed.wrong(format_args!(
            "ethtool sets one of {}, as in {{ interface = \"eth0\", coalesce = \"rx-usecs\" }}",
            list(&["coalesce", "ring", "offload", "channels"])
        )));
    };
    Ok(Knob::Ethtool {
        interface: interface(&ethtool.interface)?,
        group,
        parameter: word(parameter, "a parameter of ethtool, as in rx-usecs")?,
    })
}

fn command(typed: &Spanned<typed::Command>) -> Result<Knob, Wrong> {
    let typed::Command {
        read,
        apply,
        revert,
    } = typed.get_ref();
    for (key, line) in [("read", read), ("apply", apply), ("revert", revert)] {
        let words = line.get_ref();
        if words.first().is_none_or(String::is_empty)
            || words.iter().any(|word| word.contains('\0'))
        {
            return Err(line.wrong(format_args!(
                "{key} is no command: write the program and its arguments, as in [\"tc\", \"qdisc\"]"
            )));
        }
    }
    for (key, line) in [("apply", apply), ("revert", revert)] {
        if !line.get_ref().iter().any(|part| part.contains(LEVEL)) {
            return Err(line.wrong(format_args!(
                "{key} has no {LEVEL} in it, which stands for the value to set"
            )));
        }
    }
    Ok(Knob::Command {
        read: read.get_ref().clone(),
        apply: apply.get_ref().clone(),
        revert: revert.get_ref().clone(),
    })
}

/// A list of processors, or all of them.
fn processors(typed: &Spanned<String>) -> Result<String, Wrong> {
    let list = typed.get_ref();
    if list == ALL {
        return Ok(list.clone());
    }
    let parsed: Result<CpuList, _> = list.parse();
    parsed.map(|_| list.clone()).map_err(|error| {
        typed.wrong(format_args!(
            "processors are all or a list of them: {error}"
        ))
    })
}

/// Whether two lists of processors have one in common.
fn share(one: &str, other: &str) -> bool {
    let lists = (one.parse::<CpuList>(), other.parse::<CpuList>());
    match lists {
        (Ok(one), Ok(other)) => one
            .processors
            .iter()
            .any(|processor| other.processors.contains(processor)),
        _ => true,
    }
}

/// The file that a setting is, if it is one.
fn path(knob: &Knob) -> Option<PathBuf> {
    match knob {
        Knob::Sysctl(name) => Some(Path::new("/proc/sys").join(sysctl_path(name))),
        Knob::File(path) => Some(path.clone()),
        _ => None,
    }
}

fn word(typed: &Spanned<String>, what: &str) -> Result<String, Wrong> {
    let word = typed.get_ref();
    if word.is_empty() || word.contains(is_blank) || word.starts_with('-') {
        return Err(typed.wrong(format_args!("'{word}' is not {what}")));
    }
    Ok(word.clone())
}

fn is_blank(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control()
}

const ALL: &str = "all";

/// What stands for the value in the arguments of a command.
const LEVEL: &str = "{level}";
