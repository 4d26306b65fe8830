//! A program that reads or changes a setting: found, run for a while at most, and listened to.

use std::env;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::experiment::leader::Leader;
use crate::experiment::mark::Mark;
use crate::host::Figure;

/// Runs a program to its end, with a mark on it; returns what it printed, without the space around.
///
/// # Errors
/// If it cannot be started, fails, takes too long, or prints more than a value.
pub(super) fn run<S: AsRef<str>>(words: &[S], mark: Option<&Mark>) -> Figure<String> {
    run_within(words, mark, LIMIT)
}

fn run_within<S: AsRef<str>>(words: &[S], mark: Option<&Mark>, limit: Duration) -> Figure<String> {
    let (name, arguments) = words.split_first().ok_or("no command is named")?;
    let name = name.as_ref();
    let mut command = Command::new(name);
    // Its words are read here, whatever language its user speaks.
    command
        .args(arguments.iter().map(AsRef::as_ref))
        .env("LC_ALL", "C");
    if let Some(mark) = mark {
        mark.put_on(&mut command);
    }
    let mut leader = Leader::start(&mut command)
        .map_err(|error| format!("{name} cannot be started: {error}"))?;
    let (output, errors) = leader.pipes();
    let (output, errors) = (beginning(output), beginning(errors));
    let deadline = Instant::now() + limit;
    if !has_ended(&leader, deadline) {
        return Err(match leader.end() {
            Ok(_) => format!("{name} took longer than {limit:?} and was ended"),
            Err(_) => format!("{name} took longer than {limit:?} and cannot be ended"),
        });
    }
    let text = |pipe: &Receiver<String>| {
        let left = deadline.saturating_duration_since(Instant::now());
        // Whoever goes on printing is ended with the leader, which is dropped then.
        pipe.recv_timeout(left)
            .map_err(|_still_open| format!("{name} left something behind that goes on printing"))
    };
    let (output, errors) = (text(&output)?, text(&errors)?);
    // What it has left behind without a word is meant to stay.
    let status = leader.reap();
    let status = status.map_err(|error| format!("{name} cannot be waited for: {error}"))?;
    if !status.success() {
        return Err(complaint(name, status, &errors));
    }
    if output.len() as u64 > LONGEST {
        return Err(format!("{name} printed more than {LONGEST} bytes"));
    }
    Ok(output.trim().to_owned())
}

/// Whether there is such a program.
pub(super) fn find(name: &str) -> Figure<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let is_program = |file: &Path| {
        fs::metadata(file)
            .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    if name.contains('/') {
        let file = PathBuf::from(name);
        return if is_program(&file) {
            Ok(file)
        } else {
            Err(format!("{name} is no program"))
        };
    }
    env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|file| is_program(file))
        .ok_or_else(|| format!("there is no program {name} on the search path"))
}

/// Reads to the end, and keeps as much as a value may have and a little more.
fn beginning(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut kept = Vec::new();
        if let Some(pipe) = pipe {
            let mut pipe = pipe;
            // What cannot be read is not there; the exit code tells whether that was bad.
            let _read = pipe.by_ref().take(LONGEST + 1).read_to_end(&mut kept);
            // A program whose pipe is full would wait for ever.
            let _rest = std::io::copy(&mut pipe, &mut std::io::sink());
        }
        // Nobody listens any more if it took too long.
        let _sent = sender.send(String::from_utf8_lossy(&kept).into_owned());
    });
    receiver
}

/// Waits for its end.
fn has_ended(leader: &Leader, deadline: Instant) -> bool {
    while !leader.has_ended() {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(GLANCE);
    }
    true
}

/// The first line of what it complained about, or how it ended.
fn complaint(name: &str, status: ExitStatus, errors: &str) -> String {
    let first = errors.lines().find(|line| !line.trim().is_empty());
    match first {
        Some(line) => format!("{name} says: {}", line.trim()),
        None => format!("{name} failed with {status}"),
    }
}

/// How long a program may take to read or change a setting.
const LIMIT: Duration = Duration::from_secs(10);

/// How long a look at whether it has ended is put off.
const GLANCE: Duration = Duration::from_millis(2);

/// Bytes of the longest output; `ethtool -k` prints 2 KiB.
const LONGEST: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn run(words: &[&str]) -> Figure<String> {
        super::run(words, None)
    }

    #[test]
    fn a_program_prints_its_value_or_complains() {
        assert_eq!(run(&["sh", "-c", "echo ' on '"]), Ok("on".to_owned()));
        let reason = run(&["sh", "-c", "echo no such thing >&2; exit 3"]).unwrap_err();
        assert_eq!(reason, "sh says: no such thing");
        let reason = run(&["sh", "-c", "exit 3"]).unwrap_err();
        assert!(reason.contains("exit status: 3"), "{reason}");
        let reason = run(&["no-such-program-anywhere"]).unwrap_err();
        assert!(reason.contains("cannot be started"), "{reason}");
        assert!(run(&[]).is_err());
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended_with_its_children() {
        let begun = Instant::now();
        let reason = run_within(
            &["sh", "-c", "sleep 600 | sleep 600"],
            None,
            Duration::from_millis(50),
        );
        assert!(reason.unwrap_err().contains("took longer"));
        assert!(begun.elapsed() < Duration::from_secs(300));
    }

    #[test]
    fn what_goes_on_printing_is_ended() {
        let file = env::temp_dir().join(format!("loadgen-left-{}", std::process::id()));
        let script = format!(
            "sh -c 'echo $$ > {}; exec sleep 600' & exit 0",
            file.display()
        );
        let reason = run_within(&["sh", "-c", &script], None, Duration::from_secs(1));
        assert!(reason.unwrap_err().contains("left something behind"));
        let left = fs::read_to_string(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let stat = format!("/proc/{}/stat", left.trim());
        let deadline = Instant::now() + Duration::from_secs(60);
        while fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
            assert!(Instant::now() < deadline, "{left} runs on");
            thread::yield_now();
        }
    }

    #[test]
    fn a_program_that_prints_without_end_is_cut_short() {
        let reason = run(&["head", "-c", "1000000", "/dev/zero"]).unwrap_err();
        assert!(reason.contains("more than"), "{reason}");
    }

    #[test]
    fn programs_are_found_where_they_are() {
        assert!(find("sh").is_ok());
        assert!(find("/bin/sh").is_ok());
        assert!(find("/proc/self/status").is_err());
        assert!(
            find("no-such-program-anywhere")
                .unwrap_err()
                .contains("search path")
        );
    }
}
