//! Which probes are due now, and how large they are. Pure.

use super::flow::{BURST, Due, Flow};
use crate::measure::Recorder;
use crate::plan::{Load, Plan};
use crate::schedule::{Schedule, Share, TraceError};
use crate::sizes::Sizes;
use crate::time::Offset;

/// What a thread shall send, and when.
#[derive(Debug)]
pub(super) struct Demand {
    when: When,
    sizes: NextSizes,
}

#[derive(Debug)]
enum When {
    /// What the schedule says, whatever became of earlier probes.
    Open {
        schedule: Schedule,
        /// The flow that the next probe is for.
        next_flow: usize,
    },
    /// As many as the window of each flow has room for, until the end.
    Closed { window: u64, end: Offset },
}

impl Demand {
    /// What `plan` asks of one thread.
    ///
    /// # Errors
    ///
    /// If the file of a replay cannot be opened.
    pub(super) fn new(plan: &Plan, share: Share) -> Result<Self, TraceError> {
        let when = match plan.load() {
            Load::Open(rate) => When::Open {
                schedule: Schedule::new(plan.arrivals(), rate, plan.span(), plan.seed(), share)?,
                next_flow: 0,
            },
            Load::Closed(window) => When::Closed {
                window: window.get().into(),
                end: Offset::START + plan.span(),
            },
        };
        Ok(Self {
            when,
            sizes: NextSizes::new(plan, share),
        })
    }

    /// Gives the flows the probes that are due by `now`, at most [`BURST`] of them in turn or
    /// one each; returns how many. The books learn what the schedule asked for.
    pub(super) fn fill(
        &mut self,
        flows: &mut [Flow],
        now: Offset,
        recorder: &mut Recorder,
    ) -> usize {
        match &mut self.when {
            When::Open {
                schedule,
                next_flow,
            } => {
                // Before answers are looked at again, however many flows there are.
                let most = BURST.max(flows.len());
                let mut taken = 0;
                while taken < most
                    && let Some(arrival) = schedule.next_if(|due| due <= now)
                {
                    recorder.due(arrival.due);
                    let usual = self.sizes.next();
                    flows[*next_flow].due.push(Due {
                        at: arrival.due,
                        size: arrival.size.unwrap_or(usual),
                    });
                    *next_flow = (*next_flow + 1) % flows.len();
                    taken += 1;
                }
                taken
            }
            When::Closed { end, .. } if now >= *end => 0,
            When::Closed { window, .. } => {
                let mut taken = 0;
                for flow in flows {
                    let room = usize::try_from(window.saturating_sub(flow.in_flight));
                    let room = room.map_or(BURST, |room| room.min(BURST));
                    // A probe of a closed loop is due when there is room for it.
                    let due = (0..room).map(|_| Due {
                        at: now,
                        size: self.sizes.next(),
                    });
                    flow.due.extend(due);
                    taken += room;
                }
                taken
            }
        }
    }

    /// When the next probe is due, if that does not depend on an answer.
    pub(super) fn next_due(&self, flows: &[Flow], now: Offset) -> Option<Offset> {
        match &self.when {
            When::Open { schedule, .. } => schedule.peek(),
            When::Closed { window, end } => {
                let room = flows.iter().any(|flow| flow.in_flight < *window);
                (room && now < *end).then_some(now)
            }
        }
    }

    /// Whether there will be no further probe.
    pub(super) fn is_over(&self, now: Offset) -> bool {
        match &self.when {
            When::Open { schedule, .. } => schedule.peek().is_none(),
            When::Closed { end, .. } => now >= *end,
        }
    }

    /// Leaves out every probe that is due at `end` or later.
    pub(super) fn cut(&mut self, at: Offset) {
        match &mut self.when {
            When::Open { schedule, .. } => schedule.cut(at),
            When::Closed { end, .. } => *end = at.min(*end),
        }
    }

    /// Leaves out probes that are due before `point`, not always all at once; returns how many.
    pub(super) fn skip_before(&mut self, point: Offset) -> u64 {
        match &mut self.when {
            When::Open { schedule, .. } => {
                let skipped = schedule.skip_before(point);
                self.sizes.skip(skipped);
                skipped
            }
            When::Closed { .. } => 0,
        }
    }

    /// Leaves out probes, not always all at once; returns how many.
    pub(super) fn skip_rest(&mut self) -> u64 {
        match &mut self.when {
            When::Open { schedule, .. } => schedule.skip_rest(),
            When::Closed { .. } => 0,
        }
    }

    /// Why there are fewer probes than planned, if the schedule itself is to blame.
    pub(super) fn take_fault(&mut self) -> Option<TraceError> {
        match &mut self.when {
            When::Open { schedule, .. } => schedule.take_fault(),
            When::Closed { .. } => None,
        }
    }
}

/// The sizes of a thread's probes, one after another.
#[derive(Debug)]
struct NextSizes {
    sizes: Sizes,
    seed: u64,
    /// The number of the thread's next probe in the run.
    index: u64,
    /// What lies between the numbers of two of its probes.
    step: u64,
}

impl NextSizes {
    fn new(plan: &Plan, share: Share) -> Self {
        Self {
            sizes: plan.sizes().clone(),
            seed: plan.seed(),
            index: share.thread.into(),
            step: share.threads.get().into(),
        }
    }

    fn next(&mut self) -> u16 {
        let size = self.sizes.of(self.seed, self.index);
        self.skip(1);
        size
    }

    fn skip(&mut self, probes: u64) {
        let skipped = probes.wrapping_mul(self.step);
        self.index = self.index.wrapping_add(skipped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(index: u64, step: u64) -> NextSizes {
        let sizes = Sizes::imix();
        NextSizes {
            sizes,
            seed: 7,
            index,
            step,
        }
    }

    #[test]
    fn a_thread_has_the_sizes_of_its_own_probes() {
        let mut second_of_three = sizes(1, 3);
        for index in (1..100).step_by(3) {
            assert_eq!(second_of_three.next(), Sizes::imix().of(7, index));
        }
    }

    #[test]
    fn a_probe_that_is_left_out_keeps_its_size_to_itself() {
        let (mut all, mut some) = (sizes(1, 3), sizes(1, 3));
        for _ in 0..20 {
            all.next();
        }
        some.skip(20);
        for _ in 0..50 {
            assert_eq!(some.next(), all.next());
        }
    }
}
