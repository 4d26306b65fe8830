//! Deliberate faults, so that what a client measures can be held against a known truth.
//!
//! A plan ([`Faults`]) says what shall go wrong; everything here is pure, with time and chance as
//! arguments, and `reactor` does the work. From the top down:
//!
//! - [`language`]: the plan as text, as in `drop=1%,delay=500us`;
//! - [`fate`]: what becomes of each datagram, drawn by the seed;
//! - [`service`]: when a single server is done with each datagram;
//! - [`stall`]: when a worker does nothing;
//! - [`mod@line`]: replies that wait, because of their delay or until they are overtaken;
//! - [`share`]: a part of all datagrams, exactly.
//!
//! What each fault means and how it is counted is in `docs/faults.md`.

pub mod fate;
pub mod language;
pub mod line;
pub mod service;
pub mod share;
pub mod stall;

use std::num::NonZeroU64;
use std::time::Duration;

pub use fate::{Fate, Fates};
pub use language::Mistake;
pub use line::Line;
pub use service::{Service, SingleServer};
pub use share::Share;
pub use stall::{Stall, Stalls};

/// What shall go wrong. Parsed from text, which is the one way to get one: then at least one fault
/// is in it, the shares are 100 % at most, and no two stalls overlap.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Faults {
    /// Datagrams that get no reply.
    pub(crate) drop: Option<Share>,
    /// Datagrams whose reply is sent twice.
    pub(crate) duplicate: Option<Share>,
    /// Datagrams whose reply has one bit flipped.
    pub(crate) corrupt: Option<Share>,
    /// Datagrams whose reply is overtaken by the next one.
    pub(crate) reorder: Option<Share>,
    /// How long each reply waits; not zero.
    pub(crate) delay: Option<Duration>,
    /// In the order in which they begin.
    pub(crate) stalls: Vec<Stall>,
    pub(crate) service: Option<Service>,
    /// With the call that brings this many datagrams in all a worker panics; not 0.
    pub(crate) panic_after: Option<NonZeroU64>,
    /// Where everything random starts from.
    pub(crate) seed: u64,
}

impl Faults {
    /// The shares of the datagrams that meet each fate; all others pass.
    #[must_use]
    pub fn shares(&self) -> [(Fate, Option<Share>); 4] {
        [
            (Fate::Drop, self.drop),
            (Fate::Duplicate, self.duplicate),
            (Fate::Corrupt, self.corrupt),
            (Fate::Reorder, self.reorder),
        ]
    }
}
