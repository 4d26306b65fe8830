//! How much worse a side may be: `p99>+5%`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use humantime::{format_duration, parse_duration};
use thiserror::Error;

use super::subject::Subject;
use super::words;
use crate::decimal::{self, DecimalError};
use crate::results::{self, Answer, BoundOutcome, Change, Quantity};
use crate::share::{Share, ShareError};

/// A difference that must not be. Written as in `p99>+5%`, `p50>+20us`, `loss>+0.1%` or
/// `p50<-10%`.
///
/// It is broken if there is evidence of a difference in that direction (corrected p of 0.05 or
/// less) and the difference that was measured goes beyond the bound. So a noisy machine seldom breaks
/// one by chance: of comparisons of two servers that are alike, 5 % at most break any bound at all,
/// however tight it is. That the whole interval lies beyond is not asked for: it would let pass
/// twice what was to be prevented wherever runs are few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// What is held to it.
    pub subject: Subject,
    /// Which way is beyond.
    pub direction: Direction,
    /// How far the second side may lie from the first.
    pub distance: Distance,
}

/// Which way is beyond a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `>`: the second side must not be much larger.
    Above,
    /// `<`: the second side must not be much smaller.
    Below,
}

/// How far one side may lie from the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// A part of the first side's median, in thousand-millionths.
    Relative(u64),
    /// A time.
    Time(Duration),
    /// A share of the probes more, or less: percentage points.
    Points(Share),
}

impl Bound {
    /// Whether a comparison keeps to it.
    #[must_use]
    pub fn judge(&self, quantities: &[Quantity]) -> results::Bound {
        let name = self.subject.to_string();
        let quantity = quantities.iter().find(|quantity| quantity.name == name);
        let (outcome, found) = quantity.map_or_else(
            || (BoundOutcome::Unknown, "it was not compared".to_owned()),
            |quantity| self.outcome(quantity),
        );
        let word = match outcome {
            BoundOutcome::Kept => "kept",
            BoundOutcome::Broken => "BROKEN",
            BoundOutcome::Unknown => "unknown",
        };
        results::Bound {
            bound: self.to_string(),
            outcome,
            message: format!("{self}: {word}, {found}"),
        }
    }

    fn outcome(&self, quantity: &Quantity) -> (BoundOutcome, String) {
        let Some(shift) = &quantity.difference else {
            let reason = quantity.reason.clone().unwrap_or_default();
            return (BoundOutcome::Unknown, reason);
        };
        let found = words::shift(shift, quantity.unit);
        let evident = match self.direction {
            Direction::Above => matches!(quantity.answer, Answer::Slower | Answer::LosesMore),
            Direction::Below => matches!(quantity.answer, Answer::Faster | Answer::LosesLess),
        };
        if !evident {
            return (
                BoundOutcome::Kept,
                format!("{found}, no evidence of such a difference"),
            );
        }
        match self.is_beyond(shift.by, shift.part()) {
            Some(true) => (BoundOutcome::Broken, found),
            Some(false) => (BoundOutcome::Kept, found),
            None => (
                BoundOutcome::Unknown,
                format!("{found}, and nothing is a percentage of what A has"),
            ),
        }
    }

    /// Whether a difference goes beyond; `None` if that cannot be told in percent.
    fn is_beyond(&self, by: Change, relative: Option<f64>) -> Option<bool> {
        let by = match by {
            Change::By(by) => by,
            Change::ToLost => return Some(self.direction == Direction::Above),
            Change::FromLost => return Some(self.direction == Direction::Below),
        };
        let sign = match self.direction {
            Direction::Above => 1,
            Direction::Below => -1,
        };
        let beyond =
            |limit: u128| i128::from(by) * sign > i128::try_from(limit).unwrap_or(i128::MAX);
        match self.distance {
            Distance::Time(limit) => Some(beyond(limit.as_nanos())),
            Distance::Points(limit) => Some(beyond(limit.billionths().into())),
            Distance::Relative(limit) => {
                let directed = if sign > 0 { relative? } else { -relative? };
                #[expect(clippy::cast_precision_loss, reason = "16 digits of a percentage")]
                Some(directed > limit as f64 / WHOLE)
            }
        }
    }
}

