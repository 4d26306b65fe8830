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
    pub(super) fn read(reasons: &mut Reasons<'_>) -> Self {
        let info = files::text("/proc/cpuinfo");
        let named = |name| {
            let field = |text: String| files::field(&text, name).map(str::to_owned);
            let missing = || format!("/proc/cpuinfo has no {name}");
            info.clone()
                .and_then(|text| field(text).ok_or_else(missing))
        };
        let allowed = affinity::allowed().map_err(|error| format!("the kernel says: {error}"));
        let allowed = allowed.map(|list| cpus::list(list.processors.iter().filter_map(narrow)));
        let of_each = |file: &str| cpus::of_each(&format!("cpufreq/{file}"));
        let mut known = |name: &str, figure| reasons.known(&format!("processor.{name}"), figure);
        let mut known_list = |name: &str, file| known(name, listed(file));
        let online = known_list("online", "online");
        let isolated = known_list("isolated", "isolated");
        let nohz_full = known_list("nohz_full", "nohz_full");
        let mut known_map =
            |name: &str, figure| reasons.known(&format!("processor.{name}"), figure);
        Self {
            nodes: known_map("nodes", nodes(Path::new(NODES))),
            governors: known_map("governors", of_each("scaling_governor")),
            energy_preferences: known_map(
                "energy_preferences",
                of_each("energy_performance_preference"),
            ),
            frequencies: known_map("frequencies", frequencies()),
            model: reasons.known("processor.model", named("model name")),
            microcode: reasons.known("processor.microcode", named("microcode")),
            online,
            allowed: reasons.known("processor.allowed", allowed),
            isolated,
            nohz_full,
            threads_of_a_core: reasons.known(
                "processor.threads_of_a_core",
                files::text(format!("{DIRECTORY}/smt/control")),
            ),
            frequency_driver: reasons
                .known("processor.frequency_driver", one(of_each("scaling_driver"))),
            boost: reasons.known("processor.boost", boost()),
            idle: Idle::read(reasons),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "a step of an iterator")]
fn narrow(number: &usize) -> Option<u32> {
    u32::try_from(*number).ok()
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

fn frequencies() -> Figure<BTreeMap<String, String>> {
    let mut missing = Err("no processor is in use".to_owned());
    let mut pairs = Vec::new();
    for number in cpus::online()? {
        let directory = cpus::directory(number).join("cpufreq");
        let least = files::text(directory.join("scaling_min_freq"));
        let most = files::text(directory.join("scaling_max_freq"));
        match (least, most) {
            (Ok(least), Ok(most)) => pairs.push((number, format!("{least} to {most}"))),
            (Err(reason), _) | (_, Err(reason)) => missing = missing.or(Err(reason)),
        }
    }
    if pairs.is_empty() {
        return missing;
    }
    Ok(cpus::by_value(pairs))
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
