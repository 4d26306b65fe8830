//! The file with the processors of an interrupt (`Documentation/core-api/irq/irq-affinity.rst`).

use std::path::PathBuf;

use super::root::Root;
use crate::environment::interface::interrupts;
use crate::host::Figure;

/// That of an interrupt, by its name or number in `/proc/interrupts`. A name must be that of one.
pub(super) fn affinity(root: &Root, interrupt: &str) -> Figure<PathBuf> {
    let table = root.at("/proc/interrupts");
    let all = interrupts::parse(&crate::host::read(&table)?);
    let number = interrupt.parse::<u32>().ok();
    let named = all
        .iter()
        .filter(|(of, name)| Some(*of) == number || name == interrupt)
        .map(|(of, _)| *of);
    match named.collect::<Vec<_>>().as_slice() {
        [one] => Ok(root.at(format!("/proc/irq/{one}/smp_affinity_list"))),
        [] => Err(format!("{} has no interrupt {interrupt}", table.display())),
        several => {
            let numbers: Vec<String> = several.iter().map(u32::to_string).collect();
            Err(format!(
                "several interrupts are called {interrupt}: name one by its number, {}",
                numbers.join(", ")
            ))
        }
    }
}
