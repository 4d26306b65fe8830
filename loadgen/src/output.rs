//! Where the machine-readable result goes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

/// A place for one result, known to be writable before the run begins.
#[derive(Debug)]
pub struct Output {
    place: Place,
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
        file: File,
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
        Ok(Self { place })
    }

    /// Whether standard output is taken.
    #[must_use]
    pub fn is_stdout(&self) -> bool {
        matches!(self.place, Place::Stdout)
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
            } => write_json(file, result)
                .and_then(|()| fs::rename(partial, &*path))
                .map_err(|source| failure(path, source)),
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
            let file = File::options()
                .write(true)
                .create_new(true)
                .open(&partial)?;
            Ok(Place::File {
                partial,
                file,
                path,
            })
        }
    }
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
