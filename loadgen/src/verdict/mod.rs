//! May this run be believed? Doubts are data: a code, the numbers, and what to do about them.
//!
//! - [`evidence`]: everything that is judged;
//! - [`doubt`]: what can be wrong;
//! - [`limits`]: from where on it is;
//! - [`phrases`]: the same in a few words;
//! - [`drift`]: whether the run stayed the same from beginning to end.

pub mod doubt;
pub mod drift;
pub mod evidence;
pub mod limits;
pub mod phrases;

use std::time::Duration;

pub use self::doubt::{Doubt, Outcome, Weight};
pub use self::evidence::Evidence;
use crate::host::{Host, share};
use crate::measure::{Quantile, Quantiles};

/// What to think of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The worst that any of the doubts says.
    pub outcome: Outcome,
    /// In the order in which a reader should deal with them.
    pub doubts: Vec<Doubt>,
}

/// What to think of a run that is not over: that it is not.
#[must_use]
pub fn unfinished(known: Duration, planned: Duration) -> Verdict {
    Verdict {
        outcome: Outcome::Invalid,
        doubts: vec![Doubt::Unfinished { known, planned }],
    }
}

/// Judges the measured window of a run that has ended.
#[must_use]
pub fn judge(evidence: &Evidence) -> Verdict {
    let found = [
        load(evidence),
        answers(evidence),
        generator(evidence),
        host(evidence),
        method(evidence),
        numbers(evidence),
    ];
    let doubts = found.concat();
    let worst = doubts.iter().map(Doubt::outcome).max();
    Verdict {
        outcome: worst.unwrap_or(Outcome::Valid),
        doubts,
    }
}

/// Whether the load was the one asked for.
fn load(evidence: &Evidence) -> Vec<Doubt> {
    let counts = &evidence.counts;
    let (sent, scheduled) = (counts.sent, counts.scheduled);
    if scheduled == 0 {
        return vec![Doubt::NothingMeasured];
    }
    if sent >= doubt::fewest_to_send(scheduled) {
        return Vec::new();
    }
    let reasons = evidence.not_sent_by.iter();
    let most = reasons.max_by_key(|(_, probes)| **probes);
    vec![Doubt::RateMissed {
        sent,
        scheduled,
        reason: most.map_or_else(String::new, |(reason, _)| reason.clone()),
    }]
}

/// Whether enough came back.
fn answers(evidence: &Evidence) -> Vec<Doubt> {
    let counts = &evidence.counts;
    // Where nothing was sent, the doubt about the rate says it all.
    if counts.sent == 0 {
        return Vec::new();
    }
    if counts.received == 0 {
        return vec![Doubt::NoAnswers {
            sent: counts.sent,
            late: counts.late,
            corrupted: counts.corrupted,
            unreachable: evidence.unreachable,
        }];
    }
    let mut doubts = Vec::new();
    if evidence.own_drops > limits::OWN_DROPS {
        doubts.push(Doubt::OwnDrops {
            drops: evidence.own_drops,
            sent: counts.sent,
        });
    }
    let lost = QUANTILES[..=P99].iter();
    let mut lost = lost.filter(|column| (column.of)(&evidence.from_due) == Quantile::Lost);
    if let Some(first) = lost.next() {
        doubts.push(Doubt::QuantilesLost {
            first: first.name,
            unanswered: counts.lost + counts.late,
            mostly_late: counts.late > counts.lost,
            sent: counts.sent,
        });
    }
    doubts
}

/// Whether the generator itself made the times long.
fn generator(evidence: &Evidence) -> Vec<Doubt> {
    if evidence.lateness.count < limits::LATE_FEWEST {
        return Vec::new();
    }
    let late_at = |column: &Column| {
        let times = (
            (column.of)(&evidence.lateness),
            (column.of)(&evidence.from_due),
        );
        let (Quantile::Value(lateness), Quantile::Value(round_trip)) = times else {
            return None;
        };
        Some((column.name, lateness, round_trip))
    };
    let over = |percent: u64| {
        move |(_, lateness, round_trip): &(&str, u64, u64)| {
            u128::from(*lateness) > limits::LATE_FLOOR.as_nanos()
                && u128::from(*lateness) * 100 > u128::from(*round_trip) * u128::from(percent)
        }
    };
    let habit = late_at(&QUANTILES[P90]).filter(over(limits::LATE_PERCENT_INVALID));
    let known = || QUANTILES[..=P99].iter().rev().find_map(late_at);
    let tail = || {
        let mut tail = QUANTILES[P99 + 1..].iter().filter_map(late_at);
        tail.find(over(limits::LATE_PERCENT_TAIL))
    };
    let (found, limit, outcome) = if let Some(found) = habit {
        (found, limits::LATE_PERCENT_INVALID, Outcome::Invalid)
    } else if let Some(found) = known().filter(over(limits::LATE_PERCENT)) {
        (found, limits::LATE_PERCENT, Outcome::Suspect)
    } else if let Some(found) = tail() {
        (found, limits::LATE_PERCENT_TAIL, Outcome::Suspect)
    } else {
        return Vec::new();
    };
    let (quantile, lateness, round_trip) = found;
    vec![Doubt::GeneratorLate {
        quantile,
        lateness,
        round_trip,
        limit,
        outcome,
    }]
}

