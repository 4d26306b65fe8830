//! The file a run leaves behind. Field names carry the units; [`Schema`] carries the version.

mod comparison;
mod distribution;
mod environment;
mod gaps;
mod histograms;
mod host;
mod losses;
mod origin;
mod part;
mod period;
mod plan;
pub mod read;
mod search;
mod selftest;
mod slo;
mod sockets;
mod sweep;
mod time_split;
mod until;
mod verdict;

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::comparison::{
    Answer, Bound, BoundOutcome, Change, CompareSchema, Comparison, Difference, LeftOut, Quantity,
    Shift, Side, SideRun, Values,
};
pub use self::distribution::{Distribution, Intervals, RoundTrips};
pub use self::environment::{DifferenceFile, DifferenceSchema, EnvironmentFile, EnvironmentSchema};
pub use self::gaps::Gaps;
pub use self::histograms::{Encoded, Histogram, Histograms};
pub use self::host::Host;
pub use self::losses::{Known, LostBy, RawDrops};
pub use self::origin::Origin;
pub use self::part::Part;
pub use self::period::{Period, PeriodRoundTrips, Spread};
pub use self::plan::{Load, Plan};
pub use self::search::{Search, SearchOutcome, SearchSchema, SearchTrial};
pub use self::selftest::{Check, Floor, Pauses, Selftest, SelftestSchema};
pub use self::slo::{Objective, Slo, Unit};
pub use self::sockets::{Setting, SocketOption, Sockets};
pub use self::sweep::{Sweep, SweepSchema, SweepTrial};
pub use self::time_split::{At, Clock, Row, TimeSplit};
pub use self::until::Until;
pub use self::verdict::{Doubt, Verdict};
use crate::environment::Environment;
use crate::environment::build::Builds;
use crate::measure::{Counts, Latency, Measured};
use crate::precision::Ending;

/// Everything about one run. All counts and times are those of the measured window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// What kind of file this is.
    pub schema: Schema,
    /// When the measured window began, in nanoseconds since 1970 by the wall clock.
    #[serde(default)]
    pub began_unix_ns: Option<u64>,
    /// How it came to an end.
    #[serde(default)]
    pub ended: Option<Ended>,
    /// What was asked for.
    pub plan: Plan,
    /// How long the measured window was: as planned, or less if the run was stopped early.
    pub window_ns: u64,
    /// What became of all probes and datagrams.
    pub counts: Counts,
    /// Why probes were not sent, by name (`behind`, `EAGAIN`); the counts add up to `not_sent`.
    pub not_sent_by: BTreeMap<String, u64>,
    /// Messages of more than one probe, sent as one because they were due together; warm-up
    /// included. There were none before this was told.
    #[serde(default)]
    pub trains: u64,
    /// Probes in the longest of them.
    #[serde(default)]
    pub longest_train: u64,
    /// Datagrams that the kernel dropped because a flow's own receive buffer was full, warm-up
    /// included: these are not the server's doing. Null if nobody counted.
    pub own_drops: Option<u64>,
    /// The smallest receive buffer of the flows, in bytes as the kernel counts them.
    pub receive_buffer_bytes: Option<usize>,
    /// Times that the target's host said that nobody listens there, warm-up included.
    pub unreachable: u64,
    /// Receive calls that failed for another reason, warm-up included.
    pub receive_errors: u64,
    /// Counts as rates over the measured window.
    pub rate_pps: Rates,
    /// How long answers took.
    pub rtt_ns: RoundTrips,
    /// How long after being due probes were sent.
    pub lateness_ns: Distribution,
    /// How far apart probes left; null in a closed loop.
    pub gaps_ns: Option<Gaps>,
    /// Where the time of round trips went; null if nobody asked.
    pub time_split: Option<TimeSplit>,
    /// The counts of each flow.
    pub flows: Vec<Flow>,
    /// Whether a quantile was known as well as it should be; null if none was to be.
    pub until: Option<Until>,
    /// Whether the server does what it shall; null if nothing was asked of it.
    pub slo: Option<Slo>,
    /// The window in equal parts, in order.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// Where the lost probes died; null if nobody looked.
    pub lost_by: Option<LostBy>,
    /// What the host did meanwhile.
    #[serde(default)]
    pub host: Host,
    /// Whether to believe any of it.
    pub verdict: Verdict,
    /// The machine that it was made on.
    #[serde(default)]
    pub environment: Option<Environment>,
    /// The programs that it was made with.
    #[serde(default)]
    pub builds: Option<Builds>,
    /// What its sockets are like.
    #[serde(default)]
    pub sockets: Option<Sockets>,
    /// The window, one row an interval, in order.
    #[serde(default)]
    pub intervals: Vec<Period>,
    /// All that was measured, for other tools and for putting runs together.
    #[serde(default)]
    pub histograms: Option<Histograms>,
    /// The runs that were put together, in the order in which they began; empty if it is one run.
    #[serde(default)]
    pub merged_from: Vec<Origin>,
}

