//! Ends what an experiment has started, once the experiment itself is gone.
//!
//! Every signal goes to one process that was looked at before, by a handle of it (`pidfd_open(2)`), and
//! never to a number that may be another one's by now. A process is the experiment's own if the journal has its
//! number and its start, if it has the journal's mark in its environment, or if it is in the group of one
//! of these.
//!
//! Servers and load generators, which the journal names, are asked to end. Anything else, such as a command
//! that sets something, is stopped first, all of it, and then killed: so nothing goes on as if what it
//! waits for had ended by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::entry::Process;
use super::process::{self, Seen};
use crate::experiment::mark::Mark;
use crate::host::Figure;

/// What has become of processes.
#[derive(Debug, Default)]
pub(super) struct Ending {
    /// Those that ran, or of whose group somebody did, and are gone.
    pub(super) ended: Vec<Process>,
    /// Those that could not be ended, with a sentence.
    pub(super) left: Vec<(Process, String)>,
}

/// Ends the processes of a journal, and all that have one of its marks.
pub(super) fn end(recorded: &[Process], marks: &[Mark]) -> Ending {
    let mut hunt = Hunt {
        recorded,
        marks,
        known: BTreeSet::new(),
        refused: BTreeMap::new(),
    };
    let mut named: Vec<Process> = Vec::new();
    let done = hunt.look().and_then(|found| {
        for seen in &found {
            let process = hunt.named(seen).unwrap_or_else(|| of_mark(seen));
            if !named.contains(&process) {
                named.push(process);
            }
        }
        hunt.end_all()
    });
    let Err(sentence) = done else {
        let left: Vec<(Process, String)> = hunt.refused.into_values().collect();
        named.retain(|process| left.iter().all(|(other, _)| other != process));
        return Ending { ended: named, left };
    };
    let mut all = named;
    all.extend(recorded.iter().cloned());
    all.dedup();
    // Whatever still runs is there at the next try.
    let left = all.into_iter().map(|process| (process, sentence.clone()));
    Ending {
        ended: Vec::new(),
        left: left.collect(),
    }
}

struct Hunt<'a> {
    recorded: &'a [Process],
    marks: &'a [Mark],
    /// The experiment's own, as far as they were seen: number and start.
    known: BTreeSet<(u32, u64)>,
    /// Those of them that cannot be ended, with what the journal is to have of them and a sentence.
    refused: BTreeMap<(u32, u64), (Process, String)>,
}

