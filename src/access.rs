//! Who gets an answer, and whose `quit` counts. Pure: no socket, no clock.

use std::net::IpAddr;

use crate::udp::{LocalAddress, RawAddress, Received};

/// What becomes of a datagram.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It goes back to its sender.
    Echo,
    /// It gets no answer.
    Refuse(Refusal),
}

/// Why a datagram gets no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// Its sender has port 0, at which nobody can be reached.
    SourcePortZero,
    /// It did not fit into its buffer, so that a reply would be another datagram than the one that
    /// came.
    Truncated,
}

impl Refusal {
    /// Every reason there is, in the order of their numbers.
    pub const ALL: [Self; 2] = [Self::SourcePortZero, Self::Truncated];

    /// A short name, for people and for JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SourcePortZero => "source port 0",
            Self::Truncated => "truncated",
        }
    }
}

/// Judges one datagram by what the kernel said of it.
#[must_use]
pub fn judge(peer: &RawAddress, received: &Received) -> Verdict {
    if received.truncated {
        Verdict::Refuse(Refusal::Truncated)
    } else if peer.port() == 0 {
        Verdict::Refuse(Refusal::SourcePortZero)
    } else {
        Verdict::Echo
    }
}

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
    use std::net::SocketAddr;

    fn arrived_by(interface: u32) -> LocalAddress {
        LocalAddress {
            ip: IpAddr::from([10, 0, 0, 1]),
            interface,
        }
    }

    #[test]
    fn a_sender_at_port_0_gets_no_answer() {
        let peer = RawAddress::from(SocketAddr::from(([127, 0, 0, 1], 0)));
        let verdict = judge(&peer, &Received::default());
        assert_eq!(verdict, Verdict::Refuse(Refusal::SourcePortZero));
    }

    #[test]
    fn a_datagram_that_was_cut_gets_no_answer() {
        let peer = RawAddress::from(SocketAddr::from(([127, 0, 0, 1], 9)));
        let cut = Received {
            truncated: true,
            ..Received::default()
        };
        assert_eq!(judge(&peer, &cut), Verdict::Refuse(Refusal::Truncated));
        assert_eq!(judge(&peer, &Received::default()), Verdict::Echo);
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