/// Everything, in thousand-millionths.
const WHOLE: f64 = 1e9;

impl fmt::Display for Bound {
    /// As it can be parsed again.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.direction {
            Direction::Above => ">+",
            Direction::Below => "<-",
        };
        write!(formatter, "{}{sign}", self.subject)?;
        match self.distance {
            Distance::Relative(billionths) => {
                write!(formatter, "{}%", decimal::written(billionths, PLACES))
            }
            Distance::Time(limit) => {
                let limit = format_duration(limit).to_string();
                formatter.write_str(&limit.replace(' ', ""))
            }
            Distance::Points(share) => write!(formatter, "{share}"),
        }
    }
}

impl FromStr for Bound {
    type Err = BoundError;

    /// Reads `p99>+5%`, `p50>+20us` or `loss>+0.1%`.
    fn from_str(typed: &str) -> Result<Self, BoundError> {
        let place = typed.find(['<', '>']);
        let (subject, rest) = typed.split_at(place.ok_or_else(|| BoundError::NoBound {
            typed: typed.to_owned(),
        })?);
        let subject = subject.trim();
        let subject = Subject::named(subject).ok_or_else(|| BoundError::Subject {
            subject: subject.to_owned(),
        })?;
        let (direction, sign) = match &rest[..1] {
            ">" => (Direction::Above, '+'),
            _ => (Direction::Below, '-'),
        };
        let rest = rest[1..].trim();
        let distance = rest.strip_prefix(sign).ok_or_else(|| BoundError::Sign {
            typed: rest.to_owned(),
            sign,
        })?;
        let distance = match subject {
            Subject::Loss => Distance::Points(distance.trim().parse()?),
            _ => distance_of_times(distance.trim())?,
        };
        Ok(Self {
            subject,
            direction,
            distance,
        })
    }
}

/// A percentage or a time.
fn distance_of_times(typed: &str) -> Result<Distance, BoundError> {
    let own = || typed.to_owned();
    if let Some(percent) = typed.strip_suffix('%') {
        let billionths = decimal::scaled(percent.trim_end(), 10_u64.pow(PLACES));
        return billionths
            .map(Distance::Relative)
            .map_err(|error| match error {
                DecimalError::NotANumber => BoundError::Distance { typed: own() },
                DecimalError::TooFine => BoundError::TooFine { typed: own() },
                DecimalError::TooLarge => BoundError::TooLarge { typed: own() },
            });
    }
    let bare = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    if typed.bytes().all(bare) {
        return Err(BoundError::Distance { typed: own() });
    }
    let time = parse_duration(typed).map_err(|cause| BoundError::Time {
        typed: own(),
        cause,
    })?;
    match u64::try_from(time.as_nanos()) {
        Ok(_fits) => Ok(Distance::Time(time)),
        Err(_) => Err(BoundError::TooLarge { typed: own() }),
    }
}

/// Digits behind the point of a percentage.
const PLACES: u32 = 7;

