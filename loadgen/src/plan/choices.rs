//! What somebody wants to run.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::precision::Goal;
use crate::rate::Rate;
use crate::schedule::Arrivals;
use crate::sizes::Sizes;
use crate::slo::Slo;

/// When probes are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// At a rate of all flows together, whatever becomes of the probes: an open loop. For a replay
    /// it is the mean of its file.
    Open(Rate),
    /// Whenever fewer than so many probes of a flow wait for their answers: a closed loop, which
    /// sends less when the server is slower, so that its round trips hide queueing.
    Closed(NonZeroU32),
}

/// How a thread waits for the next probe or answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Waiting {
    /// Spin while the next probe is near or an answer is fresh, else sleep
    Adaptive,
    /// Never sleep: the least disturbance, at the price of a busy processor
    Spin,
    /// Sleep whenever the next probe is more than two milliseconds away
    Sleep,
}

/// A measured window that lasts until enough is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Until {
    /// What shall be known.
    pub goal: Goal,
    /// How long the window lasts if it never is; no shorter than without a goal.
    pub most: Duration,
}

/// Whether the kernel tells where the time of round trips went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Timestamps {
    /// It does not
    Off,
    /// It stamps a sample of the probes, and the answers; the host then stamps every packet, which
    /// slows each a little
    Kernel,
}

/// What somebody wants to run; [`Plan::new`](super::Plan::new) says whether it can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    /// Where the probes go.
    pub target: SocketAddr,
    /// The target as it was asked for.
    pub target_name: String,
    /// Whether the target is a server within this process.
    pub embedded: bool,
    /// When probes are sent.
    pub load: Load,
    /// How the probes of an open loop are spaced.
    pub arrivals: Arrivals,
    /// Whether probes that are due together on a flow leave as one train (`UDP_SEGMENT`).
    pub trains: bool,
    /// How threads wait.
    pub waiting: Waiting,
    /// The processors of the threads, gone through again if they are fewer.
    pub pin: Vec<usize>,
    /// Bytes of receive buffer a flow, which the kernel doubles; above zero.
    pub receive_buffer: usize,
    /// Whether the kernel tells where the time went.
    pub timestamps: Timestamps,
    /// How long the measured window lasts, at least; it follows the warm-up. Above zero.
    pub duration: Duration,
    /// How long each row of the result is; above zero, and no more than 10,000 of them.
    pub interval: Duration,
    /// What else has to be reached before the measured window ends.
    pub until: Option<Until>,
    /// What the server shall do.
    pub slo: Option<Slo>,
    /// How long probes are sent before those that are measured; may be zero.
    pub warmup: Duration,
    /// Bytes of a datagram, where the file of a replay does not say.
    pub sizes: Sizes,
    /// Sockets that probes are sent from, at least as many as threads.
    pub flows: u16,
    /// Threads that send and receive, at least one.
    pub threads: u16,
    /// How long after being sent a probe is lost; above zero, at most two minutes.
    pub timeout: Duration,
    /// Marks the datagrams of this run; different for every run.
    pub run: u64,
    /// Where everything random starts from.
    pub seed: u64,
}
