//! A run, as it was typed.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::units;
use crate::plan::Choices;
use crate::rate::Rate;

/// The flags of a run.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Server to measure, as in 127.0.0.1:50007, `[::1]:50007` or host:50007. Without it, an echo
    /// server inside this process is measured
    #[arg(long, value_name = "HOST:PORT")]
    pub target: Option<String>,

    /// Probes a second, of all flows together, as in 100000, 250k or 1.5M
    #[arg(long, value_name = "RATE", default_value = "10k", value_parser = units::rate)]
    pub rate: Rate,

    /// How long to measure
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = units::duration)]
    pub duration: Duration,

    /// How long to send before that, without measuring
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = units::duration)]
    pub warmup: Duration,

    /// Bytes of payload in a probe, 40 to 65507
    #[arg(long, value_name = "BYTES", default_value = "64", value_parser = units::size)]
    pub size: usize,

    /// Sockets to send from, each with a source port of its own
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub flows: u16,

    /// Threads to send from; each spins on a processor of its own while the rate is high
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub threads: u16,

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
            rate: self.rate,
            duration: self.duration,
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

/// A number that differs from run to run: the standard library seeds its hash maps from the
/// system's randomness.
fn random() -> u64 {
    RandomState::new().hash_one(0)
}