/// Why a bound could not be understood.
#[derive(Clone, Debug, PartialEq, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum BoundError {
    /// No sign of a bound.
    #[error("'{typed}' has no bound: write as in p99>+5%, p50>+20us or loss>+0.1%")]
    NoBound { typed: String },
    /// Something that is not compared.
    #[error("'{subject}' is not compared: there are p50, p90, p99, p99.9 and loss")]
    Subject { subject: String },
    /// A rise without a plus, or a fall without a minus.
    #[error(
        "'{typed}' does not begin with {sign}: a rise is written as in >+5%, a fall as in <-5%"
    )]
    Sign { typed: String, sign: char },
    /// A number that could be anything.
    #[error("'{typed}' is neither a percentage nor a time: write as in 5% or 20us")]
    Distance { typed: String },
    /// Rounding would mean something else.
    #[error("'{typed}' is finer than 0.0000001%, which is the finest possible")]
    TooFine { typed: String },
    /// More than can be counted.
    #[error("'{typed}' is too large")]
    TooLarge { typed: String },
    /// Not a time at all.
    #[error("'{typed}' is neither a percentage nor a time: {cause}")]
    Time {
        typed: String,
        cause: humantime::DurationError,
    },
    /// A share of the probes that is none.
    #[error(transparent)]
    Share(#[from] ShareError),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::measure::Quantile;
    use crate::results::{Shift, Unit, Values};

    fn bound(typed: &str) -> Bound {
        typed.parse().unwrap()
    }

    /// A quantity that went up by so many nanoseconds of 100 us.
    fn quantity(name: &str, by: i64, answer: Answer) -> Quantity {
        let values = Values {
            median: Quantile::Value(100_000),
            lowest: Quantile::Value(90_000),
            highest: Quantile::Value(110_000),
            each: vec![Quantile::Value(100_000)],
        };
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let relative = |by: i64| by as f64 / 100_000.0;
        Quantity {
            name: name.to_owned(),
            unit: if name == "loss" {
                Unit::Billionths
            } else {
                Unit::Nanoseconds
            },
            a: values.clone(),
            b: values,
            difference: Some(Shift {
                by: Change::By(by),
                low: Change::By(by - 1_000),
                high: Change::By(by + 1_000),
                relative: (name != "loss")
                    .then(|| [by, by - 1_000, by + 1_000].map(|by| Some(relative(by)))),
                p: 0.001,
                p_corrected: 0.002,
            }),
            answer,
            reason: None,
        }
    }

    #[track_caller]
    fn assert_outcome(typed: &str, quantity: Quantity, outcome: BoundOutcome) {
        let judged = bound(typed).judge(&[quantity]);
        assert_eq!(judged.outcome, outcome, "{}", judged.message);
    }

    #[test]
    fn a_bound_is_broken_by_evidence_of_more_than_it_allows() {
        let slower = || quantity("p99", 8_000, Answer::Slower);
        assert_outcome("p99>+5%", slower(), BoundOutcome::Broken);
        assert_outcome("p99>+8%", slower(), BoundOutcome::Kept);
        assert_outcome("p99>+7.9us", slower(), BoundOutcome::Broken);
        assert_outcome("p99>+8us", slower(), BoundOutcome::Kept);
        assert_outcome("p99>+0%", slower(), BoundOutcome::Broken);
        assert_outcome("p99<-0%", slower(), BoundOutcome::Kept);
        let judged = bound("p99>+5%").judge(&[slower()]);
        let found = "+8.00 us, +8.00 % (95 % within +7.00 to +9.00 us)";
        assert_eq!(judged.message, format!("p99>+5%: BROKEN, {found}"));
    }

    #[test]
    fn without_evidence_no_bound_is_broken() {
        let unclear = quantity("p99", 80_000, Answer::NoEvidence);
        assert_outcome("p99>+5%", unclear, BoundOutcome::Kept);
    }

    #[test]
    fn a_fall_breaks_a_bound_on_falls() {
        let faster = || quantity("p50", -8_000, Answer::Faster);
        assert_outcome("p50<-5%", faster(), BoundOutcome::Broken);
        assert_outcome("p50<-8us", faster(), BoundOutcome::Kept);
        assert_outcome("p50>+5%", faster(), BoundOutcome::Kept);
    }

    #[test]
    fn what_is_lost_is_beyond_every_bound_and_what_is_unknown_is_told() {
        let mut lost = quantity("p99", 0, Answer::Slower);
        lost.difference.as_mut().unwrap().by = Change::ToLost;
        lost.difference.as_mut().unwrap().relative = None;
        assert_outcome("p99>+500%", lost, BoundOutcome::Broken);
        let mut nothing = quantity("p99", 8_000, Answer::Slower);
        nothing.difference.as_mut().unwrap().relative = None;
        assert_outcome("p99>+5%", nothing.clone(), BoundOutcome::Unknown);
        assert_outcome("p99>+5us", nothing.clone(), BoundOutcome::Broken);
        nothing.difference = None;
        nothing.reason = Some("a reason".to_owned());
        let judged = bound("p99>+5us").judge(&[nothing]);
        assert_eq!(judged.outcome, BoundOutcome::Unknown);
        assert!(judged.message.ends_with("a reason"));
        assert_eq!(bound("p50>+5us").judge(&[]).outcome, BoundOutcome::Unknown);
    }

    #[test]
    fn percentages_of_loss_are_points() {
        // 0.8 % of all probes more.
        let more = || quantity("loss", 8_000_000, Answer::LosesMore);
        assert_outcome("loss>+0.5%", more(), BoundOutcome::Broken);
        assert_outcome("loss>+0.8%", more(), BoundOutcome::Kept);
    }

    #[test]
    fn a_wrong_bound_names_the_wrong_part() {
        for (typed, part) in [
            ("", "'' has no bound"),
            ("p99", "'p99' has no bound"),
            ("p99=5%", "'p99=5%' has no bound"),
            ("p95>+5%", "'p95' is not compared"),
            ("max>+5%", "'max' is not compared"),
            (">+5%", "'' is not compared"),
            ("p99>5%", "'5%' does not begin with +"),
            ("p99>-5%", "'-5%' does not begin with +"),
            ("p99<+5%", "'+5%' does not begin with -"),
            ("p99>+", "'' is neither a percentage nor a time"),
            ("p99>+5", "'5' is neither a percentage nor a time"),
            ("p99>+x%", "'x%' is neither a percentage nor a time"),
            ("p99>+fast", "'fast' is neither a percentage nor a time"),
            ("p99>+0.00000001%", "'0.00000001%' is finer"),
            ("p99>+99999999999999%", "'99999999999999%' is too large"),
            ("p99>+900y", "'900y' is too large"),
            ("loss>+20us", "'20us' is not a percentage"),
            ("loss>+101%", "'101%' is more than 100%"),
        ] {
            let complaint = typed.parse::<Bound>().unwrap_err().to_string();
            assert!(complaint.starts_with(part), "{typed}: {complaint}");
        }
    }

    #[test]
    fn blanks_change_nothing() {
        assert_eq!(bound(" p99 > + 5 % "), bound("p99>+5%"));
        assert_eq!(bound("p50>+1500us").to_string(), "p50>+1ms500us");
    }

    fn bounds() -> impl Strategy<Value = Bound> {
        let subject = prop::sample::select(Subject::ALL.to_vec());
        let direction = prop_oneof![Just(Direction::Above), Just(Direction::Below)];
        (subject, direction, any::<u64>(), any::<bool>()).prop_map(
            |(subject, direction, amount, relative)| Bound {
                subject,
                direction,
                distance: match (subject, relative) {
                    (Subject::Loss, _) => {
                        Distance::Points(Share::from_billionths(amount % 1_000_000_001).unwrap())
                    }
                    (_, true) => Distance::Relative(amount),
                    (_, false) => Distance::Time(Duration::from_nanos(amount)),
                },
            },
        )
    }

    proptest! {
        #[test]
        fn a_bound_is_read_as_it_is_written(bound in bounds()) {
            prop_assert_eq!(bound.to_string().parse(), Ok(bound));
        }

        #[test]
        fn nothing_typed_makes_it_panic(
            typed in prop_oneof!["\\PC{0,40}", "(p50|p99|loss|>|<|[0-9]|\\+|-|%|us|\\.| ){0,12}"],
        ) {
            if let Ok(bound) = typed.parse::<Bound>() {
                prop_assert_eq!(bound.to_string().parse(), Ok(bound));
            }
        }
    }
}
