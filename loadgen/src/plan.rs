//! A run, fully resolved: whatever a [`Plan`] holds can be carried out.

use std::net::SocketAddr;
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

use humantime::format_duration;
use thiserror::Error;

use crate::measure::latency::HIGHEST_NANOS;
use crate::precision::Goal;
use crate::rate::Rate;
use crate::schedule::Arrivals;
use crate::sizes::Sizes;
use crate::slo::Slo;
use crate::time::Offset;

/// When probes are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// At a rate of all flows together, whatever becomes of the probes: an open loop. For a replay
    /// it is the mean of its file.
    Open(Rate),
    /// Whenever fewer than so many probes of a flow wait for their answers: a closed loop, which
    /// sends less when the server is slower, so that its round trips hide queueing.
    Closed(NonZeroU32),
}

/// How a thread waits for the next probe or answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Waiting {
    /// Spin while the next probe is near or an answer is fresh, else sleep
    Adaptive,
    /// Never sleep: the least disturbance, at the price of a busy processor
    Spin,
    /// Sleep whenever the next probe is more than two milliseconds away
    Sleep,
}

/// A measured window that lasts until enough is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Until {
    /// What shall be known.
    pub goal: Goal,
    /// How long the window lasts if it never is; no shorter than without a goal.
    pub most: Duration,
}

/// Whether the kernel tells where the time of round trips went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Timestamps {
    /// It does not
    Off,
    /// It stamps a sample of the probes, and the answers; the host then stamps every packet, which
    /// slows each a little
    Kernel,
}

/// What somebody wants to run; [`Plan::new`] says whether it can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    /// Where the probes go.
    pub target: SocketAddr,
    /// The target as it was asked for.
    pub target_name: String,
    /// Whether the target is a server within this process.
    pub embedded: bool,
    /// When probes are sent.
    pub load: Load,
    /// How the probes of an open loop are spaced.
    pub arrivals: Arrivals,
    /// Whether probes that are due together on a flow leave as one train (`UDP_SEGMENT`).
    pub trains: bool,
    /// How threads wait.
    pub waiting: Waiting,
    /// The processors of the threads, gone through again if they are fewer.
    pub pin: Vec<usize>,
    /// Bytes of receive buffer a flow, which the kernel doubles.
    pub receive_buffer: usize,
    /// Whether the kernel tells where the time went.
    pub timestamps: Timestamps,
    /// How long the measured window lasts, at least; it follows the warm-up. Above zero.
    pub duration: Duration,
    /// How long each row of the result is; above zero, and no more than 10,000 of them.
    pub interval: Duration,
    /// What else has to be reached before the measured window ends.
    pub until: Option<Until>,
    /// What the server shall do.
    pub slo: Option<Slo>,
    /// How long probes are sent before those that are measured; may be zero.
    pub warmup: Duration,
    /// Bytes of a datagram, where the file of a replay does not say.
    pub sizes: Sizes,
    /// Sockets that probes are sent from, at least as many as threads.
    pub flows: u16,
    /// Threads that send and receive, at least one.
    pub threads: u16,
    /// How long after being sent a probe is lost; above zero, at most two minutes.
    pub timeout: Duration,
    /// Marks the datagrams of this run; different for every run.
    pub run: u64,
    /// Where everything random starts from.
    pub seed: u64,
}

/// A run that can be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    choices: Choices,
    threads: NonZeroU16,
}

impl Plan {
    /// Checks the choices.
    ///
    /// # Errors
    ///
    /// The first choice that cannot be, as a sentence that names the flag to change.
    pub fn new(choices: Choices) -> Result<Self, PlanError> {
        check_target(&choices)?;
        let threads = check_flows(&choices)?;
        check_times(&choices)?;
        Ok(Self { choices, threads })
    }

    /// Where the probes go; its port is not 0.
    #[must_use]
    pub fn target(&self) -> SocketAddr {
        self.choices.target
    }

