//! A run, as it was typed.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Arg, Args};
use echo_reactor::affinity::CpuList;
use thiserror::Error;

use super::arrivals::Spacing;
use super::exports::Exports;
use super::sizes;
use super::units::{self, UnitError};
use crate::plan::{Choices, Load, Timestamps, Until, Waiting};
use crate::precision::Goal;
use crate::rate::Rate;
use crate::schedule::{Arrivals, TraceError};
use crate::sizes::Sizes;
use crate::slo::Slo;

/// The flags of a run.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Server to measure, as in 127.0.0.1:50007, `[::1]:50007` or host:50007. Without it, an echo
    /// server inside this process is measured
    #[arg(long, value_name = "HOST:PORT")]
    pub target: Option<String>,

    /// Probes a second, of all flows together, as in 100000, 250k or 1.5M; or max, as many as come
    /// back [default: 10k]
    ///
    /// With max each answer lets the next probe leave: a closed loop, in which `--window` probes of
    /// each flow are under way.
    #[arg(long, value_name = "RATE", value_parser = Pace::from_str, allow_negative_numbers = true, help_heading = LOAD)]
    pub rate: Option<Pace>,

    /// How probes are spaced at that rate: constant, poisson, bursts:N or replay:FILE
    ///
    ///   constant     evenly
    ///   poisson      at random, as many independent users send
    ///   bursts:N     N at once, every N / rate seconds
    ///   replay:FILE  as FILE says: on each line a time in seconds from the
    ///                start and, if wanted, a size in bytes
    #[arg(long, value_name = "HOW", default_value = "constant", value_parser = Spacing::from_str, conflicts_with = "closed_loop", help_heading = LOAD, verbatim_doc_comment)]
    pub arrivals: Spacing,

    /// Keep N probes of each flow waiting for answers instead of sending at a rate: a closed loop,
    /// ping-pong if N is 1
    #[arg(long, value_name = "N", conflicts_with_all = ["rate", "window"], help_heading = LOAD)]
    pub closed_loop: Option<NonZeroU32>,

    /// Probes of each flow that may wait for answers at one time under `--rate max` [default: 64]
    #[arg(long, value_name = "N", help_heading = LOAD)]
    pub window: Option<NonZeroU32>,

    /// How long to measure [default: 10s; of a replay, to the file's end]
    #[arg(long, value_name = "TIME", value_parser = units::duration, help_heading = WINDOW)]
    pub duration: Option<Duration>,

    /// How long to send before that, without measuring [default: 1s; of a replay, 0s]
    #[arg(long, value_name = "TIME", value_parser = units::duration, help_heading = WINDOW)]
    pub warmup: Option<Duration>,

    /// Measure on until a percentile is known so well, as in p99+-2%
    ///
    /// Half its 95 % interval is then no more than 2 % of it. `--duration` is measured in any case.
    #[arg(long, value_name = "GOAL", value_parser = Goal::from_str, help_heading = WINDOW)]
    pub until: Option<Goal>,

    /// How long to measure at most if `--until` is never reached
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = units::duration, requires = "until", help_heading = WINDOW)]
    pub max_duration: Duration,

    /// How long each row of the result is: for each one the rates, the losses and the quantiles are
    /// kept, and `--until` is looked at [default: 1s, of runs under 10s a tenth, of runs over an
    /// hour more]
    #[arg(long, value_name = "TIME", value_parser = units::duration, help_heading = WINDOW)]
    pub interval: Option<Duration>,

    /// What the server shall do, as in p99<200us,max<=5ms,loss<0.01%: exit with code 4 if it surely
    /// does not
    #[arg(long, value_name = "OBJECTIVES", value_parser = Slo::from_str, help_heading = OUTCOME)]
    pub slo: Option<Slo>,

    /// Bytes of payload in a probe, 40 to 65507, or a mix of sizes
    ///
    ///   64,512:20%,1400:5%  20 % have 512 bytes, 5 % 1400, the rest 64
    ///   64..1472            each size as often as any other
    ///   imix                Ethernet frames of 64, 570 and 1518 bytes
    ///                       at 7:4:1, which carry 18 (raised to 40),
    ///                       524 and 1472
    #[arg(long, value_name = "BYTES", default_value = "64", value_parser = sizes::sizes, help_heading = PROBES, verbatim_doc_comment)]
    pub size: Sizes,

    /// Sockets to send from, each with a source port of its own
    #[arg(long, value_name = "N", default_value_t = 8, help_heading = PROBES)]
    pub flows: u16,

    /// Tell where the time of round trips went, by stamps of a sample of the probes
    #[arg(long, value_name = "SOURCE", value_enum, default_value_t = Timestamps::Off, help_heading = OUTPUT)]
    pub timestamps: Timestamps,

    /// How long after it was sent a probe counts as lost
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = units::duration, help_heading = PROBES)]
    pub timeout: Duration,

    /// Where everything random starts from, to repeat a run [default: another one each time]
    #[arg(long, value_name = "N", help_heading = PROBES)]
    pub seed: Option<u64>,

    /// Write the result as JSON to this file; `-` is standard output, instead of the report
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub json: Option<PathBuf>,

    /// Results for other tools.
    #[command(flatten)]
    pub exports: Exports,

    /// Print no report and show no progress
    #[arg(long, help_heading = OUTPUT)]
    pub quiet: bool,

    /// Threads to send from; each spins on a processor of its own while the rate is high
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = TUNING)]
    pub threads: u16,

    /// Whether probes that are due together on a flow leave as one train. None is ever held back
    /// for it
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Trains::Auto, help_heading = TUNING)]
    pub gso: Trains,

    /// Processors for the threads, as in 0,2-5: thread i runs on the i-th of them
    #[arg(long, value_name = "CPULIST", help_heading = TUNING)]
    pub pin: Option<CpuList>,

    /// How a thread waits for the next probe or answer
    #[arg(long, value_name = "MODE", value_enum, default_value_t = Waiting::Adaptive, help_heading = TUNING)]
    pub wait: Waiting,

    /// Receive buffer of each flow in bytes, as in 4096Ki; the kernel doubles it
    #[arg(long, value_name = "BYTES", default_value = "4096Ki", value_parser = units::size, help_heading = TUNING)]
    pub rcvbuf: usize,
}

