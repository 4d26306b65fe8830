//! Whether a run met its objectives, and what speaks for that.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::objective::{Comparison, Objective, Requirement, Slo};
use crate::figures;
use crate::measure::{Counts, Distribution, Edge, Estimate, Proportion, Quantile};
use crate::share::Share;

/// Whether an objective is met.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "SloOutcome")]
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

#[cfg(test)]
mod tests {
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
}
