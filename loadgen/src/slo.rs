//! What a service shall do, and whether it does: `p99<200us,loss<0.01%`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use humantime::{format_duration, parse_duration};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::figures;
use crate::measure::quantile::FractionError;
use crate::measure::{Counts, Distribution, Edge, Estimate, Fraction, Proportion, Quantile};
use crate::share::{Share, ShareError};

/// Objectives that a service shall meet, all of them; there is one at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slo {
    objectives: Vec<Objective>,
}

/// One thing that shall stay under a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objective {
    /// What shall stay under which limit.
    pub requirement: Requirement,
    /// Whether it may be as large as the limit.
    pub comparison: Comparison,
}

/// What shall stay under which limit. Times count from when a probe was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are what their names say")]
pub enum Requirement {
    /// A quantile of the round trips.
    Quantile { fraction: Fraction, limit: Duration },
    /// The longest round trip of the run, of this one alone.
    Max { limit: Duration },
    /// The share of the probes sent that had no answer in time: those lost and those late. A limit
    /// of zero is one for this run alone: however few are lost, more could always have been.
    Loss { limit: Share },
}

/// How something compares with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
}

/// Whether an objective is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is, as far as one can be sure with 95 % confidence.
    Met,
    /// Too little was measured to tell.
    Undecided,
    /// It is not, just as surely.
    Missed,
}

/// Whether objectives are met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// Missed if any is missed, else undecided if any is undecided, else met.
    pub outcome: Outcome,
    /// One for each objective, in their order.
    pub judgements: Vec<Judgement>,
}

/// Whether one objective is met, and what speaks for that. Displays as a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What was to be met.
    pub objective: Objective,
    /// Whether it was.
    pub outcome: Outcome,
    /// What was measured.
    pub evidence: Evidence,
}

/// What was measured of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the field is what its name says")]
pub enum Evidence {
    /// A quantile, of so many probes.
    Quantile { estimate: Estimate, population: u64 },
    /// The longest round trip.
    Max(Quantile),
    /// The share of lost and late probes; `None` if none was sent.
    Loss(Option<Proportion>),
}

impl Slo {
    /// The objectives, in the order in which they were written.
    #[must_use]
    pub fn objectives(&self) -> &[Objective] {
        &self.objectives
    }

    /// The fewest probes by which every objective can be met without a doubt; at least 1.
    #[must_use]
    pub fn smallest_population(&self) -> u64 {
        let needed = self
            .objectives
            .iter()
            .map(|objective| match objective.requirement {
                Requirement::Quantile { fraction, .. } => fraction.smallest_population(),
                Requirement::Loss { limit } => Proportion::fewest_below(limit),
                Requirement::Max { .. } => 1,
            });
        needed.max().unwrap_or(1)
    }

    /// Judges a run that has ended, by the round trips from when probes were due.
    #[must_use]
    pub fn assess(&self, from_due: &Distribution, counts: &Counts) -> Assessment {
        let judgements = self.objectives.iter();
        let judgements: Vec<Judgement> = judgements
            .map(|objective| objective.judge(from_due, counts))
            .collect();
        let worst = judgements.iter().map(|judgement| judgement.outcome).max();
        Assessment {
            outcome: worst.unwrap_or(Outcome::Met),
            judgements,
        }
    }
}

impl Objective {
    fn judge(self, from_due: &Distribution, counts: &Counts) -> Judgement {
        let unanswered = counts.lost + counts.late;
        let (outcome, evidence) = match self.requirement {
            Requirement::Quantile { fraction, limit } => {
                let estimate = from_due.estimate(fraction, unanswered);
                let outcome = estimate.interval.map_or(Outcome::Undecided, |interval| {
                    self.compare(&interval.low, &interval.high, &edge(limit))
                });
                let population = from_due.count() + unanswered;
                let evidence = Evidence::Quantile {
                    estimate,
                    population,
                };
                (outcome, evidence)
            }
            Requirement::Max { limit } => {
                let max = from_due.largest(unanswered);
                let outcome = match max {
                    Quantile::TooFew => Outcome::Undecided,
                    Quantile::Lost => Outcome::Missed,
                    Quantile::Value(max) => {
                        self.compare(&Edge::Value(max), &Edge::Value(max), &edge(limit))
                    }
                };
                (outcome, Evidence::Max(max))
            }
            Requirement::Loss { limit } => {
                let loss = Proportion::of(unanswered, counts.sent);
                let outcome = loss.map_or(Outcome::Undecided, |loss| {
                    if limit == Share::NOTHING {
                        self.compare(&unanswered, &unanswered, &0)
                    } else {
                        self.compare(&loss.low, &loss.high, &limit)
                    }
                });
                (outcome, Evidence::Loss(loss))
            }
        };
        Judgement {
            objective: self,
            outcome,
            evidence,
        }
    }

