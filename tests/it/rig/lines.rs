//! Lines of what a child process prints, without ever waiting for ever.

use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{PATIENCE, uninterrupted};

/// Takes no more from a pipe than somebody asks for: what is left there fills it up.
pub(crate) struct Lines<R> {
    pipe: R,
    read: Vec<u8>,
}

impl<R: Read + AsFd> Lines<R> {
    pub(crate) fn of(pipe: R) -> Self {
        let read = Vec::new();
        Self { pipe, read }
    }

    /// The next line without its end, or `None` if no more will come.
    #[track_caller]
    pub(crate) fn next(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.read.iter().position(|&byte| byte == b'\n') {
                let rest = self.read.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.read, rest);
                line.pop();
                return Some(text(line));
            }
            wait_for(self.pipe.as_fd(), "a further line or the end of the output");
            let mut chunk = [0; 4_096];
            let length = uninterrupted(|| self.pipe.read(&mut chunk)).expect("a pipe can be read");
            self.read.extend_from_slice(&chunk[..length]);
            if length == 0 {
                let rest = std::mem::take(&mut self.read);
                return (!rest.is_empty()).then(|| text(rest));
            }
        }
    }

    #[track_caller]
    pub(crate) fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.next()).collect()
    }

    pub(crate) fn pipe(&self) -> &R {
        &self.pipe
    }
}

/// Waits until `fd` can be read.
#[track_caller]
pub(crate) fn wait_for(fd: BorrowedFd<'_>, what: &str) {
    wait_within(PATIENCE, fd, what);
}

/// The same for something that may take longer.
#[track_caller]
pub(crate) fn wait_within(patience: Duration, fd: BorrowedFd<'_>, what: &str) {
    let seconds = i64::try_from(patience.as_secs()).expect("it is short");
    let timeout = Timespec {
        tv_sec: seconds,
        tv_nsec: 0,
    };
    let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    let ready = uninterrupted(|| Ok(poll(&mut fds, Some(&timeout))?));
    let ready = ready.expect("the descriptor is open");
    assert_eq!(ready, 1, "{what} did not come within {patience:?}");
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("the program prints UTF-8")
}
