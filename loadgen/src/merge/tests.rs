use proptest::collection::vec;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_distr::{Distribution as _, Exp};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::*;
use crate::measure::{self, Quantile};
use crate::results::Period;
use crate::results::tests::{doubted, run as finished};
use crate::verdict::Outcome;

/// A run with these round trips and so many losses, told from others by its number.
fn run(number: u64, times: &[u64], lost: u64) -> Run {
    let mut recorded = measure::Distribution::new();
    for nanos in times {
        recorded.record(*nanos);
    }
    let mut lateness = measure::Distribution::new();
    let received = times.len() as u64;
    lateness.record_many(number, received + lost);
    let counts = Counts {
        scheduled: received + lost,
        sent: received + lost,
        received,
        lost,
        ..Counts::default()
    };
    let mut run = finished();
    run.plan.run = Some(number);
    run.intervals.clear();
    run.lost_by = Some(LostBy {
        own_socket: 0,
        server_socket: Some(lost),
        path: 0,
        ..run.lost_by.unwrap()
    });
    run.rtt_ns = RoundTrips {
        from_due: Distribution::new(&recorded, lost),
        from_send: Distribution::new(&recorded, lost),
    };
    let latency = Latency {
        from_due: recorded.clone(),
        from_send: recorded,
        lateness,
    };
    Run {
        counts,
        histograms: Some(Histograms::of(&latency)),
        ..run
    }
}

fn source(file: &str, run: Run) -> Source {
    Source {
        file: file.to_owned(),
        run,
    }
}

fn codes(run: &Run) -> Vec<&str> {
    let doubts = run.verdict.doubts.iter();
    doubts.map(|doubt| doubt.code.as_str()).collect()
}

fn exponential(mean: f64, count: usize) -> Vec<u64> {
    let random = Xoshiro256PlusPlus::seed_from_u64(1);
    let times = Exp::new(1.0 / mean).unwrap().sample_iter(random);
    let whole = |time: f64| u64::try_from(Duration::from_secs_f64(time / 1e9).as_nanos()).unwrap();
    times.take(count).map(whole).collect()
}

#[test]
fn quantiles_are_those_of_all_probes_and_no_averages() {
    let fast = run(1, &exponential(100_000.0, 100_000), 0);
    let slow = run(2, &exponential(1_000_000.0, 10_000), 0);
    let merged = merge(vec![source("fast", fast), source("slow", slow)]).unwrap();
    let Quantile::Value(p99) = merged.rtt_ns.from_due.p99 else {
        panic!("{merged:?}");
    };
    // Where 10/11 exp(-t/0.1) + 1/11 exp(-t/1) is 1 %: t = 2.21 ms. The mean of the quantiles,
    // weighted by counts, is 0.84 ms, and that of the two 2.53 ms.
    assert!((2_130_000..=2_310_000).contains(&p99), "{p99}");
    assert_eq!(merged.rtt_ns.from_due.count, 110_000);
}

#[test]
fn the_lost_of_one_run_are_in_the_percentiles_of_all() {
    let merged = merge(vec![
        source("a", run(1, &[10; 990], 0)),
        source("b", run(2, &[10; 999], 11)),
    ]);
    let merged = merged.unwrap();
    assert_eq!(merged.rtt_ns.from_due.p99, Quantile::Value(10));
    assert_eq!(merged.rtt_ns.from_due.max, Quantile::Lost);
    assert_eq!(merged.lost_by.unwrap().server_socket, Some(11));
    assert_eq!((merged.counts.sent, merged.counts.lost), (2_000, 11));
}

#[test]
fn what_was_asked_for_adds_up() {
    let merged = merge(vec![
        source("a", run(1, &[1], 0)),
        source("b", run(2, &[1], 0)),
    ])
    .unwrap();
    assert_eq!(merged.plan.rate.as_deref(), Some("20000"));
    assert_eq!((merged.plan.flows, merged.plan.threads), (4, 2));
    assert_eq!(merged.rate_pps.scheduled, 20_000);
    assert_eq!(merged.window_ns, 100_000_000);
    assert_eq!((merged.plan.run, merged.flows.len()), (None, 4));
    let files: Vec<&str> = merged
        .merged_from
        .iter()
        .map(|origin| origin.file.as_str())
        .collect();
    assert_eq!(files, ["a", "b"]);
}

