//! One run from its plan to its result.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use echo_reactor::{Config, Running, Server};
use thiserror::Error;

use crate::engine::{self, Engine, EngineError};
use crate::gauge::Gauge;
use crate::measure::Imbalance;
use crate::plan::Plan;
use crate::progress;
use crate::results::Run;
use crate::verdict;

/// A server inside this process, to be measured.
pub struct Embedded {
    running: Running,
    address: SocketAddr,
}

impl Embedded {
    /// Starts a server on a free port of the loopback interface.
    ///
    /// # Errors
    /// What the server said.
    pub fn start() -> Result<Self, echo_reactor::Error> {
        Self::with(&Config::on(SocketAddr::from(([127, 0, 0, 1], 0))))
    }

    /// Starts the server that `config` describes; its first address is the target.
    ///
    /// # Errors
    /// What the server said.
    pub fn with(config: &Config) -> Result<Self, echo_reactor::Error> {
        let server = Server::bind(config)?;
        let address = server.endpoints()[0].address;
        let running = server.start()?;
        Ok(Self { running, address })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server itself.
    #[must_use]
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// Has it answer what is queued, and end; tells what it counted.
    ///
    /// # Errors
    /// What the server said.
    pub fn stop(self) -> Result<echo_reactor::Summary, echo_reactor::Error> {
        self.running.stopper().drain();
        self.running.join()
    }
}

/// A run whose sockets are open and whose memory is taken.
pub struct Session {
    plan: Plan,
    engine: Engine,
    /// What the progress bar says in front.
    label: String,
}

impl Session {
    /// Opens the flows. `stop` ends the run early when it becomes true.
    ///
    /// # Errors
    /// [`SessionError::Engine`] if a flow or a thread cannot be had.
    pub fn prepare(plan: Plan, stop: &Arc<AtomicBool>) -> Result<Self, SessionError> {
        let engine = Engine::prepare(&plan, stop)?;
        Ok(Self {
            plan,
            engine,
            label: String::new(),
        })
    }

    /// The same, with a progress bar that says which run it is.
    #[must_use]
    pub fn labelled(self, label: String) -> Self {
        Self { label, ..self }
    }

    /// Carries the run out, with a progress bar on a terminal if `shown`.
    ///
    /// # Errors
    /// [`SessionError`].
    pub fn run(self, shown: bool) -> Result<Run, SessionError> {
        let Self {
            plan,
            engine,
            label,
        } = self;
        let live = engine.live();
        let mut gauge = Gauge::new(&plan, engine.glimpses());
        let underway = engine.start(&plan)?;
        progress::watch(
            &underway,
            &live,
            gauge.as_mut(),
            &plan,
            shown.then_some(label.as_str()),
        );
        let outcome = underway.join()?;
        check_books(&plan, &outcome)?;
        let verdict = verdict::judge(&outcome.measured.counts(), &outcome.measured.latency);
        Ok(Run::new(&plan, outcome.window, &outcome.measured, &verdict))
    }
}

/// Whether every scheduled probe is accounted for: numbers that do not add up must not be shown.
fn check_books(plan: &Plan, outcome: &engine::Outcome) -> Result<(), SessionError> {
    for (flow, result) in outcome.measured.flows.iter().enumerate() {
        let checked = result.counts.check();
        checked.map_err(|source| SessionError::Books { flow, source })?;
    }
    let scheduled = outcome.measured.counts().scheduled;
    match plan.probes_due() {
        Some(due) if due != scheduled && !outcome.stopped_early => {
            Err(SessionError::Schedule { due, scheduled })
        }
        _ => Ok(()),
    }
}

/// Why there is no result.
#[derive(Debug, Error)]
pub enum SessionError {
    /// The run could not be done.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A flow's counts contradict each other.
    #[error(
        "the counts of flow {flow} do not add up: {source}; this is a fault of loadgen, please \
         report it"
    )]
    Books {
        /// The flow's number.
        flow: usize,
        /// The sum that does not add up.
        source: Imbalance,
    },
    /// Probes of the schedule are missing from the books.
    #[error(
        "{due} probes were due and {scheduled} are accounted for; this is a fault of loadgen, \
         please report it"
    )]
    Schedule {
        /// Probes that the plan asked for.
        due: u64,
        /// Probes in the books.
        scheduled: u64,
    },
}
