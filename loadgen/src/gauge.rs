//! Watches how well a quantile is known while a run lasts, and says when that is enough.

use crate::figures;
use crate::measure::Series;
use crate::plan::{Plan, Until};
use crate::precision;
use crate::share::Share;
use crate::time::Offset;

/// The precision that a run has reached, looked at once an interval.
pub struct Gauge {
    until: Until,
    /// Before this the run goes on however much is known.
    not_before: Offset,
    /// In thousand-millionths of the quantile.
    reached: Option<u64>,
}

impl Gauge {
    /// A gauge for a run; `None` if the plan has no goal.
    #[must_use]
    pub fn new(plan: &Plan) -> Option<Self> {
        Some(Self {
            until: plan.until()?,
            not_before: plan.measured_from() + plan.duration(),
            reached: None,
        })
    }

    /// Looks at what was measured up to the last row; true if the run may end.
    pub fn weigh(&mut self, series: &Series) -> bool {
        let goal = self.until.goal;
        let unanswered = series.tally().given_up;
        let estimate = series
            .total()
            .from_due
            .estimate(goal.fraction(), unanswered);
        self.reached = precision::precision(&estimate);
        goal.is_reached(&estimate) && series.reached() >= self.not_before
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::measure::{Edges, Latency, Tally, Turnover};
    use crate::plan::{Choices, Load, Waiting};
    use crate::rate::Rate;
    use crate::time::Offset;

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
            interval: Duration::from_secs(1),
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

    /// A thread that hands over what it measured by a second of the run, and its gauge.
    struct Rig {
        turnover: Turnover,
        series: Series,
        gauge: Gauge,
    }

    impl Rig {
        fn new() -> Self {
            let begins = plan().measured_from();
            let (turnover, intake) = Turnover::new(Edges {
                first: begins,
                every: Duration::from_secs(1),
                end: begins + plan().longest(),
            });
            Self {
                turnover,
                series: Series::new(begins, vec![intake]),
                gauge: Gauge::new(&plan()).unwrap(),
            }
        }

        /// Whether the run may end when so many `values` have been measured by `second`.
        fn may_end(&mut self, second: u64, values: &[u64]) -> bool {
            let mut book = Box::<Latency>::default();
            for nanos in values {
                book.from_due.record(*nanos);
            }
            let now = Offset::START + Duration::from_secs(second);
            self.turnover.turn(now, Tally::default(), &mut book);
            assert!(self.series.collect());
            self.gauge.weigh(&self.series)
        }
    }

    #[test]
    fn a_run_ends_when_enough_is_known_and_enough_has_passed() {
        let mut rig = Rig::new();
        assert!(!rig.may_end(5, &[1_000; 6]), "four seconds of five");
        assert!(rig.may_end(6, &[]));
        assert_eq!(rig.gauge.describe(), "p50 +-0 % of +-10 %");
    }

    #[test]
    fn a_run_goes_on_as_long_as_too_little_is_known() {
        let mut rig = Rig::new();
        assert!(!rig.may_end(7, &[1_000; 4]));
        assert_eq!(rig.gauge.describe(), "p50 +-- of +-10 %");
        let spread = [[1_000; 46], [2_000; 46]].concat();
        assert!(!rig.may_end(8, &spread));
        assert_eq!(rig.gauge.describe(), "p50 +-50 % of +-10 %");
    }
}
