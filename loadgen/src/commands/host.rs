//! Settings of the host that matter for latency: shown, set, and put back.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use super::{AS_ROOT, Failure, failed, misused, print, remark};
use crate::cli::host::{Action, Arguments};
use crate::experiment::journal::{self, Journal};
use crate::experiment::knob::Knob;
use crate::output::Output;
use crate::proposals::{self, Proposal};
use crate::report;
use crate::results::{HostFile, HostSchema};

pub(super) fn host(arguments: &Arguments) -> Result<u8, Failure> {
    arguments.interface.as_deref().map_or(Ok(()), known)?;
    let all = proposals::all(arguments.interface.as_deref());
    let chosen = chosen(arguments, &all)?;
    let mut output = Output::create("--json", arguments.json.as_deref()).map_err(failed)?;
    let done = match arguments.action {
        Action::Show => None,
        Action::Apply => Some(apply(arguments, &chosen)?),
        Action::Restore => Some(restore(arguments, &chosen)?),
    };
    let file = HostFile {
        schema: HostSchema::Host1,
        settings: all.iter().map(Proposal::look).collect(),
    };
    if !output.is_stdout() {
        let text = done.as_ref().map(|done| done.text.clone());
        print(&text.unwrap_or_else(|| report::settings::text(&file)))?;
    }
    output.write(&file).map_err(failed)?;
    match done {
        Some(mut done) if !done.failures.is_empty() => {
            if done.is_refused && !geteuid().is_root() {
                done.failures.push(AS_ROOT.to_owned());
            }
            Err(failed(done.failures.join("\nloadgen: ")))
        }
        _ => Ok(0),
    }
}

/// What was done, as lines for people, and what could not be, as sentences.
struct Done {
    text: String,
    failures: Vec<String>,
    /// Whether a setting is not what it should be by now.
    is_refused: bool,
}

/// Whether there is such an interface, where the host tells of its interfaces.
fn known(interface: &str) -> Result<(), Failure> {
    let all = Path::new("/sys/class/net");
    let is_name = !interface.is_empty() && !interface.contains('/') && !interface.starts_with('.');
    if is_name && (all.join(interface).exists() || !all.exists()) {
        return Ok(());
    }
    Err(failed(format_args!(
        "there is no interface '{interface}' (--interface): ip link shows those that there are"
    )))
}

/// The proposals that are named; none if none is.
fn chosen<'a>(arguments: &Arguments, all: &'a [Proposal]) -> Result<Vec<&'a Proposal>, Failure> {
    if arguments.action == Action::Show && !arguments.settings.is_empty() {
        return Err(misused("show takes no names: it shows everything"));
    }
    let named = arguments.settings.iter().map(|name| {
        let found = all.iter().find(|proposal| proposal.name == name);
        found.ok_or_else(|| {
            misused(format_args!(
                "there is no setting {name}: loadgen host shows their names, with those of an \
                 interface if --interface names one"
            ))
        })
    });
    named.collect()
}

fn state(arguments: &Arguments) -> Result<PathBuf, Failure> {
    let state = arguments
        .state
        .clone()
        .map_or_else(journal::default_state, Ok);
    state.map_err(failed)
}

fn apply(arguments: &Arguments, chosen: &[&Proposal]) -> Result<Done, Failure> {
    let all = proposals::all(arguments.interface.as_deref());
    let wanted: Vec<&Proposal> = if chosen.is_empty() {
        all.iter().collect()
    } else {
        chosen.to_vec()
    };
    let mut journal = Journal::of_host(&state(arguments)?).map_err(failed)?;
    let mut done = Done {
        text: String::new(),
        failures: Vec::new(),
        is_refused: false,
    };
    for proposal in wanted {
        let seen = proposal.look();
        let line = match (proposal.knob(), &seen.present, seen.proposed.as_deref()) {
            (Some(knob), Some(present), Some(level)) if seen.is_as_proposed == Some(false) => {
                match set(&mut journal, knob, level) {
                    Ok(()) => format!("{level}, was {present}"),
                    Err(sentence) => {
                        done.failures.push(sentence);
                        done.is_refused = true;
                        continue;
                    }
                }
            }
            (_, Some(present), Some(_)) => format!("{present} already"),
            // Of all settings, those that can be set are told.
            (_, Some(_), None) | (_, None, _) if chosen.is_empty() => continue,
            (_, Some(present), None) => {
                let name = proposal.name;
                done.failures.push(format!(
                    "{name} is {present}, and nothing is proposed for it"
                ));
                continue;
            }
            (_, None, _) => {
                done.failures.extend(seen.missing);
                continue;
            }
        };
        // Writing into a string cannot fail.
        let _written: std::fmt::Result = writeln!(done.text, "{}  {line}", proposal.name);
    }
    remark(journal.remarks());
    // Nothing is left of one that has nothing to put back.
    if journal.settings().is_empty() {
        done.failures
            .extend(journal.put_back().iter().map(ToString::to_string));
    }
    Ok(done)
}

/// Sets it; one that does not take is put back at once.
fn set(journal: &mut Journal, knob: &Knob, level: &str) -> Result<(), String> {
    knob.may_change().map_err(|error| error.to_string())?;
    // One that was changed already must not be what it was before in between.
    let is_changed = journal.has(knob);
    journal.before(knob).map_err(|error| error.to_string())?;
    let rehearsed = if is_changed {
        Ok(())
    } else {
        journal.rehearse(knob)
    };
    let applied = rehearsed.and_then(|()| knob.marked(journal.mark()).apply(level));
    applied.map_err(|error| {
        let left = journal.put_back_only(|other| other == knob);
        let sentences = [error.to_string()].into_iter();
        let sentences = sentences.chain(left.iter().map(ToString::to_string));
        sentences.collect::<Vec<_>>().join("; ")
    })
}

fn restore(arguments: &Arguments, chosen: &[&Proposal]) -> Result<Done, Failure> {
    let knobs: Vec<&Knob> = chosen
        .iter()
        .filter_map(|proposal| proposal.knob())
        .collect();
    let is_wanted = |knob: &Knob| chosen.is_empty() || knobs.contains(&knob);
    let restored = journal::restore_host(&state(arguments)?, is_wanted).map_err(failed)?;
    let mut text = String::new();
    for step in &restored.steps {
        let _written: std::fmt::Result = writeln!(text, "{step}");
    }
    if restored.steps.is_empty() && restored.unrestored.is_empty() {
        text.push_str("nothing to put back\n");
    }
    let failures = restored.unrestored.iter().map(ToString::to_string);
    Ok(Done {
        text,
        failures: failures.collect(),
        is_refused: !restored.unrestored.is_empty(),
    })
}