/// How a run came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// Its schedule was done, or enough was known.
    AsPlanned,
    /// Somebody stopped it.
    Stopped,
    /// It did not, as far as the file tells: it is under way, or was broken off.
    Unfinished,
}

/// When, where and with what a run was made, as far as that is known.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// When the measured window began, in nanoseconds since 1970 by the wall clock.
    pub began_unix_ns: Option<u64>,
    /// The machine.
    pub environment: Option<Environment>,
    /// The programs.
    pub builds: Option<Builds>,
    /// What the sockets are like.
    pub sockets: Option<Sockets>,
}

/// What was found out about a run besides its books.
#[derive(Clone, Debug)]
pub struct Findings {
    /// When, where and with what it was made.
    pub about: About,
    /// How the run came to an end.
    pub ended: Ended,
    /// What the host did meanwhile.
    pub host: crate::host::Host,
    /// Where the lost probes died.
    pub losses: crate::losses::Losses,
    /// Whether to believe it.
    pub verdict: crate::verdict::Verdict,
}

/// The version of the format; a file of another version is refused by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Schema {
    /// One run, first version.
    #[serde(rename = "loadgen/run/1")]
    Run1,
}

/// Probes a second over the measured window, rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rates {
    /// Asked for by the schedule.
    pub scheduled: u64,
    /// Taken by the kernel.
    pub sent: u64,
    /// Answered in time.
    pub received: u64,
}

/// The counts of one flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Flow {
    /// The number of the flow, which its datagrams carry too.
    pub flow: u16,
    /// Its probes and datagrams.
    #[serde(flatten)]
    pub counts: Counts,
}

impl Run {
    /// Puts together what is known after a run whose measured window lasted for `window`, with
    /// the flows in the order of their numbers.
    #[must_use]
    pub fn new(
        plan: &crate::plan::Plan,
        window: Duration,
        measured: &Measured,
        findings: &Findings,
    ) -> Self {
        let counts = measured.counts();
        let latency = &measured.latency;
        let unanswered = counts.lost + counts.late;
        let flows = (0..).zip(&measured.flows).map(|(flow, result)| Flow {
            flow,
            counts: result.counts,
        });
        Self {
            schema: Schema::Run1,
            began_unix_ns: findings.about.began_unix_ns,
            ended: Some(findings.ended),
            plan: Plan::from(plan),
            window_ns: nanos(window),
            counts,
            not_sent_by: measured.not_sent().by_name(),
            trains: measured.trains,
            longest_train: measured.longest_train,
            own_drops: Some(measured.own_drops),
            receive_buffer_bytes: measured.receive_buffer,
            unreachable: measured.unreachable,
            receive_errors: measured.receive_errors,
            rate_pps: Rates::new(&counts, window),
            rtt_ns: RoundTrips {
                from_due: Distribution::new(&latency.from_due, unanswered),
                from_send: Distribution::new(&latency.from_send, unanswered),
            },
            lateness_ns: Distribution::new(&latency.lateness, 0),
            gaps_ns: match plan.load() {
                crate::plan::Load::Open(_) => Some(Gaps::from(&measured.gaps)),
                crate::plan::Load::Closed(_) => None,
            },
            time_split: measured.time_split.as_ref().map(TimeSplit::from),
            flows: flows.collect(),
            until: reached(plan, window, latency, unanswered),
            slo: plan.slo().map(|slo| {
                let assess = |clock| slo.assess(clock, &counts);
                Slo::new(&assess(&latency.from_due), &assess(&latency.from_send))
            }),
            parts: measured
                .parts
                .within(window)
                .iter()
                .map(Part::from)
                .collect(),
            lost_by: Some(LostBy::from(&findings.losses)),
            host: Host::from(&findings.host),
            verdict: Verdict::from(&findings.verdict),
            intervals: measured.rows.iter().map(Period::from).collect(),
            histograms: Some(Histograms::of(latency)),
            merged_from: Vec::new(),
            environment: findings.about.environment.clone(),
            builds: findings.about.builds.clone(),
            sockets: findings.about.sockets.clone(),
        }
    }
}

