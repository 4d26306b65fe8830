//! Running, then draining, then stopped: the one thing that workers tell each other.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use mio::Waker;

/// How far a server is on its way to the end. It only ever moves forward.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Phase {
    /// It answers what comes.
    Running,
    /// It answers what is queued, then ends.
    Draining,
    /// It ends at once.
    Stopped,
}

/// The phase of a server, shared by its workers and whoever may stop it.
#[derive(Clone)]
pub struct Lifecycle {
    shared: Arc<Shared>,
}

struct Shared {
    phase: AtomicU8,
    wakers: Vec<Waker>,
}

impl Lifecycle {
    /// A server that runs, with a waker for each worker.
    #[must_use]
    pub fn new(wakers: Vec<Waker>) -> Self {
        Self {
            shared: Arc::new(Shared {
                phase: AtomicU8::new(RUNNING),
                wakers,
            }),
        }
    }

    /// Answer what is queued, then end. Nothing happens if that is under way already.
    pub fn drain(&self) {
        self.advance(DRAINING);
    }

    /// End at once, with what is queued unanswered.
    pub fn stop(&self) {
        self.advance(STOPPED);
    }

    /// How far it is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.shared.phase.load(Ordering::Acquire) {
            RUNNING => Phase::Running,
            DRAINING => Phase::Draining,
            _ => Phase::Stopped,
        }
    }

    fn advance(&self, phase: u8) {
        if self.shared.phase.fetch_max(phase, Ordering::AcqRel) >= phase {
            return;
        }
        for waker in &self.shared.wakers {
            // An eventfd write fails only when its counter is full: then the worker is being
            // woken already.
            let _woken: io::Result<()> = waker.wake();
        }
    }
}

impl fmt::Debug for Lifecycle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.phase())
    }
}

const RUNNING: u8 = 0;
const DRAINING: u8 = 1;
const STOPPED: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_only_moves_forward() {
        let lifecycle = Lifecycle::new(Vec::new());
        assert_eq!(lifecycle.phase(), Phase::Running);
        lifecycle.stop();
        lifecycle.drain();
        assert_eq!(lifecycle.phase(), Phase::Stopped);
    }
}