#[test]
fn doubts_name_their_files_and_the_worst_decides() {
    let bad = doubted(run(2, &[1], 0));
    let merged = merge(vec![source("a", run(1, &[1], 0)), source("b", bad)]).unwrap();
    assert_eq!(merged.verdict.outcome, Outcome::Invalid);
    assert_eq!(merged.verdict.doubts[0].message, "b: Lower --rate.");
    let again = merge(vec![source("ab", merged), source("c", run(3, &[1], 0))]).unwrap();
    assert_eq!(again.verdict.doubts[0].message, "b: Lower --rate.");
}

#[test]
fn runs_that_were_not_at_the_same_time_are_suspect() {
    let apart = |nanos| {
        let mut later = run(2, &[1], 0);
        later.began_unix_ns = later.began_unix_ns.map(|began| began + nanos);
        let merged = merge(vec![source("a", run(1, &[1], 0)), source("b", later)]).unwrap();
        (
            codes(&merged).contains(&"not_concurrent"),
            merged.verdict.outcome,
        )
    };
    assert_eq!(apart(49_000_000), (false, Outcome::Valid));
    assert_eq!(apart(51_000_000), (true, Outcome::Suspect));
    assert_eq!(apart(10_000_000_000), (true, Outcome::Suspect));
    let mut unknown = run(2, &[1], 0);
    unknown.began_unix_ns = None;
    let merged = merge(vec![source("a", run(1, &[1], 0)), source("b", unknown)]).unwrap();
    assert!(codes(&merged).contains(&"not_concurrent"));
}

#[test]
fn plans_that_differ_are_told_by_what_differs() {
    let mut other = run(2, &[1], 0);
    other.plan.timeout_ns += 1;
    other.plan.sizes = "imix".to_owned();
    other.plan.largest_size_bytes = 1_472;
    let merged = merge(vec![source("a", run(1, &[1], 0)), source("b", other)]).unwrap();
    let doubt = &merged.verdict.doubts[0];
    assert_eq!(doubt.code, "plans_differ");
    let message = "The runs do not have the same sizes, timeout: what is shown of that is a's.";
    assert_eq!(doubt.message, message);
    assert_eq!(merged.plan.largest_size_bytes, 1_472);
}

#[test]
fn an_objective_of_all_is_judged_by_all() {
    let asked = |number, times: &[u64]| {
        let judged = run(number, times, 0);
        Run {
            slo: crate::results::tests::asked().slo,
            until: crate::results::tests::asked().until,
            ..judged
        }
    };
    let sources = vec![
        source("a", asked(1, &[20_000; 600])),
        source("b", asked(2, &[30_000; 300])),
    ];
    let merged = merge(sources).unwrap();
    let slo = merged.slo.unwrap();
    assert_eq!(slo.objectives[0].objective, "p50<25us");
    assert_eq!(slo.objectives[0].outcome, slo::Outcome::Met);
    assert_eq!(slo.objectives[1].outcome, slo::Outcome::Met);
    assert_eq!(merged.until.unwrap().goal, "p90+-5%");
    let one = merge(vec![
        source("a", asked(1, &[1])),
        source("b", run(2, &[1], 0)),
    ]);
    let one = one.unwrap();
    assert_eq!((one.slo, one.until), (None, None));
    assert!(one.verdict.doubts[0].message.contains("objectives, goal"));
}

/// A row of the grid, whose one answer took as long as the row's number is.
fn row(number: u64, length: u64, lost: u64) -> Period {
    let mut times = measure::Distribution::new();
    times.record(number);
    let quantiles = times.quantiles(lost);
    Period::from(&measure::Row {
        from: Duration::from_millis(number * 50),
        to: Duration::from_millis((number + length) * 50),
        tally: measure::Tally {
            sent: 1 + lost,
            received: 1,
            given_up: lost,
            ..measure::Tally::default()
        },
        from_due: quantiles,
        from_send: quantiles,
        lateness: quantiles,
        histogram: measure::Compressed::of(times.histogram()),
    })
}

fn in_rows(number: u64, rows: Vec<Period>) -> Run {
    let sent = rows.iter().map(|row| row.sent).sum::<u64>();
    let received = rows.iter().map(|row| row.received).sum::<u64>();
    let times: Vec<u64> = (0..received).collect();
    let mut run = run(number, &times, sent - received);
    run.intervals = rows;
    run
}

