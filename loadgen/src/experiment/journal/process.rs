//! Processes that an experiment has started, and that outlived it.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, getpgid, kill_process_group, pidfd_open, pidfd_send_signal,
};

use super::entry::Process;
use crate::host::{Figure, unreadable};

/// When a process started, in ticks since the kernel did.
pub(super) fn started(pid: u32) -> Figure<u64> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path);
    let text = text.map_err(|error: io::Error| unreadable(Path::new(&path), &error))?;
    let state = parse(&text).ok_or_else(|| format!("{path} is odd: {text:?}"))?;
    Ok(state.started)
}

/// What `/proc/PID/stat` tells: fields 3 and 22 (`proc_pid_stat(5)`).
struct State {
    letter: char,
    started: u64,
}

/// The second field is a name, in brackets, that may hold anything.
fn parse(text: &str) -> Option<State> {
    let (_name, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let letter = fields.next()?.chars().next()?;
    let started = fields.nth(18)?.parse().ok()?;
    Some(State { letter, started })
}

/// Whether it still runs, and is no other that has got its number.
fn runs(process: &Process) -> bool {
    let text = fs::read_to_string(format!("/proc/{}/stat", process.pid));
    let state = text.ok().and_then(|text| parse(&text));
    state.is_some_and(|state| state.started == process.started && !"ZX".contains(state.letter))
}

/// Ends it if it still runs: politely, and after a while in any case. Returns whether it did.
///
/// # Errors
/// If it cannot be ended.
pub(super) fn end(process: &Process) -> Figure<bool> {
    let failed = |error: Errno| {
        let (what, pid) = (&process.what, process.pid);
        format!("{what}, process {pid}, cannot be ended: {error}")
    };
    let pid = i32::try_from(process.pid).ok().and_then(Pid::from_raw);
    let Some(pid) = pid else {
        return Ok(false);
    };
    // From here on the signal goes to the process that is looked at, or to none.
    let handle = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(handle) => handle,
        Err(Errno::SRCH) => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    if !runs(process) {
        return Ok(false);
    }
    // It was started as the leader of a group: what it has started itself is asked too.
    let leads = getpgid(Some(pid)).is_ok_and(|group| group == pid);
    if leads {
        let _asked: rustix::io::Result<()> = kill_process_group(pid, Signal::TERM);
    }
    for (signal, patience) in [(Signal::TERM, POLITE), (Signal::KILL, PATIENCE)] {
        match pidfd_send_signal(&handle, signal) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => return Err(failed(error)),
        }
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if !runs(process) {
                if leads {
                    // Its number stays taken as long as anybody is left in the group.
                    let _killed: rustix::io::Result<()> = kill_process_group(pid, Signal::KILL);
                }
                return Ok(true);
            }
            thread::sleep(GLANCE);
        }
    }
    Err(failed(Errno::TIMEDOUT))
}

/// How long a process may take to end by itself.
const POLITE: Duration = Duration::from_secs(3);

/// How long one that is killed may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a look at whether it has ended is put off.
const GLANCE: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    fn sleeper() -> (Child, Process) {
        let child = Command::new("sleep").arg("600").spawn().unwrap();
        let process = Process {
            pid: child.id(),
            started: started(child.id()).unwrap(),
            what: "sleep".to_owned(),
        };
        (child, process)
    }

    #[test]
    fn a_process_that_runs_is_ended_and_one_that_has_ended_is_not() {
        let (mut child, process) = sleeper();
        assert_eq!(end(&process), Ok(true));
        child.wait().unwrap();
        assert_eq!(end(&process), Ok(false));
    }

    #[test]
    fn another_process_with_the_same_number_is_left_alone() {
        let (mut child, mut process) = sleeper();
        process.started -= 1;
        assert_eq!(end(&process), Ok(false));
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_name_may_hold_anything() {
        let rest = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20";
        let state = parse(&format!("17 (a) b (c) {rest}")).unwrap();
        assert_eq!((state.letter, state.started), ('S', 777));
        assert!(parse("17 (a) S 1").is_none());
    }
}
