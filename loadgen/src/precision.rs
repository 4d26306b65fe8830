//! How well a quantile shall be known before a run may end: `p99+-2%`.
//!
//! A run that ends because its interval has become narrow stops at a lucky moment now and then, so
//! that such an interval holds the truth a little less often than one of a fixed length; the more
//! so the fewer probes it took.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use humantime::format_duration;
use thiserror::Error;

use crate::figures;
use crate::measure::quantile::FractionError;
use crate::measure::{Edge, Estimate, Fraction, Quantile};
use crate::share::{Share, ShareError};

/// A quantile of the round trips, by the clock that starts when a probe is due, and how far it
/// may be off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goal {
    fraction: Fraction,
    tolerance: Share,
}

impl Goal {
    /// The quantile that shall be known.
    #[must_use]
    pub fn fraction(self) -> Fraction {
        self.fraction
    }

    /// How far it may be off, as a share of itself: 0.1 % to 100 %.
    #[must_use]
    pub fn tolerance(self) -> Share {
        self.tolerance
    }

    /// Whether an estimate of the quantile is as good as it shall be: half the width of its 95 %
    /// interval is no more than the tolerated share of the estimate.
    #[must_use]
    pub fn is_reached(self, estimate: &Estimate) -> bool {
        precision(estimate).is_some_and(|precision| precision <= self.tolerance.billionths())
    }
}

/// Half the width of an estimate's 95 % interval in thousand-millionths of the estimate, rounded
/// up; `None` if there were too few probes, or if the interval has no end.
#[must_use]
pub fn precision(estimate: &Estimate) -> Option<u64> {
    let interval = estimate.interval?;
    let (Quantile::Value(value), Edge::Value(low), Edge::Value(high)) =
        (estimate.value, interval.low, interval.high)
    else {
        return None;
    };
    let width = u128::from(high.saturating_sub(low)) * u128::from(Share::WHOLE.billionths());
    // A time of nothing is known exactly, or not at all.
    let precision = width.div_ceil(2 * u128::from(value.max(1)));
    Some(u64::try_from(precision).unwrap_or(u64::MAX))
}

/// How a run with a goal ended. Displays as a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// What was to be known.
    pub goal: Goal,
    /// What is known.
    pub estimate: Estimate,
    /// How long was measured.
    pub window: Duration,
    /// How long could have been measured.
    pub most: Duration,
}

impl Ending {
    /// Whether the goal was reached.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.goal.is_reached(&self.estimate)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Goal {
            fraction,
            tolerance,
        } = self.goal;
        write!(formatter, "{fraction} +-{}: ", figures::share(tolerance))?;
        let window = figures::time(u64::try_from(self.window.as_nanos()).unwrap_or(u64::MAX));
        if self.is_reached() {
            write!(formatter, "reached after {window} ")?;
        } else if self.window >= self.most {
            let most = format_duration(self.most);
            write!(formatter, "not reached within --max-duration {most} ")?;
        } else {
            write!(formatter, "not reached in the {window} measured ")?;
        }
        match (self.estimate.value, precision(&self.estimate)) {
            (Quantile::Value(nanos), Some(precision)) => {
                let value = figures::time(nanos);
                let precision =
                    Share::from_billionths(precision).map_or(">100 %".to_owned(), figures::share);
                write!(formatter, "({fraction} {value} +-{precision})")
            }
            (Quantile::TooFew, _) => {
                let needed = figures::count(fraction.smallest_population());
                write!(formatter, "({fraction} needs {needed} answers)")
            }
            _ => write!(formatter, "(too many probes are lost to know {fraction})"),
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}+-{}", self.fraction, self.tolerance)
    }
}

impl FromStr for Goal {
    type Err = GoalError;

    /// Reads a percentile and a percentage with `+-` or a plus-minus sign between them.
    fn from_str(typed: &str) -> Result<Self, GoalError> {
        let parts = typed
            .split_once("+-")
            .or_else(|| typed.split_once('\u{b1}'));
        let (fraction, tolerance) = parts.ok_or_else(|| GoalError::NoTolerance {
            typed: typed.to_owned(),
        })?;
        let goal = Self {
            fraction: fraction.trim().parse()?,
            tolerance: tolerance.trim().parse()?,
        };
        if goal.tolerance.billionths() < FINEST {
            let tolerance = goal.tolerance;
            return Err(GoalError::TooFine { tolerance });
        }
        Ok(goal)
    }
}

/// Why a goal could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum GoalError {
    /// Nothing to measure the precision by.
    #[error("'{typed}' has no tolerance: write a percentile and a percentage, as in p99+-2%")]
    NoTolerance { typed: String },
    /// A percentile that does not exist.
    #[error(transparent)]
    Fraction(#[from] FractionError),
    /// A percentage that is none.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// No number of probes would be enough.
    #[error("'{tolerance}' is finer than 0.1%, to which round trips are recorded")]
    TooFine { tolerance: Share },
}

