//! The server that is measured: one that listens somewhere, or one inside this process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use echo_reactor::affinity;

use super::{Failure, failed, misused};
use crate::cli::address;
use crate::cli::run::Arguments;
use crate::plan::{Choices, Load, Plan};
use crate::schedule::Arrivals;
use crate::session::{Embedded, Session};

/// A server to be measured, for as long as this exists.
pub(super) struct Subject {
    embedded: Option<Embedded>,
    address: SocketAddr,
}

impl Subject {
    /// The server that `--target` names, or without it one that is started here.
    pub(super) fn of(arguments: &Arguments) -> Result<Self, Failure> {
        if let Some(name) = &arguments.target {
            return Ok(Self {
                embedded: None,
                address: address::resolve(name).map_err(misused)?,
            });
        }
        let embedded = Embedded::start().map_err(failed)?;
        Ok(Self {
            address: embedded.address(),
            embedded: Some(embedded),
        })
    }

    /// The run against it that was typed.
    pub(super) fn plan(&self, arguments: &Arguments) -> Result<Plan, Failure> {
        check_processors(arguments)?;
        let choices = arguments.choices(self.address).map_err(misused)?;
        Plan::new(choices).map_err(misused)
    }

    /// The run against it that was typed, but at another load, and marked as a run of its own.
    pub(super) fn plan_with(&self, arguments: &Arguments, load: Load) -> Result<Plan, Failure> {
        check_processors(arguments)?;
        let typed = arguments.choices(self.address).map_err(misused)?;
        if let Arrivals::Replay(_) = typed.arrivals {
            return Err(misused(
                "--arrivals replay:FILE has one rate, that of its file: choose another spacing \
                 for runs at several rates",
            ));
        }
        let choices = Choices { load, ..typed };
        Plan::new(choices).map_err(misused)
    }

    /// A run against it, ready to start.
    pub(super) fn session(&self, plan: Plan, stop: &Arc<AtomicBool>) -> Result<Session, Failure> {
        let session = Session::prepare(plan, stop).map_err(failed)?;
        Ok(match &self.embedded {
            Some(embedded) => session.observing(embedded.running().observer()),
            None => session,
        })
    }

    /// Ends it, if it was started here.
    pub(super) fn stop(self) -> Result<(), Failure> {
        match self.embedded {
            Some(embedded) => embedded.stop().map(drop).map_err(failed),
            None => Ok(()),
        }
    }
}

/// Whether the threads may run where `--pin` wants them.
fn check_processors(arguments: &Arguments) -> Result<(), Failure> {
    let Some(pin) = &arguments.pin else {
        return Ok(());
    };
    let allowed = affinity::allowed().map_err(|error| {
        failed(format_args!(
            "cannot find out which processors there are (--pin): {error}"
        ))
    })?;
    let other = |processor: &&usize| !allowed.processors.contains(processor);
    match pin.processors.iter().find(other) {
        Some(other) => Err(misused(format_args!(
            "--pin names processor {other}, but this program may run on {allowed} alone"
        ))),
        None => Ok(()),
    }
}
