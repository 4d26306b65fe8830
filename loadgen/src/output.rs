//! Where the machine-readable result goes.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

/// A place for one result, known to be writable before the run begins.
#[derive(Debug)]
pub struct Output {
    place: Place,
    /// Before this what is kept up to date is not written again.
    rested: Option<Instant>,
}

#[derive(Debug)]
enum Place {
    Nowhere,
    Stdout,
    /// Something that is no file: a device, a pipe. Written as it is.
    Stream {
        file: File,
        path: PathBuf,
    },
    /// Written beside its final name, and moved there when it is whole.
    File {
        partial: PathBuf,
        /// The partial file, unless it has been moved and no other was begun.
        file: Option<File>,
        path: PathBuf,
    },
}

/// A result could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the result to --json {}: {source}", path.display())]
pub struct OutputError {
    path: PathBuf,
    source: io::Error,
}

impl Output {
    /// Opens the place that `--json` names: `-` is standard output, `None` is nowhere.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub fn create(path: Option<&Path>) -> Result<Self, OutputError> {
        let place = match path {
            None => Place::Nowhere,
            Some(path) if path.as_os_str() == "-" => Place::Stdout,
            Some(path) => open(path).map_err(|source| failure(path, source))?,
        };
        Ok(Self {
            place,
            rested: None,
        })
    }

    /// Whether standard output is taken.
    #[must_use]
    pub fn is_stdout(&self) -> bool {
        matches!(self.place, Place::Stdout)
    }

    /// Whether the file can be kept up to date while a run lasts.
    #[must_use]
    pub fn is_file(&self) -> bool {
        matches!(self.place, Place::File { .. })
    }

    /// Brings the file up to date while a run lasts, so that little is lost if it is broken off. Of
    /// large files not every time, so that it takes no more than a hundredth of the time. Anything
    /// but a file is left alone.
    ///
    /// A file that cannot be written now is no reason to end a run: if it still cannot at the end,
    /// [`write`](Self::write) says so.
    pub fn keep<T: Serialize>(&mut self, result: impl FnOnce() -> T) {
        let begun = Instant::now();
        if !self.is_file() || self.rested.is_some_and(|rested| begun < rested) {
            return;
        }
        let _written: Result<(), OutputError> = self.write(&result());
        self.rested = Some(begun + begun.elapsed() * 100);
    }

    /// Writes the result.
    ///
    /// # Errors
    /// If the file cannot be written or moved to its name.
    pub fn write(&mut self, result: &impl Serialize) -> Result<(), OutputError> {
        match &mut self.place {
            Place::Nowhere => Ok(()),
            Place::Stdout => match write_json(io::stdout().lock(), result) {
                // A reader that has gone away has seen what it wanted.
                Err(source) if source.kind() != io::ErrorKind::BrokenPipe => {
                    Err(failure("-".as_ref(), source))
                }
                _ => Ok(()),
            },
            Place::Stream { file, path } => {
                write_json(file, result).map_err(|source| failure(path, source))
            }
            Place::File {
                partial,
                file,
                path,
            } => {
                let begun = file.take().map_or_else(|| begin(partial), Ok);
                begun
                    .and_then(|file| write_json(BufWriter::new(file), result))
                    .and_then(|()| fs::rename(partial, &*path))
                    .map_err(|source| failure(path, source))
            }
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Place::File { partial, .. } = &self.place {
            // Gone already if the result was written.
            let _removed: io::Result<()> = fs::remove_file(partial);
        }
    }
}

fn open(path: &Path) -> io::Result<Place> {
    // A link is followed, so that what it leads to is replaced and not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_missing| path.to_owned());
    match fs::metadata(&path) {
        Ok(there) if there.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(there) if !there.is_file() => Ok(Place::Stream {
            file: File::options().write(true).open(&path)?,
            path,
        }),
        _ => {
            let mut name = path.as_os_str().to_owned();
            // The process id keeps two runs apart that write to one name.
            name.push(format!(".{}.partial", std::process::id()));
            let partial = PathBuf::from(name);
            Ok(Place::File {
                file: Some(begin(&partial)?),
                partial,
                path,
            })
        }
    }
}

fn begin(partial: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).open(partial)
}

fn write_json(mut output: impl Write, result: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut output, result)?;
    output.write_all(b"\n")?;
    output.flush()
}

fn failure(path: &Path, source: io::Error) -> OutputError {
    OutputError {
        path: path.to_owned(),
        source,
    }
}
