//! The directory, the lock and the file of a journal.

use std::env;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::entry::{self, Entry, Record};
use super::error::JournalError;

/// Where journals are: /var/lib/loadgen of root, `$XDG_STATE_HOME/loadgen` or ~/.local/state/loadgen of
/// others.
///
/// # Errors
/// If neither variable names a directory.
pub fn default_state() -> Result<PathBuf, JournalError> {
    if geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/loadgen"));
    }
    let directory = |variable| {
        let value = env::var_os(variable).map(PathBuf::from);
        value.filter(|path| path.is_absolute())
    };
    let state = directory("XDG_STATE_HOME");
    let state = state.or_else(|| Some(directory("HOME")?.join(".local/state")));
    Ok(state.ok_or(JournalError::NoPlace)?.join("loadgen"))
}

/// A place for one journal, locked.
#[derive(Debug)]
pub(super) struct Store {
    directory: PathBuf,
    path: PathBuf,
    lock: File,
}

impl Store {
    /// Makes the directory if need be, and takes the lock of the journals called `name`.
    pub(super) fn open(directory: &Path, name: &str) -> Result<Self, JournalError> {
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory);
        made.map_err(|error| JournalError::file("make", directory, error))?;
        let found = fs::metadata(directory);
        let found = found.map_err(|error| JournalError::file("use", directory, error))?;
        check_owner(directory, &found)?;
        let path = directory.join(format!("{name}.lock"));
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let lock = options.custom_flags(flags()).open(&path);
        let lock = lock.map_err(|error| JournalError::file("open", &path, error))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(JournalError::Busy { path }),
            Err(error) => return Err(JournalError::file("lock", &path, error.into())),
        }
        Ok(Self {
            directory: directory.to_owned(),
            path: directory.join(format!("{name}.journal")),
            lock,
        })
    }

    /// Where the journal is, however its directory is called.
    pub(super) fn place(&self) -> Result<PathBuf, JournalError> {
        let directory = fs::canonicalize(&self.directory);
        let directory =
            directory.map_err(|error| JournalError::file("use", &self.directory, error))?;
        Ok(directory.join(self.path.file_name().unwrap_or_default()))
    }

    /// The journal that is there, if one is.
    pub(super) fn read(&self) -> Result<Option<Record>, JournalError> {
        let failed = |error| JournalError::file("read", &self.path, error);
        let mut options = OpenOptions::new();
        let mut file = match options.read(true).custom_flags(flags()).open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        check_owner(&self.path, &file.metadata().map_err(failed)?)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        entry::parse(&text).map_err(|damage| JournalError::Damaged {
            path: self.path.clone(),
            damage,
        })
    }

    /// A new journal, in place of one that says nothing. It is on disk when this returns.
    pub(super) fn create(&self, first: &Entry) -> Result<Pages, JournalError> {
        let failed = |error| JournalError::file("make", &self.path, error);
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true).mode(0o600);
        let file = options
            .custom_flags(flags())
            .open(&self.path)
            .map_err(failed)?;
        let mut pages = Pages {
            file,
            path: self.path.clone(),
            length: 0,
            is_sound: true,
        };
        let written = pages.append(&[first]).and_then(|()| self.sync());
        if let Err(error) = written {
            // Nothing was changed yet: a journal that is left says nothing, and is in nobody's way.
            let _removed: io::Result<()> = fs::remove_file(&self.path);
            return Err(error);
        }
        Ok(pages)
    }

    /// The journal that is there, to be continued after its last whole line.
    pub(super) fn go_on(&self, record: &Record) -> Result<Pages, JournalError> {
        let mut options = OpenOptions::new();
        let file = options.write(true).custom_flags(flags()).open(&self.path);
        let file = file.map_err(|error| JournalError::file("open", &self.path, error))?;
        let mut pages = Pages {
            file,
            path: self.path.clone(),
            length: record.length,
            is_sound: true,
        };
        pages.cut()?;
        Ok(pages)
    }

    /// Removes the journal: all is as it was.
    pub(super) fn remove(&self) -> Result<(), JournalError> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(JournalError::file("remove", &self.path, error))
            }
            _ => self.sync(),
        }
    }

    fn sync(&self) -> Result<(), JournalError> {
        let synced = File::open(&self.directory).and_then(|directory| directory.sync_all());
        synced.map_err(|error| JournalError::file("write", &self.directory, error))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Closing it is not enough: a child that is just being started by another thread has it open
        // too. Whoever finds it locked after all says so.
        let _unlocked: Result<(), Errno> = flock(&self.lock, FlockOperation::Unlock);
    }
}

/// A journal that is written.
#[derive(Debug)]
pub(super) struct Pages {
    file: File,
    path: PathBuf,
    /// Bytes of whole lines that are on disk.
    length: u64,
    /// Whether nothing else follows them.
    is_sound: bool,
}

impl Pages {
    /// Adds lines, which are on disk when this returns. If they cannot be written, none of them is
    /// there.
    pub(super) fn append(&mut self, entries: &[&Entry]) -> Result<(), JournalError> {
        if !self.is_sound {
            self.cut()?;
        }
        let lines = entries.iter().map(|entry| entry::line(entry));
        let lines: Vec<Vec<u8>> = lines
            .collect::<Result<_, _>>()
            .map_err(|error| JournalError::file("write", &self.path, error.into()))?;
        let lines = lines.concat();
        let written = self
            .file
            .write_all(&lines)
            .and_then(|()| self.file.sync_all());
        if let Err(error) = written {
            self.is_sound = false;
            // If that fails too, the next line is not written before it has succeeded.
            let _cut: Result<(), JournalError> = self.cut();
            return Err(JournalError::file("write", &self.path, error));
        }
        self.length += lines.len() as u64;
        Ok(())
    }

    /// As after a line that could be neither written nor taken away.
    #[cfg(test)]
    pub(super) fn doubt(&mut self) {
        self.is_sound = false;
    }

    /// Takes away what follows the last whole line.
    fn cut(&mut self) -> Result<(), JournalError> {
        let failed = |error| JournalError::file("write", &self.path, error);
        self.file.set_len(self.length).map_err(failed)?;
        io::Seek::seek(&mut self.file, io::SeekFrom::Start(self.length)).map_err(failed)?;
        self.file.sync_all().map_err(failed)?;
        self.is_sound = true;
        Ok(())
    }
}

/// Whoever could write a journal could have root run commands.
pub(super) fn check_owner(path: &Path, found: &Metadata) -> Result<(), JournalError> {
    let owner = found.uid();
    let reason = if owner != geteuid().as_raw() && owner != 0 {
        "belongs to another user"
    } else if found.mode() & 0o022 != 0 {
        "can be written by others"
    } else {
        return Ok(());
    };
    Err(JournalError::NotOurs {
        path: path.to_owned(),
        reason,
    })
}

/// No link leads a journal elsewhere.
pub(super) fn flags() -> i32 {
    OFlags::NOFOLLOW.bits().cast_signed()
}
