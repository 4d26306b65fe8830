//! A setting of this host: how it is read, changed and put back.
//!
//! - `single`, `interrupt`: one file; `places`, `queues`, `processors`: files that are set together;
//! - `ethtool`, `features`, `queueing`, `command`: what programs read and set; `program` runs them;
//! - `kind`: what all of these provide;
//! - `marked`: a setting whose programs can be found by others;
//! - `meaning`: whether two texts mean the same value; `amount`: whether they do to `tc`;
//! - `shell`: lines for people who set it themselves;
//! - `interface`, `root`: names of interfaces, and the files of `/proc` and `/sys`.

mod amount;
mod command;
mod error;
mod ethtool;
mod features;
mod interface;
mod interrupt;
mod kind;
mod marked;
mod meaning;
mod places;
mod processors;
mod program;
mod queueing;
mod queues;
mod root;
pub(crate) mod shell;
mod single;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use self::command::Commands;
pub use self::error::KnobError;
use self::ethtool::Ethtool;
use self::kind::{Kind, Refusal};
pub use self::marked::Marked;
pub(in crate::experiment) use self::meaning::same;
use self::processors::{Governor, IdleLimit};
use self::queueing::Queueing;
use self::queues::{Queues, Steering};
use self::root::Root;
use self::single::Single;
use crate::experiment::mark::Mark;
use crate::host::Figure;
use crate::results::Recipe;

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

impl Knob {
    /// The present value, as a text that [`put_back`](Self::put_back) takes, also in another process.
    ///
    /// # Errors
    /// If the host does not have it, or it could not be put back.
    pub fn read(&self) -> Result<String, KnobError> {
        self.read_under(&Root::host())
    }

    /// Sets it to a level, or to what was read, and looks whether it took.
    ///
    /// # Errors
    /// If it is refused, or another value is shown.
    pub fn apply(&self, level: &str) -> Result<(), KnobError> {
        self.apply_under(&Root::host(), level)
    }

