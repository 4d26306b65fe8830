//! Does what a plan says: opens the flows, sends on schedule, reads what comes back.
//!
//! A thread owns its flows, its part of the schedule and its books from beginning to end; threads
//! meet only when they have ended. Files, from the top down:
//!
//! - `prober`: the loop of one thread;
//! - `sender` and `receiver`: batches of datagrams, stamped;
//! - `demand`: which probes are due now, and how large they are. Pure;
//! - `pacer`: whether to spin or to sleep. Pure;
//! - `flow`: a connected socket;
//! - `clock`: the one clock of a run.

mod clock;
mod demand;
mod flow;
mod pacer;
mod prober;
mod receiver;
mod sender;

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use echo_reactor::udp::offload;
use echo_reactor::udp::socket::SocketError;

use self::clock::Clock;
use self::demand::Demand;
use self::flow::Flow;
use self::prober::{Probed, Prober};
use crate::measure::{Live, Measured};
use crate::plan::Plan;
use crate::schedule::{Share, TraceError};

/// A run whose sockets are open and whose memory is allocated.
pub struct Engine {
    probers: Vec<Prober>,
    live: Vec<Arc<Live>>,
}

/// A run under way.
pub struct Underway {
    threads: Vec<JoinHandle<io::Result<Probed>>>,
    plan: Plan,
}

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// The books of all threads, put together.
    pub measured: Measured,
    /// How long the measured window was: as planned, unless the run was stopped early.
    pub window: Duration,
    /// Whether the run was stopped before its schedule was done.
    pub stopped_early: bool,
}

/// Why a run could not be done.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A flow could not be opened.
    #[error("cannot {operation} {target}: {reason}; check --target, or lower --flows", operation = source.operation, reason = source.source)]
    Flow {
        /// Where the flow should have led.
        target: SocketAddr,
        /// What went wrong.
        source: SocketError,
    },
    /// The system had no room for a thread or its poll.
    #[error("cannot {operation}: {source}; lower --threads")]
    Thread {
        /// The operation, as a phrase after "cannot".
        operation: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The file of a replay is no longer what it was.
    #[error(transparent)]
    Replay(#[from] TraceError),
    /// A thread hit a fault of this program.
    #[error("a sending thread panicked; this is a fault of loadgen, please report it")]
    Panicked,
}

impl Engine {
    /// Opens every flow and allocates what a run needs, so that nothing can fail later.
    ///
    /// `stop` ends the run early when it becomes true.
    ///
    /// # Errors
    /// [`EngineError::Flow`] or [`EngineError::Thread`], or [`EngineError::Replay`] if the file of
    /// a replay has gone.
    pub fn prepare(plan: &Plan, stop: &Arc<AtomicBool>) -> Result<Self, EngineError> {
        let threads = plan.threads();
        let segments = match offload::most_segments() {
            Some(segments) if plan.trains() => segments as usize,
            _ => 1,
        };
        let mut probers = Vec::with_capacity(threads.get().into());
        let mut live = Vec::with_capacity(threads.get().into());
        for thread in 0..threads.get() {
            let flows = flows_of(thread, threads, plan.flows())
                .map(|number| Flow::open(plan, number, segments))
                .collect::<Result<Vec<_>, _>>()
                .map_err(|source| EngineError::Flow {
                    target: plan.target(),
                    source,
                })?;
            let shown = Arc::new(Live::new());
            let demand = Demand::new(plan, Share { threads, thread })?;
            let (shown_by, stop) = (Arc::clone(&shown), Arc::clone(stop));
            let prober = Prober::new(plan, thread, demand, flows, shown_by, stop);
            probers.push(prober.map_err(|source| EngineError::Thread {
                operation: "set up a poll for a thread",
                source,
            })?);
            live.push(shown);
        }
        Ok(Self { probers, live })
    }

    /// What the threads show while they run, one each.
    #[must_use]
    pub fn live(&self) -> Vec<Arc<Live>> {
        self.live.clone()
    }

    /// Starts the threads; the first probe is due a moment later.
    ///
    /// # Errors
    /// [`EngineError::Thread`].
    pub fn start(self, plan: &Plan) -> Result<Underway, EngineError> {
        let clock = Clock::starting_in(START_DELAY);
        let threads = self.probers.into_iter().enumerate().map(|(index, prober)| {
            thread::Builder::new()
                .name(format!("prober-{index}"))
                .spawn(move || prober.run(clock))
                .map_err(|source| EngineError::Thread {
                    operation: "start a thread",
                    source,
                })
        });
        Ok(Underway {
            threads: threads.collect::<Result<_, _>>()?,
            plan: plan.clone(),
        })
    }
}

impl Underway {
    /// Whether every thread has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    /// Waits for the threads and puts their books together.
    ///
    /// # Errors
    /// [`EngineError::Panicked`], [`EngineError::Thread`] if a poll failed, or
    /// [`EngineError::Replay`] if the file of a replay changed while it was read.
    pub fn join(self) -> Result<Outcome, EngineError> {
        let mut outcome = Outcome {
            measured: Measured::default(),
            window: self.plan.duration(),
            stopped_early: false,
        };
        let mut fault = None;
        for thread in self.threads {
            let probed = thread
                .join()
                .map_err(|_panic| EngineError::Panicked)?
                .map_err(|source| EngineError::Thread {
                    operation: "wait for answers",
                    source,
                })?;
            fault = fault.or(probed.fault);
            if let Some(at) = probed.stopped_at {
                let begun = Duration::from_nanos(at.as_nanos()).saturating_sub(self.plan.warmup());
                outcome.window = outcome.window.min(begun);
                outcome.stopped_early = true;
            }
            outcome.measured.merge(probed.measured);
        }
        match fault {
            Some(fault) => Err(fault.into()),
            None => Ok(outcome),
        }
    }
}

/// The flows that a thread owns: a run of numbers, of which no thread has two more than another.
fn flows_of(thread: u16, threads: NonZeroU16, flows: u16) -> Range<u16> {
    let edge = |thread: u16| {
        let edge = u32::from(thread) * u32::from(flows) / u32::from(threads.get());
        u16::try_from(edge).unwrap_or(flows)
    };
    edge(thread)..edge(thread + 1)
}

/// Time for every thread to get to its starting line.
const START_DELAY: Duration = Duration::from_millis(20);
