//! Those who look at a server while it runs: scrapers, the service manager, and whoever reads the
//! log.

use std::time::{Duration, Instant};

use tracing::warn;

use crate::cue::{Attention, Cue};
use crate::error::Error;
use crate::log::{Log, trouble};
use crate::metrics::{Door, Metrics};
use crate::notify::Notify;
use crate::periodic::Periodic;
use crate::server::Running;
use crate::systemd::{self, Reports};

/// They look from when they are told to, as long as this lives.
#[derive(Debug)]
pub struct Watchers {
    /// The first to be dropped: the threads of the others wait for it, and are waited for.
    cue: Cue,
    metrics: Option<Metrics>,
    reports: Option<Reports>,
    trouble: Option<Periodic>,
}

impl Watchers {
    /// Has them ready to look at a server that has just been started.
    ///
    /// # Errors
    /// [`Error::System`] if the system has no room for their threads.
    pub fn prepare(
        running: &Running,
        door: Option<Door>,
        notify: Notify,
        log: &Log,
    ) -> Result<Self, Error> {
        // What fails in between drops this, in the order of its fields.
        let mut watchers = Self {
            cue: Cue::new(),
            metrics: None,
            reports: None,
            trouble: None,
        };
        let lifecycle = running.stopper();
        if let Some(door) = door {
            let (observer, lifecycle) = (running.observer(), lifecycle.clone());
            let metrics = door.serve(observer, lifecycle, log.unwritten(), watchers.attention())?;
            watchers.metrics = Some(metrics);
        }
        let reports = systemd::start(lifecycle, running.observer(), notify, watchers.attention());
        watchers.reports = reports.map_err(|source| Error::System {
            operation: "start the thread that reports to the service manager (NOTIFY_SOCKET)",
            source,
        })?;
        // A service has somebody who reads its log. Any other server makes no call while it is idle,
        // and tells of its losses in its summary.
        if watchers.metrics.is_some() || watchers.reports.is_some() {
            let trouble = tell_of_trouble(running, watchers.attention());
            watchers.trouble = Some(trouble.map_err(|source| Error::System {
                operation: "start the thread that looks for losses",
                source,
            })?);
        }
        Ok(watchers)
    }

    /// They look from now on: the server is the one that answers.
    pub fn begin(&self) {
        self.cue.give();
    }

    /// For others that wait for the same.
    #[must_use]
    pub fn attention(&self) -> Attention {
        self.cue.attention()
    }
}

fn tell_of_trouble(running: &Running, attention: Attention) -> std::io::Result<Periodic> {
    let observer = running.observer();
    let since = Instant::now();
    let mut watch = trouble::Watch::default();
    Periodic::start(LOOKS, move || {
        let Some(summary) = observer.summary().filter(|_| attention.is_given()) else {
            return;
        };
        for sentence in watch.look(summary.total, since.elapsed()) {
            warn!("{sentence}");
        }
    })
}

/// How often the counters are looked at for losses.
const LOOKS: Duration = Duration::from_secs(1);
