//! Each doubt where it is due, and none where it is not.
//!
//! - `causes`: what makes a run suspect or invalid, and what does not;
//! - `manual`: that the manual lists every doubt with its limits.

mod causes;
mod manual;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::host::thread::Scheduling;
use crate::measure::{Counts, Intervals, Part, Summary};

/// Ten quiet seconds at 10,000/s: every probe was sent 1 us late and answered within 40 us.
fn quiet() -> Evidence {
    let counts = Counts {
        scheduled: 100_000,
        sent: 100_000,
        received: 100_000,
        ..Counts::default()
    };
    let span = Duration::from_secs(10);
    Evidence {
        counts,
        not_sent_by: BTreeMap::new(),
        from_due: quantiles([20_000, 25_000, 40_000, 60_000, 200_000]),
        lateness: quantiles([1_000, 1_000, 2_000, 5_000, 50_000]),
        over_range: 0,
        own_drops: 0,
        unreachable: 0,
        parts: Vec::new(),
        host: Host {
            span,
            stolen: Ok(Duration::from_millis(10)),
            threads: vec![Scheduling {
                involuntary_switches: Ok(40),
                run_queue_wait: Ok(Duration::from_millis(20)),
            }],
            cpu_time: Ok(span),
            throttled: Ok(Duration::ZERO),
            hot: Ok(0),
            clock_step: Ok(300),
        },
        arrivals_distance: Some(0.1),
        timestamp_coverage: None,
    }
}

fn quantiles(nanos: [u64; 5]) -> Quantiles {
    let [p50, p90, p99, p99_9, p99_99] = nanos.map(Quantile::Value);
    Quantiles {
        count: 100_000,
        summary: Some(Summary {
            min: 1,
            mean: 1,
            stdev: 1,
        }),
        p50,
        p90,
        p99,
        p99_9,
        p99_99,
        max: p99_99,
        intervals: Intervals::default(),
    }
}

/// What is doubted of a quiet run after `change`.
fn after(change: impl FnOnce(&mut Evidence)) -> Verdict {
    let mut evidence = quiet();
    change(&mut evidence);
    judge(&evidence)
}

#[track_caller]
fn assert_only(verdict: &Verdict, code: &str, outcome: Outcome) {
    let codes: Vec<&str> = verdict.doubts.iter().map(Doubt::code).collect();
    assert_eq!(
        (codes.as_slice(), verdict.outcome),
        ([code].as_slice(), outcome)
    );
}

#[track_caller]
fn assert_valid(verdict: &Verdict) {
    assert_eq!(
        (verdict.doubts.as_slice(), verdict.outcome),
        ([].as_slice(), Outcome::Valid)
    );
}

fn set_sent(evidence: &mut Evidence, sent: u64, reason: &str) {
    let counts = &mut evidence.counts;
    (counts.sent, counts.received) = (sent, sent);
    counts.not_sent = counts.scheduled - sent;
    evidence
        .not_sent_by
        .insert(reason.to_owned(), counts.not_sent);
}
