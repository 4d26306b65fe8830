//! What must be put back, on disk before anything is changed.
//!
//! - [`entry`]: the lines of a journal. Pure;
//! - `store`: its directory, its lock and its file;
//! - `restore`: what another process does with a journal that was left behind;
//! - `back`: ends and puts back; `settle`: settings of which one may change another;
//! - `ending`, `process`: processes that outlived the experiment that started them;
//! - `claim`: who has the settings in hand, whatever the directory;
//! - `place`: which start of the kernel and which network it is about.

mod back;
mod claim;
mod ending;
pub mod entry;
mod error;
mod place;
mod process;
mod restore;
mod settle;
mod store;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

pub use self::claim::Holder;
use self::claim::{Claims, Scope};
use self::entry::{Begun, Entry, JournalSchema, Network, Process, Record};
pub use self::error::JournalError;
pub use self::restore::{Restored, Step, restore, restore_host};
pub use self::store::default_state;
use self::store::{Pages, Store};
use super::knob::{Knob, KnobError};
use super::mark::Mark;

/// What must be put back. While it lives, no other process has one of its kind in the same directory.
#[derive(Debug)]
pub struct Journal {
    store: Store,
    /// `None` before the first line that this process writes.
    pages: Option<Pages>,
    record: Record,
    /// That of the record, or of this process alone.
    mark: Mark,
    claims: Claims,
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
        Self::begin_at(&Grounds::usual(state), what)
    }

    /// Begins that of settings that somebody changes on purpose (`loadgen host`), or goes on with it.
    ///
    /// # Errors
    /// If an experiment runs or was broken off, or if the journal belongs to another network.
    pub fn of_host(state: &Path) -> Result<Self, JournalError> {
        Self::of_host_at(&Grounds::usual(state))
    }

    fn begin_at(grounds: &Grounds, what: &str) -> Result<Self, JournalError> {
        let store = Store::open(&grounds.state, EXPERIMENT)?;
        refuse_left(&store, &grounds.state)?;
        let begun = here(what)?;
        let restore = Some(restore_command(&grounds.state));
        let mut claims = grounds.claims(&store, what, restore, true)?;
        claims.take(Scope::Network(begun.network()))?;
        Self::new(store, begun, claims, None)
    }

    fn of_host_at(grounds: &Grounds) -> Result<Self, JournalError> {
        let state = &grounds.state;
        let apart = Store::open(state, EXPERIMENT)?;
        refuse_left(&apart, state)?;
        let store = Store::open(state, HOST)?;
        let here = here("loadgen host")?;
        let mut claims = grounds.claims(&store, &here.what, None, true)?;
        claims.take(Scope::Network(here.network()))?;
        match store.read()? {
            // What was set before a restart of the kernel is not set any more.
            Some(record) if record.begun.boot == here.boot => {
                let network = record.begun.network();
                if network.inode != here.network || network.has_inode_of(here.network()) {
                    let advice = format!("{} puts that back first", restore_host_command(state));
                    let what = record.begun.what;
                    return Err(JournalError::Elsewhere { what, advice });
                }
                let pages = store.go_on(&record)?;
                Ok(Self::of(store, record, Some(pages), claims, Some(apart)))
            }
            _ => Self::new(store, here, claims, Some(apart)),
        }
    }

    fn new(
        store: Store,
        begun: Begun,
        claims: Claims,
        apart: Option<Store>,
    ) -> Result<Self, JournalError> {
        let pages = store.create(&Entry::Begun(begun.clone()))?;
        let record = Record {
            begun,
            settings: Vec::new(),
            processes: Vec::new(),
            restoring: Vec::new(),
            length: 0,
        };
        Ok(Self::of(store, record, Some(pages), claims, apart))
    }

    fn of(
        store: Store,
        record: Record,
        pages: Option<Pages>,
        claims: Claims,
        apart: Option<Store>,
    ) -> Self {
        Self {
            store,
            pages,
            // Of a journal of the first versions nothing is looked for.
            mark: record.begun.mark.clone().unwrap_or_else(Mark::draw),
            record,
            claims,
            _apart: apart,
        }
    }

    /// What every program carries that is started while this journal is kept.
    #[must_use]
    pub fn mark(&self) -> &Mark {
        &self.mark
    }

    /// What people should know of others that had the same settings in hand: sentences.
    #[must_use]
    pub fn remarks(&self) -> &[String] {
        self.claims.remarks()
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
        self.claims.take(Scope::of(knob, self.network()))?;
        let value = knob.marked(&self.mark).read()?;
        let entry = Entry::Before {
            knob: knob.clone(),
            value: value.clone(),
        };
        self.pages()?.append(&[&entry])?;
        self.record.settings.push((knob.clone(), value.clone()));
        Ok(value)
    }

    /// Whether a setting is written down.
    #[must_use]
    pub fn has(&self, knob: &Knob) -> bool {
        self.record.value_of(knob).is_some()
    }

    /// Puts a setting that is written down, and was not changed yet, back to what it is.
    ///
    /// # Errors
    /// If it does not go back there: then it must not be changed.
    pub fn rehearse(&self, knob: &Knob) -> Result<(), KnobError> {
        match self.record.value_of(knob) {
            Some(before) => knob.marked(&self.mark).rehearse(before),
            None => Ok(()),
        }
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
        let (_steps, unrestored) = self.go_back(&wanted, false);
        unrestored
    }

    /// The settings that are written down, with what they were.
    #[must_use]
    pub fn settings(&self) -> &[(Knob, String)] {
        &self.record.settings
    }

    /// Removes the journal if nothing is left to be done, or else writes down what was.
    fn close(&mut self, entries: &[Entry]) -> Result<(), JournalError> {
        if self.record.settings.is_empty() && self.record.processes.is_empty() {
            self.pages = None;
            return self.store.remove();
        }
        self.go_on()?.append(&entries.iter().collect::<Vec<_>>())
    }

    /// The file, to be continued.
    fn go_on(&mut self) -> Result<&mut Pages, JournalError> {
        if self.pages.is_none() {
            self.pages = Some(self.store.go_on(&self.record)?);
        }
        self.pages()
    }

    fn network(&self) -> Network {
        self.record.begun.network()
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

impl Drop for Journal {
    fn drop(&mut self) {
        if self.record.settings.is_empty() && self.record.processes.is_empty() {
            self.claims.settle();
        }
    }
}

/// Where a journal is kept, and where it is told who has which settings in hand.
#[derive(Clone, Debug)]
struct Grounds {
    state: PathBuf,
    claims: PathBuf,
}

impl Grounds {
    fn usual(state: &Path) -> Self {
        Self {
            state: state.to_owned(),
            claims: claim::usual_place(state),
        }
    }

    fn claims(
        &self,
        store: &Store,
        what: &str,
        restore: Option<String>,
        is_to_change: bool,
    ) -> Result<Claims, JournalError> {
        let note = claim::note(what, store.place()?, restore);
        Ok(Claims::new(&self.claims, note, is_to_change))
    }
}

fn refuse_left(store: &Store, state: &Path) -> Result<(), JournalError> {
    let Some(record) = store.read()? else {
        return Ok(());
    };
    let left = [
        (record.settings.len(), "changed setting"),
        (processes_of(&record)?, "process"),
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

/// How many processes a journal leaves to be ended: those that it names, and others with its mark.
fn processes_of(record: &Record) -> Result<usize, JournalError> {
    let named = &record.processes;
    let marked = process::marked(&record.marks()).map_err(JournalError::Unknown)?;
    let others = marked
        .iter()
        .filter(|seen| named.iter().all(|process| process.pid != seen.pid));
    Ok(named.len() + others.count())
}

fn here(what: &str) -> Result<Begun, JournalError> {
    let network = place::network().map_err(JournalError::Unknown)?;
    Ok(Begun {
        schema: JournalSchema::Journal1,
        what: what.to_owned(),
        boot: place::boot().map_err(JournalError::Unknown)?,
        network: network.inode,
        cookie: network.cookie,
        mark: Some(Mark::draw()),
    })
}

/// What a person types to have an experiment's journal carried out.
#[must_use]
pub fn restore_command(state: &Path) -> String {
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
