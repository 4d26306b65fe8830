//! Which processors the interrupts of an interface go to
//! (`Documentation/core-api/irq/irq-affinity.rst`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::{cpus, files};
use crate::host::Figure;

/// The interrupts of the interface `name` by their names, with the processors that get them:
/// `{"eth0-rx-0": "2"}`. Those that its device lists are its own, and those that are named after
/// it; a device that passes packets to another, as a virtual machine's do, has them there.
pub(super) fn of(name: &str, device: &Figure<PathBuf>) -> Figure<BTreeMap<String, String>> {
    let mut listed = Vec::new();
    if let Ok(device) = device {
        listed = numbers_in(&device.join("msi_irqs"));
    }
    let device = device
        .as_ref()
        .ok()
        .and_then(|path| fs::canonicalize(path).ok());
    let bus_name = device.as_deref().and_then(Path::file_name);
    let names: Vec<String> = bus_name
        .map(|name| name.to_string_lossy().into_owned())
        .into_iter()
        .chain([name.to_owned()])
        .collect();
    let all = parse(&files::text("/proc/interrupts")?);
    let own = all.into_iter().filter(|(number, action)| {
        listed.contains(number) || names.iter().any(|name| is_named_after(action, name))
    });
    let found: BTreeMap<String, String> = own
        .filter_map(|(number, action)| Some((action, affinity(number).ok()?)))
        .collect();
    if found.is_empty() {
        return Err("no interrupt in /proc/interrupts is its own".to_owned());
    }
    Ok(found)
}

/// Where an interrupt goes to in fact, or where it may go on kernels that do not tell.
fn affinity(number: u32) -> Figure<String> {
    let directory = Path::new("/proc/irq").join(number.to_string());
    let effective = files::text(directory.join("effective_affinity_list"));
    let text = effective.ok().filter(|text| !text.is_empty());
    let text = text.map_or_else(|| files::text(directory.join("smp_affinity_list")), Ok)?;
    Ok(cpus::parse(&text).map_or(text, cpus::list))
}

/// The files of a directory whose names are numbers; none if there is no such directory.
fn numbers_in(directory: &Path) -> Vec<u32> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter_map(|name| name.parse().ok()).collect()
}

/// `38:  0  14572  PCI-MSIX-0000:00:03.0  1-edge  virtio2-input.0`, under a line that names the
/// processors: the number of each interrupt that has one, and who asked for it.
pub(crate) fn parse(text: &str) -> Vec<(u32, String)> {
    let mut lines = text.lines();
    let processors = lines.next().unwrap_or_default().split_whitespace().count();
    let interrupts = lines.filter_map(|line| {
        let (number, rest) = line.split_once(':')?;
        let number = number.trim().parse().ok()?;
        // Who asked for it stands last; several that share it are apart by commas.
        let mut columns = rest.split_whitespace().skip(processors);
        let _chip = columns.next()?;
        let words: Vec<&str> = columns.collect();
        Some((number, (*words.last()?).to_owned()))
    });
    interrupts.collect()
}

/// `eth0`, `eth0-rx-0`, `mlx5_comp0@pci:0000:01:00.0` are named after `eth0` and `0000:01:00.0`,
/// and `eth01` is not.
fn is_named_after(action: &str, name: &str) -> bool {
    action.match_indices(name).any(|(at, _)| {
        let before = action[..at].chars().next_back();
        let after = action[at + name.len()..].chars().next();
        let apart = |neighbour: Option<char>| !neighbour.is_some_and(char::is_alphanumeric);
        apart(before) && apart(after)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SAMPLE: &str = "\
           CPU0       CPU1
 24:          1          0  IO-APIC   5-edge      ACPI:Ged
 38:          0      14572 PCI-MSIX-0000:00:03.0   1-edge      virtio2-input.0
 39:      10386          0 PCI-MSIX-0000:00:03.0   2-edge      virtio2-output.0
NMI:          0          0   Non-maskable interrupts
ERR:          0
";

    #[test]
    fn interrupts_have_numbers_and_names() {
        let expected = [
            (24, "ACPI:Ged"),
            (38, "virtio2-input.0"),
            (39, "virtio2-output.0"),
        ];
        let expected = expected.map(|(number, name)| (number, name.to_owned()));
        assert_eq!(parse(SAMPLE), expected);
    }

    #[test]
    fn a_name_counts_as_a_whole() {
        for own in ["eth0", "eth0-rx-0", "i40e-eth0-TxRx-3", "comp0@pci:eth0"] {
            assert!(is_named_after(own, "eth0"), "{own}");
        }
        for other in ["eth01", "veth0", "eth1", ""] {
            assert!(!is_named_after(other, "eth0"), "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "([0-9]{0,11}:?( [0-9a-z]{0,9}){0,5}\n|.{0,30}\n){0,4}", name in ".{1,4}") {
            for (_, action) in parse(&text) {
                let _named: bool = is_named_after(&action, &name);
            }
        }
    }
}
