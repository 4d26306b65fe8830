//! Whether choices can be carried out, each in itself and all together.

use std::num::NonZeroU16;
use std::time::Duration;

use humantime::format_duration;
use thiserror::Error;

use super::choices::{Choices, Load, Until};
use crate::measure::latency::HIGHEST_NANOS;
use crate::rate::Rate;
use crate::schedule::Arrivals;
use crate::time::Offset;

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
    /// The kernel would not refuse it.
    #[error(
        "--rcvbuf 0 is too small: the kernel would take the least it has, which drops answers; \
         leave it out, or name a size as in 4096Ki"
    )]
    NoReceiveBuffer,
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

/// Whether there is somebody to send to.
pub(super) fn check_target(choices: &Choices) -> Result<(), PlanError> {
    if choices.target.port() == 0 {
        let name = choices.target_name.clone();
        return Err(PlanError::TargetWithoutPort { name });
    }
    Ok(())
}

/// Whether each thread has a flow; the threads.
pub(super) fn check_flows(choices: &Choices) -> Result<NonZeroU16, PlanError> {
    let Choices { flows, threads, .. } = *choices;
    if flows < threads {
        return Err(PlanError::FewerFlowsThanThreads { flows, threads });
    }
    NonZeroU16::new(threads).ok_or(PlanError::NoThreads)
}

/// Whether the run begins, measures something and ends.
pub(super) fn check_times(choices: &Choices) -> Result<(), PlanError> {
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

const LONGEST_SPAN: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const LONGEST_TIMEOUT: Duration = Duration::from_nanos(HIGHEST_NANOS);
