//! How processors sleep (`Documentation/admin-guide/pm/cpuidle.rst`).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::super::cpus::{self, DIRECTORY};
use super::super::{Reasons, files};
use crate::host::{Figure, unreadable};

/// Which sleep is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idle {
    /// What puts the processors to sleep.
    pub driver: Option<String>,
    /// What chooses how deep.
    pub governor: Option<String>,
    /// The depths, by name.
    pub states: Option<BTreeMap<String, State>>,
    /// The deepest that the driver of Intel's processors was allowed.
    pub intel_max_cstate: Option<u64>,
    /// The deepest that the driver of ACPI was allowed.
    pub acpi_max_cstate: Option<u64>,
    /// How long waking up may take, in microseconds, as `/dev/cpu_dma_latency` tells; 2,000,000,000
    /// is no limit. Root alone may read it.
    pub wakeup_limit_us: Option<u32>,
}

/// One depth of sleep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// How long waking up from it takes, in microseconds.
    pub exit_latency_us: u64,
    /// The processors that are kept from it.
    pub disabled_on: String,
}

impl Idle {
    pub(super) fn read(mut reasons: Reasons<'_>) -> Self {
        let driver = files::text(format!("{DIRECTORY}/cpuidle/current_driver"));
        let governor = files::text(format!("{DIRECTORY}/cpuidle/current_governor"))
            .or_else(|_older| files::text(format!("{DIRECTORY}/cpuidle/current_governor_ro")));
        let intel = files::number("/sys/module/intel_idle/parameters/max_cstate");
        let acpi = files::number("/sys/module/processor/parameters/max_cstate");
        let states = cpus::online().and_then(|online| states(Path::new(DIRECTORY), &online));
        Self {
            driver: reasons.known("driver", driver),
            governor: reasons.known("governor", governor),
            states: reasons.known("states", states),
            intel_max_cstate: reasons.known("intel_max_cstate", intel),
            acpi_max_cstate: reasons.known("acpi_max_cstate", acpi),
            wakeup_limit_us: reasons.known("wakeup_limit_us", wakeup_limit()),
        }
    }
}

/// What every processor says of its states; a state's latency is that of the first processor.
fn states(processors: &Path, numbers: &[u32]) -> Figure<BTreeMap<String, State>> {
    let mut latencies: BTreeMap<String, u64> = BTreeMap::new();
    let mut disabled: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for number in numbers {
        let directory = processors.join(format!("cpu{number}/cpuidle"));
        for state in 0..MOST_STATES {
            let state = directory.join(format!("state{state}"));
            let Ok(name) = files::text(state.join("name")) else {
                break;
            };
            if !latencies.contains_key(&name) {
                latencies.insert(name.clone(), files::number(state.join("latency"))?);
            }
            let kept_from = files::number::<u64>(state.join("disable")).is_ok_and(|flag| flag != 0);
            if kept_from {
                disabled.entry(name).or_default().push(*number);
            }
        }
    }
    if latencies.is_empty() {
        return Err(format!(
            "no processor under {} tells of sleeping",
            processors.display()
        ));
    }
    let states = latencies.into_iter().map(|(name, exit_latency_us)| {
        let disabled_on = cpus::list(disabled.remove(&name).unwrap_or_default());
        let state = State {
            exit_latency_us,
            disabled_on,
        };
        (name, state)
    });
    Ok(states.collect())
}

/// Opening the file asks for no limit, and reading it tells the one in force
/// (`kernel/power/qos.c`).
fn wakeup_limit() -> Figure<u32> {
    let path = Path::new("/dev/cpu_dma_latency");
    let mut bytes = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut bytes));
    read.map_err(|error| unreadable(path, &error))?;
    Ok(u32::from_ne_bytes(bytes))
}

/// `CPUIDLE_STATE_MAX` of `include/linux/cpuidle.h` is 10.
const MOST_STATES: u32 = 16;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn states_say_how_deep_they_are_and_who_is_kept_from_them() {
        let unique = format!("loadgen-idle-{}", std::process::id());
        let root = std::env::temp_dir().join(unique);
        for (state, name, latency, disable) in [
            ("cpu0/cpuidle/state0", "POLL", "0", "0"),
            ("cpu0/cpuidle/state1", "C6", "133", "1"),
            ("cpu1/cpuidle/state0", "POLL", "0", "0"),
            ("cpu1/cpuidle/state1", "C6", "133", "0"),
            ("cpu2/cpuidle/state0", "C6", "133", "1"),
        ] {
            let state = root.join(state);
            fs::create_dir_all(&state).unwrap();
            fs::write(state.join("name"), format!("{name}\n")).unwrap();
            fs::write(state.join("latency"), latency).unwrap();
            fs::write(state.join("disable"), disable).unwrap();
        }
        let found = states(&root, &[0, 1, 2]);
        let without = states(&root, &[]);
        fs::remove_dir_all(&root).unwrap();
        let found = found.unwrap();
        let told = |name: &str| {
            (
                found[name].exit_latency_us,
                found[name].disabled_on.as_str(),
            )
        };
        assert_eq!(told("POLL"), (0, "none"));
        assert_eq!(told("C6"), (133, "0,2"));
        assert!(without.unwrap_err().contains("tells of sleeping"));
    }
}
