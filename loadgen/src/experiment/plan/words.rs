//! How a plan reads.

use std::fmt;

use super::{Factor, FactorKind, Level, Need, Setting};
use crate::experiment::knob::{EthtoolGroup, Knob};

impl FactorKind {
    /// What it is, for people who do not have the plan before them: `sysctl net.core.busy_poll`,
    /// `--workers of the server`.
    #[must_use]
    pub fn what(&self) -> String {
        match self {
            Self::Host(Knob::Sysctl(name)) => format!("sysctl {name}"),
            Self::Host(Knob::Ethtool {
                interface,
                group,
                parameter,
            }) => format!("ethtool {} {interface} {parameter}", flag(*group)),
            Self::Host(_) => self.to_string(),
            Self::ServerOption(flag) => format!("--{flag} of the server"),
            Self::LoadOption(flag) => format!("--{flag} of the load generator"),
            Self::ServerProgram => "the program of the server".to_owned(),
            Self::LoadProgram => "the program of the load generator".to_owned(),
            Self::ServerVariable(name) => format!("{name} in the environment of the server"),
            Self::LoadVariable(name) => format!("{name} in the environment of the load generator"),
        }
    }
}

/// What a factor is called that was not given a name.
impl fmt::Display for FactorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(knob) => name(knob, formatter),
            Self::ServerOption(flag) => write!(formatter, "server --{flag}"),
            Self::LoadOption(flag) => write!(formatter, "load --{flag}"),
            Self::ServerProgram => formatter.write_str("server"),
            Self::LoadProgram => formatter.write_str("load"),
            Self::ServerVariable(name) => write!(formatter, "server {name}"),
            Self::LoadVariable(name) => write!(formatter, "load {name}"),
        }
    }
}

fn name(knob: &Knob, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    match knob {
        Knob::Sysctl(name) => formatter.write_str(name),
        Knob::File(path) => write!(formatter, "{}", path.display()),
        Knob::Ethtool {
            interface,
            parameter,
            ..
        } => write!(formatter, "{parameter} of {interface}"),
        Knob::Interrupt(name) => write!(formatter, "interrupt {name}"),
        Knob::ReceiveSteering(interface) => write!(formatter, "receive steering of {interface}"),
        Knob::TransmitSteering(interface) => write!(formatter, "transmit steering of {interface}"),
        Knob::FlowSteering(interface) => write!(formatter, "flow steering of {interface}"),
        Knob::Governor(list) => write!(formatter, "governor of {list}"),
        Knob::IdleLimit(list) => write!(formatter, "idle limit of {list}"),
        Knob::Queueing(interface) => write!(formatter, "queueing of {interface}"),
        Knob::Command { apply, .. } => formatter.write_str(&apply.join(" ")),
    }
}

fn flag(group: EthtoolGroup) -> &'static str {
    match group {
        EthtoolGroup::Coalesce => "-C",
        EthtoolGroup::Ring => "-G",
        EthtoolGroup::Offload => "-K",
        EthtoolGroup::Channels => "-L",
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => formatter.write_str("off"),
            Self::On => formatter.write_str("on"),
            Self::Values(values) => formatter.write_str(&values.join(",")),
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present => formatter.write_str("present"),
            Self::To(setting) => setting.fmt(formatter),
        }
    }
}

impl Factor {
    /// What a level of it is called: a variable that is left out is none, and not off.
    #[must_use]
    pub fn called(&self, level: &Level) -> String {
        let is_variable = matches!(
            self.kind,
            FactorKind::ServerVariable(_) | FactorKind::LoadVariable(_)
        );
        match level {
            Level::To(Setting::Off) if is_variable => "none".to_owned(),
            level => level.to_string(),
        }
    }
}

/// As it is typed.
impl fmt::Display for Need {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => formatter.write_str("root"),
            Self::Processors(count) => write!(formatter, "processors:{count}"),
            Self::Interface(name) => write!(formatter, "interface:{name}"),
            Self::Queues(name) => write!(formatter, "queues:{name}"),
            Self::ReceiveBuffer { typed, .. } => write!(formatter, "receive-buffer:{typed}"),
            Self::Program(name) => write!(formatter, "program:{name}"),
            Self::File(path) => write!(formatter, "file:{}", path.display()),
        }
    }
}