impl Hunt<'_> {
    /// All that are the experiment's own and run, but for those that cannot be ended.
    fn look(&mut self) -> Figure<Vec<Seen>> {
        if self.recorded.is_empty() && self.marks.is_empty() {
            return Ok(Vec::new());
        }
        let all = process::all(self.marks)?;
        let is_own = |seen: &Seen| {
            seen.is_marked
                || self.known.contains(&(seen.pid, seen.started))
                || self.recorded.iter().any(|process| is(process, seen))
        };
        // The number of a group belongs to it as long as anybody is in it, and is that of its leader.
        let led = all.iter().filter(|seen| is_own(seen));
        let groups: BTreeSet<u32> = led
            .filter(|seen| seen.pid == seen.group)
            .map(|seen| seen.pid)
            .collect();
        let own = all
            .iter()
            .filter(|seen| is_own(seen) || groups.contains(&seen.group));
        let own: Vec<Seen> = own.cloned().collect();
        self.known
            .extend(own.iter().map(|seen| (seen.pid, seen.started)));
        let can_be = |seen: &Seen| !self.refused.contains_key(&(seen.pid, seen.started));
        let own = own.into_iter();
        Ok(own.filter(|seen| !seen.is_gone && can_be(seen)).collect())
    }

    /// Sends a signal. One that refuses it keeps nobody from ending the others.
    fn send(&mut self, seen: &Seen, wanted: Signal) {
        if let Err(error) = signal(seen, wanted) {
            self.refuse(seen, error);
        }
    }

    fn refuse(&mut self, seen: &Seen, error: Errno) {
        let process = self.named(seen).unwrap_or_else(|| of_mark(seen));
        let refused = (process, failed(seen, error));
        self.refused.insert((seen.pid, seen.started), refused);
    }

    /// What the journal has of it, or of the leader of its group.
    fn named(&self, seen: &Seen) -> Option<Process> {
        let mut recorded = self.recorded.iter();
        recorded
            .find(|process| is(process, seen) || process.pid == seen.group)
            .cloned()
    }

    fn end_all(&mut self) -> Figure<()> {
        self.kill(|hunt, seen| hunt.named(seen).is_none())?;
        let deadline = Instant::now() + POLITE;
        let mut asked = BTreeSet::new();
        loop {
            let found = self.look()?;
            if found.is_empty() {
                return Ok(());
            }
            for seen in found {
                if asked.insert((seen.pid, seen.started)) {
                    self.send(&seen, Signal::TERM);
                }
            }
            if Instant::now() >= deadline {
                return self.kill(|_hunt, _seen| true);
            }
            thread::sleep(GLANCE);
        }
    }

    /// Kills those that are wanted, and all that these start meanwhile.
    fn kill(&mut self, wanted: impl Fn(&Self, &Seen) -> bool) -> Figure<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut stopped = BTreeSet::new();
        loop {
            let mut found = self.look()?;
            found.retain(|seen| wanted(self, seen));
            if found.is_empty() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                for seen in &found {
                    // None of them stays stopped.
                    self.send(seen, Signal::KILL);
                    self.refuse(seen, Errno::TIMEDOUT);
                }
                return Ok(());
            }
            let mut is_new = false;
            for seen in &found {
                if stopped.insert((seen.pid, seen.started)) {
                    is_new = true;
                    self.send(seen, Signal::STOP);
                }
            }
            // They may have started others before they were stopped.
            if !is_new {
                for seen in &found {
                    self.send(seen, Signal::KILL);
                }
                thread::sleep(GLANCE);
            }
        }
    }
}

/// Sends a signal to the process that was seen, or to none.
fn signal(seen: &Seen, signal: Signal) -> Result<(), Errno> {
    let pid = i32::try_from(seen.pid).ok().and_then(Pid::from_raw);
    let Some(pid) = pid else { return Ok(()) };
    let sent = pidfd_open(pid, PidfdFlags::empty()).and_then(|handle| {
        // From here on the signal goes to the process that is looked at, or to none.
        if process::started(seen.pid) == Ok(seen.started) {
            pidfd_send_signal(&handle, signal)
        } else {
            Ok(())
        }
    });
    match sent {
        Ok(()) | Err(Errno::SRCH) => Ok(()),
        Err(error) => Err(error),
    }
}

fn failed(seen: &Seen, error: Errno) -> String {
    let (name, pid) = (&seen.name, seen.pid);
    format!("{name}, process {pid}, cannot be ended: {error}")
}

/// No other process has both.
fn is(process: &Process, seen: &Seen) -> bool {
    (process.pid, process.started) == (seen.pid, seen.started)
}

/// A process that the journal does not name.
fn of_mark(seen: &Seen) -> Process {
    Process {
        pid: seen.pid,
        started: seen.started,
        what: seen.name.clone(),
    }
}

/// How long a process may take to end by itself.
const POLITE: Duration = Duration::from_secs(3);

