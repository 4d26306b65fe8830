//! Which files, ports and processes the server may reach: none but what it needs (Landlock).

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, PathBeneath, PathFd, RestrictionStatus,
    Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use super::{Coverage, Needs};
use crate::udp::Effect;

/// Binds the calling thread, and those that it starts from now on.
pub(super) fn restrict(needs: &Needs) -> Effect<Coverage> {
    match rules(needs) {
        Ok(status) => match (status.ruleset, status.landlock) {
            (RulesetStatus::NotEnforced, _)
            | (_, LandlockStatus::NotEnabled | LandlockStatus::NotImplemented) => {
                Effect::Unsupported
            }
            (RulesetStatus::PartiallyEnforced, _) => Effect::Applied(Coverage::Partial),
            (RulesetStatus::FullyEnforced, _) => Effect::Applied(Coverage::Full),
        },
        Err(reason) => Effect::Failed(reason),
    }
}

/// Everything that the kernel can guard is refused, then the needs are let through.
fn rules(needs: &Needs) -> Result<RestrictionStatus, String> {
    let words = |error: RulesetError| error.to_string();
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(GUARDED))
        .map_err(words)?
        .handle_access(AccessNet::from_all(GUARDED))
        .map_err(words)?
        .scope(Scope::Signal)
        .map_err(words)?
        // A socket that is connected already, as that of a service manager, goes on to work.
        .scope(Scope::AbstractUnixSocket)
        .map_err(words)?;
    let mut created = ruleset.create().map_err(words)?;
    let targets: Vec<PathBuf> = needs
        .reads
        .iter()
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    for path in needs.reads.iter().chain(&targets) {
        let Some(folder) = opened(folder_of(path))? else {
            continue;
        };
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        created = created
            .add_rule(PathBeneath::new(folder, read))
            .map_err(words)?;
    }
    created.restrict_self().map_err(words)
}

/// `None` for what does not exist: nothing is let through then.
fn opened(folder: &Path) -> Result<Option<PathFd>, String> {
    match PathFd::new(folder) {
        Ok(folder) => Ok(Some(folder)),
        Err(_) if !folder.exists() => Ok(None),
        Err(error) => Err(format!("{} cannot be opened: {error}", folder.display())),
    }
}

/// A folder itself, and that of a file.
fn folder_of(path: &Path) -> &Path {
    match (path.is_dir(), path.parent()) {
        (false, Some(parent)) if parent.as_os_str().is_empty() => Path::new("."),
        (false, Some(parent)) => parent,
        _ => path,
    }
}

/// What Linux 6.12 can guard. Later ones guard UDP too, and would take the answers for something to
/// refuse.
const GUARDED: ABI = ABI::V6;

/// Whether this kernel can guard files at all: for tests.
#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::io::ErrorKind::PermissionDenied;
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    /// What comes of it in a thread that is bound, while the others are not; `None` on a kernel that
    /// cannot guard all there is.
    fn bound<T: Send + 'static>(
        needs: Needs,
        act: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let thread = thread::spawn(move || match restrict(&needs) {
            Effect::Applied(Coverage::Full) => Some(act()),
            Effect::Applied(Coverage::Partial) | Effect::Unsupported => None,
            Effect::Failed(reason) => panic!("{reason}"),
        });
        thread.join().unwrap()
    }

    fn kind<T>(result: std::io::Result<T>) -> Option<std::io::ErrorKind> {
        result.err().map(|error| error.kind())
    }

    fn reading(path: &str) -> Needs {
        Needs {
            reads: vec![PathBuf::from(path)],
            ..Needs::default()
        }
    }

    #[test]
    fn a_bound_thread_reaches_no_file_and_no_tcp_port() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        bound(Needs::default(), move || {
            assert_eq!(
                kind(File::open("/proc/self/status")),
                Some(PermissionDenied)
            );
            assert_eq!(kind(fs::read_dir("/")), Some(PermissionDenied));
            assert_eq!(kind(TcpStream::connect(address)), Some(PermissionDenied));
            assert_eq!(
                kind(TcpListener::bind("127.0.0.1:0")),
                Some(PermissionDenied)
            );
        });
        TcpStream::connect(address).unwrap();
    }

    #[test]
    fn what_is_needed_can_be_read_and_nothing_else() {
        bound(reading("/proc"), || {
            fs::read_to_string("/proc/self/status").unwrap();
            let write = File::options().write(true).open("/proc/self/comm");
            assert_eq!(kind(write), Some(PermissionDenied));
            assert_eq!(kind(File::open("/etc/passwd")), Some(PermissionDenied));
        });
    }

    #[test]
    fn a_file_that_takes_the_place_of_a_needed_one_can_be_read() {
        let folder =
            std::env::temp_dir().join(format!("echo-reactor-rules-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let [old, new] = ["old", "new"].map(|name| folder.join(name));
        fs::write(&old, "old").unwrap();
        fs::write(&new, "new").unwrap();
        let (new_name, path) = (new.clone(), old.clone());
        let (replace, replaced) = std::sync::mpsc::channel::<()>();
        let (ready, is_ready) = std::sync::mpsc::channel::<()>();
        let needs = reading(old.to_str().unwrap());
        let reader = thread::spawn(move || {
            bound(needs, move || {
                ready.send(()).unwrap();
                replaced.recv().unwrap();
                fs::read_to_string(path).unwrap()
            })
        });
        if is_ready.recv().is_ok() {
            fs::rename(new_name, &old).unwrap();
            replace.send(()).unwrap();
        }
        let read = reader.join().unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert!(read.is_none_or(|text| text == "new"));
    }

    #[test]
    fn what_a_link_leads_to_can_be_read() {
        let base = std::env::temp_dir().join(format!("echo-reactor-links-{}", std::process::id()));
        let [links, lists] = ["links", "lists"].map(|name| base.join(name));
        for folder in [&base, &links, &lists] {
            fs::create_dir(folder).unwrap();
        }
        let (link, list) = (links.join("ours"), lists.join("ours"));
        fs::write(&list, "text").unwrap();
        std::os::unix::fs::symlink(&list, &link).unwrap();
        let read = bound(reading(link.to_str().unwrap()), move || {
            fs::read_to_string(link).unwrap()
        });
        fs::remove_dir_all(&base).unwrap();
        assert!(read.is_none_or(|text| text == "text"));
    }

    #[test]
    fn a_need_that_does_not_exist_lets_nothing_through() {
        bound(reading("/no/such/file"), || {
            assert_eq!(kind(File::open("/etc/passwd")), Some(PermissionDenied));
        });
    }
}
