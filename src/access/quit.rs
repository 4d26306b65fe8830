//! Whose `quit` counts. Pure.

use std::net::IpAddr;

use crate::udp::LocalAddress;

/// Whose datagram `quit` stops the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum QuitPolicy {
    /// One that came in over the loopback interface
    Loopback,
    /// Anybody's: for test networks only, since a sender's address can be forged
    Any,
    /// Nobody's: `quit` is echoed like any other datagram
    Never,
}

impl QuitPolicy {
    /// Whether a datagram with `payload` stops a server that got it on a socket bound to `bound`.
    ///
    /// Proof of a local sender is the interface that the datagram came in by. The kernel names the
    /// loopback interface for datagrams to loopback addresses alone: to another address of the
    /// host, it names the interface that has that address, also when the sender is local. Where the socket
    /// does not say it, the address that the socket is bound to must be a loopback address; the
    /// sender's address proves nothing.
    #[must_use]
    pub fn accepts(self, payload: &[u8], bound: IpAddr, local: Option<LocalAddress>) -> bool {
        payload == QUIT
            && match self {
                Self::Any => true,
                Self::Never => false,
                Self::Loopback => match local {
                    Some(local) => local.is_loopback_interface(),
                    None => bound.is_loopback(),
                },
            }
    }

    /// Whether a socket bound to `bound` must say by which interface a datagram came.
    #[must_use]
    pub fn needs_interface(self, bound: IpAddr) -> bool {
        self == Self::Loopback && !bound.is_loopback()
    }
}

/// The payload that stops a server, to the byte.
pub const QUIT: &[u8] = b"quit";

#[cfg(test)]
mod tests {
    use super::*;

    fn arrived_by(interface: u32) -> LocalAddress {
        LocalAddress {
            ip: IpAddr::from([10, 0, 0, 1]),
            interface,
        }
    }

    #[test]
    fn quit_counts_only_to_the_byte() {
        let any = QuitPolicy::Any;
        let bound = IpAddr::from([0, 0, 0, 0]);
        assert!(any.accepts(b"quit", bound, None));
        for other in [&b"quit\n"[..], b"QUIT", b"qui", b"", b"quitquit"] {
            assert!(!any.accepts(other, bound, None), "{other:?}");
        }
    }

    #[test]
    fn quit_from_a_stranger_is_ignored() {
        let wildcard = IpAddr::from([0, 0, 0, 0]);
        let policy = QuitPolicy::Loopback;
        assert!(policy.accepts(b"quit", wildcard, Some(arrived_by(1))));
        assert!(!policy.accepts(b"quit", wildcard, Some(arrived_by(2))));
        assert!(!policy.accepts(b"quit", wildcard, None));
    }

    #[test]
    fn a_loopback_address_is_proof_only_where_the_interface_is_unknown() {
        let loopback = IpAddr::from([127, 0, 0, 1]);
        let policy = QuitPolicy::Loopback;
        assert!(policy.accepts(b"quit", loopback, None));
        assert!(!policy.accepts(b"quit", loopback, Some(arrived_by(2))));
    }

    #[test]
    fn never_means_never() {
        let loopback = IpAddr::from([127, 0, 0, 1]);
        assert!(!QuitPolicy::Never.accepts(b"quit", loopback, Some(arrived_by(1))));
    }
}