/// How well the quantile of the goal is known, if there is one.
fn reached(
    plan: &crate::plan::Plan,
    window: Duration,
    latency: &Latency,
    unanswered: u64,
) -> Option<Until> {
    let until = plan.until()?;
    let goal = until.goal;
    Some(Until::from(&Ending {
        goal,
        estimate: latency.from_due.estimate(goal.fraction(), unanswered),
        window,
        most: until.most,
    }))
}

impl Rates {
    fn new(counts: &Counts, window: Duration) -> Self {
        let window = window.as_nanos().max(1);
        let rate = |count: u64| {
            let rounded = (u128::from(count) * 1_000_000_000 + window / 2) / window;
            u64::try_from(rounded).unwrap_or(u64::MAX)
        };
        Self {
            scheduled: rate(counts.scheduled),
            sent: rate(counts.sent),
            received: rate(counts.received),
        }
    }
}

/// A plan's times are below 2^64 ns: a year at most.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::losses::{Losses, Server};
    use crate::measure::{self, Edge, Quantile, Reason, Recorder, Terms};
    use crate::plan::{self, Choices, Plan as ResolvedPlan};
    use crate::rate::Rate;
    use crate::schedule::Arrivals;
    use crate::sizes::Sizes;
    use crate::time::Offset;
    use crate::verdict::{Evidence, Outcome, judge};

    /// A tenth of a second at 10,000/s over two flows. Every probe is sent 1 us late and takes
    /// 20 us; two are lost, two late, seven not sent, and one answer comes twice.
    pub(crate) fn run() -> Run {
        run_asked(None, None)
    }

    /// The same, with an objective or a goal.
    fn run_asked(slo: Option<&str>, until: Option<plan::Until>) -> Run {
        let plan = ResolvedPlan::new(Choices {
            target: SocketAddr::from(([127, 0, 0, 1], 50_007)),
            target_name: "localhost:50007".to_owned(),
            embedded: true,
            load: plan::Load::Open(Rate::per_second(10_000).unwrap()),
            arrivals: Arrivals::Constant,
            trains: true,
            waiting: plan::Waiting::Adaptive,
            pin: Vec::new(),
            receive_buffer: 4 << 20,
            timestamps: plan::Timestamps::Off,
            duration: Duration::from_millis(100),
            interval: Duration::from_millis(50),
            until,
            slo: slo.map(|slo| slo.parse().unwrap()),
            warmup: Duration::ZERO,
            sizes: Sizes::one(64).unwrap(),
            flows: 2,
            threads: 1,
            timeout: Duration::from_secs(1),
            run: 7,
            seed: 1,
        });
        let plan = plan.unwrap();
        let measured = measured(&plan);
        let lost = measured.counts().lost;
        let findings = Findings {
            about: About {
                began_unix_ns: Some(1_700_000_000_000_000_000),
                ..About::default()
            },
            ended: Ended::AsPlanned,
            host: crate::host::Host::unknown("nobody looked"),
            losses: Losses::attribute(lost, 0, Server::SameHost { socket: 1 }),
            verdict: judge(&Evidence::of(&measured)),
        };
        Run::new(&plan, plan.duration(), &measured, &findings)
    }

    fn measured(plan: &ResolvedPlan) -> Measured {
        let terms = Terms {
            timeout: plan.timeout(),
            measured_from: plan.measured_from(),
        };
        let mut recorder = Recorder::new(terms, 2, 16, Arc::default()).in_parts(plan.duration());
        for probe in 0..1_000 {
            let (flow, due) = (
                usize::from(probe % 2 == 1),
                Rate::per_second(10_000).unwrap().due(probe),
            );
            let sequence = recorder.next_sequence(flow);
            recorder.due(due);
            recorder.scheduled(flow, due);
            if probe >= 993 {
                recorder.not_sent(flow, due, Reason::Behind);
                continue;
            }
            let sent = due + Duration::from_micros(1);
            recorder.sent(flow, due, sent);
            let copies = [1, 0, 0, 0, 0, 2].get(usize::try_from(probe).unwrap());
            for _ in 0..*copies.unwrap_or(&1) {
                recorder.answered(flow, sequence, sent + Duration::from_micros(20));
            }
        }
        let end = Offset::from_nanos(2_000_000_000);
        recorder.answered(0, crate::probe::Sequence(1), end);
        recorder.answered(0, crate::probe::Sequence(2), end);
        recorder.finish()
    }

    /// Two intervals of answers that took up to 2 ms, evenly; two probes of the first are lost.
    pub(crate) fn in_intervals() -> Run {
        let row = |from, to, received: u64, lost| {
            let mut times = measure::Distribution::new();
            (0..received).for_each(|probe| times.record(2_000_000 * (probe + 1) / received));
            let quantiles = times.quantiles(lost);
            measure::Row {
                from: Duration::from_millis(from),
                to: Duration::from_millis(to),
                tally: measure::Tally {
                    sent: received + lost,
                    received,
                    given_up: lost,
                    ..measure::Tally::default()
                },
                from_due: quantiles,
                from_send: quantiles,
                lateness: quantiles,
                histogram: measure::Compressed::of(times.histogram()),
            }
        };
        let rows = [row(0, 1_000, 498, 2), row(1_000, 2_500, 750, 0)];
        Run {
            window_ns: 2_500_000_000,
            intervals: rows.iter().map(Period::from).collect(),
            ..run()
        }
    }

    #[test]
    fn the_file_has_the_documented_fields() {
        let file = serde_json::to_value(run()).unwrap();
        let plan = json!({
            "target": "127.0.0.1:50007", "embedded": true, "rate_pps": 10_000,
            "rate": "10000", "load": "open-loop", "window": null, "trains": true,
            "duration_ns": 100_000_000, "warmup_ns": 0, "sizes": "64",
            "smallest_size_bytes": 64, "largest_size_bytes": 64, "flows": 2,
            "threads": 1, "timeout_ns": 1_000_000_000, "arrivals": "constant", "seed": 1,
            "target_name": "localhost:50007", "run": 7, "interval_ns": 50_000_000,
            "waiting": "adaptive", "pin": [], "receive_buffer_bytes": 4_194_304,
            "timestamps": "off", "max_duration_ns": 100_000_000,
        });
        let counts = json!({
            "scheduled": 1_000, "sent": 993, "not_sent": 7, "received": 989, "late": 2,
            "lost": 2, "duplicated": 1, "reordered": 2, "corrupted": 0, "foreign": 0, "stale": 0,
        });
        let from_due = json!({
            "count": 989, "min": 21_000, "mean": 21_000, "stdev": 0, "p50": 21_000,
            "p90": 21_000, "p99": 21_000, "p99_9": null, "p99_99": null, "max": "lost",
            "intervals": {
                "p50": [21_000, 21_000], "p90": [21_000, 21_000], "p99": [21_000, "lost"],
                "p99_9": null, "p99_99": null,
            },
        });
        assert_eq!(file["schema"], "loadgen/run/1");
        assert_eq!(file["plan"], plan);
        assert_eq!(file["counts"], counts);
        assert_eq!(file["not_sent_by"], json!({ "behind": 7 }));
        let rates = json!({ "scheduled": 10_000, "sent": 9_930, "received": 9_890 });
        assert_eq!(file["rate_pps"], rates);
        assert_eq!(file["rtt_ns"]["from_due"], from_due);
        assert_eq!(file["rtt_ns"]["from_send"]["p99"], 20_000);
        assert_eq!(file["lateness_ns"]["p99"], 1_000);
        assert_eq!(file["gaps_ns"]["intended"]["count"], 999);
        assert_eq!(file["gaps_ns"]["achieved"]["p50"], 100_000);
        assert_eq!(file["gaps_ns"]["distance"], 0.0);
        assert_eq!(file["time_split"], json!(null));
        assert_eq!(file["flows"][1]["flow"], 1);
        assert_eq!(file["flows"][1]["sent"], 496);
        assert_eq!((&file["until"], &file["slo"]), (&Value::Null, &Value::Null));
        let part = json!({
            "from_ns": 90_000_000, "to_ns": 100_000_000, "sent": 93, "answered": 93, "lost": 0,
            "p50_ns": 20_997, "p99_ns": null,
        });
        assert_eq!(file["parts"][9], part);
        let lost_by = json!({
            "own_socket": 0, "server_socket": 1, "server": null, "path": 1,
            "server_known": "same host",
            "raw": { "own_socket": 0, "server_socket": 1, "server": null },
        });
        assert_eq!(file["lost_by"], lost_by);
        assert!(file["host"]["stolen_ns"].is_null());
        assert_eq!(file["verdict"], json!({ "outcome": "valid", "doubts": [] }));
    }

    #[test]
    fn objectives_and_goals_are_in_the_file() {
        let file = serde_json::to_value(asked()).unwrap();
        let objectives = &file["slo"]["objectives"];
        assert_eq!(file["slo"]["outcome"], "missed");
        let p50 = json!({
            "objective": "p50<25us", "outcome": "met", "measured": 21_000, "low": 21_000,
            "high": 21_000, "limit": 25_000, "unit": "ns",
            "message": "p50 < 25 us: met, 21.0 us (95 % within 21.0 to 21.0 us)",
        });
        assert_eq!(objectives[0], p50);
        let max = json!({
            "objective": "max<=1s", "outcome": "missed", "measured": "lost", "low": null,
            "high": null, "limit": 1_000_000_000, "unit": "ns",
            "message": "max <= 1 s: missed, lost",
        });
        assert_eq!(objectives[1], max);
        let loss = &objectives[2];
        assert_eq!(
            (&loss["outcome"], &loss["unit"]),
            (&json!("undecided"), &json!("ppb"))
        );
        assert_eq!(
            (&loss["measured"], &loss["limit"]),
            (&json!(4_028_197), &json!(10_000_000))
        );
        assert!(loss["low"].as_u64() < loss["measured"].as_u64());
        let until = json!({
            "goal": "p90+-5%", "max_duration_ns": 100_000_000, "reached": true,
            "precision_ppb": 0,
            "message": "p90 +-5 %: reached after 100 ms (p90 21.0 us +-0 %)",
        });
        assert_eq!(file["until"], until);
    }

    pub(crate) fn asked() -> Run {
        let until = plan::Until {
            goal: "p90+-5%".parse().unwrap(),
            most: Duration::from_millis(100),
        };
        run_asked(Some("p50<25us,max<=1s,loss<1%"), Some(until))
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let mut written = asked();
        written.verdict.outcome = Outcome::Invalid;
        written.verdict.doubts.push(Doubt {
            code: "rate_missed".to_owned(),
            message: "A sentence.".to_owned(),
            outcome: Outcome::Invalid,
            measured: 1.0,
            limit: 2.0,
            unit: "probes".to_owned(),
        });
        let text = serde_json::to_string_pretty(&written).unwrap();
        let read: Run = serde_json::from_str(&text).unwrap();
        assert_eq!(read, written);
    }

    #[test]
    fn a_file_of_another_version_is_refused_by_name() {
        let mut file = serde_json::to_value(run()).unwrap();
        file["schema"] = Value::from("loadgen/run/2");
        let error = serde_json::from_value::<Run>(file).unwrap_err().to_string();
        assert!(error.contains("loadgen/run/2"), "{error}");
    }

    #[test]
    fn an_end_of_an_interval_is_a_number_or_lost() {
        let read = |value: Value| serde_json::from_value::<Edge>(value);
        assert_eq!(read(json!(5)).unwrap(), Edge::Value(5));
        assert_eq!(read(json!("lost")).unwrap(), Edge::Lost);
        assert!(read(json!(null)).is_err());
        assert_eq!(serde_json::to_value(Edge::Lost).unwrap(), "lost");
    }

    #[test]
    fn a_quantile_is_a_number_lost_or_null_and_nothing_else() {
        let read = |value: Value| serde_json::from_value::<Quantile>(value);
        assert_eq!(read(json!(5)).unwrap(), Quantile::Value(5));
        assert_eq!(read(json!("lost")).unwrap(), Quantile::Lost);
        assert_eq!(read(json!(null)).unwrap(), Quantile::TooFew);
        assert!(read(json!("gone")).is_err());
        assert!(read(json!(1.5)).is_err());
    }
}
