//! A run, fully resolved: whatever a [`Plan`] holds can be carried out.
//!
//! - `choices`: what somebody wants;
//! - `check`: whether it can be, and the flag to change if not.

mod check;
mod choices;

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::time::Duration;

pub use self::check::PlanError;
use self::check::{check_flows, check_target, check_times};
pub use self::choices::{Choices, Load, Timestamps, Until, Waiting};
use crate::schedule::Arrivals;
use crate::sizes::Sizes;
use crate::slo::Slo;
use crate::time::Offset;

/// A run that can be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    choices: Choices,
    threads: NonZeroU16,
}

impl Plan {
    /// Checks the choices.
    ///
    /// # Errors
    ///
    /// The first choice that cannot be, as a sentence that names the flag to change.
    pub fn new(choices: Choices) -> Result<Self, PlanError> {
        check_target(&choices)?;
        let threads = check_flows(&choices)?;
        check_times(&choices)?;
        if choices.receive_buffer == 0 {
            return Err(PlanError::NoReceiveBuffer);
        }
        Ok(Self { choices, threads })
    }

    /// Where the probes go; its port is not 0.
    #[must_use]
    pub fn target(&self) -> SocketAddr {
        self.choices.target
    }

    /// The target as it was asked for.
    #[must_use]
    pub fn target_name(&self) -> &str {
        &self.choices.target_name
    }

    /// Whether the target is a server within this process.
    #[must_use]
    pub fn embedded(&self) -> bool {
        self.choices.embedded
    }

    /// When probes are sent.
    #[must_use]
    pub fn load(&self) -> Load {
        self.choices.load
    }

    /// How the probes of an open loop are spaced.
    #[must_use]
    pub fn arrivals(&self) -> &Arrivals {
        &self.choices.arrivals
    }

    /// Whether probes that are due together on a flow leave as one train.
    #[must_use]
    pub fn trains(&self) -> bool {
        self.choices.trains
    }

    /// How threads wait.
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        self.choices.waiting
    }

    /// The processors of the threads; empty if they may run on any.
    #[must_use]
    pub fn pin(&self) -> &[usize] {
        &self.choices.pin
    }

    /// The processor of a thread, if it shall stay on one.
    #[must_use]
    pub fn processor(&self, thread: u16) -> Option<usize> {
        self.choices.pin.iter().cycle().nth(thread.into()).copied()
    }

    /// Bytes of receive buffer a flow, before the kernel doubles them.
    #[must_use]
    pub fn receive_buffer(&self) -> usize {
        self.choices.receive_buffer
    }

    /// Whether the kernel tells where the time went.
    #[must_use]
    pub fn timestamps(&self) -> Timestamps {
        self.choices.timestamps
    }

    /// How long the measured window lasts, at least: above zero, and with room for a probe.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.choices.duration
    }

    /// How long the measured window can last: longer than [`duration`](Self::duration) if that
    /// depends on what is measured.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.until().map_or(self.duration(), |until| until.most)
    }

    /// How long each row of the result is.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.choices.interval
    }

    /// What else has to be reached before the measured window ends.
    #[must_use]
    pub fn until(&self) -> Option<Until> {
        self.choices.until
    }

    /// What the server shall do.
    #[must_use]
    pub fn slo(&self) -> Option<&Slo> {
        self.choices.slo.as_ref()
    }

    /// How long probes are sent before those that are measured; may be zero.
    #[must_use]
    pub fn warmup(&self) -> Duration {
        self.choices.warmup
    }

    /// How long probes are sent, at most: the warm-up and the measured window. At most 365 days.
    #[must_use]
    pub fn span(&self) -> Duration {
        self.choices.warmup + self.longest()
    }

    /// Where the measured window begins: probes due from here on count.
    #[must_use]
    pub fn measured_from(&self) -> Offset {
        Offset::START + self.choices.warmup
    }

    /// Bytes of a datagram, where the file of a replay does not say.
    #[must_use]
    pub fn sizes(&self) -> &Sizes {
        &self.choices.sizes
    }

    /// The smallest and the largest datagram that the run can have.
    #[must_use]
    pub fn size_bounds(&self) -> (u16, u16) {
        let usual = (self.sizes().smallest(), self.sizes().largest());
        let (Load::Open(_), Arrivals::Replay(trace)) = (self.load(), self.arrivals()) else {
            return usual;
        };
        match trace.sizes() {
            Some(bounds) if trace.sizes_every_probe() => bounds,
            Some((smallest, largest)) => (usual.0.min(smallest), usual.1.max(largest)),
            None => usual,
        }
    }

    /// Sockets that probes are sent from, at least as many as threads.
    #[must_use]
    pub fn flows(&self) -> u16 {
        self.choices.flows
    }

    /// Threads that send and receive.
    #[must_use]
    pub fn threads(&self) -> NonZeroU16 {
        self.threads
    }

    /// How many probes are due in the longest measured window; `None` in a closed loop.
    #[must_use]
    pub fn probes_due(&self) -> Option<u64> {
        match self.load() {
            Load::Open(rate) => {
                let arrivals = self.arrivals();
                arrivals.due_between(rate, self.warmup(), self.span())
            }
            Load::Closed(_) => None,
        }
    }

    /// How long after being sent a probe is lost: above zero, at most two minutes.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.choices.timeout
    }

    /// How many probes of one flow can be without an answer at once if every answer is lost, at
    /// most 65,536: memory to take beforehand. What is beyond is rare enough to be taken then.
    #[must_use]
    pub fn outstanding_a_flow(&self) -> usize {
        let of_one = match self.load() {
            Load::Open(rate) => self
                .arrivals()
                .most_within(rate, self.timeout())
                .div_ceil(self.flows().into()),
            Load::Closed(window) => window.get().into(),
        };
        usize::try_from(of_one).map_or(MOST_OUTSTANDING, |probes| probes.min(MOST_OUTSTANDING))
    }

    /// Marks the datagrams of this run.
    #[must_use]
    pub fn run(&self) -> u64 {
        self.choices.run
    }

    /// Where everything random starts from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.choices.seed
    }
}

const MOST_OUTSTANDING: usize = 1 << 16;

#[cfg(test)]
mod tests;
