//! What is varied.

use toml::Spanned;

use super::typed::{self, Value};
use super::wrong::{Placed, Wrong};
use super::{Factor, FactorKind, Level, Setting, knobs, programs};
use crate::experiment::knob::{EthtoolGroup, Knob};

/// Every factor, with nothing varied twice.
pub(super) fn factors(typed: &[Spanned<typed::Factor>]) -> Result<Vec<Factor>, Wrong> {
    if typed.is_empty() {
        return Err(Wrong::anywhere(
            "there is no [[factor]]: what is to be varied?",
        ));
    }
    if let Some(beyond) = typed.get(MOST_FACTORS) {
        return Err(beyond.wrong(format_args!(
            "there are {} factors, and {MOST_FACTORS} are possible: leave some out",
            typed.len()
        )));
    }
    let mut factors: Vec<Factor> = Vec::new();
    for (number, typed) in typed.iter().enumerate() {
        let (factor, place) = factor(number + 1, typed)?;
        if let Some(other) = factors.iter().find(|other| other.name == factor.name) {
            return Err(typed.wrong(format_args!(
                "{place}: another factor is called '{}' too: give one of them another name",
                other.name
            )));
        }
        let same = |other: &&Factor| are_one_thing(&other.kind, &factor.kind);
        if let Some(other) = factors.iter().find(same) {
            return Err(typed.wrong(format_args!(
                "{place} sets what '{}' sets: put their levels together, or leave one out",
                other.name
            )));
        }
        factors.push(factor);
    }
    Ok(factors)
}

/// A factor, and how sentences call it.
fn factor(number: usize, typed: &Spanned<typed::Factor>) -> Result<(Factor, String), Wrong> {
    let place = format!("factor {number}");
    let kind = kind(&place, typed)?;
    let name = match &typed.get_ref().name {
        Some(name) if name.get_ref().trim().is_empty() => {
            return Err(name.wrong(format_args!("{place}: its name is empty")));
        }
        Some(name) => name.get_ref().clone(),
        None => kind.to_string(),
    };
    let place = format!("{place} ('{name}')");
    let levels = levels(&place, &kind, typed)?;
    Ok((Factor { name, kind, levels }, place))
}

/// The one thing that a factor names.
fn kind(place: &str, typed: &Spanned<typed::Factor>) -> Result<FactorKind, Wrong> {
    let factor = typed.get_ref();
    let mut kinds: Vec<FactorKind> = knobs::named(factor)?
        .into_iter()
        .map(FactorKind::Host)
        .collect();
    if let Some(flag) = &factor.server_option {
        kinds.push(FactorKind::ServerOption(programs::server_flag(flag)?));
    }
    if let Some(flag) = &factor.load_option {
        kinds.push(FactorKind::LoadOption(programs::load_flag(flag)?));
    }
    if let Some(name) = &factor.server_environment {
        kinds.push(FactorKind::ServerVariable(programs::variable(name)?));
    }
    if let Some(name) = &factor.load_environment {
        kinds.push(FactorKind::LoadVariable(programs::variable(name)?));
    }
    let builds = [
        (&factor.server_program, FactorKind::ServerProgram),
        (&factor.load_program, FactorKind::LoadProgram),
    ];
    for (wanted, kind) in builds {
        match wanted {
            Some(wanted) if *wanted.get_ref() => kinds.push(kind),
            Some(wanted) => {
                return Err(wanted.wrong(format_args!(
                    "{place}: write true, and the paths of the programs as its levels"
                )));
            }
            None => {}
        }
    }
    let mut kinds = kinds.into_iter();
    match (kinds.next(), kinds.next()) {
        (Some(kind), None) => Ok(kind),
        (None, _) => Err(typed.wrong(format_args!(
            "{place} says nothing of what it varies: name a sysctl, a file, ethtool, server_option or \
             another kind (docs/tune.md has all)"
        ))),
        (Some(one), Some(other)) => Err(typed.wrong(format_args!(
            "{place} varies two things, {one} and {other}: make a factor of each"
        ))),
    }
}

fn levels(
    place: &str,
    kind: &FactorKind,
    typed: &Spanned<typed::Factor>,
) -> Result<Vec<Level>, Wrong> {
    let Some(there) = &typed.get_ref().levels else {
        return Err(typed.wrong(format_args!(
            "{place} has no levels: write levels = [...], first the one that others are compared with"
        )));
    };
    let mut levels = Vec::new();
    for value in there.get_ref() {
        let level = level(place, kind, value)?;
        if levels.contains(&level) {
            return Err(value.wrong(format_args!(
                "{place} has the level {level} twice: leave one out"
            )));
        }
        levels.push(level);
    }
    if levels.len() < 2 {
        return Err(there.wrong(format_args!(
            "{place} needs two levels or more, and has {}: first the one that others are compared with",
            levels.len()
        )));
    }
    Ok(levels)
}

fn level(place: &str, kind: &FactorKind, typed: &Spanned<Value>) -> Result<Level, Wrong> {
    let wrong = |expected: &str| Err(typed.wrong(format_args!("{place}: {expected}")));
    let setting = programs::setting(typed)?;
    match (kind, setting) {
        (FactorKind::Host(_), Setting::Values(values)) if values == [PRESENT] => Ok(Level::Present),
        (FactorKind::Host(_), Setting::Values(values))
            if values.len() != 1 || matches!(typed.get_ref(), Value::List(_)) =>
        {
            wrong("a level of a setting of the host is one value, not several")
        }
        (FactorKind::Host(knob), setting @ (Setting::On | Setting::Off)) => match (knob, setting) {
            (
                Knob::Ethtool {
                    group: EthtoolGroup::Offload,
                    ..
                },
                setting,
            ) => {
                let switch = if setting == Setting::On { "on" } else { "off" };
                Ok(Level::To(Setting::Values(vec![switch.to_owned()])))
            }
            _ => wrong(
                "true and false go with flags of the programs: write the value of this setting, as in \
                 1 or \"off\"",
            ),
        },
        (FactorKind::ServerProgram | FactorKind::LoadProgram, setting) => match setting {
            Setting::Values(values)
                if values.len() == 1
                    && matches!(typed.get_ref(), Value::Text(_))
                    && programs::is_path(&values[0]) =>
            {
                Ok(Level::To(Setting::Values(values)))
            }
            _ => wrong("its levels are the paths of programs, as in \"old/echo-reactor\""),
        },
        (FactorKind::ServerVariable(_) | FactorKind::LoadVariable(_), setting) => match setting {
            Setting::Values(values) if values.len() != 1 => {
                wrong("a level of an environment variable is one value, not several")
            }
            Setting::On => wrong(
                "a level of an environment variable is a number or a string, or false to leave it out",
            ),
            setting => Ok(Level::To(setting)),
        },
        (_, setting) => Ok(Level::To(setting)),
    }
}

fn are_one_thing(one: &FactorKind, other: &FactorKind) -> bool {
    match (one, other) {
        (FactorKind::Host(one), FactorKind::Host(other)) => knobs::overlap(one, other),
        _ => one == other,
    }
}

/// The level that stands for what was found.
const PRESENT: &str = "present";

/// What designs can tell of.
const MOST_FACTORS: usize = 16;
