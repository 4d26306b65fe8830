//! What the kernel did to a thread and its sockets in the measured window.

use std::time::Duration;

use super::flow::Flow;
use crate::host::Figure;
use crate::host::thread::{Scheduling, Watch};
use crate::time::Offset;

/// Looks once before the window and once after it, and never between.
pub(super) struct Witness {
    watch: Watch,
    window_begins: Offset,
    before: Option<(Figure<Scheduling>, u64)>,
    after: Option<Figure<Scheduling>>,
}

impl Witness {
    /// Of the calling thread; the window begins at `window_begins`.
    pub(super) fn new(window_begins: Offset) -> Self {
        Self {
            watch: Watch::this_thread(),
            window_begins,
            before: None,
            after: None,
        }
    }

    /// Takes the first look when the window is about to begin. Looking takes some ten microseconds,
    /// which probes of the warm-up may be charged with, but none of the window.
    pub(super) fn look_before(&mut self, now: Offset, flows: &[Flow]) {
        if self.before.is_none() && now + LEAD >= self.window_begins {
            self.before = Some((self.watch.read(), drops(flows)));
        }
    }

    /// Takes the last look; call it when nothing more will be sent and answers are not expected.
    pub(super) fn look_after(&mut self) {
        if self.after.is_none() {
            self.after = Some(self.watch.read());
        }
    }

    /// What came about in the window.
    pub(super) fn scheduling(&self) -> Figure<Scheduling> {
        let early = || Err("the run ended before its measured window".to_owned());
        let before = self.before.as_ref().map(|(before, _)| before.clone());
        let after = self.after.clone();
        let (before, after) = (before.unwrap_or_else(early)?, after.unwrap_or_else(early)?);
        Ok(after.since(before))
    }

    /// Datagrams that the kernel dropped at the sockets of `flows` since the window began, and
    /// since they were opened.
    pub(super) fn drops(&self, flows: &[Flow]) -> (u64, u64) {
        let all = drops(flows);
        let before = self.before.as_ref().map_or(all, |(_, before)| *before);
        (all - before, all)
    }
}

fn drops(flows: &[Flow]) -> u64 {
    let memory = flows.iter().map(|flow| flow.socket.memory());
    memory
        .map(|memory| memory.map_or(0, |memory| u64::from(memory.drops)))
        .sum()
}

/// How long before the window the first look is taken: enough for it to be over in time, with
/// thousands of flows and a housekeeping that is a millisecond late.
const LEAD: Duration = Duration::from_millis(5);
