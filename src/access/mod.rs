//! Who gets an answer, and whose `quit` counts. Pure: no socket, no clock.
//!
//! A datagram is judged in this order, from the top down:
//!
//! - [`sources`]: addresses and ports that no client has;
//! - [`prefixes`]: networks that are answered, and networks that are not;
//! - [`limiter`]: how much of what comes is answered, by the books of [`limit`];
//! - [`quit`]: whose `quit` stops the server;
//! - [`keyed`]: the same over a network, for whoever has the key.

pub mod keyed;
pub mod limit;
pub mod limiter;
pub mod prefixes;
pub mod quit;
pub mod sources;

use std::net::SocketAddr;
use std::sync::Arc;

pub use keyed::{KeyedQuit, QuitKey};
pub use limit::{Limit, Moment};
pub use limiter::{Limiter, Limits, Share, SourceLengths};
pub use prefixes::Prefixes;
pub use quit::{QUIT, QuitPolicy};
pub use sources::{SourcePorts, Sources};

use crate::udp::{RawAddress, Received};

/// What becomes of a datagram, or of all datagrams of a train.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It goes back to its sender.
    Echo,
    /// It gets no answer.
    Refuse(Refusal),
    /// The first so many of a train go back, or none; the others exceed a limit.
    Part(Share),
}

/// Why a datagram gets no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// Its sender has port 0, at which nobody can be reached.
    SourcePortZero,
    /// It did not fit into its buffer, so that a reply would be another datagram than the one that
    /// came.
    Truncated,
    /// It says that it comes from an address and port of this server.
    OwnAddress,
    /// It comes from a port that this server answers on.
    OwnPort,
    /// It comes from a port below 1024, where services may be that answer too.
    ServicePort,
    /// Its sender's address is that of a group.
    Multicast,
    /// Its sender's address is 255.255.255.255.
    Broadcast,
    /// Its sender's address is 0.0.0.0 or `::`.
    Unspecified,
    /// Its sender is in a prefix that is denied.
    Denied,
    /// Its sender is in no prefix that is allowed.
    NotAllowed,
    /// Its sender has had what one source may have.
    SourceRate,
    /// All senders together have had what they may have.
    TotalRate,
}

impl Refusal {
    /// Every reason there is, in the order of their numbers.
    pub const ALL: [Self; 12] = [
        Self::SourcePortZero,
        Self::Truncated,
        Self::OwnAddress,
        Self::OwnPort,
        Self::ServicePort,
        Self::Multicast,
        Self::Broadcast,
        Self::Unspecified,
        Self::Denied,
        Self::NotAllowed,
        Self::SourceRate,
        Self::TotalRate,
    ];

    /// A short name, for people and for JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SourcePortZero => "source port 0",
            Self::Truncated => "truncated",
            Self::OwnAddress => "own address",
            Self::OwnPort => "own port",
            Self::ServicePort => "service port",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Unspecified => "unspecified",
            Self::Denied => "denied",
            Self::NotAllowed => "not allowed",
            Self::SourceRate => "source rate",
            Self::TotalRate => "total rate",
        }
    }
}

/// What a worker judges datagrams by.
#[derive(Clone, Debug)]
pub struct Gate {
    sources: Sources,
    prefixes: Option<Arc<Prefixes>>,
    limiter: Option<Arc<Limiter>>,
    /// Whether there is any of the two above.
    has_rules: bool,
}

impl Gate {
    /// Guards a server that answers at the addresses `own`.
    #[must_use]
    pub fn new(ports: SourcePorts, own: &[SocketAddr]) -> Self {
        Self {
            sources: Sources::new(ports, own),
            prefixes: None,
            limiter: None,
            has_rules: false,
        }
    }

    /// Answers these networks alone from now on.
    pub fn set_prefixes(&mut self, prefixes: Arc<Prefixes>) {
        self.prefixes = Some(prefixes);
        self.has_rules = true;
    }

    /// Answers no more than this allows from now on.
    pub fn set_limiter(&mut self, limiter: Arc<Limiter>) {
        self.limiter = Some(limiter);
        self.has_rules = true;
    }

    /// Whether it has to know the time.
    #[must_use]
    pub fn needs_time(&self) -> bool {
        self.limiter.is_some()
    }

    /// Judges one datagram, or a train, by what the kernel said of it.
    #[inline]
    #[must_use]
    pub fn judge(&self, peer: &RawAddress, received: &Received, now: Moment) -> Verdict {
        if received.truncated {
            return Verdict::Refuse(Refusal::Truncated);
        }
        match self.sources.judge(peer) {
            Some(reason) => Verdict::Refuse(reason),
            None if self.has_rules => self.judge_by_rules(peer, received, now),
            None => Verdict::Echo,
        }
    }

    #[inline(never)]
    fn judge_by_rules(&self, peer: &RawAddress, received: &Received, now: Moment) -> Verdict {
        let Some(ip) = peer.ip() else {
            return Verdict::Refuse(Refusal::SourcePortZero);
        };
        if let Some(prefixes) = &self.prefixes
            && let Some(reason) = prefixes.judge(ip)
        {
            return Verdict::Refuse(reason);
        }
        let Some(limiter) = &self.limiter else {
            return Verdict::Echo;
        };
        let wanted = received.datagrams();
        let share = limiter.ask(ip, now, wanted);
        if share.granted == wanted {
            Verdict::Echo
        } else {
            Verdict::Part(share)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> RawAddress {
        RawAddress::from(SocketAddr::from(([127, 0, 0, last], 40_000)))
    }

    fn judged(gate: &Gate, peer: &RawAddress, received: &Received) -> Verdict {
        gate.judge(peer, received, Moment::default())
    }

    #[test]
    fn reasons_are_numbered_in_their_order() {
        for (number, reason) in Refusal::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, number, "{}", reason.name());
        }
    }

    #[test]
    fn a_datagram_that_was_cut_gets_no_answer() {
        let gate = Gate::new(SourcePorts::Client, &[]);
        let cut = Received {
            truncated: true,
            ..Received::default()
        };
        let refused = Verdict::Refuse(Refusal::Truncated);
        assert_eq!(judged(&gate, &peer(1), &cut), refused);
        let whole = Received::default();
        assert_eq!(judged(&gate, &peer(1), &whole), Verdict::Echo);
    }

    #[test]
    fn who_is_denied_takes_nothing_from_the_limit_of_the_others() {
        let mut gate = Gate::new(SourcePorts::Client, &[]);
        let denied = ["127.0.0.1/32".parse().unwrap()];
        gate.set_prefixes(Arc::new(Prefixes::new(&[], &denied, false)));
        let limits = Limits {
            total: Some(Limit::new(1, 2)),
            ..Limits::default()
        };
        gate.set_limiter(Arc::new(Limiter::new(&limits)));
        let one = Received::default();
        for _ in 0..10 {
            let refused = Verdict::Refuse(Refusal::Denied);
            assert_eq!(judged(&gate, &peer(1), &one), refused);
        }
        let train = Received {
            length: 500,
            segment: Some(100),
            ..Received::default()
        };
        let share = Share {
            granted: 2,
            over_source: 0,
            over_total: 3,
        };
        assert_eq!(judged(&gate, &peer(2), &train), Verdict::Part(share));
    }
}
