//! A program that reads or changes a setting: found, run for a while at most, and listened to.

use std::env;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::host::Figure;

/// Runs a program to its end; returns what it printed, without the space around.
///
/// # Errors
/// If it cannot be started, fails, takes too long, or prints more than a value.
pub(super) fn run<S: AsRef<str>>(words: &[S]) -> Figure<String> {
    run_within(words, LIMIT)
}

fn run_within<S: AsRef<str>>(words: &[S], limit: Duration) -> Figure<String> {
    let (name, arguments) = words.split_first().ok_or("no command is named")?;
    let name = name.as_ref();
    let mut child = Command::new(name)
        .args(arguments.iter().map(AsRef::as_ref))
        // Its words are read here, whatever language its user speaks.
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A signal from the terminal is for the experiment, which puts things back then.
        .process_group(0)
        .spawn()
        .map_err(|error| format!("{name} cannot be started: {error}"))?;
    let (output, errors) = (
        beginning(child.stdout.take()),
        beginning(child.stderr.take()),
    );
    let deadline = Instant::now() + limit;
    let status = wait(&mut child, deadline).map_err(|error| format!("{name} {error}"))?;
    let text = |pipe: &Receiver<String>| {
        let left = deadline.saturating_duration_since(Instant::now());
        pipe.recv_timeout(left)
            .map_err(|_still_open| format!("{name} left something behind that goes on printing"))
    };
    let (output, errors) = (text(&output)?, text(&errors)?);
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

/// Waits for its end, or makes one with all that it has started.
fn wait(child: &mut Child, deadline: Instant) -> Figure<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(GLANCE),
            Ok(None) => break,
            Err(error) => return Err(format!("cannot be waited for: {error}")),
        }
    }
    // It has not been waited for, so that its number is still its own.
    let killed = kill_process_group(Pid::from_child(child), Signal::KILL);
    let reaped = child.wait();
    match (killed, reaped) {
        (Ok(()), Ok(_)) => Err(format!("took longer than {LIMIT:?} and was ended")),
        _ => Err(format!("took longer than {LIMIT:?} and cannot be ended")),
    }
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

    #[test]
    fn a_program_prints_its_value_or_complains() {
        assert_eq!(run(&["sh", "-c", "echo ' on '"]), Ok("on".to_owned()));
        let reason = run(&["sh", "-c", "echo no such thing >&2; exit 3"]).unwrap_err();
        assert_eq!(reason, "sh says: no such thing");
        let reason = run(&["sh", "-c", "exit 3"]).unwrap_err();
        assert!(reason.contains("exit status: 3"), "{reason}");
        let reason = run(&["no-such-program-anywhere"]).unwrap_err();
        assert!(reason.contains("cannot be started"), "{reason}");
        assert!(run::<&str>(&[]).is_err());
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended_with_its_children() {
        let begun = Instant::now();
        let reason = run_within(
            &["sh", "-c", "sleep 600 | sleep 600"],
            Duration::from_millis(50),
        );
        assert!(reason.unwrap_err().contains("took longer"));
        assert!(begun.elapsed() < Duration::from_secs(300));
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
