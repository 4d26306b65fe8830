//! One run against a server inside this process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Parser;
use echo_reactor::config::Wait;
use echo_reactor::{Config, Summary};

use crate::cli::Cli;
use crate::commands::{Failure, failed};
use crate::plan::Plan;
use crate::results::Run;
use crate::session::{Embedded, Session};

/// What every trial needs.
pub(super) struct Stage {
    /// Ends the trial that is under way.
    pub(super) stop: Arc<AtomicBool>,
}

impl Stage {
    /// A run with the arguments that a user would give it, against a server with `faults` (none if
    /// they are empty) that waits in the way of `wait`; what each of the two counted.
    pub(super) fn trial(
        &self,
        arguments: &str,
        faults: &str,
        wait: Wait,
    ) -> Result<(Run, Summary), Failure> {
        let mut config = Config::on(SocketAddr::from(([127, 0, 0, 1], 0))).wait(wait);
        if !faults.is_empty() {
            config = config.faults(faults.parse().map_err(failed)?);
        }
        let server = Embedded::with(&config).map_err(failed)?;
        let typed = std::iter::once("loadgen").chain(arguments.split_whitespace());
        let cli = Cli::try_parse_from(typed).map_err(failed)?;
        let choices = cli.run.choices(server.address()).map_err(failed)?;
        let plan = Plan::new(choices).map_err(failed)?;
        let session = Session::prepare(plan, &self.stop).map_err(failed)?;
        let session = session.observing(server.running().observer());
        let run = session.run(false).map_err(failed)?;
        let summary = server.stop().map_err(failed)?;
        Ok((run, summary))
    }
}
