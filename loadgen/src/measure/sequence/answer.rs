//! What an answer can turn out to be, and by which rules.

use std::time::Duration;

use crate::time::Offset;

/// The rules by which probes are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// An answer this long after the probe was sent is in time; 1 ns more and the probe is lost.
    pub timeout: Duration,
    /// Probes due before this point are warm-up, and kept out of the result.
    pub measured_from: Offset,
}

/// What a sound answer turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The first answer to a probe, in time.
    InTime(RoundTrip),
    /// The first answer to a probe, after the timeout.
    Late,
    /// A further copy.
    Duplicate,
    /// An answer to a probe retired more than [`HORIZON`](super::HORIZON) sequences ago.
    Stale,
    /// An answer to a probe that was never sent.
    Foreign,
}

/// The times of one answered probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTrip {
    /// When the schedule wanted it sent.
    pub due: Offset,
    /// When it was sent.
    pub sent: Offset,
    /// When the answer arrived.
    pub answered: Offset,
    /// Whether it belongs to the measured window.
    pub measured: bool,
}
