//! Opens and reads the files that flags name, whatever stands there by now: a pipe or a device would
//! keep the reader waiting, and an endless file would fill the memory.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::Error;

/// Opens a regular file to read it, without ever waiting for a writer.
///
/// # Errors
/// [`Error::File`] with what the system said, or if it is something else.
pub(crate) fn open(flag: &'static str, path: &Path) -> Result<File, Error> {
    let open = || {
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)?;
        if file.metadata()?.is_file() {
            Ok(file)
        } else {
            Err(io::Error::other(
                "it is no regular file; put what it shall give into one",
            ))
        }
    };
    open().map_err(|source| failed(flag, path, source))
}

/// The text of a regular file.
///
/// # Errors
/// As [`open`]; and if it is longer than [`LONGEST`], or no text.
pub(crate) fn read(flag: &'static str, path: &Path) -> Result<String, Error> {
    let mut text = String::new();
    let read = open(flag, path)?
        .take(LONGEST + 1)
        .read_to_string(&mut text);
    match read {
        Ok(bytes) if bytes as u64 > LONGEST => {
            let sentence = "it has more than 16 MiB, which no such file needs";
            Err(failed(flag, path, io::Error::other(sentence)))
        }
        Ok(_) => Ok(text),
        Err(source) => Err(failed(flag, path, source)),
    }
}

fn failed(flag: &'static str, path: &Path, source: io::Error) -> Error {
    Error::File {
        flag,
        path: path.to_owned(),
        source,
    }
}

/// Bytes of a file that is read whole: 16 MiB, some 800,000 prefixes.
const LONGEST: u64 = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    /// A name that nothing has yet, in the folder for temporary files.
    fn fresh(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("echo-reactor-plain-{name}-{}", std::process::id()))
    }

    #[test]
    fn a_file_is_read_whole_up_to_its_bound_and_refused_beyond() {
        let path = fresh("sizes");
        let file = File::create(&path).unwrap();
        for (size, fits) in [(0, true), (LONGEST, true), (LONGEST + 1, false)] {
            file.set_len(size).unwrap();
            match read("--deny-file", &path) {
                Ok(text) => assert!(fits && text.len() as u64 == size, "{size}"),
                Err(error) => assert!(!fits && error.to_string().contains("16 MiB"), "{error}"),
            }
        }
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn what_is_no_regular_file_is_refused_at_once_by_its_name_and_flag() {
        let pipe = fresh("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
        for path in [pipe.as_path(), Path::new("/dev/zero"), Path::new("/")] {
            let error = read("--deny-file", path).unwrap_err().to_string();
            for word in ["no regular file", "--deny-file", path.to_str().unwrap()] {
                assert!(error.contains(word), "{error}");
            }
        }
        fs::remove_file(&pipe).unwrap();
    }
}
