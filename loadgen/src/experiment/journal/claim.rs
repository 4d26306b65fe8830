//! Which process has the settings of this machine, or of a network, in hand.
//!
//! Journals lie in directories that people choose, and settings do not: two experiments that know nothing of
//! each other would each take for found what the other has set. So there is one directory for all of them, with
//! a file for each network namespace, one for the machine, and one for each command that a plan names.
//! Whoever may change anything there has it locked. What stands in it tells who that is, and remains if that
//! process is killed: then nobody else begins before its journal has been carried out.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::{env, process};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::process::geteuid;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::entry::{self, Network};
use super::error::JournalError;
use super::store::{check_owner, flags};
use crate::experiment::knob::Knob;

/// What can be in one process's hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The settings of a network namespace.
    Network(Network),
    /// Those of the machine, whatever the namespace.
    Machine,
    /// What commands set, of which nothing else is known.
    Command(Knob),
}

impl Scope {
    /// Where a setting belongs that is set from within a network.
    pub(super) fn of(knob: &Knob, network: Network) -> Self {
        match knob {
            Knob::Command { .. } => Self::Command(knob.clone()),
            knob if knob.is_of_network() => Self::Network(network),
            _ => Self::Machine,
        }
    }

    fn file(&self) -> String {
        match self {
            Self::Network(Network {
                cookie: Some(cookie),
                ..
            }) => format!("network-{cookie}.claim"),
            Self::Network(network) => format!("network-inode-{}.claim", network.inode),
            Self::Machine => "machine.claim".to_owned(),
            Self::Command(knob) => {
                // It reads as what applies a level.
                let digest = Sha256::digest(knob.to_string());
                let bytes = digest.iter().take(8);
                let number = bytes.fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
                format!("command-{number:016x}.claim")
            }
        }
    }
}

/// Who has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// Its process.
    pub(super) pid: u32,
    /// What it does, for people.
    pub(super) what: String,
    /// Where it has written down what it changes.
    pub(super) journal: PathBuf,
    /// What a person types if it was killed; `None` if what it has set may stay.
    pub(super) restore: Option<String>,
}

/// What this process has in hand. It goes with the process, or with this value.
#[derive(Debug)]
pub(super) struct Claims {
    directory: PathBuf,
    note: Note,
    /// Whether what others left behind is in the way.
    is_to_change: bool,
    held: Vec<Held>,
    /// Sentences for people.
    remarks: Vec<String>,
}

#[derive(Debug)]
struct Held {
    scope: Scope,
    path: PathBuf,
    _locked: Locked,
    /// Whether the note in it is that of this process.
    is_noted: bool,
}

/// Where claims are: /run/loadgen of root; of others a directory that goes with their sessions, or one among
/// temporary files, or, if somebody else has made that one, beside the journal.
pub(super) fn usual_place(state: &Path) -> PathBuf {
    let user = geteuid();
    // Whoever is root in a user namespace alone is another one to the rest of the machine.
    if user.is_root() && is_of_user(Path::new("/run")) {
        return PathBuf::from("/run/loadgen");
    }
    // That of all sessions first, since those that begin otherwise, such as of cron, do not name it.
    let sessions = PathBuf::from(format!("/run/user/{}", user.as_raw()));
    let named = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    // That of another user is left over from whoever started this one.
    let mut sessions = [Some(sessions), named].into_iter().flatten();
    match sessions.find(|path| is_of_user(path)) {
        Some(session) => session.join("loadgen"),
        None => among_temporary(Path::new("/tmp"), state),
    }
}

/// Anybody can make a directory there, in the name of anybody.
fn among_temporary(temporary: &Path, state: &Path) -> PathBuf {
    let shared = temporary.join(format!("loadgen-{}", geteuid().as_raw()));
    if shared.symlink_metadata().is_ok() && !is_of_user(&shared) {
        return state.join("claims");
    }
    shared
}

fn is_of_user(path: &Path) -> bool {
    let found = fs::symlink_metadata(path);
    found.is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw())
}

