//! Those who look at a server while it runs: scrapers, the service manager, and whoever reads the
//! log.

use std::time::{Duration, Instant};

use tracing::warn;

use crate::error::Error;
use crate::log::{Log, trouble};
use crate::metrics::{Door, Metrics};
use crate::notify::Notify;
use crate::periodic::Periodic;
use crate::server::Running;
use crate::systemd::{self, Reports};

/// They look as long as this lives.
#[derive(Debug)]
pub struct Watchers {
    _metrics: Option<Metrics>,
    _reports: Option<Reports>,
    _trouble: Option<Periodic>,
}

impl Watchers {
    /// Lets them look at a server that has just been started.
    ///
    /// # Errors
    /// [`Error::System`] if the system has no room for their threads.
    pub fn start(
        running: &Running,
        door: Option<Door>,
        notify: Notify,
        log: &Log,
    ) -> Result<Self, Error> {
        let lifecycle = running.stopper();
        let metrics = door
            .map(|door| door.serve(running.observer(), lifecycle.clone(), log.unwritten()))
            .transpose()?;
        let reports = systemd::start(lifecycle, running.observer(), notify).map_err(|source| {
            Error::System {
                operation: "start the thread that reports to the service manager (NOTIFY_SOCKET)",
                source,
            }
        })?;
        // A service has somebody who reads its log. Any other server makes no call while it is idle,
        // and tells of its losses in its summary.
        let is_service = metrics.is_some() || reports.is_some();
        let trouble = is_service.then(|| tell_of_trouble(running)).transpose();
        let trouble = trouble.map_err(|source| Error::System {
            operation: "start the thread that looks for losses",
            source,
        })?;
        Ok(Self {
            _metrics: metrics,
            _reports: reports,
            _trouble: trouble,
        })
    }
}

fn tell_of_trouble(running: &Running) -> std::io::Result<Periodic> {
    let observer = running.observer();
    let since = Instant::now();
    let mut watch = trouble::Watch::default();
    Periodic::start(LOOKS, move || {
        let Some(summary) = observer.summary() else {
            return;
        };
        for sentence in watch.look(summary.total, since.elapsed()) {
            warn!("{sentence}");
        }
    })
}

/// How often the counters are looked at for losses.
const LOOKS: Duration = Duration::from_secs(1);
