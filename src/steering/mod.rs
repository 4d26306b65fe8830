//! Which worker of a `SO_REUSEPORT` group gets a datagram.
//!
//! - [`program`]: the choice as a classic BPF program. Pure;
//! - [`group`]: hands it to the kernel.

pub mod group;
pub mod program;

use std::fmt;

pub use group::{Steering, choose_among_first, warning};

/// How the kernel chooses among the sockets of a group.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Steer {
    /// By addresses and ports: a flow stays with its worker. The kernel's own choice
    Hash,
    /// By the processor that the datagram came in on, modulo the number of workers
    Cpu,
    /// By chance: even also for a single flow, whose datagrams then overtake each other
    Random,
    /// The worker that is pinned to the processor which the device's receive queue interrupts,
    /// by hash where there is none (needs `--pin`)
    RxQueueCpu,
}

impl fmt::Display for Steer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Hash => "hash",
            Self::Cpu => "cpu",
            Self::Random => "random",
            Self::RxQueueCpu => "rx-queue-cpu",
        })
    }
}
