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
    use std::process::Command;
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_process_that_never_rests_has_used_some_and_uses_more() {
        let mut busy = Command::new("sh")
            .args(["-c", "while :; do :; done"])
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        let more_than = |least: Duration| {
            loop {
                match used_by(busy.id()) {
                    Ok(used) if used > least => return used,
                    // It has not run yet.
                    _ => assert!(Instant::now() < deadline, "it uses no more than {least:?}"),
                }
            }
        };
        let some = more_than(Duration::ZERO);
        more_than(some);
        busy.kill().unwrap();
        busy.wait().unwrap();
    }

    #[test]
    fn a_process_that_is_not_there_is_told_by_its_file() {
        let reason = used_by(u32::MAX).unwrap_err();
        assert!(reason.contains("/proc/4294967295/task"), "{reason}");
    }
}
