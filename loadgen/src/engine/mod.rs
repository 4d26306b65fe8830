//! Does what a plan says: opens the flows, sends on schedule, reads what comes back.
//!
//! A thread owns its flows, its part of the schedule and its books from beginning to end; threads
//! meet only when they have ended. Files, from the top down:
//!
//! - `prober`: the loop of one thread;
//! - `sender` and `receiver`: batches of datagrams, stamped;
//! - `sampling`: which probes the kernel stamps too, and where their time went;
//! - `samples`: which stamp and which answer belong to which of them. Pure;
//! - `demand`: which probes are due now, and how large they are. Pure;
//! - `pacer`: whether to spin or to sleep. Pure;
//! - `flow`: a connected socket;
//! - `witness`: what the kernel did to a thread and its sockets in the measured window;
//! - `clock`: the one clock of a run, and the one of stamps.

mod clock;
mod demand;
mod flow;
mod pacer;
mod prober;
mod receiver;
mod samples;
mod sampling;
mod sender;
mod witness;

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use echo_reactor::udp::socket::SocketError;
use echo_reactor::udp::{Socket, offload};

use self::clock::Clock;
use self::demand::Demand;
use self::flow::Flow;
use self::prober::{Observers, Probed, Prober};
use crate::host::thread::Scheduling;
use crate::measure::{Edges, Live, Measured, Series, Turnover};
use crate::plan::{Plan, Timestamps};
use crate::schedule::{Share, TraceError};
use crate::time::Offset;

/// A run whose sockets are open and whose memory is allocated.
pub struct Engine {
    probers: Vec<Prober>,
    live: Vec<Arc<Live>>,
    sockets: Sockets,
    series: Series,
    enough: Arc<AtomicBool>,
}

/// The sockets that a run sends from, for whoever wants to know what the kernel drops at them while
/// it lasts.
#[derive(Clone, Debug)]
pub struct Sockets(Vec<Arc<Socket>>);

/// A run under way.
pub struct Underway {
    threads: Vec<JoinHandle<io::Result<Probed>>>,
    plan: Plan,
    clock: Clock,
    series: Series,
    enough: Arc<AtomicBool>,
}

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// The books of all threads, put together.
    pub measured: Measured,
    /// How long the measured window was: as long as it could, unless the run was stopped early.
    pub window: Duration,
    /// Whether the run was stopped before its schedule was done.
    pub stopped_early: bool,
    /// What the scheduler did to each thread in the measured window.
    pub scheduling: Vec<Scheduling>,
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
    /// The kernel does not stamp what a flow sends and receives.
    #[error(
        "--timestamps kernel is not possible here: SO_TIMESTAMPING {effect}; leave it out to \
         measure without"
    )]
    Timestamps {
        /// What the kernel said.
        effect: String,
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
        let mut intakes = Vec::with_capacity(threads.get().into());
        let mut sockets = Vec::with_capacity(plan.flows().into());
        let enough = Arc::new(AtomicBool::new(false));
        for thread in 0..threads.get() {
            let flows = flows_of(thread, threads, plan.flows())
                .map(|number| Flow::open(plan, number, segments))
                .collect::<Result<Vec<_>, _>>()
                .map_err(|source| EngineError::Flow {
                    target: plan.target(),
                    source,
                })?;
            check_stamps(plan, &flows)?;
            sockets.extend(flows.iter().map(|flow| Arc::clone(&flow.socket)));
            let shown = Arc::new(Live::new());
            let share = Share { threads, thread };
            let demand = Demand::new(plan, share)?;
            let (turnover, intake) = Turnover::new(edges(plan));
            let observers = Observers {
                live: Arc::clone(&shown),
                turnover,
                stop: Arc::clone(stop),
                enough: Arc::clone(&enough),
            };
            let prober = Prober::new(plan, share, demand, flows, observers).map_err(|source| {
                EngineError::Thread {
                    operation: "set up a poll for a thread",
                    source,
                }
            })?;
            probers.push(prober);
            live.push(shown);
            intakes.push(intake);
        }
        Ok(Self {
            probers,
            live,
            sockets: Sockets(sockets),
            series: Series::new(plan.measured_from(), intakes),
            enough,
        })
    }

    /// What the threads show while they run, one each.
    #[must_use]
    pub fn live(&self) -> Vec<Arc<Live>> {
        self.live.clone()
    }

    /// The sockets that the flows send from.
    #[must_use]
    pub fn sockets(&self) -> Sockets {
        self.sockets.clone()
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
            clock,
            series: self.series,
            enough: self.enough,
        })
    }
}

impl Sockets {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Socket> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// Datagrams that the kernel dropped at them since they were opened. A socket that cannot be
    /// read counts nothing.
    #[must_use]
    pub fn drops(&self) -> u64 {
        let memory = self.0.iter().filter_map(|socket| socket.memory().ok());
        memory.map(|memory| u64::from(memory.drops)).sum()
    }
}

impl Underway {
    /// The time now; the start itself as long as the run has not begun.
    #[must_use]
    pub fn now(&self) -> Offset {
        self.clock.now()
    }

    /// Whether every thread has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    /// How long until the run gets to `point`; zero if it is past it.
    #[must_use]
    pub fn until(&self, point: Offset) -> Duration {
        self.clock.until_start() + point.since(self.clock.now())
    }

    /// Takes what the threads have handed over; true if there are new rows. To be called at least
    /// once an interval, lest rows become longer.
    pub fn collect(&mut self) -> bool {
        self.series.collect()
    }

    /// What was measured up to the last row.
    #[must_use]
    pub fn series(&self) -> &Series {
        &self.series
    }

    /// Ends the run: enough is known.
    pub fn end(&self) {
        self.enough.store(true, Ordering::Relaxed);
    }

    /// Whether [`end`](Self::end) was called.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.enough.load(Ordering::Relaxed)
    }

    /// Waits for the threads and puts their books together.
    ///
    /// # Errors
    /// [`EngineError::Panicked`], [`EngineError::Thread`] if a poll failed, or
    /// [`EngineError::Replay`] if the file of a replay changed while it was read.
    pub fn join(self) -> Result<Outcome, EngineError> {
        let mut outcome = Outcome {
            measured: Measured::default(),
            window: self.plan.longest(),
            stopped_early: false,
            scheduling: Vec::new(),
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
            outcome.scheduling.push(probed.scheduling);
            outcome.measured.merge(probed.measured);
        }
        (outcome.measured.rows, outcome.measured.latency) = self.series.finish(outcome.window);
        match fault {
            Some(fault) => Err(fault.into()),
            None => Ok(outcome),
        }
    }
}

/// Where the rows of a run end.
fn edges(plan: &Plan) -> Edges {
    Edges {
        first: plan.measured_from(),
        every: plan.interval(),
        end: plan.measured_from() + plan.longest(),
    }
}

/// Whether the kernel stamps what every flow sends and receives, if the plan asks for it.
fn check_stamps(plan: &Plan, flows: &[Flow]) -> Result<(), EngineError> {
    let refused = flows.iter().find_map(|flow| {
        let effect = flow.socket.effects().stamps.as_ref()?;
        effect.applied().is_none().then(|| effect.to_string())
    });
    match (plan.timestamps(), refused) {
        (Timestamps::Kernel, Some(effect)) => Err(EngineError::Timestamps { effect }),
        (Timestamps::Kernel | Timestamps::Off, _) => Ok(()),
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
