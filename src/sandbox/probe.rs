//! Tries, from inside, what a server must not be able to do: nobody can put a fault into it to see.

use std::fs::File;
use std::io;
use std::net::UdpSocket;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use rustix::process::{Pid, Signal, kill_process};

/// One try.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Probe {
    /// Read a file that everybody may read
    Read,
    /// Write to a file that everybody may write to
    Write,
    /// Open a socket and bind it
    Socket,
    /// Open a Unix socket, and connect it to that of the service manager if there is one
    Connect,
    /// Change by `ioctl` what it may do with standard output when it becomes another program
    Ioctl,
    /// Start a process
    Fork,
    /// Become another program
    Exec,
    /// Be traced by the parent process
    Ptrace,
    /// Signal the process that started this one, with a signal that does nothing
    Signal,
    /// Have the kernel send a signal whenever a file can be read
    Sigio,
    /// Become root, or act as it again
    Root,
}

impl Probe {
    /// Does it.
    ///
    /// # Errors
    /// What refused it. Some tries are answered with death by SIGSYS.
    pub fn attempt(self) -> io::Result<()> {
        match self {
            Self::Read => File::open("/etc/passwd").map(drop),
            Self::Write => File::options().write(true).open("/dev/null").map(drop),
            Self::Socket => UdpSocket::bind("127.0.0.1:0").map(drop),
            Self::Connect => {
                let socket = UnixDatagram::unbound()?;
                std::env::var_os("NOTIFY_SOCKET").map_or(Ok(()), |path| socket.connect(path))
            }
            Self::Ioctl => Ok(rustix::io::ioctl_fioclex(io::stdout())?),
            Self::Fork => Command::new("/bin/true").status().map(drop),
            Self::Exec => Err(Command::new("/bin/true").exec()),
            Self::Ptrace => Ok(nix::sys::ptrace::traceme()?),
            Self::Signal => {
                let parent = rustix::process::getppid().unwrap_or(Pid::INIT);
                Ok(kill_process(parent, Signal::URG)?)
            }
            Self::Sigio => {
                let (near, _far) = UnixStream::pair()?;
                let flags = OFlag::O_NONBLOCK | OFlag::O_ASYNC;
                Ok(fcntl(&near, FcntlArg::F_SETFL(flags)).map(drop)?)
            }
            Self::Root => Ok(nix::unistd::seteuid(nix::unistd::Uid::from_raw(0))?),
        }
    }
}
