//! A program that is started as the leader of a process group of its own.
//!
//! So the Ctrl-C of a terminal reaches the experiment alone, and what the program starts can be ended with
//! it. Its number is that of the group, and nobody else gets it before the program is waited for.
//! So whether it has ended is looked at without that, and whatever the group is sent is sent before.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// A program that leads its group. Dropping it kills it and all of its group.
#[derive(Debug)]
pub struct Leader {
    child: Child,
    /// Whether its number may be another one's by now.
    is_reaped: bool,
}

impl Leader {
    /// Starts a program, which reads nothing and whose output can be read.
    ///
    /// # Errors
    /// What the system said.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        Ok(Self {
            child,
            is_reaped: false,
        })
    }

    /// Its process id, which is that of its group.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its standard output and standard error; `None` if they were taken before.
    pub fn pipes(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdout.take(), self.child.stderr.take())
    }

    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match waitid(WaitId::Pid(Pid::from_child(&self.child)), options) {
            Ok(ended) => ended.is_some(),
            // Nobody else waits for it, so that any other error means that it is gone.
            Err(error) => error != Errno::INTR,
        }
    }

    /// Sends a signal to it and all of its group, if it was not waited for yet.
    pub fn signal(&self, signal: Signal) {
        if !self.is_reaped {
            // Fails only if there is nobody left in the group, as is wanted.
            let _sent: rustix::io::Result<()> =
                kill_process_group(Pid::from_child(&self.child), signal);
        }
    }

    /// Kills what is left of it and of its group; returns how it ended.
    ///
    /// # Errors
    /// What the system said.
    pub fn end(&mut self) -> io::Result<ExitStatus> {
        self.signal(Signal::KILL);
        self.reap()
    }

    /// Waits for it, and leaves the others of its group alone; returns how it ended.
    ///
    /// # Errors
    /// What the system said.
    pub fn reap(&mut self) -> io::Result<ExitStatus> {
        self.is_reaped = true;
        self.child.wait()
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        let _ended: io::Result<ExitStatus> = self.end();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::time::{Duration, Instant};

    use super::*;

    fn shell(script: &str) -> Leader {
        Leader::start(Command::new("sh").args(["-c", script])).unwrap()
    }

    fn wait(leader: &Leader) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !leader.has_ended() {
            assert!(Instant::now() < deadline, "it runs on");
            std::thread::yield_now();
        }
    }

    /// Waits until all that hold its output open have ended.
    fn output(leader: &mut Leader) -> String {
        let mut text = String::new();
        let (output, _errors) = leader.pipes();
        output.unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn its_number_stays_its_own_after_its_end_until_it_is_waited_for() {
        let mut leader = shell("exit 7");
        output(&mut leader);
        wait(&leader);
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", leader.id())).unwrap();
        assert!(stat.contains(") Z "), "{stat}");
        assert_eq!(leader.end().unwrap().code(), Some(7));
        // Nobody in particular may have the number now.
        leader.signal(Signal::KILL);
        assert!(leader.has_ended());
    }

    #[test]
    fn those_that_it_leaves_behind_are_ended_after_it() {
        let mut leader = shell("sleep 600 & exit 0");
        wait(&leader);
        assert!(leader.end().unwrap().success());
        // The other one had it open too.
        assert_eq!(output(&mut leader), "");
    }
}
