//! What became of a kernel option that was asked for.

use std::fmt;
use std::io;
use std::os::fd::AsRawFd;

use super::sys;

/// The answer of the kernel to one option: kept, shown at start, and stored with results, because
/// a benchmark that does not know its own settings is not a benchmark.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Effect<T> {
    /// It is in force, with the value read back from the kernel.
    Applied(T),
    /// The kernel or the device does not know it.
    Unsupported,
    /// The kernel knows it and refused; the text says why.
    Failed(String),
}

impl<T> Effect<T> {
    /// Turns the result of setting an option, read back, into an answer.
    pub fn from_result(result: io::Result<T>) -> Self {
        match result {
            Ok(value) => Self::Applied(value),
            Err(error) if is_unsupported(&error) => Self::Unsupported,
            Err(error) => Self::Failed(error.to_string()),
        }
    }

    /// The value in force, if there is one.
    pub fn applied(&self) -> Option<&T> {
        match self {
            Self::Applied(value) => Some(value),
            Self::Unsupported | Self::Failed(_) => None,
        }
    }
}

impl<T: fmt::Display> fmt::Display for Effect<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Applied(value) => write!(formatter, "{value}"),
            Self::Unsupported => formatter.write_str("unsupported"),
            Self::Failed(reason) => write!(formatter, "failed: {reason}"),
        }
    }
}

/// Gives an epoll instance a busy polling of its own (Linux 6.9), besides that of its sockets.
///
/// # Errors
/// The kernel's reason.
pub fn epoll_busy_poll(epoll: &impl AsRawFd, micros: u32) -> io::Result<()> {
    sys::epoll_busy_poll(epoll, micros)
}

fn is_unsupported(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
        || matches!(
            error.raw_os_error(),
            Some(libc::ENOPROTOOPT | libc::EOPNOTSUPP | libc::ENOTTY)
        )
}
