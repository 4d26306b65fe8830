//! How much processor time another process has used: `/proc/PID/task/*/schedstat`, in nanoseconds.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::host::Figure;

/// Processor time of all threads that the process has now. It counts neither threads that have ended
/// nor other processes that it has started.
///
/// # Errors
/// Why it is unknown.
pub fn used_by(process: u32) -> Figure<Duration> {
    used(Path::new("/proc"), process)
}

fn used(proc: &Path, process: u32) -> Figure<Duration> {
    let tasks = proc.join(format!("{process}/task"));
    let entries = fs::read_dir(&tasks)
        .map_err(|error| format!("cannot read {}: {error}", tasks.display()))?;
    let mut sum = 0_u64;
    for entry in entries.flatten() {
        let file = entry.path().join("schedstat");
        // A thread may end in between; its time is lost.
        if let Ok(text) = fs::read_to_string(&file) {
            sum = sum.saturating_add(first_number(&text)?);
        }
    }
    if sum == 0 {
        // CONFIG_SCHED_INFO is off: even a thread that only slept has run.
        return Err("the kernel keeps no processor times of threads".to_owned());
    }
    Ok(Duration::from_nanos(sum))
}

fn first_number(text: &str) -> Figure<u64> {
    let number = text.split_ascii_whitespace().next();
    let number = number.and_then(|number| number.parse().ok());
    number.ok_or_else(|| format!("schedstat says {text:?}, which is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_some_and_uses_more() {
        let before = used_by(std::process::id()).unwrap();
        let mut sum = 0_u64;
        // Until the kernel has counted, which it does at every tick and switch.
        while used_by(std::process::id()).unwrap() <= before {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(sum > 0);
    }

    #[test]
    fn a_process_that_is_not_there_is_told_by_its_file() {
        let reason = used_by(u32::MAX).unwrap_err();
        assert!(reason.contains("/proc/4294967295/task"), "{reason}");
    }
}
