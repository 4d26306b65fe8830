//! What was asked for.

use std::net::SocketAddr;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::nanos;
use crate::plan;
use crate::rate::Rate;

/// What was asked for, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Where the probes went.
    pub target: SocketAddr,
    /// The same as it was asked for.
    #[serde(default)]
    pub target_name: Option<String>,
    /// What marked the datagrams of the run, and tells it from every other.
    #[serde(default)]
    pub run: Option<u64>,
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
    /// Bytes of a datagram, as `--size` takes them; lines of a replay that have a size come before.
    pub sizes: String,
    /// Bytes of the smallest datagram that was possible.
    pub smallest_size_bytes: u16,
    /// Bytes of the largest.
    pub largest_size_bytes: u16,
    /// Sockets that probes were sent from.
    pub flows: u16,
    /// Threads that sent and received.
    pub threads: u16,
    /// How long after being sent a probe was lost.
    pub timeout_ns: u64,
    /// How probes were spaced, as `--arrivals` takes it; `answers` in a closed loop.
    pub arrivals: String,
    /// Where everything random started from.
    pub seed: u64,
    /// How long each row was to be.
    #[serde(default)]
    pub interval_ns: Option<u64>,
    /// How the threads waited: `adaptive`, `spin` or `sleep`.
    #[serde(default)]
    pub waiting: Option<String>,
    /// The processors that the threads were tied to, in their order; empty if to none.
    #[serde(default)]
    pub pin: Vec<usize>,
    /// Bytes of receive buffer that were asked for a flow.
    #[serde(default)]
    pub receive_buffer_bytes: Option<usize>,
    /// Whether the kernel stamped probes: `off` or `kernel`.
    #[serde(default)]
    pub timestamps: Option<String>,
    /// How long the window was to last at most, if a goal was not reached.
    #[serde(default)]
    pub max_duration_ns: Option<u64>,
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

impl From<&plan::Plan> for Plan {
    fn from(plan: &plan::Plan) -> Self {
        let (load, rate, window, arrivals) = match plan.load() {
            plan::Load::Open(rate) => (
                Load::OpenLoop,
                Some(rate),
                None,
                plan.arrivals().to_string(),
            ),
            plan::Load::Closed(window) => {
                let window = Some(window.get());
                (Load::ClosedLoop, None, window, "answers".to_owned())
            }
        };
        let (smallest, largest) = plan.size_bounds();
        Self {
            target: plan.target(),
            target_name: Some(plan.target_name().to_owned()),
            run: Some(plan.run()),
            embedded: plan.embedded(),
            load,
            rate_pps: rate.map(Rate::rounded),
            rate: rate.map(|rate| rate.to_string()),
            window,
            trains: plan.trains(),
            duration_ns: nanos(plan.duration()),
            warmup_ns: nanos(plan.warmup()),
            sizes: plan.sizes().to_string(),
            smallest_size_bytes: smallest,
            largest_size_bytes: largest,
            flows: plan.flows(),
            threads: plan.threads().get(),
            timeout_ns: nanos(plan.timeout()),
            arrivals,
            seed: plan.seed(),
            interval_ns: Some(nanos(plan.interval())),
            waiting: word(&plan.waiting()),
            pin: plan.pin().to_vec(),
            receive_buffer_bytes: Some(plan.receive_buffer()),
            timestamps: word(&plan.timestamps()),
            max_duration_ns: Some(nanos(plan.longest())),
        }
    }
}

/// A choice as the command line takes it.
fn word(choice: &impl ValueEnum) -> Option<String> {
    let value = choice.to_possible_value()?;
    Some(value.get_name().to_owned())
}