impl Claims {
    /// None yet. Whoever is `to_change` something heeds what others have left behind; to put something back,
    /// only those that run are in the way.
    pub(super) fn new(directory: &Path, note: Note, is_to_change: bool) -> Self {
        Self {
            directory: directory.to_owned(),
            note,
            is_to_change,
            held: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// What people should know.
    pub(super) fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// Takes something in hand, unless it is already. To put something back it need not be possible: then
    /// that is a remark.
    ///
    /// # Errors
    /// If another process has it, or one had it that was killed and has not been put right.
    pub(super) fn take(&mut self, scope: Scope) -> Result<(), JournalError> {
        if self.held.iter().any(|held| held.scope == scope) {
            return Ok(());
        }
        match self.claim(scope) {
            Err(error) if !self.is_to_change && !matches!(error, JournalError::Held { .. }) => {
                self.unclaimed(&error);
                Ok(())
            }
            done => done,
        }
    }

    fn claim(&mut self, scope: Scope) -> Result<(), JournalError> {
        let path = self.directory.join(scope.file());
        let mut file = self.locked(&path)?;
        let there = read(&path, &mut file.0)?;
        let is_there = there.is_some();
        let other = there.filter(|note| note.journal != self.note.journal);
        let is_noted = if self.is_to_change {
            if let Some(note) = other
                && self.is_in_the_way(&note)?
            {
                return Err(JournalError::LeftElsewhere {
                    what: note.what,
                    pid: note.pid,
                    journal: note.journal,
                    restore: note.restore.unwrap_or_default(),
                });
            }
            write(&path, &mut file.0, &self.note)?;
            true
        } else if is_there {
            // Another's is still wanted by whoever is going to change something.
            other.is_none()
        } else {
            if let Err(error) = write(&path, &mut file.0, &self.note) {
                self.unclaimed(&error);
            }
            true
        };
        self.held.push(Held {
            scope,
            path,
            _locked: file,
            is_noted,
        });
        Ok(())
    }

    fn unclaimed(&mut self, error: &JournalError) {
        let remark = format!("{error}: so others may not see that settings are being put back");
        self.remarks.push(remark);
    }

    /// Nothing is changed any more, so that nobody needs to know who it was.
    pub(super) fn settle(&mut self) {
        for held in self.held.drain(..) {
            if held.is_noted {
                // A note that stays names a journal that is not there, and is passed over.
                let _removed: std::io::Result<()> = fs::remove_file(&held.path);
            }
        }
        // What a process that was killed has noted elsewhere, as in a network that is gone.
        let entries = fs::read_dir(&self.directory).into_iter().flatten();
        for path in entries.flatten().map(|entry| entry.path()) {
            let open = OpenOptions::new()
                .read(true)
                .custom_flags(flags())
                .open(&path);
            let Ok(mut file) = open else { continue };
            let is_own = read(&path, &mut file)
                .is_ok_and(|note| note.is_some_and(|note| note.journal == self.note.journal));
            if is_own && flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
                let _removed: std::io::Result<()> = fs::remove_file(&path);
            }
        }
    }

    /// The file, made if need be and locked.
    fn locked(&self, path: &Path) -> Result<Locked, JournalError> {
        let failed = |operation, error| JournalError::file(operation, path, error);
        loop {
            make(&self.directory)?;
            let mut options = OpenOptions::new();
            options.create(true).truncate(false).mode(0o600);
            let opened = options
                .read(true)
                .write(true)
                .custom_flags(flags())
                .open(path);
            let opened = opened.or_else(|error| {
                // What is locked can be seen where nothing can be written.
                let mut options = OpenOptions::new();
                let options = options.read(true).custom_flags(flags());
                match options.open(path) {
                    Ok(file) if !self.is_to_change => Ok(file),
                    _ => Err(failed("open", error)),
                }
            });
            let mut file = opened?;
            let file = match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => Locked(file),
                Err(Errno::WOULDBLOCK) => {
                    return Err(JournalError::Held {
                        path: path.to_owned(),
                        holder: read(path, &mut file).ok().flatten().map(|note| Holder {
                            pid: note.pid,
                            what: note.what,
                            journal: note.journal,
                        }),
                    });
                }
                Err(error) => return Err(failed("lock", error.into())),
            };
            let found = file.0.metadata().map_err(|error| failed("read", error))?;
            check_owner(path, &found)?;
            // Whoever had it may have removed it in the meantime.
            if fs::metadata(path).is_ok_and(|there| there.ino() == found.ino()) {
                return Ok(file);
            }
        }
    }