    /// Met if the whole of an interval keeps to the limit, missed if nothing of it does.
    fn compare<T: Ord>(self, low: &T, high: &T, limit: &T) -> Outcome {
        let keeps = |end: &T| match self.comparison {
            Comparison::Below => end < limit,
            Comparison::AtMost => end <= limit,
        };
        match (keeps(low), keeps(high)) {
            (_, true) => Outcome::Met,
            (true, false) => Outcome::Undecided,
            (false, false) => Outcome::Missed,
        }
    }

    fn subject(self) -> String {
        match self.requirement {
            Requirement::Quantile { fraction, .. } => fraction.to_string(),
            Requirement::Max { .. } => "max".to_owned(),
            Requirement::Loss { .. } => "loss".to_owned(),
        }
    }

    fn limit(self) -> String {
        match self.requirement {
            Requirement::Quantile { limit, .. } | Requirement::Max { limit } => {
                format_duration(limit).to_string().replace(' ', "")
            }
            Requirement::Loss { limit } => limit.to_string(),
        }
    }
}

fn edge(limit: Duration) -> Edge {
    Edge::Value(u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX))
}

impl fmt::Display for Judgement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let objective = self.objective;
        let limit = spaced(&objective.limit());
        let (subject, comparison) = (objective.subject(), objective.comparison);
        write!(formatter, "{subject} {comparison} {limit}: ")?;
        write!(formatter, "{}, {}", self.outcome, self.reason())
    }
}

impl Judgement {
    fn reason(&self) -> String {
        let written = |quantile| match quantile {
            Quantile::Value(nanos) => figures::time(nanos),
            Quantile::Lost => "lost".to_owned(),
            Quantile::TooFew => "no probe was sent".to_owned(),
        };
        let sure = |measured: &str, low: &str, high: &str| {
            format!("{measured} (95 % within {})", figures::range(low, high))
        };
        match self.evidence {
            Evidence::Quantile {
                estimate,
                population,
            } => match estimate.interval {
                Some(interval) => {
                    let (low, high) = (interval.low.into(), interval.high.into());
                    sure(&written(estimate.value), &written(low), &written(high))
                }
                None => self.too_few(population),
            },
            Evidence::Max(max) => written(max),
            Evidence::Loss(None) => written(Quantile::TooFew),
            Evidence::Loss(Some(loss)) => {
                let [measured, low, high] =
                    [loss.measured, loss.low, loss.high].map(figures::share);
                match self.objective.requirement {
                    // Of this run alone, so that no interval speaks for or against it.
                    Requirement::Loss { limit } if limit == Share::NOTHING => measured,
                    _ => sure(&measured, &low, &high),
                }
            }
        }
    }

    fn too_few(&self, population: u64) -> String {
        let Requirement::Quantile { fraction, .. } = self.objective.requirement else {
            return String::new();
        };
        format!(
            "it needs {} answers and there are {}",
            figures::count(fraction.smallest_population()),
            figures::count(population)
        )
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Met => "met",
            Self::Undecided => "undecided",
            Self::Missed => "missed",
        })
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Below => "<",
            Self::AtMost => "<=",
        })
    }
}

impl fmt::Display for Slo {
    /// As it can be parsed again.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, objective) in self.objectives.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(formatter, "{comma}{objective}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (subject, limit) = (self.subject(), self.limit());
        write!(formatter, "{subject}{}{limit}", self.comparison)
    }
}

