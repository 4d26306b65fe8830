//! What a worker judges by, from batch to batch: the newest rules, and the time where a limit
//! needs it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use super::gather::Piece;
use crate::access::keyed::{LENGTH, Meeting, Message};
use crate::access::{Gate, KeyedQuit, Limiter, Moment, QUIT, QuitPolicy, Verdict};
use crate::config::Config;
use crate::rulebook::{Reader, Rules};
use crate::stats::Counters;
use crate::udp::{LocalAddress, RawAddress, Received};

/// What a datagram wants beside its echo.
pub(super) struct Wish {
    /// The server shall end.
    pub(super) stops: bool,
    /// What goes back in its place, as long as it is.
    pub(super) answer: Option<Message>,
}

/// One a worker; a clone shares limits, rules and key.
#[derive(Clone)]
pub(crate) struct Door {
    gate: Gate,
    rules: Option<Reader>,
    quit: QuitPolicy,
    keyed: Option<Arc<KeyedQuit>>,
    /// Whether it judges by anything that may be another at the next batch.
    changes: bool,
    /// Before everything that any worker judges.
    start: Instant,
    /// The time of this batch; stands still where nothing needs it.
    now: Moment,
}

impl Door {
    /// Guards a server that answers at the addresses `own`.
    pub(crate) fn new(
        config: &Config,
        own: &[SocketAddr],
        rules: Option<Rules>,
        keyed: Option<KeyedQuit>,
    ) -> Self {
        let mut gate = Gate::new(config.source_ports, own);
        let rules = rules.map(|rules| {
            let (reader, prefixes) = Reader::new(rules);
            gate.set_prefixes(prefixes);
            reader
        });
        if config.limits.any() {
            gate.set_limiter(Arc::new(Limiter::new(&config.limits)));
        }
        Self {
            changes: rules.is_some() || gate.needs_time(),
            gate,
            rules,
            quit: config.quit,
            keyed: keyed.map(Arc::new),
            start: Instant::now(),
            now: Moment::default(),
        }
    }

    /// Before each batch.
    #[inline]
    pub(super) fn begin(&mut self) {
        if self.changes {
            self.renew();
        }
    }

    #[inline(never)]
    fn renew(&mut self) {
        if let Some(rules) = &mut self.rules
            && let Some(prefixes) = rules.changed()
        {
            self.gate.set_prefixes(prefixes);
        }
        if self.gate.needs_time() {
            self.now = self.time();
        }
    }

    /// Judges one datagram, or a train, of this batch.
    #[inline]
    pub(super) fn judge(&self, peer: &RawAddress, received: &Received) -> Verdict {
        self.gate.judge(peer, received, self.now)
    }

    /// Whether one of the datagrams of a slot may be more than an echo.
    #[inline]
    pub(super) fn may_ask(&self, piece: &Piece) -> bool {
        piece.may_hold(QUIT.len()) || (self.keyed.is_some() && piece.may_hold(LENGTH))
    }

    /// Looks at one datagram that gets an answer, and came to a socket bound to `bound`.
    pub(super) fn look_for_quit(
        &self,
        peer: &RawAddress,
        local: Option<LocalAddress>,
        bound: IpAddr,
        payload: &[u8],
        counters: &Counters,
    ) -> Wish {
        if self.quit.accepts(payload, bound, local) {
            return Wish {
                stops: true,
                answer: None,
            };
        }
        let ignored = payload == QUIT && self.quit == QuitPolicy::Loopback;
        counters.quit_ignored.add(u64::from(ignored));
        let meeting = match &self.keyed {
            Some(keyed) if payload.len() == LENGTH => keyed.meet(peer, payload, self.time()),
            _ => Meeting::Ordinary,
        };
        let (stops, answer) = match meeting {
            Meeting::Ordinary => (false, None),
            Meeting::Unproven => {
                counters.quit_unproven.add(1);
                (false, None)
            }
            Meeting::Asked(answer) => {
                counters.quit_asked.add(1);
                (false, Some(answer))
            }
            Meeting::Proven(answer) => (true, Some(answer)),
        };
        Wish { stops, answer }
    }

    #[inline]
    fn time(&self) -> Moment {
        Moment::after(self.start.elapsed())
    }
}
