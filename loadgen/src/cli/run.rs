//! A run, as it was typed.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use echo_reactor::affinity::CpuList;

use super::units::{self, UnitError};
use crate::plan::{Choices, Load, Timestamps, Until, Waiting};
use crate::precision::Goal;
use crate::rate::Rate;
use crate::slo::Slo;

/// The flags of a run.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Server to measure, as in 127.0.0.1:50007, `[::1]:50007` or host:50007. Without it, an echo
    /// server inside this process is measured
    #[arg(long, value_name = "HOST:PORT")]
    pub target: Option<String>,

    /// Probes a second, of all flows together, as in 100000, 250k or 1.5M; or `max`, as many as
    /// `--window` allows, which is a closed loop
    #[arg(long, value_name = "RATE", default_value = "10k", value_parser = Pace::from_str, allow_negative_numbers = true)]
    pub rate: Pace,

    /// Probes of each flow that may wait for answers at one time under `--rate max`
    #[arg(long, value_name = "N", default_value = "64")]
    pub window: NonZeroU32,

    /// Keep N probes of each flow waiting for answers instead of sending at a rate: a closed loop,
    /// ping-pong if N is 1
    #[arg(long, value_name = "N", conflicts_with_all = ["rate", "window"])]
    pub closed_loop: Option<NonZeroU32>,

    /// How long to measure
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = units::duration)]
    pub duration: Duration,

    /// How long to send before that, without measuring
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = units::duration)]
    pub warmup: Duration,

    /// Measure on until a percentile is known so well, as in p99+-2%: half its 95 % interval is then
    /// no more than 2 % of it. `--duration` is measured in any case
    #[arg(long, value_name = "GOAL", value_parser = Goal::from_str)]
    pub until: Option<Goal>,

    /// How long to measure at most if that is never reached
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = units::duration, requires = "until")]
    pub max_duration: Duration,

    /// What the server shall do, as in p99<200us,max<=5ms,loss<0.01%: exit with code 4 if it surely
    /// does not
    #[arg(long, value_name = "OBJECTIVES", value_parser = Slo::from_str)]
    pub slo: Option<Slo>,

    /// Bytes of payload in a probe, 40 to 65507
    #[arg(long, value_name = "BYTES", default_value = "64", value_parser = units::size)]
    pub size: usize,

    /// Sockets to send from, each with a source port of its own
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub flows: u16,

    /// Threads to send from; each spins on a processor of its own while the rate is high
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub threads: u16,

    /// Whether probes that are due together on a flow leave as one train. None is ever held back
    /// for it
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Trains::Auto, help_heading = TUNING)]
    pub gso: Trains,

    /// Processors for the threads, as in 0,2-5: thread i runs on the i-th of them
    #[arg(long, value_name = "CPULIST", help_heading = TUNING)]
    pub pin: Option<CpuList>,

    /// How a thread waits for the next probe or answer
    #[arg(long, value_name = "MODE", value_enum, default_value_t = Waiting::Adaptive, help_heading = TUNING)]
    pub wait: Waiting,

    /// Receive buffer of each flow in bytes, as in 4096Ki; the kernel doubles it
    #[arg(long, value_name = "BYTES", default_value = "4096Ki", value_parser = units::size, help_heading = TUNING)]
    pub rcvbuf: usize,

    /// Tell where the time of round trips went, by stamps of a sample of the probes
    #[arg(long, value_name = "SOURCE", value_enum, default_value_t = Timestamps::Off)]
    pub timestamps: Timestamps,

    /// How long after it was sent a probe counts as lost
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = units::duration)]
    pub timeout: Duration,

    /// Write the result as JSON to this file; `-` is standard output, instead of the report
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Print no report and show no progress
    #[arg(long)]
    pub quiet: bool,
}

impl Arguments {
    /// What they ask for, once it is known where the probes go.
    #[must_use]
    pub fn choices(&self, target: SocketAddr) -> Choices {
        Choices {
            target,
            target_name: self.target.clone().unwrap_or_else(|| target.to_string()),
            embedded: self.target.is_none(),
            load: match (self.closed_loop, self.rate) {
                (Some(window), _) => Load::Closed(window),
                (None, Pace::Max) => Load::Closed(self.window),
                (None, Pace::Rate(rate)) => Load::Open(rate),
            },
            trains: self.gso == Trains::Auto,
            waiting: self.wait,
            pin: self
                .pin
                .as_ref()
                .map_or(Vec::new(), |list| list.processors.clone()),
            receive_buffer: self.rcvbuf,
            timestamps: self.timestamps,
            duration: self.duration,
            until: self.until.map(|goal| Until {
                goal,
                most: self.max_duration,
            }),
            slo: self.slo.clone(),
            warmup: self.warmup,
            size: self.size,
            flows: self.flows,
            threads: self.threads,
            timeout: self.timeout,
            run: random(),
            seed: random(),
        }
    }
}

/// How fast to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At a rate.
    Rate(Rate),
    /// As fast as answers come back.
    Max,
}

impl FromStr for Pace {
    type Err = UnitError;

    fn from_str(typed: &str) -> Result<Self, UnitError> {
        match typed {
            "max" => Ok(Self::Max),
            rate => units::rate(rate).map(Self::Rate),
        }
    }
}

/// When probes leave as a train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Trains {
    /// When they are due together on a flow, and the kernel takes trains
    Auto,
    /// Never: each probe is a message of its own
    Off,
}

const TUNING: &str = "Tuning";

/// A number that differs from run to run: the standard library seeds its hash maps from the
/// system's randomness. Of 53 bits, so that it survives readers of JSON that know only floats.
fn random() -> u64 {
    RandomState::new().hash_one(0) >> 11
}
