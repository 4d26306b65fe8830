//! Reads the key that stops a server over a network.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::access::QuitKey;
use crate::access::keyed::SHORTEST_KEY;
use crate::error::Error;
use crate::plain_file;

/// Reads a key: the bytes of a file, without white space around them. What a service manager keeps for this
/// service is in `credentials` (`$CREDENTIALS_DIRECTORY`, see `systemd.exec(5)`): nobody else gets into that
/// folder, and the files there let their user read by an access control list, which shows as rights of the group.
///
/// # Errors
/// If it cannot be read, is too short to be a secret, or is none because others can read it.
pub fn read(path: &Path, credentials: Option<&Path>) -> Result<QuitKey, Error> {
    let failed = |source| Error::File {
        flag: FLAG,
        path: path.to_owned(),
        source,
    };
    let file = plain_file::open(FLAG, path)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    let name = path.display();
    let is_credential = credentials.is_some() && path.parent() == credentials;
    let denied = if is_credential {
        BEYOND_LIST
    } else {
        BEYOND_OWNER
    };
    if mode & denied != 0 {
        return Err(Error::Usage(format!(
            "--quit-key {name} is open to others than its owner; do `chmod 600 {name}`, and make \
             another key if somebody may have read this one"
        )));
    }
    let mut bytes = Vec::new();
    let read = file.take(LONGEST).read_to_end(&mut bytes);
    read.map_err(failed)?;
    QuitKey::new(bytes.trim_ascii()).ok_or_else(|| {
        Error::Usage(format!(
            "--quit-key {name} has fewer than {SHORTEST_KEY} bytes, so it could be guessed; make \
             one with `openssl rand -hex 32`"
        ))
    })
}

const FLAG: &str = "--quit-key";

/// What group and others may do, among the bits of a mode.
const BEYOND_OWNER: u32 = 0o077;

/// The same without what an access control list shows as: that the group may read.
const BEYOND_LIST: u32 = 0o037;

/// Bytes of a key file that count.
const LONGEST: u64 = 65_536;

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};

    #[track_caller]
    fn read_from(name: &str, content: &str, mode: u32) -> Result<QuitKey, Error> {
        let name = format!("echo-reactor-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let key = read(&path, None);
        fs::remove_file(&path).unwrap();
        key
    }

    #[test]
    fn a_key_is_read_if_it_is_a_secret() {
        assert!(read_from("key", "0123456789abcdef\n", 0o600).is_ok());
        for mode in [0o640, 0o604, 0o620] {
            let error = read_from("open-key", "0123456789abcdef", mode).unwrap_err();
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        let error = read_from("short-key", "  0123456789abcde\n\n", 0o600).unwrap_err();
        assert!(error.to_string().contains("fewer than 16 bytes"), "{error}");
    }

    #[test]
    fn a_key_that_a_service_manager_keeps_may_have_a_list_of_who_reads_it() {
        let folder = std::env::temp_dir().join(format!("echo-reactor-keys-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("quit.key");
        fs::write(&path, "0123456789abcdef").unwrap();
        let read_by = |mode, credentials| {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            read(&path, credentials).is_ok()
        };
        let elsewhere = folder.join("elsewhere");
        assert!(read_by(0o440, Some(folder.as_path())));
        assert!(!read_by(0o444, Some(folder.as_path())));
        assert!(!read_by(0o440, Some(elsewhere.as_path())));
        assert!(!read_by(0o440, Some(Path::new(""))));
        assert!(!read_by(0o440, None));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_key_that_is_not_there_is_named_with_its_flag() {
        let error = read(Path::new("no/such/key"), None).unwrap_err();
        assert!(error.to_string().contains("--quit-key"), "{error}");
        assert_eq!(error.exit_code(), 1);
    }
}
