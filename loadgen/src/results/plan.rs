//! What was asked for.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::nanos;
use crate::plan;
use crate::rate::Rate;

/// What was asked for, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Where the probes went.
    pub target: SocketAddr,
    /// Whether that was a server within the generator's own process.
    pub embedded: bool,
    /// Whether probes were sent at a rate, or when answers made room for them.
    pub load: Load,
    /// Probes a second of all flows together, rounded to a whole number; null in a closed loop.
    pub rate_pps: Option<u64>,
    /// The same to the last digit, as `--rate` takes it.
    pub rate: Option<String>,
    /// Probes of each flow that waited for answers at one time; null in an open loop.
    pub window: Option<u32>,
    /// Whether probes that were due together left as one train.
    pub trains: bool,
    /// How long the measured window was to last, at least.
    pub duration_ns: u64,
    /// How long probes were sent before it.
    pub warmup_ns: u64,
    /// Bytes of a datagram.
    pub size_bytes: usize,
    /// Sockets that probes were sent from.
    pub flows: u16,
    /// Threads that sent and received.
    pub threads: u16,
    /// How long after being sent a probe was lost.
    pub timeout_ns: u64,
    /// How probes were spaced.
    pub arrivals: Arrivals,
    /// Where everything random started from.
    pub seed: u64,
}

/// What made probes leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Load {
    /// The time at which they were due.
    OpenLoop,
    /// Room in the window of a flow: round trips of such a run hide queueing.
    ClosedLoop,
}

/// How probes were spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arrivals {
    /// Evenly.
    Constant,
    /// As answers came back.
    Answers,
}

impl From<&plan::Plan> for Plan {
    fn from(plan: &plan::Plan) -> Self {
        let (load, rate, window, arrivals) = match plan.load() {
            plan::Load::Open(rate) => (Load::OpenLoop, Some(rate), None, Arrivals::Constant),
            plan::Load::Closed(window) => {
                let window = Some(window.get());
                (Load::ClosedLoop, None, window, Arrivals::Answers)
            }
        };
        Self {
            target: plan.target(),
            embedded: plan.embedded(),
            load,
            rate_pps: rate.map(Rate::rounded),
            rate: rate.map(|rate| rate.to_string()),
            window,
            trains: plan.trains(),
            duration_ns: nanos(plan.duration()),
            warmup_ns: nanos(plan.warmup()),
            size_bytes: plan.size(),
            flows: plan.flows(),
            threads: plan.threads().get(),
            timeout_ns: nanos(plan.timeout()),
            arrivals,
            seed: plan.seed(),
        }
    }
}