    /// The target as it was asked for.
    #[must_use]
    pub fn target_name(&self) -> &str {
        &self.choices.target_name
    }

    /// Whether the target is a server within this process.
    #[must_use]
    pub fn embedded(&self) -> bool {
        self.choices.embedded
    }

    /// When probes are sent.
    #[must_use]
    pub fn load(&self) -> Load {
        self.choices.load
    }

    /// How the probes of an open loop are spaced.
    #[must_use]
    pub fn arrivals(&self) -> &Arrivals {
        &self.choices.arrivals
    }

    /// Whether probes that are due together on a flow leave as one train.
    #[must_use]
    pub fn trains(&self) -> bool {
        self.choices.trains
    }

    /// How threads wait.
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        self.choices.waiting
    }

    /// The processor of a thread, if it shall stay on one.
    #[must_use]
    pub fn processor(&self, thread: u16) -> Option<usize> {
        self.choices.pin.iter().cycle().nth(thread.into()).copied()
    }

    /// Bytes of receive buffer a flow, before the kernel doubles them.
    #[must_use]
    pub fn receive_buffer(&self) -> usize {
        self.choices.receive_buffer
    }

    /// Whether the kernel tells where the time went.
    #[must_use]
    pub fn timestamps(&self) -> Timestamps {
        self.choices.timestamps
    }

    /// How long the measured window lasts, at least: above zero, and with room for a probe.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.choices.duration
    }

    /// How long the measured window can last: longer than [`duration`](Self::duration) if that
    /// depends on what is measured.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.until().map_or(self.duration(), |until| until.most)
    }

    /// How long each row of the result is.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.choices.interval
    }

    /// What else has to be reached before the measured window ends.
    #[must_use]
    pub fn until(&self) -> Option<Until> {
        self.choices.until
    }

    /// What the server shall do.
    #[must_use]
    pub fn slo(&self) -> Option<&Slo> {
        self.choices.slo.as_ref()
    }

    /// How long probes are sent before those that are measured; may be zero.
    #[must_use]
    pub fn warmup(&self) -> Duration {
        self.choices.warmup
    }

    /// How long probes are sent, at most: the warm-up and the measured window. At most 365 days.
    #[must_use]
    pub fn span(&self) -> Duration {
        self.choices.warmup + self.longest()
    }

    /// Where the measured window begins: probes due from here on count.
    #[must_use]
    pub fn measured_from(&self) -> Offset {
        Offset::START + self.choices.warmup
    }

    /// Bytes of a datagram, where the file of a replay does not say.
    #[must_use]
    pub fn sizes(&self) -> &Sizes {
        &self.choices.sizes
    }

    /// The smallest and the largest datagram that the run can have.
    #[must_use]
    pub fn size_bounds(&self) -> (u16, u16) {
        let usual = (self.sizes().smallest(), self.sizes().largest());
        let (Load::Open(_), Arrivals::Replay(trace)) = (self.load(), self.arrivals()) else {
            return usual;
        };
        match trace.sizes() {
            Some(bounds) if trace.sizes_every_probe() => bounds,
            Some((smallest, largest)) => (usual.0.min(smallest), usual.1.max(largest)),
            None => usual,
        }
    }

    /// Sockets that probes are sent from, at least as many as threads.
    #[must_use]
    pub fn flows(&self) -> u16 {
        self.choices.flows
    }

    /// Threads that send and receive.
    #[must_use]
    pub fn threads(&self) -> NonZeroU16 {
        self.threads
    }

    /// How many probes are due in the longest measured window; `None` in a closed loop.
    #[must_use]
    pub fn probes_due(&self) -> Option<u64> {
        match self.load() {
            Load::Open(rate) => {
                let arrivals = self.arrivals();
                arrivals.due_between(rate, self.warmup(), self.span())
            }
            Load::Closed(_) => None,
        }
    }

    /// How long after being sent a probe is lost: above zero, at most two minutes.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.choices.timeout
    }

    /// How many probes of one flow can be without an answer at once if every answer is lost, at
    /// most 65,536: memory to take beforehand. What is beyond is rare enough to be taken then.
    #[must_use]
    pub fn outstanding_a_flow(&self) -> usize {
        let of_one = match self.load() {
            Load::Open(rate) => self
                .arrivals()
                .most_within(rate, self.timeout())
                .div_ceil(self.flows().into()),
            Load::Closed(window) => window.get().into(),
        };
        usize::try_from(of_one).map_or(MOST_OUTSTANDING, |probes| probes.min(MOST_OUTSTANDING))
    }

    /// Marks the datagrams of this run.
    #[must_use]
    pub fn run(&self) -> u64 {
        self.choices.run
    }

    /// Where everything random starts from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.choices.seed
    }
}

