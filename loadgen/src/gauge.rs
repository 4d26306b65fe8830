//! Watches how well a quantile is known while a run lasts, and ends the run when that is enough.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::figures;
use crate::measure::glimpse::{Glimpse, Seen};
use crate::plan::{Plan, Until};
use crate::precision;
use crate::share::Share;
use crate::time::Offset;

/// The precision that a run has reached, looked at about once a second.
pub struct Gauge {
    until: Until,
    threads: Vec<Arc<Glimpse>>,
    /// Before this the run goes on however much is known.
    not_before: Offset,
    /// When the threads were asked the last time.
    asked: Option<Instant>,
    awaited: bool,
    /// In thousand-millionths of the quantile.
    reached: Option<u64>,
}

impl Gauge {
    /// A gauge for a run of so many threads; `None` if the plan has no goal.
    #[must_use]
    pub fn new(plan: &Plan, threads: Vec<Arc<Glimpse>>) -> Option<Self> {
        Some(Self {
            until: plan.until()?,
            threads,
            not_before: plan.measured_from() + plan.duration(),
            asked: None,
            awaited: false,
            reached: None,
        })
    }

    /// Asks the threads for what they measured, or looks at what they say; ends the run if the
    /// goal is reached. To be called several times a second; never waits.
    pub fn look(&mut self) {
        if self.awaited {
            if self.threads.iter().all(|thread| thread.is_answered()) {
                self.awaited = false;
                self.weigh();
            }
        } else if self.asked.is_none_or(|asked| asked.elapsed() >= EVERY) {
            self.threads.iter().for_each(|thread| thread.ask());
            self.asked = Some(Instant::now());
            self.awaited = true;
        }
    }

    fn weigh(&mut self) {
        let mut seen = Seen::new();
        for thread in &self.threads {
            thread.add_to(&mut seen);
        }
        let goal = self.until.goal;
        let estimate = seen.from_due.estimate(goal.fraction(), seen.unanswered);
        self.reached = precision::precision(&estimate);
        if goal.is_reached(&estimate) && seen.at >= self.not_before {
            self.threads.iter().for_each(|thread| thread.end());
        }
    }

    /// For people: `p99 +-3.1 % of +-2 %`.
    #[must_use]
    pub fn describe(&self) -> String {
        let goal = self.until.goal;
        let reached = self.reached.map_or("-".to_owned(), |reached| {
            let share = Share::from_billionths(reached);
            share.map_or(">100 %".to_owned(), figures::share)
        });
        let wanted = figures::share(goal.tolerance());
        format!("{} +-{reached} of +-{wanted}", goal.fraction())
    }
}

const EVERY: Duration = Duration::from_secs(1);
