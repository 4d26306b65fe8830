//! The machine that a run was made on, as data: what two results must have in common before they
//! can be compared.
//!
//! Everything is read once, before a run begins; the load of the machine again after its end.
//! Nothing needs a privilege, nothing waits. What cannot be read is `None`, and its dotted name
//! stands in [`Environment::unreadable`] with the reason. The name of the host is left out, and so
//! are its addresses: results are passed on.
//!
//! - [`kernel`], [`processor`], [`machine`], [`memory`], [`limits`]: what the program runs on, and
//!   how much of it it may have;
//! - [`interface`]: the interface on the route to the target;
//! - [`sysctls`]: the settings of the kernel that datagrams feel;
//! - [`load`]: what everybody's programs were doing;
//! - [`build`]: which programs were measured with, and which was measured;
//! - [`flat`], [`difference`]: all of it as names and values, and where two differ. Pure;
//! - `cpus`, `files`: lists of processors, and the files of `/proc` and `/sys`.

pub mod build;
pub(crate) mod cpus;
pub mod difference;
pub(crate) mod files;
pub mod flat;
pub mod interface;
pub mod kernel;
pub mod limits;
pub mod load;
pub mod machine;
pub mod memory;
pub mod processor;
pub mod sysctls;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::interface::Interface;
use self::kernel::Kernel;
use self::limits::Limits;
use self::load::Load;
use self::machine::Machine;
use self::memory::Memory;
use self::processor::Processor;
use crate::host::{Figure, known};

/// Everything that is known about the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// The kernel and its clock.
    pub kernel: Kernel,
    /// The processors.
    pub processor: Processor,
    /// What kind of machine it is, real or not.
    pub machine: Machine,
    /// The memory.
    pub memory: Memory,
    /// What the program may have of all that.
    pub limits: Limits,
    /// The interface on the route to the target.
    pub interface: Option<Interface>,
    /// Settings of the kernel, by their names.
    pub sysctls: BTreeMap<String, String>,
    /// What everybody's programs were doing.
    pub load: Load,
    /// Why figures are unknown, by their dotted names.
    pub unreadable: BTreeMap<String, String>,
}

impl Environment {
    /// Reads everything, for a run against `target`, if it is known.
    #[must_use]
    pub fn read(target: Option<SocketAddr>) -> Self {
        let mut unreadable = BTreeMap::new();
        let mut reasons = Reasons::new(&mut unreadable);
        let interface = target
            .ok_or_else(|| "no target was named, to which there would be a route".to_owned())
            .and_then(|target| Interface::towards(target, reasons.group("interface")));
        Self {
            interface: reasons.known("interface", interface),
            kernel: Kernel::read(reasons.group("kernel")),
            processor: Processor::read(reasons.group("processor")),
            machine: Machine::read(reasons.group("machine")),
            memory: Memory::read(reasons.group("memory")),
            limits: Limits::read(reasons.group("limits")),
            sysctls: sysctls::read(reasons.group("sysctls")),
            load: Load::begin(reasons.group("load")),
            unreadable,
        }
    }

    /// Reads the load again, at the end of a run.
    pub fn look_again(&mut self) {
        self.load
            .end(Reasons::new(&mut self.unreadable).group("load"));
    }
}

/// Collects why figures are unknown, under their dotted names.
pub(crate) struct Reasons<'a> {
    all: &'a mut BTreeMap<String, String>,
    /// What the names begin with, with its dot.
    group: String,
}

impl<'a> Reasons<'a> {
    fn new(all: &'a mut BTreeMap<String, String>) -> Self {
        Self {
            all,
            group: String::new(),
        }
    }

    /// Those of a group of figures within this one.
    fn group(&mut self, name: &str) -> Reasons<'_> {
        Reasons {
            all: self.all,
            group: format!("{}{name}.", self.group),
        }
    }

    /// The figure, or `None` and the reason under its name.
    fn known<T>(&mut self, name: &str, figure: Figure<T>) -> Option<T> {
        known(&format!("{}{name}", self.group), figure, self.all)
    }

    /// Forgets the reasons of a figure, or of a group, that is read again.
    fn forget(&mut self, name: &str) {
        let name = format!("{}{name}", self.group);
        let group = format!("{name}.");
        self.all
            .retain(|known, _| *known != name && !known.starts_with(&group));
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::{Duration, Instant};

    use super::*;

    fn here() -> Environment {
        Environment::read(Some((Ipv4Addr::LOCALHOST, 1).into()))
    }

    #[test]
    fn this_machine_is_read_and_its_kernel_is_the_one_that_runs() {
        let read = here();
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
        assert_eq!(read.kernel.release.as_deref(), Some(release.trim_end()));
        let mut later = read.clone();
        later.look_again();
        assert!(later.load.at_end.is_some());
        assert_eq!(later.kernel, read.kernel);
    }

    #[test]
    fn what_is_null_has_a_reason_and_nothing_else_has() {
        let mut read = here();
        read.look_again();
        let figures = flat::figures(&read);
        let unknown: Vec<&str> = figures
            .iter()
            .filter(|figure| figure.value.is_err())
            .map(|figure| figure.name.as_str())
            .collect();
        for name in &unknown {
            assert!(read.unreadable.contains_key(*name), "{name} has no reason");
        }
        for name in read.unreadable.keys() {
            assert!(unknown.contains(&name.as_str()), "{name} is known");
        }
    }

    #[test]
    fn a_figure_that_became_known_has_no_reason_any_more() {
        let mut read = here();
        assert!(read.unreadable.contains_key("load.cpu_use"));
        // It takes a tick of the processors' clock.
        let start = Instant::now();
        while read.load.cpu_use.is_none() {
            assert!(start.elapsed() < Duration::from_secs(20), "no tick passed");
            read.look_again();
        }
        for name in ["load.cpu_use", "load.at_end"] {
            assert!(!read.unreadable.contains_key(name), "{name}");
        }
    }

    #[test]
    fn without_a_target_there_is_no_interface() {
        let read = Environment::read(None);
        assert_eq!(read.interface, None);
        assert!(read.unreadable["interface"].contains("target"));
    }

    #[test]
    fn what_was_written_is_read_back() {
        let mut written = here();
        written.look_again();
        let text = serde_json::to_string(&written).unwrap();
        let read: Environment = serde_json::from_str(&text).unwrap();
        assert_eq!(read, written);
    }
}