#[test]
fn rows_are_put_together_by_the_wall_clock() {
    let left = in_rows(1, vec![row(0, 1, 0), row(1, 1, 0), row(2, 1, 3)]);
    let mut right = in_rows(2, vec![row(0, 1, 0), row(1, 2, 0)]);
    // One interval later, but for a little.
    right.began_unix_ns = right.began_unix_ns.map(|began| began + 48_000_000);
    let merged = merge(vec![source("a", left), source("b", right)]).unwrap();
    let spans: Vec<(u64, u64)> = merged
        .intervals
        .iter()
        .map(|row| (row.from_ns / 1_000_000, row.to_ns / 1_000_000))
        .collect();
    assert_eq!(spans, [(0, 50), (50, 100), (100, 200)]);
    let received: Vec<u64> = merged.intervals.iter().map(|row| row.received).collect();
    assert_eq!(received, [1, 2, 2]);
    assert_eq!(merged.intervals[1].rtt_ns.from_due.max, Quantile::Value(1));
    assert_eq!(merged.intervals[2].rtt_ns.from_due.max, Quantile::Lost);
    assert_eq!(merged.intervals[2].lost, 3);
    let histogram = merged.intervals[2].histogram.histogram().unwrap();
    assert_eq!(histogram.len(), 2);
    assert!(!codes(&merged).contains(&"intervals_apart"));
}

#[test]
fn rows_of_unlike_lengths_are_left_out_with_a_note() {
    let mut other = in_rows(2, vec![row(0, 1, 0)]);
    other.plan.interval_ns = Some(1);
    let merged = merge(vec![
        source("a", in_rows(1, vec![row(0, 1, 0)])),
        source("b", other),
    ]);
    let merged = merged.unwrap();
    assert_eq!(merged.intervals, []);
    assert_eq!(codes(&merged), ["intervals_apart"]);
    assert_eq!(merged.verdict.outcome, Outcome::Valid);
}

#[test]
fn what_cannot_be_put_together_exactly_is_refused() {
    let good = || source("a", run(1, &[1], 0));
    assert_eq!(merge(vec![good()]), Err(MergeError::TooFew));
    let twice = merge(vec![good(), source("b", run(1, &[1], 0))]).unwrap_err();
    assert_eq!(
        twice.to_string(),
        "b holds the same run as a: name each run once"
    );
    let mut old = run(2, &[1], 0);
    old.histograms = None;
    let refused = merge(vec![good(), source("b", old)]).unwrap_err();
    assert!(
        refused.to_string().starts_with("b has no histograms"),
        "{refused}"
    );
    let mut wrong = run(2, &[1], 0);
    (wrong.counts.received, wrong.counts.lost) = (0, 1);
    let refused = merge(vec![good(), source("b", wrong)]).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("1 values where its counts say 0"),
        "{refused}"
    );
    let both = merge(vec![good(), source("b", run(2, &[1], 0))]).unwrap();
    let again = merge(vec![source("ab", both), good()]).unwrap_err();
    assert!(matches!(again, MergeError::Twice { .. }), "{again}");
}

proptest! {
    // Each puts eight results together.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn neither_order_nor_grouping_matters(
        left in vec(any::<u32>(), 1..50), middle in vec(any::<u32>(), 1..50),
        right in vec(any::<u32>(), 1..50), lost in 0..5_u64,
    ) {
        let of = |file: &str, number, times: &[u32], lost| {
            let times: Vec<u64> = times.iter().map(|time| u64::from(*time)).collect();
            source(file, run(number, &times, lost))
        };
        let (a, b, c) = (
            of("a", 1, &left, lost), of("b", 2, &middle, 0), of("c", 3, &right, 1),
        );
        let all = merge(vec![a.clone(), b.clone(), c.clone()]).unwrap();
        let turned = merge(vec![c.clone(), a.clone(), b.clone()]).unwrap();
        prop_assert_eq!(&all, &turned);
        let first = merge(vec![a, b]).unwrap();
        let grouped = merge(vec![c, source("ab", first)]).unwrap();
        prop_assert_eq!(&all, &grouped);
        let mut recorded = measure::Distribution::new();
        for time in left.iter().chain(&middle).chain(&right) {
            recorded.record(u64::from(*time));
        }
        let pooled = all.histograms.unwrap().from_due.distribution().unwrap();
        prop_assert_eq!(pooled, recorded);
    }
}
