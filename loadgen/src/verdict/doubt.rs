//! What can be wrong with a run: each doubt knows its numbers, its limit and its advice.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::drift::Drift;
use super::limits;
use crate::figures::{count, percent, percentage, time};

/// How far a run may be believed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Nothing speaks against the numbers. A doubt that says no more is a note.
    Valid,
    /// The numbers hold, but do not mean what they seem to without a closer look.
    Suspect,
    /// The numbers say more about the generator or the set-up than about the server.
    Invalid,
}

/// One reason not to believe a run. Displays as a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum Doubt {
    /// The run is not over, or was broken off.
    #[error(
        "The run was broken off, or is not over yet: this is what was known {} into its window of \
         {}.",
        seconds(*known), seconds(*planned)
    )]
    Unfinished { known: Duration, planned: Duration },
    /// The measured window held no probe.
    #[error("No probe was due in the measured window: let the run last beyond its --warmup.")]
    NothingMeasured,
    /// The generator did not keep up with its schedule, mostly for `reason`: `behind`, or the name
    /// of an error.
    #[error(
        "Only {} of the scheduled probes were sent ({} of {}): {}.",
        percent(*sent, *scheduled), count(*sent), count(*scheduled), remedy(reason)
    )]
    RateMissed {
        sent: u64,
        scheduled: u64,
        reason: String,
    },
    /// Nothing came back that could be measured.
    #[error(
        "None of the {} probes sent was answered in time: {}.",
        count(*sent), no_answers_remedy(*late, *corrupted, *unreachable)
    )]
    NoAnswers {
        sent: u64,
        late: u64,
        corrupted: u64,
        unreachable: u64,
    },
    /// Our own sockets were full when answers came.
    #[error(
        "The client's own sockets dropped {} datagrams, so the loss is not all the server's: raise \
         --rcvbuf, --flows or --threads, or lower --rate.",
        count(*drops)
    )]
    OwnDrops { drops: u64, sent: u64 },
    /// So many probes had no answer in time that quantiles fall among them.
    #[error(
        "{first} and above fall among the {} of the probes that had no answer in time: {}.",
        percent(*unanswered, *sent),
        if *mostly_late {
            "most of the answers came late, so raise --timeout or lower --rate"
        } else {
            "see where they were lost, and lower --rate until the server keeps up"
        }
    )]
    QuantilesLost {
        first: &'static str,
        unanswered: u64,
        mostly_late: bool,
        sent: u64,
    },
    /// The generator's own lateness makes up much of the round trips.
    #[error(
        "The client was late: by {} at {quantile}, which is {} of the round trip there: lower \
         --rate, raise --threads if there are idle CPUs, or go by `from send`.",
        time(*lateness), percent(*lateness, *round_trip)
    )]
    GeneratorLate {
        quantile: &'static str,
        /// In nanoseconds.
        lateness: u64,
        /// In nanoseconds.
        round_trip: u64,
        /// In percent.
        limit: u64,
        outcome: Outcome,
    },
    /// A sending thread was ready and had no processor.
    #[error(
        "A sending thread of the client had to wait for a CPU {} of the time, which {first} and \
         above may show: stop what else runs here, lower --threads, or --pin it to a CPU of its \
         own.",
        percentage(*share)
    )]
    ClientCpuSaturated { share: f64, first: &'static str },
    /// A sending thread had to make room for others all the time.
    #[error(
        "A sending thread of the client had to make room for others {a_second:.0} times a second: \
         stop what else runs here, lower --threads, or --pin it to a CPU of its own."
    )]
    InvoluntarySwitches { a_second: f64 },
    /// A hypervisor let others run on our processors.
    #[error(
        "The hypervisor stole {} of the time, which {first} and above may show: go by the \
         quantiles below, or measure on a host that is not shared.",
        percentage(*share)
    )]
    TimeStolen { share: f64, first: &'static str },
    /// The control group had used up its share of processor time.
    #[error(
        "The control group of the client was throttled {} of the time, which {first} and above may \
         show: raise its CPU limit, or lower --threads.",
        percentage(*share)
    )]
    Throttled { share: f64, first: &'static str },
    /// Processors slowed themselves down.
    #[error(
        "CPUs were too hot and slowed down {times} times: cool them, or run at a lower frequency \
         that they can keep."
    )]
    TooHot { times: u64 },
    /// The wall clock was set.
    #[error(
        "The wall clock was set by {}{} during the run: {}.",
        if *step < 0 { "-" } else { "+" },
        time(step.unsigned_abs()),
        if *stamps {
            "kernel timestamps, which are of that clock, may be wrong; let it settle and run again"
        } else {
            "no figure of this run depends on it"
        }
    )]
    ClockJump {
        /// In nanoseconds.
        step: i64,
        stamps: bool,
    },
    /// Round trips changed in the course of the run.
    #[error(
        "Round trips drifted from {} to {} at p50 between the first and the last third of the run: \
         raise --warmup, or lower --rate if a queue is filling.",
        time(_0.from), time(_0.to)
    )]
    NotStationary(Drift),
    /// Probes left in another rhythm than was asked for.
    #[error(
        "The gaps between probes are not those that were asked for (distance {distance:.2}): lower \
         --rate, or use --wait spin."
    )]
    ArrivalsDistorted { distance: f64 },
    /// Kernel timestamps are missing, or cannot be true.
    #[error(
        "Only {} of the sampled answers have usable kernel timestamps: go by the times without \
         them, or lower --rate.",
        percentage(*coverage)
    )]
    TimestampsNotCovered { coverage: f64 },
    /// Some times were longer than a histogram holds.
    #[error(
        "{} values were over the two minutes that a histogram holds, so quantiles that fall \
         among them show the largest: lower --rate until the generator keeps up.",
        count(*values)
    )]
    ValuesOverRange { values: u64 },
    /// A quantile is known roughly.
    #[error(
        "Only {samples} samples are at {quantile} or above: raise --duration to know it better."
    )]
    FewTailSamples {
        quantile: &'static str,
        samples: u64,
    },
}

