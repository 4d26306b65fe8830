//! What must be put back, on disk before anything is changed.
//!
//! - [`entry`]: the lines of a journal. Pure;
//! - `store`: its directory, its lock and its file;
//! - `restore`: what another process does with a journal that was left behind;
//! - `place`: which start of the kernel and which network it is about;
//! - `process`: processes that outlived the experiment that started them.

pub mod entry;
mod error;
mod place;
mod process;
mod restore;
mod store;
/// How often settings that change each other are gone through; each round settles one at least.
const ROUNDS: usize = 8;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use self::entry::{Begun, Entry, JournalSchema, Process, Record};
pub use self::error::JournalError;
pub use self::restore::{Restored, Step, restore, restore_host};
pub use self::store::default_state;
use self::store::{Pages, Store};
use super::knob::{Knob, KnobError};

/// What must be put back. While it lives, no other process has one of its kind in the same directory.
#[derive(Debug)]
pub struct Journal {
    store: Store,
    /// `None` before the first line that this process writes.
    pages: Option<Pages>,
    record: Record,
    /// Keeps experiments out while settings of the host are changed.
    _apart: Option<Store>,
}

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unrestored {
    /// The setting; `None` for a process, or the journal itself.
    pub knob: Option<Knob>,
    /// What is wrong, as a sentence.
    pub sentence: String,
}

impl fmt::Display for Unrestored {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sentence)
    }
}

impl Journal {
    /// Begins that of an experiment, in a directory that is made if need be.
    ///
    /// # Errors
    /// If another experiment runs, if one was broken off, or if nothing can be written. Nothing needs
    /// to be put back then.
    pub fn begin(state: &Path, what: &str) -> Result<Self, JournalError> {
        let store = Store::open(state, EXPERIMENT)?;
        refuse_left(&store, state)?;
        Self::new(store, None, what)
    }

    /// Begins that of settings that somebody changes on purpose (`loadgen host`), or goes on with it.
    ///
    /// # Errors
    /// If an experiment runs or was broken off, or if the journal belongs to another network.
    pub fn of_host(state: &Path) -> Result<Self, JournalError> {
        let apart = Store::open(state, EXPERIMENT)?;
        refuse_left(&apart, state)?;
        let store = Store::open(state, HOST)?;
        let here = here("")?;
        match store.read()? {
            // What was set before a restart of the kernel is not set any more.
            Some(record) if record.begun.boot == here.boot => {
                if record.begun.network != here.network {
                    let advice = format!("{} puts that back first", restore_host_command(state));
                    let what = record.begun.what;
                    return Err(JournalError::Elsewhere { what, advice });
                }
                Ok(Self {
                    pages: Some(store.go_on(&record)?),
                    store,
                    record,
                    _apart: Some(apart),
                })
            }
            _ => Self::new(store, Some(apart), "loadgen host"),
        }
    }

    fn new(store: Store, apart: Option<Store>, what: &str) -> Result<Self, JournalError> {
        let begun = here(what)?;
        let pages = store.create(&Entry::Begun(begun.clone()))?;
        Ok(Self {
            store,
            pages: Some(pages),
            record: Record {
                begun,
                settings: Vec::new(),
                processes: Vec::new(),
                length: 0,
            },
            _apart: apart,
        })
    }

    /// Reads what a setting is and writes it down, once a setting; returns it. It is on disk then, and
    /// the setting may be changed.
    ///
    /// # Errors
    /// If it cannot be read or written down: then it must not be changed.
    pub fn before(&mut self, knob: &Knob) -> Result<String, JournalError> {
        if let Some(value) = self.record.value_of(knob) {
            return Ok(value.to_owned());
        }
        let value = knob.read()?;
        let entry = Entry::Before {
            knob: knob.clone(),
            value: value.clone(),
        };
        self.pages()?.append(&[&entry])?;
        self.record.settings.push((knob.clone(), value.clone()));
        Ok(value)
    }

    /// Writes down that process `pid` was started, so that it is ended if this one cannot do it.
    ///
    /// # Errors
    /// If it has ended already, or cannot be written down.
    pub fn started(&mut self, pid: u32, what: &str) -> Result<(), JournalError> {
        let process = Process {
            pid,
            started: process::started(pid).map_err(JournalError::Unknown)?,
            what: what.to_owned(),
        };
        self.pages()?.append(&[&Entry::Started(process.clone())])?;
        self.record.processes.push(process);
        Ok(())
    }

    /// Writes down that process `pid` has ended.
    ///
    /// # Errors
    /// If it cannot be written down; nothing is wrong then, since it is looked for before it is ended.
    pub fn ended(&mut self, pid: u32) -> Result<(), JournalError> {
        let processes = &mut self.record.processes;
        let written_down = processes.len();
        processes.retain(|process| process.pid != pid);
        if processes.len() == written_down {
            return Ok(());
        }
        self.pages()?.append(&[&Entry::Ended { pid }])
    }

    /// Puts everything back, the last change first, and tells what could not be. That stays in the
    /// journal; if there is nothing of that kind, the journal is removed.
    pub fn put_back(&mut self) -> Vec<Unrestored> {
        self.put_back_only(|_knob| true)
    }

    /// The same of some settings alone.
    pub fn put_back_only(&mut self, wanted: impl Fn(&Knob) -> bool) -> Vec<Unrestored> {
        let (_steps, unrestored) = self.go_back(&wanted);
        unrestored
    }