/// Why a run cannot be carried out, and which flag to change.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum PlanError {
    /// Port 0 means "any port" to whoever binds, and nothing to whoever sends.
    #[error("the target {name} has no port: write it as HOST:PORT, with a port from 1 to 65535")]
    TargetWithoutPort { name: String },
    /// Nobody would send.
    #[error("--threads 0 is too few: sending takes at least one thread")]
    NoThreads,
    /// A flow is owned by one thread, so some threads would have nothing to do.
    #[error("--flows {flows} is too few: each of --threads {threads} needs a flow of its own")]
    FewerFlowsThanThreads { flows: u16, threads: u16 },
    /// Handing over what was measured takes a while itself.
    #[error(
        "--interval {} is too short: {} is the least",
        format_duration(*interval),
        format_duration(SHORTEST_INTERVAL)
    )]
    IntervalTooShort { interval: Duration },
    /// A file that nobody can read.
    #[error(
        "--interval {} makes {rows} rows: {MOST_ROWS} are possible, so make it longer",
        format_duration(*interval)
    )]
    TooManyRows { interval: Duration, rows: u128 },
    /// Nothing would be measured.
    #[error("--duration 0s is too short: nothing would be measured")]
    NoDuration,
    /// Nothing would be measured either.
    #[error(
        "--duration {} is too short: at --rate {rate} no probe is due in it",
        format_duration(*duration)
    )]
    NoProbe { duration: Duration, rate: Rate },
    /// A file that is over before the measured window begins.
    #[error(
        "--warmup {} is too long: the last probe of the replayed file is due after {}",
        format_duration(*warmup),
        format_duration(*last)
    )]
    NothingLeft { warmup: Duration, last: Duration },
    /// Times are kept in 64 bits with room to spare, and nobody waits so long.
    #[error(
        "--warmup and --duration, or --max-duration, together are {}: at most 365 days are \
         possible",
        format_duration(*span)
    )]
    TooLong { span: Duration },
    /// It would have to end before it may.
    #[error(
        "--max-duration {} is too short: --duration {} is measured in any case",
        format_duration(*most),
        format_duration(*least)
    )]
    EndsTooSoon { most: Duration, least: Duration },
    /// Nobody would send what nobody has the time to draw.
    #[error(
        "--rate {rate} is too high for --arrivals poisson, whose gaps are drawn one by one: at most \
         {FASTEST_POISSON} are possible"
    )]
    PoissonTooFast { rate: Rate },
    /// Every probe would be lost.
    #[error("--timeout 0s is too short: every probe would be lost")]
    NoTimeout,
    /// The histograms end there.
    #[error(
        "--timeout {} is too long: at most {} are possible",
        format_duration(*timeout),
        format_duration(LONGEST_TIMEOUT)
    )]
    TimeoutTooLong { timeout: Duration },
}

fn check_target(choices: &Choices) -> Result<(), PlanError> {
    if choices.target.port() == 0 {
        let name = choices.target_name.clone();
        return Err(PlanError::TargetWithoutPort { name });
    }
    Ok(())
}

