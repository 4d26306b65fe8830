//! Where the machine-readable results go.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

/// A place for one result, known to be writable before the run begins.
#[derive(Debug)]
pub struct Output {
    /// The flag that names it.
    flag: &'static str,
    place: Place,
    /// Whether everybody may read the file, whatever the mask of the process says.
    for_all: bool,
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
#[error("cannot write the result to {flag} {}: {source}", path.display())]
pub struct OutputError {
    flag: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl Output {
    /// Opens the place that the value of `flag` names: `-` is standard output, `None` is nowhere.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub fn create(flag: &'static str, path: Option<&Path>) -> Result<Self, OutputError> {
        let place = match path {
            None => Place::Nowhere,
            Some(path) if path.as_os_str() == "-" => Place::Stdout,
            Some(path) => open(path).map_err(|source| OutputError {
                flag,
                path: path.to_owned(),
                source,
            })?,
        };
        Ok(Self {
            flag,
            place,
            for_all: false,
            rested: None,
        })
    }

    /// The same, for everybody to read if it is a file.
    #[must_use]
    pub fn readable_by_all(mut self) -> Self {
        self.for_all = true;
        self
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

    /// Brings the file up to date while a run lasts, so that little is lost if it is broken off. Not
    /// every time if writing takes more than a tenth of the time between. Anything but a file is left
    /// alone.
    ///
    /// A file that cannot be written now is no reason to end a run: if it still cannot at the end,
    /// [`write`](Self::write) says so.
    pub fn keep<T: Serialize>(&mut self, result: impl FnOnce() -> T) {
        let begun = Instant::now();
        if !self.is_file() || self.rested.is_some_and(|rested| begun < rested) {
            return;
        }
        let result = result();
        let _written: Result<(), OutputError> =
            self.put(Care::Quick, |output| write_json(output, &result));
        self.rested = Some(begun + begun.elapsed() * 10);
    }

    /// Writes the result.
    ///
    /// # Errors
    /// If the file cannot be written or moved to its name.
    pub fn write(&mut self, result: &impl Serialize) -> Result<(), OutputError> {
        self.put(Care::Durable, |output| write_json(output, result))
    }

    /// Writes a result that is text already.
    ///
    /// # Errors
    /// If the file cannot be written or moved to its name.
    pub fn write_text(&mut self, text: &str) -> Result<(), OutputError> {
        self.put(Care::Durable, |output| {
            output.write_all(text.as_bytes())?;
            output.flush()
        })
    }

    fn put(
        &mut self,
        care: Care,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), OutputError> {
        let (written, path) = match &mut self.place {
            Place::Nowhere => return Ok(()),
            Place::Stdout => {
                let written = match content(&mut io::stdout().lock()) {
                    // A reader that has gone away has seen what it wanted.
                    Err(source) if source.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                    written => written,
                };
                (written, Path::new("-"))
            }
            Place::Stream { file, path } => (content(file), path.as_path()),
            Place::File {
                partial,
                file,
                path,
            } => {
                let partial = partial.as_path();
                let begun = file.take().map_or_else(|| begin(partial), Ok);
                let written = begun
                    .and_then(|file| {
                        if self.for_all {
                            file.set_permissions(Permissions::from_mode(0o644))?;
                        }
                        content(&mut BufWriter::new(&file))?;
                        match care {
                            // Or a name that had a whole file may have none after a power cut.
                            Care::Durable => file.sync_all(),
                            Care::Quick => Ok(()),
                        }
                    })
                    .and_then(|()| fs::rename(partial, &*path));
                if written.is_err() {
                    // The next attempt begins anew; there may be room by then.
                    let _removed: io::Result<()> = fs::remove_file(partial);
                }
                (written, path.as_path())
            }
        };
        written.map_err(|source| OutputError {
            flag: self.flag,
            path: path.to_owned(),
            source,
        })
    }
}

/// How sure it has to be that what was written stays.
#[derive(Clone, Copy)]
enum Care {
    /// Through a crash of the program.
    Quick,
    /// Through a power cut.
    Durable,
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

/// Never follows a link that somebody has put there.
fn begin(partial: &Path) -> io::Result<File> {
    let create = || File::options().write(true).create_new(true).open(partial);
    create().or_else(|error| match error.kind() {
        // Left by a process that was killed and had the same id, as in containers.
        io::ErrorKind::AlreadyExists => fs::remove_file(partial).and_then(|()| create()),
        _ => Err(error),
    })
}

fn write_json(mut output: impl Write, result: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut output, result)?;
    output.write_all(b"\n")?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let unique = format!("loadgen-output-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(unique);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name());
            names.map(|name| name.into_string().unwrap()).collect()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _removed: io::Result<()> = fs::remove_dir_all(&self.0);
        }
    }

    fn fails(output: &mut dyn Write) -> io::Result<()> {
        output.write_all(b"half")?;
        Err(io::ErrorKind::StorageFull.into())
    }

    #[test]
    fn what_could_not_be_kept_up_to_date_can_be_written_at_the_end() {
        let scratch = Scratch::new("kept");
        let path = scratch.0.join("result.json");
        let mut output = Output::create("--json", Some(&path)).unwrap();
        for _ in 0..2 {
            assert!(output.put(Care::Quick, fails).is_err());
            assert_eq!(scratch.names(), Vec::<String>::new());
        }
        output.write(&7).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "7\n");
        drop(output);
        assert_eq!(scratch.names(), ["result.json"]);
    }

    #[test]
    fn a_file_that_a_killed_process_left_is_no_obstacle() {
        let scratch = Scratch::new("left");
        let path = scratch.0.join("result.json");
        let left = format!("result.json.{}.partial", std::process::id());
        fs::write(scratch.0.join(left), "half").unwrap();
        let mut output = Output::create("--json", Some(&path)).unwrap();
        output.write(&7).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "7\n");
    }
}
