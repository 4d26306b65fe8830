//! Which code a worker runs: chosen once, so that one without faults has none of theirs in its way.

use std::io;

use mio::Waker;

use super::faulty::FaultyWorker;
use super::worker::{Equipment, PlainWorker};
use crate::config::Config;
use crate::lifecycle::Lifecycle;
use crate::udp::options::Effect;

/// A worker that is set up but has no thread yet.
pub(crate) enum Worker {
    Plain(Box<PlainWorker>),
    Faulty(Box<FaultyWorker>),
}

impl Worker {
    /// Prepares to serve its sockets, and gives the waker that makes it look at the lifecycle.
    ///
    /// # Errors
    /// What the kernel said, mostly that no more files may be open.
    pub(crate) fn new(config: &Config, equipment: Equipment) -> io::Result<(Self, Waker)> {
        if let Some(faults) = &config.faults {
            let (worker, waker) = FaultyWorker::new(config, faults, equipment)?;
            Ok((Self::Faulty(Box::new(worker)), waker))
        } else {
            let (worker, waker) = PlainWorker::new(config, equipment)?;
            Ok((Self::Plain(Box::new(worker)), waker))
        }
    }

    /// Lets the poll itself look at the device's queue for so many microseconds.
    pub(crate) fn busy_poll(&self, micros: u32) -> Effect<u32> {
        match self {
            Self::Plain(worker) => worker.busy_poll(micros),
            Self::Faulty(worker) => worker.busy_poll(micros),
        }
    }

    /// Serves until the lifecycle says otherwise, then answers what is queued.
    ///
    /// # Errors
    /// An error that no peer can cause.
    pub(crate) fn run(self, lifecycle: &Lifecycle) -> io::Result<()> {
        match self {
            Self::Plain(worker) => worker.run(lifecycle),
            Self::Faulty(worker) => worker.run(lifecycle),
        }
    }
}