fn check_flows(choices: &Choices) -> Result<NonZeroU16, PlanError> {
    let Choices { flows, threads, .. } = *choices;
    if flows < threads {
        return Err(PlanError::FewerFlowsThanThreads { flows, threads });
    }
    NonZeroU16::new(threads).ok_or(PlanError::NoThreads)
}

fn check_times(choices: &Choices) -> Result<(), PlanError> {
    let Choices {
        load,
        ref arrivals,
        duration,
        until,
        warmup,
        timeout,
        interval,
        ..
    } = *choices;
    if let (Load::Open(_), Arrivals::Replay(trace)) = (load, arrivals) {
        let last = trace.last().since(Offset::START);
        if warmup > last {
            return Err(PlanError::NothingLeft { warmup, last });
        }
    }
    if duration.is_zero() {
        return Err(PlanError::NoDuration);
    }
    if let Some(Until { most, .. }) = until
        && most < duration
    {
        let least = duration;
        return Err(PlanError::EndsTooSoon { most, least });
    }
    let longest = until.map_or(duration, |until| until.most);
    let span = warmup.saturating_add(longest);
    if span > LONGEST_SPAN {
        return Err(PlanError::TooLong { span });
    }
    if let Load::Open(rate) = load
        && arrivals.due_between(rate, warmup, warmup + duration) == Some(0)
    {
        return Err(PlanError::NoProbe { duration, rate });
    }
    if let (Load::Open(rate), Arrivals::Poisson) = (load, arrivals)
        && rate > FASTEST_POISSON
    {
        return Err(PlanError::PoissonTooFast { rate });
    }
    if interval < SHORTEST_INTERVAL {
        return Err(PlanError::IntervalTooShort { interval });
    }
    let rows = longest.as_nanos().div_ceil(interval.as_nanos());
    if rows > MOST_ROWS.into() {
        return Err(PlanError::TooManyRows { interval, rows });
    }
    if timeout.is_zero() {
        return Err(PlanError::NoTimeout);
    }
    if timeout > LONGEST_TIMEOUT {
        return Err(PlanError::TimeoutTooLong { timeout });
    }
    Ok(())
}

/// Drawing a gap takes under 20 ns, in every thread for all of them: beyond this there is no time
/// left for anything else.
const FASTEST_POISSON: Rate = Rate::per_second(20_000_000).expect("it is in range");

/// The shortest row: handing one over takes some tens of microseconds.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);

/// Rows of a result at most: some 20 MB of a file.
const MOST_ROWS: u32 = 10_000;

const MOST_OUTSTANDING: usize = 1 << 16;
const LONGEST_SPAN: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const LONGEST_TIMEOUT: Duration = Duration::from_nanos(HIGHEST_NANOS);

#[cfg(test)]
mod tests {
    use super::*;

    fn choices() -> Choices {
        Choices {
            target: SocketAddr::from(([127, 0, 0, 1], 50_007)),
            target_name: "localhost:50007".to_owned(),
            embedded: false,
            load: Load::Open(Rate::per_second(100_000).unwrap()),
            arrivals: Arrivals::Constant,
            trains: true,
            waiting: Waiting::Adaptive,
            pin: Vec::new(),
            receive_buffer: 4 << 20,
            timestamps: Timestamps::Off,
            duration: Duration::from_secs(10),
            interval: Duration::from_secs(1),
            until: None,
            slo: None,
            warmup: Duration::from_secs(1),
            sizes: Sizes::one(64).unwrap(),
            flows: 4,
            threads: 2,
            timeout: Duration::from_secs(1),
            run: 7,
            seed: 1,
        }
    }

    #[track_caller]
    fn assert_refused(change: impl FnOnce(&mut Choices), sentence: &str) {
        let mut choices = choices();
        change(&mut choices);
        assert_eq!(Plan::new(choices).unwrap_err().to_string(), sentence);
    }