/// To a thousandth values are kept apart, so that no interval gets much narrower.
const FINEST: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::measure::{Distribution, Interval};

    fn goal(typed: &str) -> Goal {
        typed.parse().unwrap()
    }

    fn estimate(value: u64, low: u64, high: Edge) -> Estimate {
        let low = Edge::Value(low);
        Estimate {
            value: Quantile::Value(value),
            interval: Some(Interval { low, high }),
        }
    }

    #[test]
    fn a_goal_is_reached_at_half_the_width_of_the_interval() {
        let two_percent = goal("p99+-2%");
        assert!(two_percent.is_reached(&estimate(1_000, 990, Edge::Value(1_030))));
        assert!(!two_percent.is_reached(&estimate(1_000, 990, Edge::Value(1_031))));
        assert_eq!(
            precision(&estimate(1_000, 990, Edge::Value(1_031))),
            Some(20_500_000)
        );
    }

    #[test]
    fn an_interval_without_an_end_reaches_nothing() {
        let anything = goal("p50+-100%");
        assert!(!anything.is_reached(&estimate(1_000, 1_000, Edge::Lost)));
        assert!(!anything.is_reached(&Distribution::new().estimate(Fraction::P50, 0)));
    }

    #[test]
    fn equal_times_are_known_as_soon_as_there_are_enough() {
        let mut values = Distribution::new();
        (0..298).for_each(|_| values.record(70_000));
        let exact = goal("p99+-0.1%");
        assert!(!exact.is_reached(&values.estimate(exact.fraction(), 0)));
        values.record(70_000);
        assert!(exact.is_reached(&values.estimate(exact.fraction(), 0)));
    }

    #[test]
    fn an_ending_says_what_was_reached_and_when() {
        let ending = |high, seconds| Ending {
            goal: goal("p99+-2%"),
            estimate: estimate(57_100, 56_900, high),
            window: Duration::from_secs(seconds),
            most: Duration::from_secs(600),
        };
        let far = Edge::Value(60_000);
        assert_eq!(
            ending(Edge::Value(57_400), 14).to_string(),
            "p99 +-2 %: reached after 14.0 s (p99 57.1 us +-0.438 %)"
        );
        assert_eq!(
            ending(far, 600).to_string(),
            "p99 +-2 %: not reached within --max-duration 10m (p99 57.1 us +-2.71 %)"
        );
        assert_eq!(
            ending(far, 14).to_string(),
            "p99 +-2 %: not reached in the 14.0 s measured (p99 57.1 us +-2.71 %)"
        );
        assert!(
            ending(Edge::Lost, 14)
                .to_string()
                .ends_with("(too many probes are lost to know p99)")
        );
        let nothing = Ending {
            estimate: Distribution::new().estimate(Fraction::P99, 0),
            ..ending(far, 600)
        };
        assert!(nothing.to_string().ends_with("(p99 needs 299 answers)"));
    }

    #[test]
    fn a_wrong_goal_names_the_wrong_part() {
        for (typed, part) in [
            ("", "'' has no tolerance"),
            ("p99", "'p99' has no tolerance"),
            ("p99+2%", "'p99+2%' has no tolerance"),
            ("max+-2%", "'max' is not a percentile"),
            ("p100+-2%", "'p100' is out of range"),
            ("p99+-2", "'2' is not a percentage"),
            ("p99+-2us", "'2us' is not a percentage"),
            ("p99+-101%", "'101%' is more than 100%"),
            ("p99+-0.05%", "'0.05%' is finer than 0.1%"),
            ("p99+-0%", "'0%' is finer than 0.1%"),
        ] {
            let complaint = typed.parse::<Goal>().unwrap_err().to_string();
            assert!(complaint.starts_with(part), "{typed}: {complaint}");
        }
    }

    #[test]
    fn both_signs_mean_the_same() {
        assert_eq!(goal("p99.9\u{b1}2%"), goal("p99.9+-2%"));
        assert_eq!(goal(" p99.9 +- 2 % "), goal("p99.9+-2%"));
    }

    proptest! {
        #[test]
        fn a_goal_is_read_as_it_is_written(
            fraction in 1..1_000_000_000_u64, tolerance in FINEST..=1_000_000_000,
        ) {
            let written = Goal {
                fraction: Fraction::from_billionths(fraction).unwrap(),
                tolerance: Share::from_billionths(tolerance).unwrap(),
            };
            prop_assert_eq!(written.to_string().parse(), Ok(written));
        }

        #[test]
        fn nothing_typed_makes_it_panic(
            typed in prop_oneof!["\\PC{0,40}", "(p|[0-9]|\\+|-|\u{b1}|%|\\.| ){0,12}"],
        ) {
            let _goal: Result<Goal, GoalError> = typed.parse();
        }

        #[test]
        fn a_precision_is_never_better_than_the_interval(
            value: u64, low: u64, high: u64, tolerance in FINEST..=1_000_000_000,
        ) {
            let (low, high) = (low.min(high), low.max(high));
            let goal = Goal {
                fraction: Fraction::P50,
                tolerance: Share::from_billionths(tolerance).unwrap(),
            };
            let within = u128::from(high - low) * 1_000_000_000
                <= 2 * u128::from(value.max(1)) * u128::from(tolerance);
            let reached = goal.is_reached(&estimate(value, low, Edge::Value(high)));
            prop_assert_eq!(reached, within);
        }
    }
}