    /// Sets it to what was read before it was changed; does nothing if it is so already.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn put_back(&self, before: &str) -> Result<(), KnobError> {
        self.put_back_under(&Root::host(), before)
    }

    /// Puts back what was read while it is still so, to see that there is a way back. Some files show
    /// their value in a form that they do not take, or take for another value.
    ///
    /// # Errors
    /// If it is refused, or another value is shown then.
    pub fn rehearse(&self, before: &str) -> Result<(), KnobError> {
        self.rehearse_under(&Root::host(), before)
    }

    /// The command of a plan that puts it back, as a line for people; `None` if it needs none.
    #[must_use]
    pub fn revert_line(&self, before: &str) -> Option<String> {
        match self {
            Self::Command { revert, .. } => Some(shell::line(command::with(revert, before))),
            _ => None,
        }
    }

    /// The same setting, where programs that read or change it have a mark.
    #[must_use]
    pub fn marked(&self, mark: &Mark) -> Marked<'_> {
        Marked::new(self, mark)
    }

    /// Whether it is there, and this process may change it. Nothing is changed for that.
    ///
    /// # Errors
    /// Why not.
    pub fn may_change(&self) -> Result<(), KnobError> {
        self.may_change_under(&Root::host())
    }

    /// How to set it to each level on another host.
    ///
    /// # Errors
    /// If a level can be none.
    pub fn recipe<'a>(
        &self,
        levels: impl IntoIterator<Item = &'a str>,
    ) -> Result<Recipe, KnobError> {
        self.recipe_under(&Root::host(), levels)
    }

    /// Whether it belongs to the network of the process that sets it, and goes when that goes.
    #[must_use]
    pub fn is_of_network(&self) -> bool {
        match self {
            Self::Sysctl(name) => name.starts_with("net.") || name.starts_with("net/"),
            // Below /sys/devices, too, the folder of an interface lies in one that is called `net`.
            Self::File(path) => {
                path.starts_with("/proc/sys/net")
                    || path.starts_with("/sys") && path.iter().any(|part| part == "net")
            }
            Self::Ethtool { .. }
            | Self::ReceiveSteering(_)
            | Self::TransmitSteering(_)
            | Self::FlowSteering(_)
            | Self::Queueing(_) => true,
            Self::Interrupt(_) | Self::Governor(_) | Self::IdleLimit(_) | Self::Command { .. } => {
                false
            }
        }
    }

    fn kind<'a>(&'a self, root: &'a Root) -> Box<dyn Kind + 'a> {
        let queues = |interface, steering| Queues {
            root,
            interface,
            steering,
        };
        match self {
            Self::Sysctl(name) => Box::new(Single::sysctl(root, name)),
            Self::File(path) => Box::new(Single::file(root, path)),
            Self::Interrupt(name) => Box::new(Single::at(interrupt::affinity(root, name))),
            Self::Ethtool {
                interface,
                group,
                parameter,
            } => Box::new(Ethtool {
                root,
                interface,
                group: *group,
                parameter,
            }),
            Self::ReceiveSteering(name) => Box::new(queues(name, Steering::Receive)),
            Self::TransmitSteering(name) => Box::new(queues(name, Steering::Transmit)),
            Self::FlowSteering(name) => Box::new(queues(name, Steering::Flows)),
            Self::Governor(processors) => Box::new(Governor { root, processors }),
            Self::IdleLimit(processors) => Box::new(IdleLimit { root, processors }),
            Self::Queueing(interface) => Box::new(Queueing { root, interface }),
            Self::Command {
                read,
                apply,
                revert,
            } => Box::new(Commands {
                root,
                read,
                apply,
                revert,
            }),
        }
    }

    fn read_under(&self, root: &Root) -> Result<String, KnobError> {
        self.unless_unreadable(self.kind(root).read())
    }

    fn shown_under(&self, root: &Root) -> Result<String, KnobError> {
        self.unless_unreadable(self.kind(root).shown())
    }

    fn unless_unreadable(&self, read: Figure<String>) -> Result<String, KnobError> {
        read.map_err(|reason| KnobError::Unreadable {
            knob: self.to_string(),
            reason,
        })
    }

    fn apply_under(&self, root: &Root, level: &str) -> Result<(), KnobError> {
        let set = self.kind(root).set(level);
        set.map_err(|refusal| self.refused(level, refusal))
    }

    fn put_back_under(&self, root: &Root, before: &str) -> Result<(), KnobError> {
        let kind = self.kind(root);
        if kind.read().is_ok_and(|present| present == before) {
            return Ok(());
        }
        let set = kind.put_back(before);
        set.map_err(|refusal| self.refused(before, refusal))
    }

    fn rehearse_under(&self, root: &Root, before: &str) -> Result<(), KnobError> {
        let rehearsed = self.kind(root).rehearse(before);
        rehearsed.map_err(|refusal| KnobError::NoWayBack {
            knob: self.to_string(),
            before: before.escape_debug().to_string(),
            reason: match refusal {
                Refusal::Cannot(reason) => reason,
                Refusal::Shows(found) => format!("once written, it shows {found}"),
            },
        })
    }

    fn may_change_under(&self, root: &Root) -> Result<(), KnobError> {
        let knob = || self.to_string();
        let may = self.kind(root).may_change();
        may.map_err(|reason| KnobError::Unchangeable {
            knob: knob(),
            reason,
        })
    }

    fn recipe_under<'a>(
        &self,
        root: &Root,
        levels: impl IntoIterator<Item = &'a str>,
    ) -> Result<Recipe, KnobError> {
        if let Self::Sysctl(name) = self {
            return Ok(Recipe::Sysctl(name.clone()));
        }
        let kind = self.kind(root);
        let lines = levels.into_iter().map(|level| {
            let line = kind.shell(level);
            line.map_err(|reason| self.refused(level, Refusal::Cannot(reason)))
        });
        lines.collect::<Result<_, _>>().map(Recipe::Shell)
    }

    fn refused(&self, wanted: &str, refusal: Refusal) -> KnobError {
        let (knob, wanted) = (self.to_string(), wanted.to_owned());
        match refusal {
            Refusal::Cannot(reason) => KnobError::Refused {
                knob,
                wanted,
                reason,
            },
            Refusal::Shows(found) => KnobError::NotTaken {
                knob,
                wanted,
                found,
            },
        }
    }
}

impl fmt::Display for Knob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sysctl(name) => write!(formatter, "sysctl {name}"),
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Ethtool {
                interface,
                group,
                parameter,
            } => write!(
                formatter,
                "ethtool {} {interface} {parameter}",
                group.set_by()
            ),
            Self::Interrupt(name) => write!(formatter, "processors of interrupt {name}"),
            Self::ReceiveSteering(name) => write!(formatter, "receive steering of {name}"),
            Self::TransmitSteering(name) => write!(formatter, "transmit steering of {name}"),
            Self::FlowSteering(name) => write!(formatter, "flow steering of {name}"),
            Self::Governor(list) => write!(formatter, "governor of {}", processors_of(list)),
            Self::IdleLimit(list) => write!(formatter, "idle limit of {}", processors_of(list)),
            Self::Queueing(name) => write!(formatter, "queueing of {name}"),
            Self::Command { apply, .. } => {
                write!(formatter, "what `{}` sets", shell::line(apply))
            }
        }
    }
}

fn processors_of(list: &str) -> String {
    match list {
        "all" => "all processors".to_owned(),
        list => format!("processors {list}"),
    }
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