    #[test]
    fn the_measured_window_follows_the_warm_up() {
        let plan = Plan::new(choices()).unwrap();
        assert_eq!(plan.measured_from(), Offset::from_nanos(1_000_000_000));
        assert_eq!(plan.span(), Duration::from_secs(11));
    }

    #[test]
    fn memory_is_taken_for_a_timeout_of_one_flow_within_bounds() {
        let outstanding = |rate| {
            let load = Load::Open(Rate::per_second(rate).unwrap());
            Plan::new(Choices { load, ..choices() })
                .unwrap()
                .outstanding_a_flow()
        };
        assert_eq!(outstanding(100_000), 25_000);
        assert_eq!(outstanding(1_000_000_000), 65_536);
    }

    #[test]
    fn a_target_without_a_port_is_refused() {
        assert_refused(
            |choices| choices.target.set_port(0),
            "the target localhost:50007 has no port: write it as HOST:PORT, with a port from 1 \
             to 65535",
        );
    }

    #[test]
    fn a_thread_without_a_flow_is_refused() {
        assert_refused(
            |choices| choices.threads = 5,
            "--flows 4 is too few: each of --threads 5 needs a flow of its own",
        );
        assert_refused(
            |choices| choices.threads = 0,
            "--threads 0 is too few: sending takes at least one thread",
        );
    }

    #[test]
    fn what_cannot_be_drawn_in_time_is_refused() {
        assert_refused(
            |choices| {
                choices.arrivals = Arrivals::Poisson;
                choices.load = Load::Open(Rate::per_second(20_000_001).unwrap());
            },
            "--rate 20000001 is too high for --arrivals poisson, whose gaps are drawn one by one: \
             at most 20000000 are possible",
        );
    }

    #[test]
    fn a_run_that_measures_nothing_is_refused() {
        assert_refused(
            |choices| choices.duration = Duration::ZERO,
            "--duration 0s is too short: nothing would be measured",
        );
        assert_refused(
            |choices| {
                choices.load = Load::Open(Rate::from_thousandths(500).unwrap());
                choices.duration = Duration::from_millis(10);
            },
            "--duration 10ms is too short: at --rate 0.5 no probe is due in it",
        );
        assert_refused(
            |choices| choices.interval = Duration::from_millis(9),
            "--interval 9ms is too short: 10ms is the least",
        );
        assert_refused(
            |choices| {
                choices.interval = Duration::from_millis(10);
                choices.duration = Duration::from_secs(101);
            },
            "--interval 10ms makes 10100 rows: 10000 are possible, so make it longer",
        );
        assert_refused(
            |choices| choices.timeout = Duration::ZERO,
            "--timeout 0s is too short: every probe would be lost",
        );
    }

    #[test]
    fn a_run_with_a_goal_can_last_longer_than_it_has_to() {
        let until = Until {
            goal: "p99+-2%".parse().unwrap(),
            most: Duration::from_secs(600),
        };
        let until = Some(until);
        let plan = Plan::new(Choices { until, ..choices() }).unwrap();
        assert_eq!(plan.duration(), Duration::from_secs(10));
        assert_eq!(plan.span(), Duration::from_secs(601));
        assert_eq!(plan.probes_due(), Some(60_000_000));
        assert_refused(
            |choices| {
                choices.until = until;
                choices.duration = Duration::from_secs(601);
            },
            "--max-duration 10m is too short: --duration 10m 1s is measured in any case",
        );
    }

    #[test]
    fn a_run_that_would_not_end_is_refused() {
        assert_refused(
            |choices| choices.timeout = Duration::from_secs(121),
            "--timeout 2m 1s is too long: at most 2m are possible",
        );
        let endless = Choices {
            warmup: Duration::MAX,
            ..choices()
        };
        assert!(matches!(Plan::new(endless), Err(PlanError::TooLong { .. })));
    }
}
