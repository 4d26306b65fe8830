//! The books and the clocks, against a server whose faults are known.

use echo_reactor::config::Wait;

use super::trial::Stage;
use crate::commands::{Failure, failed};
use crate::figures::{count, time};
use crate::measure::Quantile;
use crate::results::Check;

/// What the generator counts is what the server did.
pub(super) fn accounting(stage: &Stage) -> Result<Check, Failure> {
    let faults = "drop=1%,duplicate=1%,corrupt=0.1%,reorder=1%";
    let arguments = "--rate 50k --duration 3s --warmup 0s --timeout 3s";
    let (run, summary) = stage.trial(arguments, faults, Wait::Sleep)?;
    let truth = summary.total;
    let faults = truth
        .faults
        .ok_or_else(|| failed("the server has no account of its faults"))?;
    let counts = run.counts;
    let dropped = truth.kernel_drops + run.own_drops.unwrap_or(0);
    if dropped > 0 {
        return Ok(Check {
            name: "accounting".to_owned(),
            passed: false,
            found: format!(
                "not decided: sockets dropped {} datagrams, since the machine was too busy",
                count(dropped)
            ),
        });
    }
    let lost = faults.dropped_by_fault + faults.corrupted;
    let differences: Vec<String> = [
        ("lost", counts.lost, lost),
        ("duplicated", counts.duplicated, faults.duplicated),
        ("corrupted", counts.corrupted, faults.corrupted),
        ("reordered", counts.reordered, faults.reordered),
        ("sent", counts.sent, truth.received),
    ]
    .into_iter()
    .filter(|(_, here, there)| here != there)
    .map(|(name, here, there)| format!("{name} {} for {}", count(here), count(there)))
    .collect();
    Ok(Check {
        name: "accounting".to_owned(),
        passed: differences.is_empty(),
        found: if differences.is_empty() {
            format!(
                "{} probes with losses, copies, damage and reordering: all counts are the server's",
                count(counts.sent)
            )
        } else {
            format!("counts are not the server's: {}", differences.join(", "))
        },
    })
}

/// Lost probes stand in the percentiles.
pub(super) fn losses(stage: &Stage) -> Result<Check, Failure> {
    let arguments = "--rate 10k --duration 1s --warmup 0s --timeout 200ms";
    let (run, _) = stage.trial(arguments, "drop=5%", Wait::Sleep)?;
    let (p90, p99) = (run.rtt_ns.from_due.p90, run.rtt_ns.from_due.p99);
    let known = matches!(p90, Quantile::Value(_));
    Ok(Check {
        name: "losses".to_owned(),
        passed: known && p99 == Quantile::Lost,
        found: format!(
            "with one in twenty lost, p90 is {} and p99 is {}",
            written(p90),
            written(p99)
        ),
    })
}

/// An answer after the timeout is late, and its probe is not lost.
pub(super) fn late_is_not_lost(stage: &Stage) -> Result<Check, Failure> {
    let arguments = "--rate 2k --duration 1s --warmup 0s --timeout 50ms";
    let (run, _) = stage.trial(arguments, "delay=52ms", Wait::Sleep)?;
    Ok(Check {
        name: "lateness".to_owned(),
        passed: run.counts.late == run.counts.sent,
        found: format!(
            "of {} answers after the timeout, {} are late, {} lost",
            count(run.counts.sent),
            count(run.counts.late),
            count(run.counts.lost)
        ),
    })
}

/// A server that stands still is charged with every probe that it kept waiting.
pub(super) fn stall(stage: &Stage) -> Result<Check, Failure> {
    let arguments = "--rate 10k --duration 2s --warmup 0s --timeout 2s";
    let (run, _) = stage.trial(arguments, "stall=50ms@500ms", Wait::Sleep)?;
    // The slowest of 20,000 probes waited 50 ms, the others evenly less: 1 % of two seconds is 20 ms
    // later.
    let expected = 30_000_000;
    let p99 = run.rtt_ns.from_due.p99;
    Ok(Check {
        name: "stall".to_owned(),
        passed: is_near(p99, expected, 5_000_000),
        found: format!(
            "a server that stands still for 50 ms of 2 s: p99 is {}, by theory {}",
            written(p99),
            time(expected)
        ),
    })
}

/// A delay of the server moves the median by itself.
pub(super) fn delay(stage: &Stage) -> Result<Check, Failure> {
    let arguments = "--rate 5k --duration 1s --warmup 100ms --wait spin";
    let mut moved = Vec::with_capacity(DELAY_ROUNDS);
    for _round in 0..DELAY_ROUNDS {
        let (base, _) = stage.trial(arguments, "", Wait::Spin)?;
        let (delayed, _) = stage.trial(arguments, "delay=500us", Wait::Spin)?;
        if let (Quantile::Value(base), Quantile::Value(delayed)) =
            (base.rtt_ns.from_due.p50, delayed.rtt_ns.from_due.p50)
        {
            moved.push(delayed.saturating_sub(base));
        }
    }
    moved.sort_unstable();
    let median = moved.get(moved.len() / 2).copied().unwrap_or(0);
    Ok(Check {
        name: "delay".to_owned(),
        passed: median.abs_diff(500_000) <= 25_000,
        found: format!("a delay of 500 us moves the median by {}", time(median)),
    })
}

fn is_near(quantile: Quantile, expected: u64, tolerance: u64) -> bool {
    matches!(quantile, Quantile::Value(nanos) if nanos.abs_diff(expected) <= tolerance)
}

fn written(quantile: Quantile) -> String {
    match quantile {
        Quantile::Value(nanos) => time(nanos),
        Quantile::Lost => "lost".to_owned(),
        Quantile::TooFew => "n/a".to_owned(),
    }
}

/// How often a delay is measured: the median of some pairs is no pause's doing.
const DELAY_ROUNDS: usize = 3;