impl Arguments {
    /// What they ask for, once it is known where the probes go.
    ///
    /// # Errors
    ///
    /// Flags that contradict each other, or a file that cannot be replayed.
    pub fn choices(&self, target: SocketAddr) -> Result<Choices, ChoiceError> {
        let arrivals = self.arrivals.resolve()?;
        let load = self.load(&arrivals)?;
        let (warmup, duration) = self.times(&arrivals);
        Ok(Choices {
            target,
            target_name: self.target.clone().unwrap_or_else(|| target.to_string()),
            embedded: self.target.is_none(),
            load,
            arrivals,
            trains: self.gso == Trains::Auto,
            waiting: self.wait,
            pin: self
                .pin
                .as_ref()
                .map_or(Vec::new(), |list| list.processors.clone()),
            receive_buffer: self.rcvbuf,
            timestamps: self.timestamps,
            duration,
            interval: self.interval(duration),
            until: self.until.map(|goal| Until {
                goal,
                most: self.max_duration,
            }),
            slo: self.slo.clone(),
            warmup,
            sizes: self.size.clone(),
            flows: self.flows,
            threads: self.threads,
            timeout: self.timeout,
            run: random(),
            seed: self.seed.unwrap_or_else(random),
        })
    }

    /// The interval that was typed, or one that makes about ten rows of a short run, and no more
    /// than an hour's worth of seconds of a long one.
    fn interval(&self, duration: Duration) -> Duration {
        let longest = match self.until {
            Some(_) => self.max_duration.max(duration),
            None => duration,
        };
        let second = Duration::from_secs(1);
        let short = (duration / 10).clamp(Duration::from_millis(100), second);
        let hours = longest.as_secs().div_ceil(3_600).max(1);
        self.interval.unwrap_or(if hours > 1 {
            second * u32::try_from(hours).unwrap_or(u32::MAX)
        } else {
            short
        })
    }

