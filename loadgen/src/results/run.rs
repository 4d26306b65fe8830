//! One run: what was measured, and what is to be thought of it.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Distribution, Ended, Findings, Gaps, Histograms, Host, LostBy, Origin, Part, Period, Plan,
    RoundTrips, Slo, Sockets, TimeSplit, Until, Verdict, nanos,
};
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

// Here, since an origin knows nothing of runs.
impl Origin {
    /// The runs that are in a result from such a file.
    #[must_use]
    pub fn all(file: &str, run: &Run) -> Vec<Self> {
        if !run.merged_from.is_empty() {
            return run.merged_from.clone();
        }
        vec![Self {
            file: file.to_owned(),
            run: run.plan.run,
            began_unix_ns: run.began_unix_ns,
            window_ns: run.window_ns,
            sent: run.counts.sent,
            received: run.counts.received,
        }]
    }
}