impl FromStr for Slo {
    type Err = SloError;

    /// Reads objectives with commas between them.
    fn from_str(typed: &str) -> Result<Self, SloError> {
        let mut objectives: Vec<Objective> = Vec::new();
        for part in typed.split(',') {
            let objective: Objective = part.trim().parse()?;
            let subject = objective.subject();
            if objectives.iter().any(|other| other.subject() == subject) {
                return Err(SloError::Twice { subject });
            }
            objectives.push(objective);
        }
        Ok(Self { objectives })
    }
}

impl FromStr for Objective {
    type Err = SloError;

    /// Reads `p99<200us`, `max<=1ms` or `loss<0.01%`.
    fn from_str(typed: &str) -> Result<Self, SloError> {
        let (subject, limit) = typed.split_once('<').ok_or_else(|| SloError::NoLimit {
            typed: typed.to_owned(),
        })?;
        let (comparison, limit) = match limit.strip_prefix('=') {
            Some(limit) => (Comparison::AtMost, limit.trim()),
            None => (Comparison::Below, limit.trim()),
        };
        let requirement = match subject.trim() {
            "loss" => Requirement::Loss {
                limit: limit.parse()?,
            },
            "max" => Requirement::Max {
                limit: time(limit)?,
            },
            subject if subject.starts_with('p') => Requirement::Quantile {
                fraction: subject.parse()?,
                limit: time(limit)?,
            },
            subject => {
                let subject = subject.to_owned();
                return Err(SloError::Subject { subject });
            }
        };
        let nothing = match requirement {
            Requirement::Loss { limit } => limit == Share::NOTHING,
            Requirement::Quantile { limit, .. } | Requirement::Max { limit } => limit.is_zero(),
        };
        if nothing && comparison == Comparison::Below {
            let typed = typed.to_owned();
            return Err(SloError::Impossible { typed });
        }
        Ok(Self {
            requirement,
            comparison,
        })
    }
}

/// A time with its unit, of up to 584 years.
fn time(typed: &str) -> Result<Duration, SloError> {
    let own = || typed.to_owned();
    let bare = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    if typed.bytes().all(bare) {
        return Err(SloError::BareTime { typed: own() });
    }
    let time = parse_duration(typed).map_err(|cause| SloError::Time {
        typed: own(),
        cause,
    })?;
    match u64::try_from(time.as_nanos()) {
        Ok(_fits) => Ok(time),
        Err(_) => Err(SloError::TimeTooLong { typed: own() }),
    }
}

/// `200us` as `200 us`, `1ms500us` as `1 ms 500 us`.
fn spaced(limit: &str) -> String {
    let mut text = String::new();
    let mut before = None;
    for letter in limit.chars() {
        let digit = |letter: char| letter.is_ascii_digit() || letter == '.';
        if before.is_some_and(|before| digit(before) != digit(letter)) {
            text.push(' ');
        }
        text.push(letter);
        before = Some(letter);
    }
    text
}