    /// Whether somebody who was killed has left something that must be put back.
    fn is_in_the_way(&mut self, note: &Note) -> Result<bool, JournalError> {
        if note.restore.is_none() {
            return Ok(false);
        }
        let (journal, what, pid) = (&note.journal, &note.what, note.pid);
        let text = match fs::read(journal) {
            Ok(text) => text,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                self.remarks.push(format!(
                    "{what} (process {pid}) was broken off, and its journal {} does not exist any more: \
                     what is set now is taken for what was there before",
                    journal.display()
                ));
                return Ok(false);
            }
            Err(error) => return Err(JournalError::file("read", journal, error)),
        };
        // One that is damaged may tell of changes.
        Ok(entry::parse(&text).map_or(true, |record| {
            record.is_some_and(|record| !record.settings.is_empty())
        }))
    }
}

/// A file that nobody else has while this lives.
#[derive(Debug)]
struct Locked(File);

impl Drop for Locked {
    fn drop(&mut self) {
        // Closing it is not enough: a child that is just being started has it open too.
        let _unlocked: Result<(), Errno> = flock(&self.0, FlockOperation::Unlock);
    }
}

/// Who has something in hand, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process.
    pub pid: u32,
    /// What it does.
    pub what: String,
    /// Where it has written down what it changes.
    pub journal: PathBuf,
}

pub(super) fn note(what: &str, journal: PathBuf, restore: Option<String>) -> Note {
    Note {
        pid: process::id(),
        what: what.to_owned(),
        journal,
        restore,
    }
}

fn make(directory: &Path) -> Result<(), JournalError> {
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory);
    made.map_err(|error| JournalError::file("make", directory, error))?;
    let found = fs::metadata(directory);
    let found = found.map_err(|error| JournalError::file("use", directory, error))?;
    check_owner(directory, &found)
}

/// The note in a file; `None` if there is none, or one that was not written to its end: then nothing was
/// changed after it.
fn read(path: &Path, file: &mut File) -> Result<Option<Note>, JournalError> {
    let mut text = Vec::new();
    let read = file.take(LONGEST).read_to_end(&mut text);
    read.map_err(|error| JournalError::file("read", path, error))?;
    Ok(serde_json::from_slice(&text).ok())
}

/// Writes over what is there, and shortens it last: what a full disk has taken once, it takes again.
fn write(path: &Path, file: &mut File, note: &Note) -> Result<(), JournalError> {
    let failed = |error| JournalError::file("write", path, error);
    let mut text = serde_json::to_vec(note).map_err(|error| failed(error.into()))?;
    let length = text.len();
    let former = file.metadata().map_err(failed)?.len().min(LONGEST);
    // Spaces after a note belong to none.
    text.resize(length.max(usize::try_from(former).unwrap_or(0)), b' ');
    file.seek(SeekFrom::Start(0))
        .and_then(|_start| file.write_all(&text))
        .and_then(|()| file.set_len(length as u64))
        .map_err(failed)
}

/// Bytes of the longest note: a path and a few words.
const LONGEST: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_directory_that_somebody_else_made_keeps_nobody_out() {
        let root = env::temp_dir().join(format!("loadgen-claims-{}", process::id()));
        let shared = root.join(format!("loadgen-{}", geteuid().as_raw()));
        let state = Path::new("/state");
        fs::create_dir_all(&root).unwrap();
        let places = [
            among_temporary(&root, state),
            {
                fs::create_dir(&shared).unwrap();
                among_temporary(&root, state)
            },
            {
                fs::remove_dir(&shared).unwrap();
                symlink("/", &shared).unwrap();
                among_temporary(&root, state)
            },
        ];
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(
            places,
            [shared.clone(), shared, PathBuf::from("/state/claims")]
        );
    }
}
