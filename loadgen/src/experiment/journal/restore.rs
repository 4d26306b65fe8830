//! What another process does with a journal that was left behind.
//!
//! After a restart the kernel has its own values again, or those that the system sets at its start:
//! none of what was changed is left, and an old value would be a change. So settings of the kernel are
//! forgotten then, and only what commands have set is put back, since that may have lasted. Those of a
//! network namespace that does not exist any more are forgotten, too, and commands that ran in it are not run
//! in another one: they are told.

use std::fmt;
use std::path::Path;

use super::claim::{Claims, Scope};
use super::entry::{Begun, Process, Record};
use super::error::JournalError;
use super::store::Store;
use super::{
    EXPERIMENT, Grounds, HOST, Journal, Unrestored, here, place, restore_command,
    restore_host_command,
};
use crate::experiment::knob::Knob;

/// What was done with a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// What had been broken off; `None` if there was no journal, and nothing to do.
    pub what: Option<String>,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// What could not be put back, and is still in the journal.
    pub unrestored: Vec<Unrestored>,
}

/// One thing that was done. As text it is half a sentence for a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A process was ended.
    Ended(Process),
    /// A setting is as it was.
    PutBack {
        /// The setting.
        knob: Knob,
        /// What it is again.
        value: String,
    },
    /// A setting is not to be put back any more.
    Forgotten {
        /// The setting.
        knob: Knob,
        /// Why.
        reason: String,
    },
    /// Something that people should know: a sentence.
    Remark(String),
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(process) => {
                write!(
                    formatter,
                    "{}, process {}, was ended",
                    process.what, process.pid
                )
            }
            Self::PutBack { knob, value } => write!(formatter, "{knob} is {value}"),
            Self::Forgotten { knob, reason } => write!(formatter, "{knob} is left alone: {reason}"),
            Self::Remark(sentence) => formatter.write_str(sentence),
        }
    }
}

/// Ends what an experiment that was broken off has left running, and puts back what it has changed.
///
/// # Errors
/// If an experiment runs, if its journal cannot be understood, or if it belongs to another network
/// namespace: the error says how to get there.
pub fn restore(state: &Path) -> Result<Restored, JournalError> {
    restore_at(&Grounds::usual(state), EXPERIMENT, &|_knob| true)
}

/// Puts back what `loadgen host` has set, as far as it is wanted.
///
/// # Errors
/// As [`restore`].
pub fn restore_host(
    state: &Path,
    wanted: impl Fn(&Knob) -> bool,
) -> Result<Restored, JournalError> {
    restore_at(&Grounds::usual(state), HOST, &wanted)
}

pub(super) fn restore_at(
    grounds: &Grounds,
    name: &'static str,
    wanted: &dyn Fn(&Knob) -> bool,
) -> Result<Restored, JournalError> {
    let state = &grounds.state;
    // Whoever only asks leaves no directory behind.
    if !state.exists() {
        return Ok(Restored::default());
    }
    let store = Store::open(state, name)?;
    let Some(record) = store.read()? else {
        // One that had not begun says nothing.
        store.remove()?;
        return Ok(Restored::default());
    };
    let command = if name == HOST {
        restore_host_command(state)
    } else {
        restore_command(state)
    };
    let here = here("")?;
    let gone = why_forgotten(&record.begun, &here, &command, &store)?;
    let restore = (name == EXPERIMENT).then_some(command);
    let mut claims = grounds.claims(&store, &record.begun.what, restore, false)?;
    claims.take(Scope::Network(here.network()))?;
    for (knob, _value) in &record.settings {
        claims.take(Scope::of(knob, here.network()))?;
    }
    Ok(carry_out(store, claims, record, gone, wanted))
}

pub(super) fn carry_out(
    store: Store,
    claims: Claims,
    mut record: Record,
    gone: Option<Gone>,
    wanted: &dyn Fn(&Knob) -> bool,
) -> Restored {
    let what = record.begun.what.clone();
    let remarks = claims.remarks().iter().cloned();
    let mut steps: Vec<Step> = remarks.map(Step::Remark).collect();
    if let Some(gone) = gone {
        let is_gone = |knob: &Knob| gone.takes(knob);
        let forgotten = record.settings.iter().filter(|(knob, _)| is_gone(knob));
        steps.extend(forgotten.map(|(knob, value)| Step::Forgotten {
            knob: knob.clone(),
            reason: gone.sentence(knob, value),
        }));
        record.settings.retain(|(knob, _)| !is_gone(knob));
        if gone == Gone::Restart {
            record.processes.clear();
        }
    }
    let is_left = gone != Some(Gone::Restart);
    let mut journal = Journal::of(store, record, None, claims, None);
    let (done, unrestored) = journal.go_back(wanted, is_left);
    steps.extend(done);
    Restored {
        what: Some(what),
        steps,
        unrestored,
    }
}

/// What is not there any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// The kernel that was set.
    Restart,
    /// The network namespace.
    Network,
}

impl Gone {
    /// Whether a setting has gone with it.
    fn takes(self, knob: &Knob) -> bool {
        match self {
            Self::Restart => !matches!(knob, Knob::Command { .. }),
            // A command may have set something of it, and would set that of another one.
            Self::Network => knob.is_of_network() || matches!(knob, Knob::Command { .. }),
        }
    }

    fn sentence(self, knob: &Knob, value: &str) -> String {
        match (self, knob.revert_line(value)) {
            (Self::Restart, _) => {
                "the host was restarted since, and has values of its own".to_owned()
            }
            (Self::Network, None) => "its network namespace does not exist any more".to_owned(),
            (Self::Network, Some(line)) => format!(
                "its network namespace is gone; if `{knob}` set something of the machine, run `{line}` by \
                 hand"
            ),
        }
    }
}

fn why_forgotten(
    begun: &Begun,
    now: &Begun,
    command: &str,
    store: &Store,
) -> Result<Option<Gone>, JournalError> {
    if begun.boot != now.boot {
        return Ok(Some(Gone::Restart));
    }
    if begun.network().has_inode_of(now.network()) {
        return Ok(Some(Gone::Network));
    }
    if begun.network == now.network {
        return Ok(None);
    }
    let advice = match place::way_to(begun.network) {
        Ok(None) => return Ok(Some(Gone::Network)),
        Ok(Some(way)) => format!("{way} {command} puts it back"),
        Err(reason) => format!(
            "{reason}; if you know that it does not exist any more and that nothing of the machine is set, \
             remove {}",
            store.place()?.display()
        ),
    };
    let what = begun.what.clone();
    Err(JournalError::Elsewhere { what, advice })
}
