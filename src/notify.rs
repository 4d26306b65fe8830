//! The socket on which a service manager hears of this program (`sd_notify(3)`). It is connected before
//! the program is confined, which can open and connect none afterwards, and a manager that does not
//! read is waited for hardly ever.

use std::env;
use std::ffi::OsStr;
use std::fmt::Write;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sd_notify::NotifyState;
use tracing::warn;

/// Who hears, if there is anybody. Cloned for each who tells.
#[derive(Clone, Debug, Default)]
pub struct Notify {
    socket: Option<Arc<UnixDatagram>>,
}

impl Notify {
    /// Connects to the socket that `NOTIFY_SOCKET` names, if there is a manager that has set it; says so
    /// if that cannot be, and goes on without.
    #[must_use]
    pub fn connect() -> Self {
        let name = env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty());
        let Some(name) = name else {
            return Self::default();
        };
        Self::to(&name).unwrap_or_else(|error| {
            let name = name.display();
            warn!("cannot tell the service manager how this program is (NOTIFY_SOCKET={name}): {error}");
            Self::default()
        })
    }

    fn to(name: &OsStr) -> io::Result<Self> {
        let address = match name.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            path => SocketAddr::from_pathname(OsStr::from_bytes(path))?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.connect_addr(&address)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket: Some(Arc::new(socket)),
        })
    }

    /// Whether anybody hears.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.socket.is_some()
    }

    /// Tells it without waiting.
    ///
    /// # Errors
    /// What the kernel said; [`io::ErrorKind::WouldBlock`] if the manager has more to read than fits.
    pub fn tell(&self, states: &[NotifyState<'_>]) -> io::Result<()> {
        let Some(socket) = &self.socket else {
            return Ok(());
        };
        let mut text = String::new();
        for state in states {
            // Nothing that is written to a string fails.
            let _written: std::fmt::Result = writeln!(text, "{state}");
        }
        socket.send(text.as_bytes()).map(drop)
    }

    /// Tells what the manager must not miss: waits a moment for room.
    ///
    /// # Errors
    /// As [`Notify::tell`].
    pub fn tell_surely(&self, states: &[NotifyState<'_>]) -> io::Result<()> {
        match (self.tell(states), &self.socket) {
            (Err(error), Some(socket)) if error.kind() == io::ErrorKind::WouldBlock => {
                let mut room = [PollFd::new(socket, PollFlags::OUT)];
                let patience = Timespec {
                    tv_sec: 0,
                    tv_nsec: PATIENCE.subsec_nanos().into(),
                };
                // Whether there is room now, the next try says.
                let _waited: rustix::io::Result<usize> = poll(&mut room, Some(&patience));
                self.tell(states)
            }
            (told, _) => told,
        }
    }

    /// Tells that a successor is on its way.
    pub fn reloading(&self) {
        let mut states = vec![NotifyState::Reloading];
        // Without a clock the manager can do without it too.
        states.extend(NotifyState::monotonic_usec_now().ok());
        self.tell_who_answers(&states);
    }

    /// Tells that a successor answers from now on, in the process with this number; or that this program
    /// goes on. The watch over its life begins anew.
    pub fn reloaded(&self, successor: Option<u32>) {
        let mut states = Vec::new();
        states.extend(successor.map(NotifyState::MainPid));
        states.extend([NotifyState::Ready, NotifyState::Watchdog]);
        self.tell_who_answers(&states);
    }

    fn tell_who_answers(&self, states: &[NotifyState<'_>]) {
        if let Err(error) = self.tell_surely(states) {
            warn!("cannot tell the service manager who answers (NOTIFY_SOCKET): {error}");
        }
    }
}

/// How long to wait for room, once. Short, since a successor announces itself only when its predecessor
/// has told of it.
const PATIENCE: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_hears_by_a_path_and_by_an_abstract_name() {
        let name = format!("echo-reactor-notify-{}", std::process::id());
        let path = env::temp_dir().join(&name);
        let abstract_name = SocketAddr::from_abstract_name(&name).unwrap();
        for (manager, name) in [
            (UnixDatagram::bind(&path), path.clone().into_os_string()),
            (
                UnixDatagram::bind_addr(&abstract_name),
                format!("@{name}").into(),
            ),
        ] {
            let notify = Notify::to(&name).unwrap();
            let states = [NotifyState::Ready, NotifyState::Status("well")];
            notify.tell(&states).unwrap();
            let mut heard = [0; 64];
            let length = manager.unwrap().recv(&mut heard).unwrap();
            assert_eq!(&heard[..length], b"READY=1\nSTATUS=well\n");
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_manager_that_does_not_read_makes_nobody_wait_for_long() {
        let name = format!("echo-reactor-deaf-{}", std::process::id());
        let _deaf = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap());
        let notify = Notify::to(OsStr::new(&format!("@{name}"))).unwrap();
        let told = || notify.tell(&[NotifyState::Watchdog]);
        let error = std::iter::repeat_with(told).find_map(Result::err).unwrap();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        let error = notify.tell_surely(&[NotifyState::Ready]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn whoever_has_no_manager_tells_nobody() {
        let notify = Notify::default();
        assert!(!notify.is_heard());
        notify.tell_surely(&[NotifyState::Ready]).unwrap();
    }
}