/// What the host did, as far as a quantile that is shown can have felt it.
fn host(evidence: &Evidence) -> Vec<Doubt> {
    let host = &evidence.host;
    let mut doubts = Vec::new();
    let felt = |share: f64, percent: f64| {
        (100.0 * share > percent)
            .then(|| first_felt(share, &evidence.from_due))
            .flatten()
    };
    if let Some(share) = longest_wait(host) {
        let first = felt(share, limits::WAITED_PERCENT);
        doubts.extend(first.map(|first| Doubt::ClientCpuSaturated { share, first }));
    } else {
        // Without the wait itself, how often there was one has to do.
        let often = most_switches(host).filter(|times| *times > limits::SWITCHES_A_SECOND);
        doubts.extend(often.map(|a_second| Doubt::InvoluntarySwitches { a_second }));
    }
    let stolen = host.stolen_share().unwrap_or(0.0);
    let steps = host.stolen.clone().unwrap_or_default();
    if steps >= limits::STOLEN_FLOOR
        && let Some(first) = felt(stolen, limits::STOLEN_PERCENT)
    {
        doubts.push(Doubt::TimeStolen {
            share: stolen,
            first,
        });
    }
    let throttled = host.throttled.clone().unwrap_or_default();
    let throttled = share(throttled, host.span);
    if let Some(first) = felt(throttled, limits::THROTTLED_PERCENT) {
        doubts.push(Doubt::Throttled {
            share: throttled,
            first,
        });
    }
    if let Ok(times @ 1..) = host.hot {
        doubts.push(Doubt::TooHot { times });
    }
    if let Ok(step) = host.clock_step
        && Duration::from_nanos(step.unsigned_abs()) > limits::CLOCK_STEP
    {
        let stamps = evidence.timestamp_coverage.is_some();
        doubts.push(Doubt::ClockJump { step, stamps });
    }
    doubts
}

/// Whether the run was what its figures take it for.
fn method(evidence: &Evidence) -> Vec<Doubt> {
    let drift = drift::drift(&evidence.parts).map(Doubt::NotStationary);
    let arrivals = evidence
        .arrivals_distance
        .filter(|distance| *distance > limits::ARRIVALS_DISTANCE)
        .map(|distance| Doubt::ArrivalsDistorted { distance });
    let coverage = evidence
        .timestamp_coverage
        .filter(|coverage| 100.0 * coverage < limits::STAMPED_PERCENT)
        .map(|coverage| Doubt::TimestampsNotCovered { coverage });
    drift.into_iter().chain(arrivals).chain(coverage).collect()
}

/// Whether single figures say less than they seem to.
fn numbers(evidence: &Evidence) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if evidence.over_range > limits::OVER_RANGE {
        doubts.push(Doubt::ValuesOverRange {
            values: evidence.over_range,
        });
    }
    let population = evidence.counts.sent;
    let shown = QUANTILES
        .iter()
        .filter(|column| column.is_shown(&evidence.from_due));
    let thin = shown
        .map(|column| (column.name, column.samples(population)))
        .find(|(_, samples)| *samples < limits::TAIL_SAMPLES);
    if let Some((quantile, samples)) = thin {
        doubts.push(Doubt::FewTailSamples { quantile, samples });
    }
    doubts
}

/// The first quantile with a number above which there is no more than `share` of the probes.
fn first_felt(share: f64, shown: &Quantiles) -> Option<&'static str> {
    let felt = QUANTILES
        .iter()
        .find(|column| 1.0 / f64::from(column.one_in) <= share && column.is_shown(shown));
    felt.map(|column| column.name)
}

/// The part of the time that the thread waited for a processor which waited the longest, if that is
/// known of any.
fn longest_wait(host: &Host) -> Option<f64> {
    let known = host.threads.iter();
    let longest = known
        .filter_map(|one| one.run_queue_wait.clone().ok())
        .max();
    longest.map(|longest| share(longest, host.span))
}

/// Switches a second of the thread that had to make room the most often, if that is known of any.
#[expect(clippy::cast_precision_loss, reason = "a rate, far below 2^52")]
fn most_switches(host: &Host) -> Option<f64> {
    let known = host.threads.iter();
    let most = known
        .filter_map(|one| one.involuntary_switches.clone().ok())
        .max();
    let seconds = host.span.as_secs_f64();
    most.filter(|_| seconds > 0.0)
        .map(|most| most as f64 / seconds)
}

/// A quantile that a report shows.
struct Column {
    name: &'static str,
    of: fn(&Quantiles) -> Quantile,
    /// One in so many probes is slower.
    one_in: u32,
}

impl Column {
    fn is_shown(&self, quantiles: &Quantiles) -> bool {
        matches!((self.of)(quantiles), Quantile::Value(_))
    }

    /// Samples at or above it of a population: those above, and its own.
    fn samples(&self, population: u64) -> u64 {
        population / u64::from(self.one_in) + 1
    }
}

const QUANTILES: [Column; 5] = [
    Column {
        name: "p50",
        of: |quantiles| quantiles.p50,
        one_in: 2,
    },
    Column {
        name: "p90",
        of: |quantiles| quantiles.p90,
        one_in: 10,
    },
    Column {
        name: "p99",
        of: |quantiles| quantiles.p99,
        one_in: 100,
    },
    Column {
        name: "p99.9",
        of: |quantiles| quantiles.p99_9,
        one_in: 1_000,
    },
    Column {
        name: "p99.99",
        of: |quantiles| quantiles.p99_99,
        one_in: 10_000,
    },
];

/// Where in [`QUANTILES`] it stands.
const P90: usize = 1;
const P99: usize = 2;

#[cfg(test)]
mod tests;