/// How long one that is killed may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a look at whether it has ended is put off.
const GLANCE: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::CommandExt;
    use std::process::{Child, ChildStdout, Command, Stdio};

    use super::*;

    fn shell(script: &str, mark: Option<&Mark>) -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdout(Stdio::piped());
        if let Some(mark) = mark {
            mark.put_on(&mut command);
        }
        command.process_group(0).spawn().unwrap()
    }

    fn recorded(child: &Child) -> Process {
        Process {
            pid: child.id(),
            started: process::started(child.id()).unwrap(),
            what: "shell".to_owned(),
        }
    }

    fn line(output: &mut BufReader<ChildStdout>) -> String {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn runs(pid: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        stat.is_ok_and(|stat| !stat.contains(") Z "))
    }

    #[test]
    fn a_process_that_runs_is_ended_and_one_that_has_ended_is_not() {
        let mut child = shell("exec sleep 600", None);
        let process = recorded(&child);
        let processes = [process.clone()];
        assert_eq!(end(&processes, &[]).ended, [process]);
        child.wait().unwrap();
        assert_eq!(end(&processes, &[]).ended, []);
    }

    #[test]
    fn one_that_cannot_be_ended_is_told_and_the_others_are_ended() {
        let mark = Mark::draw();
        let mut children = [(); 2].map(|()| shell("exec sleep 600", Some(&mark)));
        let marks = [mark];
        let mut hunt = Hunt {
            recorded: &[],
            marks: &marks,
            known: BTreeSet::new(),
            refused: BTreeMap::new(),
        };
        let found = hunt.look().unwrap();
        let first = found.iter().find(|seen| seen.pid == children[0].id());
        // As with a process of another user.
        hunt.refuse(first.unwrap(), Errno::PERM);
        assert_eq!(hunt.end_all(), Ok(()));
        assert!(!children[1].wait().unwrap().success());
        assert!(children[0].try_wait().unwrap().is_none());
        let sentences: Vec<String> = hunt.refused.into_values().map(|(_, text)| text).collect();
        assert!(sentences[0].contains("cannot be ended"), "{sentences:?}");
        children[0].kill().unwrap();
        children[0].wait().unwrap();
    }

    #[test]
    fn another_process_with_the_same_number_is_left_alone() {
        let mut child = shell("exec sleep 600", None);
        let mut process = recorded(&child);
        process.started -= 1;
        assert_eq!(end(&[process], &[]).ended, []);
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_group_is_ended_whose_leader_is_gone() {
        let mark = Mark::draw();
        let mut child = shell("sleep 600 & echo $!", Some(&mark));
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let member = line(&mut output);
        let leader = recorded(&child);
        // Nobody is left who has the number that the journal knows.
        child.wait().unwrap();
        assert!(runs(&member));
        assert_eq!(end(std::slice::from_ref(&leader), &[mark]).ended, [leader]);
        assert!(!runs(&member));
    }

    #[test]
    fn a_group_is_ended_of_whose_leader_only_the_number_is_left() {
        let mut child = shell("sleep 600 & echo $!", None);
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let member = line(&mut output);
        let leader = recorded(&child);
        assert_eq!(end(std::slice::from_ref(&leader), &[]).ended, [leader]);
        assert!(!runs(&member));
        child.wait().unwrap();
    }

    #[test]
    fn what_has_the_mark_is_ended_wherever_it_has_gone() {
        let mark = Mark::draw();
        let script = "setsid sh -c 'echo $$; exec sleep 600' & wait";
        let mut child = shell(script, Some(&mark));
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let daemon = line(&mut output);
        let mut other = shell("exec sleep 600", Some(&Mark::draw()));
        let ended = end(&[], &[mark]).ended;
        assert_eq!(ended.len(), 2, "{ended:?}");
        assert!(!runs(&daemon));
        child.wait().unwrap();
        assert!(other.try_wait().unwrap().is_none());
        other.kill().unwrap();
        other.wait().unwrap();
    }

    #[test]
    fn a_command_does_not_go_on_as_if_what_it_waits_for_had_ended() {
        let file = std::env::temp_dir().join(format!("loadgen-goes-on-{}", std::process::id()));
        for _time in 0..20 {
            let mark = Mark::draw();
            let script = format!("echo $$; sleep 600; echo 2 > {}", file.display());
            let mut child = shell(&script, Some(&mark));
            let mut output = BufReader::new(child.stdout.take().unwrap());
            line(&mut output);
            assert_eq!(end(&[], &[mark]).left.len(), 0);
            child.wait().unwrap();
            assert!(!file.exists());
        }
    }
}
