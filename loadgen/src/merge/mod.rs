//! Runs of several processes or hosts as one: histograms and counts are added, and every quantile is
//! that of all probes together. Pure.
//!
//! What can only be told of each run by itself (gaps, parts, where the time went) is left out. The
//! order in which runs are given does not matter, nor whether some were put together before.
//!
//! - `plan`: what was asked for, of all of them;
//! - `rows`: their intervals, side by side;
//! - `judgement`: their doubts, and those about putting them together.

mod judgement;
mod plan;
mod rows;

use std::time::Duration;

use thiserror::Error;

use crate::environment::Environment;
use crate::measure::{Counts, Imbalance, Latency};
use crate::precision::Ending;
use crate::results::{
    Distribution, Ended, Flow, Histograms, Host, Known, LostBy, Origin, Rates, RawDrops,
    RoundTrips, Run, Schema, Slo, Until,
};
use crate::slo;

/// A result, and the file that it is from.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The name of the file.
    pub file: String,
    /// What it holds.
    pub run: Run,
}

/// Puts runs together.
///
/// # Errors
///
/// [`MergeError`] if it cannot be done exactly.
pub fn merge(mut sources: Vec<Source>) -> Result<Run, MergeError> {
    if sources.len() < 2 {
        return Err(MergeError::TooFew);
    }
    sources.sort_by(|left, right| {
        let key = |source: &Source| (source.run.began_unix_ns, source.file.clone());
        key(left).cmp(&key(right))
    });
    let latency = latency(&sources)?;
    let origins = origins(&sources)?;
    let first = sources.first().ok_or(MergeError::TooFew)?;
    let runs: Vec<&Run> = sources.iter().map(|source| &source.run).collect();
    let counts = counts(&runs);
    let differing = plan::differing(&runs);
    let rows = rows::side_by_side(&runs);
    let plan = plan::together(&first.run.plan, &runs);
    let unanswered = counts.lost + counts.late;
    Ok(Run {
        schema: Schema::Run1,
        began_unix_ns: all(&runs, |run| run.began_unix_ns).and_then(|all| all.into_iter().min()),
        ended: all(&runs, |run| run.ended).and_then(worst_end),
        window_ns: most(&runs, |run| run.window_ns),
        counts,
        not_sent_by: plan::by_name(&runs),
        trains: sum(&runs, |run| run.trains),
        longest_train: most(&runs, |run| run.longest_train),
        own_drops: all(&runs, |run| run.own_drops).map(total),
        receive_buffer_bytes: all(&runs, |run| run.receive_buffer_bytes)
            .and_then(|all| all.into_iter().min()),
        unreachable: sum(&runs, |run| run.unreachable),
        receive_errors: sum(&runs, |run| run.receive_errors),
        rate_pps: rates(&runs),
        rtt_ns: RoundTrips {
            from_due: Distribution::new(&latency.from_due, unanswered),
            from_send: Distribution::new(&latency.from_send, unanswered),
        },
        lateness_ns: Distribution::new(&latency.lateness, 0),
        gaps_ns: None,
        time_split: None,
        flows: flows(&runs),
        until: until(&runs, &latency, unanswered),
        slo: objectives(&runs, &latency, &counts),
        parts: Vec::new(),
        lost_by: all(&runs, |run| run.lost_by).map(|all| lost_by(&all)),
        host: host(&sources),
        verdict: judgement::of(&sources, &origins, &differing, &rows),
        intervals: rows.unwrap_or_default(),
        histograms: Some(Histograms::of(&latency)),
        environment: machine(&runs),
        builds: all(&runs, |run| run.builds.clone()).and_then(|all| same(all.into_iter())),
        sockets: all(&runs, |run| run.sockets.clone()).and_then(|all| same(all.into_iter())),
        merged_from: origins,
        plan,
    })
}

/// Why runs cannot be put together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum MergeError {
    /// One is together already.
    #[error("it takes two results or more to put together")]
    TooFew,
    /// Averages of quantiles would be wrong.
    #[error(
        "{file} has no histograms, which came later: without them it cannot be put together with \
         others; measure again"
    )]
    NoHistograms { file: String },
    /// Probes of it were under way, of which nobody knows what became.
    #[error(
        "{file} holds a run that had not ended when it was written, whose last probes are in no \
         count: leave it out"
    )]
    Unfinished { file: String },
    /// Not what a run writes.
    #[error("cannot use the histograms of {file}: {reason}")]
    BadHistogram { file: String, reason: String },
    /// Not what a run writes.
    #[error("cannot use {file}: {reason}")]
    BadCounts { file: String, reason: Imbalance },
    /// Not what a run writes.
    #[error(
        "cannot use {file}: its histograms have {recorded} values where its counts say {counted}"
    )]
    OtherCounts {
        file: String,
        recorded: u64,
        counted: u64,
    },
    /// Its probes would count twice.
    #[error("{second} holds the same run as {first}: name each run once")]
    Twice { first: String, second: String },
}

