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
    pub fn look(&mut self, now: Instant) {
        if self.awaited {
            if self.threads.iter().all(|thread| thread.is_answered()) {
                self.awaited = false;
                self.weigh();
            }
        } else if self
            .asked
            .is_none_or(|asked| now.saturating_duration_since(asked) >= EVERY)
        {
            self.threads.iter().for_each(|thread| thread.ask());
            self.asked = Some(now);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Distribution;
    use crate::plan::{Choices, Load, Waiting};
    use crate::rate::Rate;

    /// Five seconds at least and ten at most, after one of warm-up.
    fn plan() -> Plan {
        let target = ([127, 0, 0, 1], 50_007).into();
        let choices = Choices {
            target,
            target_name: target.to_string(),
            embedded: false,
            load: Load::Open(Rate::per_second(1_000).unwrap()),
            trains: true,
            waiting: Waiting::Adaptive,
            pin: Vec::new(),
            receive_buffer: 1 << 20,
            timestamps: crate::plan::Timestamps::Off,
            duration: Duration::from_secs(5),
            until: Some(Until {
                goal: "p50+-10%".parse().unwrap(),
                most: Duration::from_secs(10),
            }),
            slo: None,
            warmup: Duration::from_secs(1),
            arrivals: crate::schedule::Arrivals::Constant,
            sizes: crate::sizes::Sizes::one(64).unwrap(),
            flows: 2,
            threads: 2,
            timeout: Duration::from_secs(1),
            run: 1,
            seed: 1,
        };
        Plan::new(choices).unwrap()
    }

    /// Two threads, of which each has measured `times` by a second of the run.
    struct Rig {
        threads: [Arc<Glimpse>; 2],
        gauge: Gauge,
        begun: Instant,
    }

    impl Rig {
        fn new() -> Self {
            let threads = [Arc::default(), Arc::default()];
            Self {
                gauge: Gauge::new(&plan(), threads.to_vec()).unwrap(),
                threads,
                begun: Instant::now(),
            }
        }

        fn look(&mut self, second: u64) {
            self.gauge.look(self.begun + Duration::from_secs(second));
        }

        fn answer(&self, thread: usize, second: u64, times: &Distribution) {
            let at = Offset::START + Duration::from_secs(second);
            self.threads[thread].answer(at, times, || 0);
        }

        fn is_ended(&self) -> bool {
            self.threads.iter().all(|thread| thread.is_ended())
        }
    }

    fn equal(count: u64) -> Distribution {
        let mut times = Distribution::new();
        (0..count).for_each(|_| times.record(1_000));
        times
    }

    #[test]
    fn a_run_ends_when_enough_is_known_of_all_threads_and_enough_has_passed() {
        let mut rig = Rig::new();
        for second in [5, 6] {
            assert!(!rig.is_ended());
            rig.look(second);
            rig.answer(0, second, &equal(3));
            rig.look(second);
            assert!(!rig.is_ended(), "half of the threads have answered");
            rig.answer(1, second, &equal(3));
            rig.look(second);
        }
        assert!(rig.is_ended());
        assert_eq!(rig.gauge.describe(), "p50 +-0 % of +-10 %");
    }

    #[test]
    fn a_run_goes_on_as_long_as_too_little_is_known() {
        let mut rig = Rig::new();
        let mut spread = equal(50);
        (0..50).for_each(|_| spread.record(2_000));
        for (times, reached) in [(equal(2), "-"), (spread, "50 %")] {
            let second = if reached == "-" { 7 } else { 8 };
            rig.look(second);
            (0..2).for_each(|thread| rig.answer(thread, second, &times));
            rig.look(second);
            assert!(!rig.is_ended());
            assert_eq!(rig.gauge.describe(), format!("p50 +-{reached} of +-10 %"));
        }
    }

    #[test]
    fn threads_are_asked_once_a_second() {
        let mut rig = Rig::new();
        rig.look(3);
        (0..2).for_each(|thread| rig.answer(thread, 3, &equal(1)));
        rig.look(3);
        rig.look(3);
        assert!(rig.threads[0].is_answered());
        rig.look(4);
        assert!(!rig.threads[0].is_answered());
    }
}
