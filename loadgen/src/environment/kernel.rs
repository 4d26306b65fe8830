//! The kernel, and its clock.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Reasons, files};
use crate::host::{Figure, unreadable};

/// The kernel that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kernel {
    /// Its release, as `uname -r` prints it.
    pub release: Option<String>,
    /// How it was built, which names its kind of preemption.
    pub version: Option<String>,
    /// What it was started with.
    pub command_line: Option<String>,
    /// What its clock reads. Anything but `tsc`, or the architecture's own counter, takes a trip out
    /// of the program for each reading.
    pub clock_source: Option<String>,
    /// What the clock could read as well.
    pub clock_sources: Option<Vec<String>>,
    /// What it does about each weakness of the processors.
    pub mitigations: Option<BTreeMap<String, String>>,
}

impl Kernel {
    pub(super) fn read(mut reasons: Reasons<'_>) -> Self {
        let sources = files::text(format!("{CLOCK_SOURCE}/available_clocksource"))
            .map(|names| names.split_whitespace().map(str::to_owned).collect());
        let source = files::text(format!("{CLOCK_SOURCE}/current_clocksource"));
        let release = files::text("/proc/sys/kernel/osrelease");
        let version = files::text("/proc/sys/kernel/version");
        let command_line = files::text("/proc/cmdline");
        let mitigations = mitigations(Path::new(VULNERABILITIES));
        Self {
            release: reasons.known("release", release),
            version: reasons.known("version", version),
            command_line: reasons.known("command_line", command_line),
            clock_source: reasons.known("clock_source", source),
            clock_sources: reasons.known("clock_sources", sources),
            mitigations: reasons.known("mitigations", mitigations),
        }
    }
}

/// A file for each weakness (`Documentation/admin-guide/hw-vuln`).
fn mitigations(directory: &Path) -> Figure<BTreeMap<String, String>> {
    let entries = fs::read_dir(directory).map_err(|error| unreadable(directory, &error))?;
    let read = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let name = entry.file_name().into_string().ok()?;
        Some((name, files::text(entry.path()).ok()?))
    });
    Ok(read.collect())
}

const CLOCK_SOURCE: &str = "/sys/devices/system/clocksource/clocksource0";
const VULNERABILITIES: &str = "/sys/devices/system/cpu/vulnerabilities";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_that_tells_of_no_weakness_is_no_kernel_without() {
        let reason = mitigations(Path::new("/proc/no/such/directory")).unwrap_err();
        assert!(reason.contains("/proc/no/such/directory"), "{reason}");
    }
}