/// All the runs that are in the sources, each once.
fn origins(sources: &[Source]) -> Result<Vec<Origin>, MergeError> {
    let mut origins: Vec<(&str, Origin)> = Vec::new();
    for Source { file, run } in sources {
        for origin in Origin::all(file, run) {
            if let Some((first, _)) = origins.iter().find(|(_, known)| known.is(&origin)) {
                return Err(MergeError::Twice {
                    first: (*first).to_owned(),
                    second: file.clone(),
                });
            }
            origins.push((file, origin));
        }
    }
    let mut origins: Vec<Origin> = origins.into_iter().map(|(_, origin)| origin).collect();
    origins.sort_by(|left, right| {
        (left.began_unix_ns, &left.file).cmp(&(right.began_unix_ns, &right.file))
    });
    Ok(origins)
}

/// The machine, if all of them were made on one. What everybody's programs did there differs from run
/// to run, and is that of the first.
fn machine(runs: &[&Run]) -> Option<Environment> {
    let all = all(runs, |run| run.environment.as_ref())?;
    let (first, others) = all.split_first()?;
    let mut others = others.iter().map(|other| Environment {
        load: first.load.clone(),
        ..(*other).clone()
    });
    others
        .all(|other| other == **first)
        .then(|| (*first).clone())
}

/// All round trips and all lateness.
fn latency(sources: &[Source]) -> Result<Latency, MergeError> {
    let mut pooled = Latency::new();
    for source in sources {
        pooled.merge(&own_latency(source)?);
    }
    Ok(pooled)
}

fn own_latency(Source { file, run }: &Source) -> Result<Latency, MergeError> {
    let file = || file.clone();
    if run.ended == Some(Ended::Unfinished) {
        return Err(MergeError::Unfinished { file: file() });
    }
    let check = run.counts.check();
    check.map_err(|reason| MergeError::BadCounts {
        file: file(),
        reason,
    })?;
    let histograms = run.histograms.as_ref();
    let histograms = histograms.ok_or_else(|| MergeError::NoHistograms { file: file() })?;
    let read = |histogram: &crate::results::Histogram, counted| {
        let distribution = histogram.distribution();
        let distribution = distribution.map_err(|reason| MergeError::BadHistogram {
            file: file(),
            reason,
        })?;
        match distribution.count() {
            recorded if recorded == counted => Ok(distribution),
            recorded => Err(MergeError::OtherCounts {
                file: file(),
                recorded,
                counted,
            }),
        }
    };
    Ok(Latency {
        from_due: read(&histograms.from_due, run.counts.received)?,
        from_send: read(&histograms.from_send, run.counts.received)?,
        lateness: read(&histograms.lateness, run.counts.sent)?,
    })
}

fn counts(runs: &[&Run]) -> Counts {
    let mut counts = Counts::default();
    for run in runs {
        counts.merge(&run.counts);
    }
    counts
}

/// They ran side by side, so that their rates add up.
fn rates(runs: &[&Run]) -> Rates {
    Rates {
        scheduled: sum(runs, |run| run.rate_pps.scheduled),
        sent: sum(runs, |run| run.rate_pps.sent),
        received: sum(runs, |run| run.rate_pps.received),
    }
}

/// The flows of all runs, each with the number that it had.
fn flows(runs: &[&Run]) -> Vec<Flow> {
    runs.iter().flat_map(|run| run.flows.clone()).collect()
}

/// The goal that all of them had, by what is known together.
fn until(runs: &[&Run], latency: &Latency, unanswered: u64) -> Option<Until> {
    let goals = all(runs, |run| run.until.as_ref())?;
    let goal = same(goals.iter().map(|until| &until.goal))?;
    let goal: crate::precision::Goal = goal.parse().ok()?;
    Some(Until::from(&Ending {
        goal,
        estimate: latency.from_due.estimate(goal.fraction(), unanswered),
        window: Duration::from_nanos(most(runs, |run| run.window_ns)),
        most: Duration::from_nanos(goals.iter().map(|until| until.max_duration_ns).max()?),
    }))
}

