//! What can go wrong, each as one sentence that names the operation, its object, and what to do.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::udp::socket::SocketError;

/// A failure of the server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line asks for something that makes no sense; exit code 2.
    #[error("{0}")]
    Usage(String),
    /// A socket could not be opened.
    #[error("cannot {operation} {address}: {reason}", operation = source.operation, reason = reason(source, address.port()))]
    Socket {
        /// The address that was asked for.
        address: SocketAddr,
        /// The operation, and what the kernel said.
        source: SocketError,
    },
    /// A file that a flag names.
    #[error("cannot read {path} ({flag}): {source}", path = path.display())]
    File {
        /// The flag.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The port for metrics could not be opened.
    #[error("cannot answer scrapes at {address}: {reason}", reason = metrics_reason(source, address.port()))]
    Metrics {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the kernel said.
        source: io::Error,
    },
    /// Something that no address belongs to.
    #[error("cannot {operation}: {reason}", reason = system_reason(source))]
    System {
        /// The operation, as a phrase after "cannot".
        operation: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// What a server must not be able to do was refused to it, as it should be.
    #[error("what --sandbox-probe tried was refused, as it should be: {0}")]
    Probe(io::Error),
    /// A worker hit a fault of this program.
    #[error(
        "worker {worker} panicked, so the server stopped; this is a fault of echo-reactor, please report it"
    )]
    Panicked {
        /// Counted from 0.
        worker: usize,
    },
}

impl Error {
    /// The exit code of a program that ends with this: 2 for wrong use, 1 for a failure.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Socket { .. }
            | Self::File { .. }
            | Self::Metrics { .. }
            | Self::System { .. }
            | Self::Probe(_)
            | Self::Panicked { .. } => 1,
        }
    }
}

/// Too few descriptors are the one reason that stands behind any operation.
fn system_reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::EMFILE | libc::ENFILE) => MORE_FILES.to_owned(),
        _ => error.to_string(),
    }
}

fn metrics_reason(error: &io::Error, port: u16) -> String {
    let text = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program listens there; stop it, or choose another port with --metrics"
        }
        io::ErrorKind::PermissionDenied if port < 1_024 => {
            "this port needs a privilege (CAP_NET_BIND_SERVICE); choose one from 1024 up with --metrics"
        }
        io::ErrorKind::AddrNotAvailable => {
            "no interface of this host has that address; correct --metrics (`ip address` shows what there is)"
        }
        _ => return format!("{} (--metrics)", system_reason(error)),
    };
    text.to_owned()
}

fn reason(error: &SocketError, port: u16) -> String {
    let text = match error.source.kind() {
        io::ErrorKind::AddrInUse => {
            "another socket has this address; stop its program, or choose another port with --listen"
        }
        io::ErrorKind::PermissionDenied if error.operation == "bind to" && port < 1_024 => {
            "this port needs a privilege (CAP_NET_BIND_SERVICE); choose one from 1024 up with --listen"
        }
        io::ErrorKind::AddrNotAvailable => {
            "no interface of this host has that address; correct --listen (`ip address` shows what there is)"
        }
        _ => match error.source.raw_os_error() {
            Some(libc::EAFNOSUPPORT) => "this host has no IPv6; name an IPv4 address with --listen",
            Some(libc::EMFILE | libc::ENFILE) => {
                "too many open files; lower --workers or raise the limit (`ulimit -n`)"
            }
            _ => return error.source.to_string(),
        },
    };
    text.to_owned()
}

const MORE_FILES: &str = "too many open files; raise the limit (`ulimit -n`)";

#[cfg(test)]
mod tests {
    use super::*;

    fn bind_failure(errno: i32) -> Error {
        Error::Socket {
            address: SocketAddr::from(([127, 0, 0, 1], 7)),
            source: SocketError {
                operation: "bind to",
                source: io::Error::from_raw_os_error(errno),
            },
        }
    }

    #[test]
    fn a_refused_bind_names_the_address_the_cause_and_the_flag() {
        for (errno, cause) in [
            (libc::EADDRINUSE, "another socket has this address"),
            (libc::EACCES, "needs a privilege"),
            (libc::EADDRNOTAVAIL, "no interface of this host"),
        ] {
            let text = bind_failure(errno).to_string();
            assert!(text.starts_with("cannot bind to 127.0.0.1:7: "), "{text}");
            assert!(text.contains(cause), "{text}");
            assert!(text.contains("--listen"), "{text}");
        }
    }

    #[test]
    fn a_refused_port_for_metrics_names_the_address_the_cause_and_the_flag() {
        for (errno, cause) in [
            (libc::EADDRINUSE, "another program listens there"),
            (libc::EACCES, "needs a privilege"),
            (libc::EADDRNOTAVAIL, "no interface of this host"),
            (libc::EMFILE, "open files"),
        ] {
            let error = Error::Metrics {
                address: SocketAddr::from(([127, 0, 0, 1], 80)),
                source: io::Error::from_raw_os_error(errno),
            };
            let text = error.to_string();
            assert!(
                text.starts_with("cannot answer scrapes at 127.0.0.1:80: "),
                "{text}"
            );
            assert!(text.contains(cause), "{text}");
            assert!(text.contains("--metrics"), "{text}");
            assert_eq!(error.exit_code(), 1);
        }
    }

    #[test]
    fn too_few_descriptors_are_told_with_what_to_do_whatever_needed_one() {
        let error = Error::System {
            operation: "take signals",
            source: io::Error::from_raw_os_error(libc::EMFILE),
        };
        let text = "cannot take signals: too many open files; raise the limit (`ulimit -n`)";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn wrong_use_and_failure_have_exit_codes_of_their_own() {
        assert_eq!(Error::Usage(String::new()).exit_code(), 2);
        assert_eq!(bind_failure(libc::EADDRINUSE).exit_code(), 1);
    }
}