/// What was found against what would have been good enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weight {
    /// What was found.
    pub measured: f64,
    /// What would have been good enough: the most, or of probes sent, answers, samples and
    /// coverage the least.
    pub limit: f64,
    /// The unit of both.
    pub unit: &'static str,
}

impl Doubt {
    /// A name for programs, which never changes.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unfinished { .. } => "unfinished",
            Self::NothingMeasured => "nothing_measured",
            Self::RateMissed { .. } => "rate_missed",
            Self::NoAnswers { .. } => "no_answers",
            Self::OwnDrops { .. } => "own_drops",
            Self::QuantilesLost { .. } => "quantiles_lost",
            Self::GeneratorLate { .. } => "generator_late",
            Self::ClientCpuSaturated { .. } => "client_cpu_saturated",
            Self::InvoluntarySwitches { .. } => "involuntary_switches",
            Self::TimeStolen { .. } => "time_stolen",
            Self::Throttled { .. } => "throttled",
            Self::TooHot { .. } => "too_hot",
            Self::ClockJump { .. } => "clock_jump",
            Self::NotStationary(_) => "not_stationary",
            Self::ArrivalsDistorted { .. } => "arrivals_distorted",
            Self::TimestampsNotCovered { .. } => "timestamps_not_covered",
            Self::ValuesOverRange { .. } => "values_over_range",
            Self::FewTailSamples { .. } => "few_tail_samples",
        }
    }

    /// A sentence for people: what is wrong, and what to do about it.
    #[must_use]
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// How bad it is.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Unfinished { .. }
            | Self::NothingMeasured
            | Self::RateMissed { .. }
            | Self::NoAnswers { .. } => Outcome::Invalid,
            Self::OwnDrops { drops, sent } => {
                let invalid = *drops >= invalid_own_drops(*sent).max(1);
                if invalid {
                    Outcome::Invalid
                } else {
                    Outcome::Suspect
                }
            }
            Self::GeneratorLate { outcome, .. } => *outcome,
            Self::ClockJump { stamps: false, .. } | Self::FewTailSamples { .. } => Outcome::Valid,
            _ => Outcome::Suspect,
        }
    }

    /// What was found, and the limit that it went beyond.
    #[must_use]
    pub fn weight(&self) -> Weight {
        let weight = |measured: f64, limit: f64, unit| Weight {
            measured,
            limit,
            unit,
        };
        let of_time = |share: f64, limit| weight(100.0 * share, limit, "percent");
        match *self {
            Self::Unfinished { known, planned } => {
                weight(nanos(known), nanos(planned), "nanoseconds")
            }
            Self::NothingMeasured => weight(0.0, 1.0, "probes"),
            Self::RateMissed {
                sent, scheduled, ..
            } => weight(float(sent), float(fewest_to_send(scheduled)), "probes"),
            Self::NoAnswers { .. } => weight(0.0, 1.0, "answers"),
            Self::OwnDrops { drops, .. } => {
                weight(float(drops), float(limits::OWN_DROPS), "datagrams")
            }
            Self::QuantilesLost {
                unanswered, sent, ..
            } => of_time(float(unanswered) / float(sent), limits::UNANSWERED_PERCENT),
            Self::GeneratorLate {
                lateness,
                round_trip,
                limit,
                ..
            } => of_time(float(lateness) / float(round_trip.max(1)), float(limit)),
            Self::ClientCpuSaturated { share, .. } => of_time(share, limits::WAITED_PERCENT),
            Self::InvoluntarySwitches { a_second } => {
                weight(a_second, limits::SWITCHES_A_SECOND, "times a second")
            }
            Self::TimeStolen { share, .. } => of_time(share, limits::STOLEN_PERCENT),
            Self::Throttled { share, .. } => of_time(share, limits::THROTTLED_PERCENT),
            Self::TooHot { times } => weight(float(times), limits::TOO_HOT_TIMES, "times"),
            Self::ClockJump { step, .. } => weight(
                float(step.unsigned_abs()),
                nanos(limits::CLOCK_STEP),
                "nanoseconds",
            ),
            Self::NotStationary(drift) => weight(drift.percent(), limits::DRIFT_PERCENT, "percent"),
            Self::ArrivalsDistorted { distance } => {
                weight(distance, limits::ARRIVALS_DISTANCE, "distance")
            }
            Self::TimestampsNotCovered { coverage } => of_time(coverage, limits::STAMPED_PERCENT),
            Self::ValuesOverRange { values } => {
                weight(float(values), float(limits::OVER_RANGE), "values")
            }
            Self::FewTailSamples { samples, .. } => {
                weight(float(samples), float(limits::TAIL_SAMPLES), "samples")
            }
        }
    }
}