/// The objectives that all of them had, by all probes together.
fn objectives(runs: &[&Run], latency: &Latency, counts: &Counts) -> Option<Slo> {
    let asked = all(runs, plan::objectives)?;
    let asked: slo::Slo = same(asked.iter())?.parse().ok()?;
    let assess = |times| asked.assess(times, counts);
    Some(Slo::new(
        &assess(&latency.from_due),
        &assess(&latency.from_send),
    ))
}

fn lost_by(all: &[LostBy]) -> LostBy {
    let of = |figure: fn(&LostBy) -> Option<u64>| {
        let figures: Option<Vec<u64>> = all.iter().map(figure).collect();
        figures.map(total)
    };
    let known = all.iter().map(|lost| lost.server_known);
    let each = |figure: fn(&LostBy) -> u64| total(all.iter().map(figure).collect());
    let (server_socket, server) = (of(|lost| lost.server_socket), of(|lost| lost.server));
    // What only some of them know of the server is on the path for the others, and so for all.
    let untold = |figure: fn(&LostBy) -> Option<u64>, told: Option<u64>| match told {
        Some(_) => 0,
        None => total(all.iter().filter_map(figure).collect()),
    };
    let path = each(|lost| lost.path)
        .saturating_add(untold(|lost| lost.server_socket, server_socket))
        .saturating_add(untold(|lost| lost.server, server));
    LostBy {
        own_socket: each(|lost| lost.own_socket),
        server_socket,
        server,
        path,
        server_known: same(known).unwrap_or(Known::Unknown),
        raw: RawDrops {
            own_socket: each(|lost| lost.raw.own_socket),
            server_socket: of(|lost| lost.raw.server_socket),
            server: of(|lost| lost.raw.server),
        },
    }
}

/// What processes did adds up; of what hosts did, which may be one and the same, the worst counts.
fn host(sources: &[Source]) -> Host {
    let hosts: Vec<&Host> = sources.iter().map(|source| &source.run.host).collect();
    let summed = |figure: fn(&Host) -> Option<u64>| {
        let figures: Option<Vec<u64>> = hosts.iter().map(|host| figure(host)).collect();
        figures.map(total)
    };
    let worst = |figure: fn(&Host) -> Option<u64>| {
        let figures: Option<Vec<u64>> = hosts.iter().map(|host| figure(host)).collect();
        figures?.into_iter().max()
    };
    let shares: Option<Vec<f64>> = hosts.iter().map(|host| host.stolen_share).collect();
    let steps: Option<Vec<i64>> = hosts.iter().map(|host| host.clock_step_ns).collect();
    let reasons = sources.iter().flat_map(|Source { file, run }| {
        let reasons = run.host.unreadable.iter();
        reasons.map(move |(figure, reason)| (figure.clone(), judgement::named(file, run, reason)))
    });
    Host {
        stolen_ns: worst(|host| host.stolen_ns),
        stolen_share: shares.and_then(|shares| shares.into_iter().max_by(f64::total_cmp)),
        involuntary_switches: summed(|host| host.involuntary_switches),
        run_queue_wait_ns: summed(|host| host.run_queue_wait_ns),
        cpu_time_ns: summed(|host| host.cpu_time_ns),
        throttled_ns: worst(|host| host.throttled_ns),
        too_hot: worst(|host| host.too_hot),
        clock_step_ns: steps.and_then(|steps| {
            let largest = |step: &i64| (step.unsigned_abs(), *step);
            steps.into_iter().max_by_key(largest)
        }),
        unreadable: reasons.collect(),
    }
}

fn worst_end(all: Vec<Ended>) -> Option<Ended> {
    let badness = |ended: &Ended| match ended {
        Ended::AsPlanned => 0,
        Ended::Stopped => 1,
        Ended::Unfinished => 2,
    };
    all.into_iter().max_by_key(badness)
}

/// A figure of every run, if all have it.
fn all<'a, T>(runs: &[&'a Run], figure: impl Fn(&'a Run) -> Option<T>) -> Option<Vec<T>> {
    runs.iter().map(|run| figure(run)).collect()
}

/// What all of them are, if it is one thing.
fn same<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// Files may say anything, so that a sum ends at what fits.
fn total(all: Vec<u64>) -> u64 {
    all.into_iter().fold(0, u64::saturating_add)
}

fn sum(runs: &[&Run], figure: impl Fn(&Run) -> u64) -> u64 {
    total(runs.iter().map(|run| figure(run)).collect())
}

fn most(runs: &[&Run], figure: impl Fn(&Run) -> u64) -> u64 {
    runs.iter().map(|run| figure(run)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
