//! How often processors slowed down because they were too hot: counters of x86, in
//! `/sys/devices/system/cpu/cpu*/thermal_throttle` (`arch/x86/kernel/cpu/mce/therm_throt.c`).

use std::fs;
use std::path::Path;

use super::{Figure, read, unreadable};

/// Times since the host was started, of all processors together.
pub(super) fn times_too_hot() -> Figure<u64> {
    times_under(Path::new("/sys/devices/system/cpu"))
}

fn times_under(processors: &Path) -> Figure<u64> {
    let entries = fs::read_dir(processors).map_err(|error| unreadable(processors, &error))?;
    let counts = entries.filter_map(|entry| {
        let counters = entry.ok()?.path().join("thermal_throttle");
        let text = read(counters.join("core_throttle_count")).ok()?;
        text.trim().parse().ok()
    });
    let missing = || "no processor counts how often it was too hot".to_owned();
    counts.reduce(u64::saturating_add).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_add_up_and_none_is_not_zero() {
        let unique = format!("loadgen-thermal-{}", std::process::id());
        let root = std::env::temp_dir().join(unique);
        fs::create_dir_all(&root).unwrap();
        let without = times_under(&root);
        for (name, count) in [("cpu0", "3\n"), ("cpu1", "4\n")] {
            let counters = root.join(name).join("thermal_throttle");
            fs::create_dir_all(&counters).unwrap();
            fs::write(counters.join("core_throttle_count"), count).unwrap();
        }
        let with = times_under(&root);
        fs::remove_dir_all(&root).unwrap();
        assert!(without.unwrap_err().contains("no processor"));
        assert_eq!(with, Ok(7));
    }
}
