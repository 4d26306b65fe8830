//! One run from its plan to its result.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use echo_reactor::server::Observer;
use echo_reactor::{Config, Running, Server};
use thiserror::Error;

use crate::engine::{self, Engine, EngineError};
use crate::gauge::Gauge;
use crate::host::Host;
use crate::losses::{self, Losses, Source};
use crate::measure::{Imbalance, Measured, Series};
use crate::plan::Plan;
use crate::progress::{self, Bar, Display, Nothing, Sources};
use crate::results::{Ended, Findings, Run};
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
            ..
        } = self;
        let sources = Sources::of(&engine, source.clone());
        let mut gauge = Gauge::new(&plan);
        let mut underway = engine.start(&plan)?;
        let mut surroundings = Surroundings::new(&plan, source);
        let began_unix_ns = unix_nanos(underway.until(plan.measured_from()));
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
                        began_unix_ns,
                    });
                }
                surroundings.look(|point| underway.until(point))
            },
        );
        let outcome = underway.join()?;
        check_books(&plan, &outcome)?;
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
            began_unix_ns,
            ended: if outcome.stopped_early && stop.load(Ordering::Relaxed) {
                Ended::Stopped
            } else {
                Ended::AsPlanned
            },
            losses,
            verdict: verdict::judge(&evidence),
            host: evidence.host,
        };
        Ok(Run::new(&plan, outcome.window, measured, &findings))
    }
}

/// What is known of a run that is not over.
pub struct Known<'a> {
    plan: &'a Plan,
    series: &'a Series,
    began_unix_ns: Option<u64>,
}

impl Known<'_> {
    /// It as a result that says that the run is not over.
    #[must_use]
    pub fn run(&self) -> Run {
        let Self { plan, series, .. } = self;
        let known = series.reached().since(plan.measured_from());
        let findings = Findings {
            began_unix_ns: self.began_unix_ns,
            ended: Ended::Unfinished,
            host: Host::unknown(NOT_OVER),
            losses: Losses::attribute(0, 0, losses::Server::Unknown),
            verdict: verdict::unfinished(known, plan.longest()),
        };
        let measured = Measured {
            latency: series.total().clone(),
            rows: series.rows().to_vec(),
            flows: vec![series.tally().into()],
            ..Measured::default()
        };
        Run {
            flows: Vec::new(),
            gaps_ns: None,
            slo: None,
            ..Run::new(plan, known, &measured, &findings)
        }
    }
}

/// The wall clock's time so long from now, in nanoseconds since 1970; `None` if it is set to before
/// that.
fn unix_nanos(ahead: Duration) -> Option<u64> {
    let then = SystemTime::now().checked_add(ahead)?;
    let since = then.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_nanos()).ok()
}

const NOT_OVER: &str = "the run is not over";

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
