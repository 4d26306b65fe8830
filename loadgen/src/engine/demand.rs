//! Which probes are due now. Pure.

use super::flow::{BURST, Flow};
use crate::schedule::Constant;
use crate::time::Offset;

/// What a thread shall send, and when.
#[derive(Debug)]
pub(super) enum Demand {
    /// What the schedule says, whatever became of earlier probes.
    Open {
        schedule: Constant,
        /// The flow that the next probe is for.
        next_flow: usize,
    },
    /// As many as the window of each flow has room for, until the end.
    Closed { window: u64, end: Offset },
}

impl Demand {
    /// Gives the flows the probes that are due by `now`, at most [`BURST`] of them in turn or
    /// one each; returns how many.
    pub(super) fn fill(&mut self, flows: &mut [Flow], now: Offset) -> usize {
        match self {
            Self::Open {
                schedule,
                next_flow,
            } => {
                // Before answers are looked at again, however many flows there are.
                let most = BURST.max(flows.len());
                let mut taken = 0;
                while taken < most
                    && let Some(due) = schedule.next_if(|due| due <= now)
                {
                    flows[*next_flow].due.push(due);
                    *next_flow = (*next_flow + 1) % flows.len();
                    taken += 1;
                }
                taken
            }
            Self::Closed { end, .. } if now >= *end => 0,
            Self::Closed { window, .. } => {
                let mut taken = 0;
                for flow in flows {
                    let room = usize::try_from(window.saturating_sub(flow.in_flight));
                    let room = room.map_or(BURST, |room| room.min(BURST));
                    // A probe of a closed loop is due when there is room for it.
                    flow.due.resize(room, now);
                    taken += room;
                }
                taken
            }
        }
    }

    /// When the next probe is due, if that does not depend on an answer.
    pub(super) fn next_due(&self, flows: &[Flow], now: Offset) -> Option<Offset> {
        match self {
            Self::Open { schedule, .. } => schedule.peek(),
            Self::Closed { window, end } => {
                let room = flows.iter().any(|flow| flow.in_flight < *window);
                (room && now < *end).then_some(now)
            }
        }
    }

    /// Whether there will be no further probe.
    pub(super) fn is_over(&self, now: Offset) -> bool {
        match self {
            Self::Open { schedule, .. } => schedule.peek().is_none(),
            Self::Closed { end, .. } => now >= *end,
        }
    }

    /// Leaves out every probe that is due at `end` or later.
    pub(super) fn cut(&mut self, at: Offset) {
        match self {
            Self::Open { schedule, .. } => schedule.cut(at),
            Self::Closed { end, .. } => *end = at.min(*end),
        }
    }

    /// Leaves out the probes that are due before `point`; returns how many.
    pub(super) fn skip_before(&mut self, point: Offset) -> u64 {
        match self {
            Self::Open { schedule, .. } => {
                let overdue = schedule.before(point);
                schedule.skip_next(overdue)
            }
            Self::Closed { .. } => 0,
        }
    }

    /// Leaves out every probe; returns how many.
    pub(super) fn skip_all(&mut self) -> u64 {
        match self {
            Self::Open { schedule, .. } => schedule.skip_next(u64::MAX),
            Self::Closed { .. } => 0,
        }
    }
}