/// Why objectives could not be understood.
#[derive(Clone, Debug, PartialEq, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum SloError {
    /// No sign of a limit.
    #[error("'{typed}' has no limit: write objectives as in p99<200us,loss<0.01%")]
    NoLimit { typed: String },
    /// Something that is not measured.
    #[error("'{subject}' cannot be limited: there are percentiles (p50, p99.9), max and loss")]
    Subject { subject: String },
    /// A percentile that does not exist.
    #[error(transparent)]
    Fraction(#[from] FractionError),
    /// A limit of the loss that is none.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// A number that could be anything.
    #[error("'{typed}' is not a time: write a number and its unit, as in 200us or 1.5ms")]
    BareTime { typed: String },
    /// Not a time at all.
    #[error("'{typed}' is not a time: {cause}")]
    Time {
        typed: String,
        cause: humantime::DurationError,
    },
    /// Longer than anything that is measured.
    #[error("'{typed}' is too long: no round trip is measured for 584 years")]
    TimeTooLong { typed: String },
    /// Nothing is less than nothing.
    #[error("'{typed}' can never be met: write <= for a limit of zero")]
    Impossible { typed: String },
    /// Of two limits for one thing, one says nothing.
    #[error("'{subject}' has two limits: keep the one that counts")]
    Twice { subject: String },
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn slo(typed: &str) -> Slo {
        typed.parse().unwrap()
    }

    /// A thousand round trips from 1 us to 1 ms, and some probes without an answer in time.
    fn assess(typed: &str, lost: u64, late: u64) -> Assessment {
        let mut from_due = Distribution::new();
        (1..=1_000).for_each(|micros| from_due.record(micros * 1_000));
        let counts = Counts {
            scheduled: 2_000,
            sent: 1_000 + lost + late,
            received: 1_000,
            lost,
            late,
            ..Counts::default()
        };
        slo(typed).assess(&from_due, &counts)
    }

    #[track_caller]
    fn assert_sentence(typed: &str, lost: u64, late: u64, sentence: &str) {
        let assessment = assess(typed, lost, late);
        assert_eq!(assessment.judgements[0].to_string(), sentence);
        assert_eq!(assessment.outcome, assessment.judgements[0].outcome);
    }

    #[test]
    fn an_objective_is_met_when_the_whole_interval_is_under_the_limit() {
        let within = "500 us (95 % within 469 to 532 us)";
        assert_sentence("p50<600us", 0, 0, &format!("p50 < 600 us: met, {within}"));
        assert_sentence(
            "p50<520us",
            0,
            0,
            &format!("p50 < 520 us: undecided, {within}"),
        );
        assert_sentence(
            "p50<=480us",
            0,
            0,
            &format!("p50 <= 480 us: undecided, {within}"),
        );
        assert_sentence(
            "p50<400us",
            0,
            0,
            &format!("p50 < 400 us: missed, {within}"),
        );
    }

    #[test]
    fn the_lost_and_the_late_are_over_every_limit() {
        let sentence = "p99 < 1 m: missed, lost (95 % within lost to lost)";
        assert_sentence("p99<1m", 30, 20, sentence);
        assert_sentence("max<1m", 0, 1, "max < 1 m: missed, lost");
        assert_sentence("max<=1ms", 0, 0, "max <= 1 ms: met, 1.00 ms");
        assert_sentence("max<1ms", 0, 0, "max < 1 ms: missed, 1.00 ms");
    }

    #[test]
    fn loss_is_that_of_the_probes_sent() {
        let within = "9.09 % (95 % within 7.46 to 10.9 %)";
        assert_sentence("loss<20%", 60, 40, &format!("loss < 20 %: met, {within}"));
        assert_sentence(
            "loss<10%",
            60,
            40,
            &format!("loss < 10 %: undecided, {within}"),
        );
        assert_sentence("loss<1%", 60, 40, &format!("loss < 1 %: missed, {within}"));
        let none = "loss < 0.01 %: undecided, 0 % (95 % within 0 to 0.368 %)";
        assert_sentence("loss<0.01%", 0, 0, none);
    }

    #[test]
    fn a_limit_of_no_loss_at_all_is_for_this_run_alone() {
        assert_sentence("loss<=0%", 0, 0, "loss <= 0 %: met, 0 %");
        assert_sentence("loss<=0%", 1, 0, "loss <= 0 %: missed, 0.0999 %");
        assert_sentence("loss<=0%", 0, 1, "loss <= 0 %: missed, 0.0999 %");
        let nothing = slo("loss<=0%").assess(&Distribution::new(), &Counts::default());
        assert_eq!(nothing.outcome, Outcome::Undecided);
    }

    #[test]
    fn too_few_answers_decide_nothing() {
        let sentence = "p99.9 < 1 s: undecided, it needs 2,995 answers and there are 1,000";
        assert_sentence("p99.9<1s", 0, 0, sentence);
        let nothing = slo("p50<1s,max<1s,loss<1%");
        let assessment = nothing.assess(&Distribution::new(), &Counts::default());
        assert_eq!(assessment.outcome, Outcome::Undecided);
        assert!(
            assessment.judgements[2]
                .to_string()
                .ends_with("no probe was sent")
        );
    }

    #[test]
    fn one_that_is_missed_outweighs_all_others() {
        assert_eq!(assess("p50<1s", 0, 0).outcome, Outcome::Met);
        assert_eq!(assess("p50<1s,p99.9<1s", 0, 0).outcome, Outcome::Undecided);
        assert_eq!(
            assess("p50<1s,p99.9<1s,max<1us", 0, 0).outcome,
            Outcome::Missed
        );
    }

    #[test]
    fn a_wrong_objective_names_the_wrong_part() {
        for (typed, part) in [
            ("", "'' has no limit"),
            ("p99", "'p99' has no limit"),
            ("p99<1ms,", "'' has no limit"),
            ("p99<1ms,p50>1ms", "'p50>1ms' has no limit"),
            ("mean<1ms", "'mean' cannot be limited"),
            ("p100<1ms", "'p100' is out of range"),
            ("pp<1ms", "'pp' is not a percentile"),
            ("p99<200", "'200' is not a time"),
            ("p99<", "'' is not a time"),
            ("p99<fast", "'fast' is not a time"),
            ("p99<900y", "'900y' is too long"),
            ("loss<1ms", "'1ms' is not a percentage"),
            ("loss<101%", "'101%' is more than 100%"),
            ("loss<0%", "'loss<0%' can never be met"),
            ("max<0s", "'max<0s' can never be met"),
            ("p99<1ms,p99<1ms", "'p99' has two limits"),
            ("p99<1ms,loss<1%,p99.0<=2ms", "'p99' has two limits"),
            ("max<1ms,max<2ms", "'max' has two limits"),
            ("loss<1%,loss<2%", "'loss' has two limits"),
        ] {
            let complaint = typed.parse::<Slo>().unwrap_err().to_string();
            assert!(complaint.starts_with(part), "{typed}: {complaint}");
        }
    }

    #[test]
    fn blanks_change_nothing() {
        let plain = slo("p99<200us,loss<=0.01%,max<1.5ms");
        assert_eq!(slo(" p99 < 200 us , loss <= 0.01 % , max < 1500us "), plain);
        assert_eq!(plain.to_string(), "p99<200us,loss<=0.01%,max<1ms500us");
    }

    fn objective() -> impl Strategy<Value = Objective> {
        let limit = (1..u64::MAX).prop_map(Duration::from_nanos);
        let fraction =
            (1..1_000_000_000_u64).prop_map(|parts| Fraction::from_billionths(parts).unwrap());
        let requirement = prop_oneof![
            (fraction, limit.clone())
                .prop_map(|(fraction, limit)| Requirement::Quantile { fraction, limit }),
            limit.prop_map(|limit| Requirement::Max { limit }),
            (1..=1_000_000_000_u64).prop_map(|parts| Requirement::Loss {
                limit: Share::from_billionths(parts).unwrap()
            }),
        ];
        let comparison = prop_oneof![Just(Comparison::Below), Just(Comparison::AtMost)];
        (requirement, comparison).prop_map(|(requirement, comparison)| Objective {
            requirement,
            comparison,
        })
    }

    proptest! {
        #[test]
        fn objectives_are_read_as_they_are_written(
            objectives in prop::collection::vec(objective(), 1..4),
        ) {
            let subject = |objective: &Objective| objective.subject();
            let subjects: BTreeSet<String> = objectives.iter().map(subject).collect();
            prop_assume!(subjects.len() == objectives.len());
            let written = Slo { objectives };
            prop_assert_eq!(written.to_string().parse(), Ok(written));
        }

        #[test]
        fn nothing_typed_makes_it_panic(
            typed in prop_oneof!["\\PC{0,40}", "(p|max|loss|[0-9]|<|=|,|%|us|\\.| ){0,12}"],
        ) {
            if let Ok(slo) = typed.parse::<Slo>() {
                prop_assert_eq!(slo.to_string().parse(), Ok(slo));
            }
        }
    }
}
