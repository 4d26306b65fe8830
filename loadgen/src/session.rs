//! One run from its plan to its result.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use echo_reactor::server::Observer;
use echo_reactor::{Config, Running, Server};
use thiserror::Error;

use crate::engine::{Engine, EngineError, Outcome};
use crate::environment::Environment;
use crate::environment::build::Builds;
use crate::gauge::Gauge;
use crate::known::Known;
use crate::losses::{Losses, Source};
use crate::measure::Imbalance;
use crate::plan::Plan;
use crate::progress::{self, Bar, Display, Nothing, Sources};
use crate::results::{About, Ended, Findings, Run, Sockets};
use crate::surroundings::Surroundings;
use crate::verdict::{self, Evidence};

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
    source: Source,
    stop: Arc<AtomicBool>,
    sockets: Sockets,
}

impl Session {
    /// Opens the flows. `stop` ends the run early when it becomes true.
    ///
    /// # Errors
    /// [`SessionError::Engine`] if a flow or a thread cannot be had.
    pub fn prepare(plan: Plan, stop: &Arc<AtomicBool>) -> Result<Self, SessionError> {
        let engine = Engine::prepare(&plan, stop)?;
        Ok(Self {
            source: Source::of(plan.target()),
            sockets: Sockets::of_flows(engine.sockets().iter()),
            plan,
            engine,
            label: String::new(),
            stop: Arc::clone(stop),
        })
    }

    /// The same, with a progress bar that says which run it is.
    #[must_use]
    pub fn labelled(self, label: String) -> Self {
        Self { label, ..self }
    }

    /// Asks the server itself, which runs in this process, for what it loses.
    #[must_use]
    pub fn observing(mut self, server: Observer) -> Self {
        self.sockets.add_server(&server.sockets());
        self.source = Source::Embedded(server);
        self
    }

    /// Carries the run out, with a progress bar on a terminal if `shown`.
    ///
    /// # Errors
    /// [`SessionError`].
    pub fn run(self, shown: bool) -> Result<Run, SessionError> {
        if shown {
            let mut bar = Bar::new(&self.plan, &self.label);
            self.run_and_keep(&mut bar, |_known| {})
        } else {
            self.run_and_keep(&mut Nothing, |_known| {})
        }
    }

    /// The same on any display; whenever there are new rows, `keep` gets what is known.
    ///
    /// # Errors
    /// [`SessionError`].
    pub fn run_and_keep(
        self,
        display: &mut dyn Display,
        mut keep: impl FnMut(&Known<'_>),
    ) -> Result<Run, SessionError> {
        let Self {
            plan,
            engine,
            source,
            stop,
            sockets,
            ..
        } = self;
        let mut about = About {
            environment: Some(Environment::read(Some(plan.target()))),
            builds: Some(Builds::read(plan.embedded())),
            sockets: Some(sockets),
            began_unix_ns: None,
        };
        let sources = Sources::of(&engine, source.clone());
        let mut gauge = Gauge::new(&plan);
        let mut underway = engine.start(&plan)?;
        let mut surroundings = Surroundings::new(&plan, source);
        about.began_unix_ns = unix_nanos(underway.until(plan.measured_from()));
        progress::watch(
            &mut underway,
            &sources,
            gauge.as_mut(),
            &plan,
            display,
            |underway, news| {
                if news {
                    keep(&Known {
                        plan: &plan,
                        series: underway.series(),
                        about: &about,
                    });
                }
                surroundings.look(|point| underway.until(point))
            },
        );
        let outcome = underway.join()?;
        check_books(&plan, &outcome)?;
        if let Some(environment) = &mut about.environment {
            environment.look_again();
        }
        let stopped = outcome.stopped_early && stop.load(Ordering::Relaxed);
        let ended = if stopped {
            Ended::Stopped
        } else {
            Ended::AsPlanned
        };
        Ok(conclude(&plan, outcome, surroundings, about, ended))
    }
}

/// Judges a run that has ended.
fn conclude(
    plan: &Plan,
    outcome: Outcome,
    surroundings: Surroundings,
    about: About,
    ended: Ended,
) -> Run {
    let (host, server) = surroundings.finish(outcome.scheduling);
    let measured = &outcome.measured;
    let counts = measured.counts();
    let losses = Losses::attribute(counts.lost, measured.own_drops_measured, server);
    let evidence = Evidence {
        parts: measured.parts.within(outcome.window),
        host,
        // A train that was dropped whole counts once among the drops.
        own_drops: measured.own_drops_measured.max(losses.own_socket),
        ..Evidence::of(measured)
    };
    let findings = Findings {
        about,
        ended,
        losses,
        verdict: verdict::judge(&evidence),
        host: evidence.host,
    };
    Run::new(plan, outcome.window, measured, &findings)
}

/// The wall clock's time so long from now, in nanoseconds since 1970; `None` if it is set to before
/// that.
fn unix_nanos(ahead: Duration) -> Option<u64> {
    let then = SystemTime::now().checked_add(ahead)?;
    let since = then.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_nanos()).ok()
}

/// Whether every scheduled probe is accounted for: numbers that do not add up must not be shown.
fn check_books(plan: &Plan, outcome: &Outcome) -> Result<(), SessionError> {
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
