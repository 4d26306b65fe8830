//! The processors, and how they sleep.

pub mod idle;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use echo_reactor::affinity;
use serde::{Deserialize, Serialize};

use self::idle::Idle;
use super::cpus::{self, DIRECTORY};
use super::{Reasons, files};
use crate::host::{Figure, unreadable};

/// The processors of the machine. Lists of them read like `0-3,8`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Processor {
    /// What it calls itself.
    pub model: Option<String>,
    /// The revision of its microcode.
    pub microcode: Option<String>,
    /// Those in use.
    pub online: Option<String>,
    /// Those that this program may run on.
    pub allowed: Option<String>,
    /// Those that the scheduler leaves alone (`isolcpus=`).
    pub isolated: Option<String>,
    /// Those whose tick stops while one thread runs (`nohz_full=`).
    pub nohz_full: Option<String>,
    /// Whether cores run several threads at once: `on`, `off`, `notsupported`.
    pub threads_of_a_core: Option<String>,
    /// The processors of each NUMA node.
    pub nodes: Option<BTreeMap<String, String>>,
    /// What sets their speed.
    pub frequency_driver: Option<String>,
    /// Which processors have which governor.
    pub governors: Option<BTreeMap<String, String>>,
    /// Which processors lean how far towards speed or thrift.
    pub energy_preferences: Option<BTreeMap<String, String>>,
    /// Which processors may run how slowly and how fast, in kHz.
    pub frequencies: Option<BTreeMap<String, String>>,
    /// Whether they may go beyond their base speed.
    pub boost: Option<bool>,
    /// How they sleep.
    pub idle: Idle,
}

impl Processor {
    pub(super) fn read(mut reasons: Reasons<'_>) -> Self {
        let info = files::text("/proc/cpuinfo");
        let told = |name| info.clone().and_then(|text| told(&text, name));
        let of_each = |file: &str| cpus::of_each(&format!("cpufreq/{file}"));
        let preferences = of_each("energy_performance_preference");
        let threads = files::text(format!("{DIRECTORY}/smt/control"));
        let nodes = nodes(Path::new(NODES));
        Self {
            model: reasons.known("model", told("model name")),
            microcode: reasons.known("microcode", told("microcode")),
            online: reasons.known("online", listed("online")),
            allowed: reasons.known("allowed", allowed()),
            isolated: reasons.known("isolated", listed("isolated")),
            nohz_full: reasons.known("nohz_full", listed("nohz_full")),
            threads_of_a_core: reasons.known("threads_of_a_core", threads),
            nodes: reasons.known("nodes", nodes),
            frequency_driver: reasons.known("frequency_driver", one(of_each("scaling_driver"))),
            governors: reasons.known("governors", of_each("scaling_governor")),
            energy_preferences: reasons.known("energy_preferences", preferences),
            frequencies: reasons.known("frequencies", frequencies()),
            boost: reasons.known("boost", boost()),
            idle: Idle::read(reasons.group("idle")),
        }
    }
}

fn told(info: &str, name: &str) -> Figure<String> {
    let field = files::field(info, name).map(str::to_owned);
    field.ok_or_else(|| format!("/proc/cpuinfo has no {name}"))
}

fn allowed() -> Figure<String> {
    let allowed = affinity::allowed().map_err(|error| format!("the kernel says: {error}"))?;
    let numbers = allowed.processors.iter();
    Ok(cpus::list(
        numbers.filter_map(|number| u32::try_from(*number).ok()),
    ))
}

/// A file that holds a list.
fn listed(file: &str) -> Figure<String> {
    let text = files::text(Path::new(DIRECTORY).join(file))?;
    // Some kernels write `(null)` for none.
    Ok(cpus::parse(&text).map_or_else(|| "none".to_owned(), cpus::list))
}

/// The one value of all processors, or all of them in turn.
fn one(values: Figure<BTreeMap<String, String>>) -> Figure<String> {
    values.map(|values| values.into_keys().collect::<Vec<_>>().join(", "))
}

/// The least and the most of each.
fn frequencies() -> Figure<BTreeMap<String, String>> {
    cpus::by_value_of_each(|processor| {
        let directory = processor.join("cpufreq");
        let least = files::text(directory.join("scaling_min_freq"))?;
        let most = files::text(directory.join("scaling_max_freq"))?;
        Ok(format!("{least} to {most}"))
    })
}

/// Two drivers tell it in two ways, one of them the other way round.
fn boost() -> Figure<bool> {
    let inverted = files::number::<u8>(format!("{DIRECTORY}/intel_pstate/no_turbo"));
    let plain = || files::number::<u8>(format!("{DIRECTORY}/cpufreq/boost"));
    inverted
        .map(|off| off == 0)
        .or_else(|_other_driver| plain().map(|on| on != 0))
}

/// A directory for each node, with a list of its processors.
fn nodes(directory: &Path) -> Figure<BTreeMap<String, String>> {
    let entries = fs::read_dir(directory).map_err(|error| unreadable(directory, &error))?;
    let nodes = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let name = entry.file_name().into_string().ok()?;
        let number = name.strip_prefix("node")?;
        number.parse::<u32>().ok()?;
        let processors = cpus::parse(&files::text(entry.path().join("cpulist")).ok()?)?;
        Some((number.to_owned(), cpus::list(processors)))
    });
    Ok(nodes.collect())
}

const NODES: &str = "/sys/devices/system/node";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_have_their_processors() {
        let unique = format!("loadgen-nodes-{}", std::process::id());
        let root = std::env::temp_dir().join(unique);
        for (name, list) in [("node0", "0-1\n"), ("node1", "\n"), ("power", "5\n")] {
            fs::create_dir_all(root.join(name)).unwrap();
            fs::write(root.join(name).join("cpulist"), list).unwrap();
        }
        let found = nodes(&root);
        fs::remove_dir_all(&root).unwrap();
        let expected = [("0", "0-1"), ("1", "none")];
        let expected = expected.map(|(node, list)| (node.to_owned(), list.to_owned()));
        assert_eq!(found, Ok(expected.into()));
    }

    #[test]
    fn processors_that_differ_are_named_in_turn() {
        let values = ["b", "a"].map(|value| (value.to_owned(), "0".to_owned()));
        assert_eq!(one(Ok(values.into())), Ok("a, b".to_owned()));
        assert_eq!(one(Err("a reason".to_owned())), Err("a reason".to_owned()));
    }

    #[test]
    fn this_program_may_run_on_a_processor_that_is_in_use() {
        let numbers = |list: Figure<String>| cpus::parse(&list.unwrap()).unwrap();
        let (online, allowed) = (numbers(listed("online")), numbers(allowed()));
        assert!(allowed.iter().any(|number| online.contains(number)));
    }
}