    fn load(&self, arrivals: &Arrivals) -> Result<Load, ChoiceError> {
        if self.window.is_some() && self.rate != Some(Pace::Max) {
            return Err(ChoiceError::WindowOfOpenLoop);
        }
        match (self.closed_loop, self.rate, arrivals) {
            (Some(window), ..) => Ok(Load::Closed(window)),
            (None, Some(_), Arrivals::Replay(_)) => Err(ChoiceError::RateOfReplay),
            (None, None, Arrivals::Replay(trace)) => Ok(Load::Open(trace.mean_rate())),
            (None, Some(Pace::Max), Arrivals::Constant) => {
                Ok(Load::Closed(self.window.unwrap_or(DEFAULT_WINDOW)))
            }
            (None, Some(Pace::Max), _) => Err(ChoiceError::ClosedLoop),
            (None, Some(Pace::Rate(rate)), _) => Ok(Load::Open(rate)),
            (None, None, _) => Ok(Load::Open(DEFAULT_RATE)),
        }
    }

    /// The warm-up and the measured window.
    fn times(&self, arrivals: &Arrivals) -> (Duration, Duration) {
        match arrivals {
            Arrivals::Replay(trace) => {
                let warmup = self.warmup.unwrap_or(Duration::ZERO);
                let rest = trace.length().saturating_sub(warmup);
                (warmup, self.duration.unwrap_or(rest))
            }
            Arrivals::Constant | Arrivals::Poisson | Arrivals::Bursts(_) => (
                self.warmup.unwrap_or(DEFAULT_WARMUP),
                self.duration.unwrap_or(DEFAULT_DURATION),
            ),
        }
    }
}

/// Leaves a flag out of the help of a command that chooses the load itself, which refuses such flags
/// with a sentence of their own.
pub(super) fn without_load(flag: Arg) -> Arg {
    let chosen = ["rate", "closed_loop", "window"].contains(&flag.get_id().as_str());
    if chosen { flag.hide(true) } else { flag }
}

/// Why flags do not make a run.
#[derive(Debug, Error)]
pub enum ChoiceError {
    /// The file of a replay.
    #[error(transparent)]
    Replay(#[from] TraceError),
    /// A file says when probes are due.
    #[error(
        "--rate does not go with --arrivals replay:FILE, whose file has the times: leave it out"
    )]
    RateOfReplay,
    /// Answers make probes leave.
    #[error(
        "--arrivals does not go with --rate max, which sends as answers come back: name a rate"
    )]
    ClosedLoop,
    /// Nothing is held back for answers.
    #[error(
        "--window goes with --rate max alone, since a rate waits for no answers: name --rate max, \
         or leave it out"
    )]
    WindowOfOpenLoop,
}

/// How fast to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At a rate.
    Rate(Rate),
    /// As fast as answers come back.
    Max,
}

impl FromStr for Pace {
    type Err = UnitError;

    fn from_str(typed: &str) -> Result<Self, UnitError> {
        match typed {
            "max" => Ok(Self::Max),
            rate => units::rate(rate).map(Self::Rate),
        }
    }
}

/// When probes leave as a train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Trains {
    /// When they are due together on a flow, and the kernel takes trains
    Auto,
    /// Never: each probe is a message of its own
    Off,
}

const DEFAULT_RATE: Rate = Rate::per_second(10_000).expect("it is in range");
const DEFAULT_WINDOW: NonZeroU32 = NonZeroU32::new(64).expect("it is not zero");
pub(crate) const DEFAULT_WARMUP: Duration = Duration::from_secs(1);
pub(crate) const DEFAULT_DURATION: Duration = Duration::from_secs(10);

const LOAD: &str = "Load";
const WINDOW: &str = "Measured time";
const OUTCOME: &str = "Objectives";
const PROBES: &str = "Probes";
const OUTPUT: &str = "Output";
const TUNING: &str = "Tuning";

/// A number that differs from run to run: the standard library seeds its hash maps from the
/// system's randomness. Of 53 bits, so that it survives readers of JSON that know only floats.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0) >> 11
}
