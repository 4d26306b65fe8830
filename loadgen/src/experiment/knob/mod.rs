//! A setting of this host: how it is read, changed and put back.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A setting of this host. In this form it is in the journal, so that another process can put it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Knob {
    /// `sysctl(8)`: a file below /proc/sys, by its name with dots or slashes.
    Sysctl(String),
    /// A file below /sys or /proc that holds one value.
    File(PathBuf),
    /// What `ethtool(8)` sets.
    Ethtool {
        /// Name of the interface.
        interface: String,
        /// Which of its settings.
        group: EthtoolGroup,
        /// Name of the parameter, as `ethtool` takes it: `rx-usecs`, `rx`, `gro`, `combined`.
        parameter: String,
    },
    /// The processors that handle an interrupt: its name or number in /proc/interrupts.
    Interrupt(String),
    /// The processors that take packets off each receive queue of an interface (RPS).
    ReceiveSteering(String),
    /// The processors that use each transmit queue of an interface (XPS).
    TransmitSteering(String),
    /// How many flows each receive queue of an interface remembers the processor of (RFS).
    FlowSteering(String),
    /// The frequency governor of processors, as a list such as `0-3`, or `all`.
    Governor(String),
    /// The longest time that processors may take to wake up, in microseconds, by which idle states are
    /// switched off; a list of processors or `all`.
    IdleLimit(String),
    /// The root queueing discipline of an interface.
    Queueing(String),
    /// Anything that commands read, apply and revert. In their arguments `{level}` stands for the value.
    Command {
        /// Prints the present value.
        read: Vec<String>,
        /// Sets it.
        apply: Vec<String>,
        /// Sets it back.
        revert: Vec<String>,
    },
}

/// What `ethtool` sets with one of its flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EthtoolGroup {
    /// `-C`: interrupt coalescing.
    Coalesce,
    /// `-G`: ring sizes.
    Ring,
    /// `-K`: offloads.
    Offload,
    /// `-L`: channels.
    Channels,
}