/// The probes that must have been sent of those scheduled, rounded up.
pub(super) fn fewest_to_send(scheduled: u64) -> u64 {
    let fewest = (u128::from(scheduled) * u128::from(limits::SENT_PERCENT)).div_ceil(100);
    u64::try_from(fewest).unwrap_or(scheduled)
}

/// From how many drops of our own a run is invalid that sent so many probes.
fn invalid_own_drops(sent: u64) -> u64 {
    let most = (u128::from(sent) * u128::from(limits::OWN_DROPS_PERCENT_INVALID)).div_ceil(100);
    u64::try_from(most).unwrap_or(sent)
}

/// What to look at where nothing came back as it should.
fn no_answers_remedy(late: u64, corrupted: u64, unreachable: u64) -> &'static str {
    if late > 0 {
        "answers came after the --timeout, so raise it"
    } else if corrupted > 0 {
        "what came back had been changed on the way, so look at the server and at what is between"
    } else if unreachable > 0 {
        "the target's host said that nobody listens there, or a router that there is no way, so \
         start the server, or check --target"
    } else {
        "check that a UDP echo server listens on the target, and that no firewall is between"
    }
}

/// What to do about probes that were not sent for `reason`.
fn remedy(reason: &str) -> &'static str {
    match reason {
        "EAGAIN" => {
            "the send buffer was full (EAGAIN), so lower --rate, or raise net.core.wmem_default"
        }
        "ENOBUFS" => {
            "the queue of the network device was full (ENOBUFS), so lower --rate, or raise its \
             txqueuelen"
        }
        "ECONNREFUSED" => {
            "the target's host said that nobody listens there (ECONNREFUSED), so start the server, \
             or check --target"
        }
        "EHOSTUNREACH" | "ENETUNREACH" | "ENETDOWN" => {
            "there is no way to the target, so check --target and the routes"
        }
        "EPERM" | "EACCES" => "a firewall of this host forbids it, so check its rules",
        "EMSGSIZE" => "the path is too narrow for them (EMSGSIZE), so lower --size",
        "behind" | "" => "lower --rate, or raise --threads if there are idle CPUs",
        _ => "see `not sent` for the errors, and lower --rate",
    }
}

/// A part of a run, as `12.5 s`.
fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn nanos(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

/// For figures that are shown, where a 53rd bit does not matter.
#[expect(clippy::cast_precision_loss, reason = "the last bits are not shown")]
fn float(number: u64) -> f64 {
    number as f64
}