    /// The settings that are written down, with what they were.
    #[must_use]
    pub fn settings(&self) -> &[(Knob, String)] {
        &self.record.settings
    }

    fn go_back(&mut self, wanted: &dyn Fn(&Knob) -> bool) -> (Vec<Step>, Vec<Unrestored>) {
        let mut steps = Vec::new();
        let mut unrestored = Vec::new();
        let mut entries = Vec::new();
        for process in std::mem::take(&mut self.record.processes).into_iter().rev() {
            let pid = process.pid;
            match process::end(&process) {
                Ok(was_running) => {
                    entries.push(Entry::Ended { pid });
                    steps.extend(was_running.then_some(Step::Ended(process)));
                }
                Err(sentence) => {
                    self.record.processes.push(process);
                    let knob = None;
                    unrestored.push(Unrestored { knob, sentence });
                }
            }
        }
        let mut open: Vec<(Knob, String)> = self.record.settings.clone();
        open.retain(|(knob, _)| wanted(knob));
        // What could not be put back because of another setting may be by the time that is.
        loop {
            let (before, failed) = (
                open.len(),
                put_back_each(&mut open, &mut steps, &mut entries),
            );
            if failed.is_empty() || open.len() == before {
                unrestored.extend(failed);
                break;
            }
        }
        let settings = &mut self.record.settings;
        settings.retain(|(knob, _)| !wanted(knob) || open.iter().any(|(other, _)| other == knob));
        if let Err(error) = self.close(&entries) {
            let sentence = format!("{error}: what is as it was still stands in the journal");
            unrestored.push(Unrestored {
                knob: None,
                sentence,
            });
        }
        (steps, unrestored)
    }

    /// Removes the journal if nothing is left to be done, or else writes down what was.
    fn close(&mut self, entries: &[Entry]) -> Result<(), JournalError> {
        if self.record.settings.is_empty() && self.record.processes.is_empty() {
            self.pages = None;
            return self.store.remove();
        }
        if self.pages.is_none() {
            self.pages = Some(self.store.go_on(&self.record)?);
        }
        self.pages()?.append(&entries.iter().collect::<Vec<_>>())
    }

    /// The file, begun anew if everything in it had been put back.
    fn pages(&mut self) -> Result<&mut Pages, JournalError> {
        let pages = match self.pages.take() {
            Some(pages) => pages,
            None => self
                .store
                .create(&Entry::Begun(self.record.begun.clone()))?,
        };
        Ok(self.pages.insert(pages))
    }
}

/// Puts settings back from the last to the first; those that cannot be stay in the list.
fn put_back_each(
    open: &mut Vec<(Knob, String)>,
    steps: &mut Vec<Step>,
    entries: &mut Vec<Entry>,
) -> Vec<Unrestored> {
    settle(open);
    let mut failed = Vec::new();
    let mut left = Vec::new();
    for (knob, value) in std::mem::take(open).into_iter().rev() {
        match knob.put_back(&value) {
            Ok(()) => {
                entries.push(Entry::PutBack { knob: knob.clone() });
                steps.push(Step::PutBack { knob, value });
            }
            Err(error) => {
                failed.push(Unrestored {
                    knob: Some(knob.clone()),
                    sentence: error.to_string(),
                });
                left.push((knob, value));
            }
        }
    }
    left.reverse();
    *open = left;
    failed
}

/// Puts settings back until all of them show what they were: one may change another, as
/// `net.ipv4.ip_forward` changes the forwarding of every interface.
fn settle(open: &[(Knob, String)]) {
    for _round in 0..ROUNDS {
        let mut is_settled = true;
        for (knob, value) in open.iter().rev() {
            is_settled &= knob.read().is_ok_and(|present| present == *value);
            // What cannot be is told in the end.
            let _put_back: Result<(), KnobError> = knob.put_back(value);
        }
        if is_settled {
            return;
        }
    }
}

fn refuse_left(store: &Store, state: &Path) -> Result<(), JournalError> {
    let Some(record) = store.read()? else {
        return Ok(());
    };
    let left = [
        (record.settings.len(), "changed setting"),
        (record.processes.len(), "process"),
    ];
    let counts = left.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(count, name)| match (count, *name) {
            (1, name) => format!("1 {name}"),
            (count, "process") => format!("{count} processes"),
            (count, name) => format!("{count} {name}s"),
        })
        .collect();
    if counts.is_empty() {
        return Ok(());
    }
    Err(JournalError::Left {
        what: record.begun.what,
        count: counts.join(" and "),
        restore: restore_command(state),
    })
}

fn here(what: &str) -> Result<Begun, JournalError> {
    Ok(Begun {
        schema: JournalSchema::Journal1,
        what: what.to_owned(),
        boot: place::boot().map_err(JournalError::Unknown)?,
        network: place::network().map_err(JournalError::Unknown)?,
    })
}

/// What a person types to have an experiment's journal carried out.
fn restore_command(state: &Path) -> String {
    format!("loadgen tune --restore{}", flag_for(state))
}

fn restore_host_command(state: &Path) -> String {
    format!("loadgen host restore{}", flag_for(state))
}

fn flag_for(state: &Path) -> String {
    match default_state() {
        Ok(usual) if usual == state => String::new(),
        _ => {
            let state: PathBuf = std::path::absolute(state).unwrap_or_else(|_odd| state.to_owned());
            format!(" --state {}", state.display())
        }
    }
}

/// What the files of an experiment are called, and those of `loadgen host`.
const EXPERIMENT: &str = "tune";
const HOST: &str = "host";
