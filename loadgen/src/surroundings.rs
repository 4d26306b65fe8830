//! What goes on around the measured window: when to look, and at what.

use std::time::Duration;

use crate::host::thread::Scheduling;
use crate::host::{Host, Snapshot};
use crate::losses::{Server, Source};
use crate::plan::Plan;
use crate::time::Offset;

/// Looks at the host and at the server shortly before the window and after it. Of a run that ends
/// early nobody knows beforehand when that is: the later look is taken when all its threads have
/// ended.
pub(crate) struct Surroundings {
    source: Source,
    begins: Offset,
    ends: Offset,
    before: Option<(Snapshot, Server)>,
    after: Option<Snapshot>,
}

impl Surroundings {
    pub(crate) fn new(plan: &Plan, source: Source) -> Self {
        Self {
            source,
            begins: plan.measured_from(),
            ends: Offset::START + plan.span() + MARGIN,
            before: None,
            after: None,
        }
    }

    /// Looks if it is time to; `until` tells how long it is until some point of the run. Returns
    /// how soon it wants to be called again.
    pub(crate) fn look(&mut self, until: impl Fn(Offset) -> Duration) -> Option<Duration> {
        if self.before.is_none() {
            let wait = until(self.begins).saturating_sub(MARGIN);
            if !wait.is_zero() {
                return Some(wait);
            }
            self.before = Some((Snapshot::take(), self.source.read()));
        }
        if self.after.is_none() {
            let wait = until(self.ends);
            if !wait.is_zero() {
                return Some(wait);
            }
            self.after = Some(Snapshot::take());
        }
        None
    }

    /// What the host did in the window, and what the server lost from its beginning until now, when
    /// every probe is answered or given up.
    pub(crate) fn finish(self, threads: Vec<Scheduling>) -> (Host, Server) {
        let Some((before, server)) = self.before else {
            let host = Host::unknown("the run ended before its measured window");
            return (host, Server::Unknown);
        };
        // A run that ended early was not looked at again.
        let after = self.after.unwrap_or_else(Snapshot::take);
        let host = Host::between(&before, &after, threads);
        (host, self.source.read().since(server))
    }
}

/// How far from the window the looks lie: each takes a fraction of a millisecond, which must not
/// fall on its probes or their answers. Starting the threads takes longer, so that there is time
/// before a run without warm-up too.
const MARGIN: Duration = Duration::from_millis(5);
