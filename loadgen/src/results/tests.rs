//! The file of a run, and runs for the tests of all that reads it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::losses::{Losses, Server};
use crate::measure::{self, Measured, Reason, Recorder, Terms};
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

/// The same, with objectives and a goal.
pub(crate) fn asked() -> Run {
    let until = plan::Until {
        goal: "p90+-5%".parse().unwrap(),
        most: Duration::from_millis(100),
    };
    run_asked(Some("p50<25us,max<=1s,loss<1%"), Some(until))
}

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

/// The same run, which is invalid for one reason.
pub(crate) fn doubted(mut run: Run) -> Run {
    run.verdict.outcome = Outcome::Invalid;
    run.verdict.doubts.push(doubt());
    run
}

/// A reason that makes a run invalid.
pub(crate) fn doubt() -> Doubt {
    Doubt {
        code: "rate_missed".to_owned(),
        message: "Lower --rate.".to_owned(),
        outcome: Outcome::Invalid,
        measured: 1.0,
        limit: 2.0,
        unit: "probes".to_owned(),
    }
}

/// By stamps of the kernel, where the time of the faster round trips went: most of it on the path.
pub(crate) fn time_split() -> TimeSplit {
    let row = |at, lag_ns| Row {
        at,
        samples: 40,
        lag_ns,
        send_ns: 2_000,
        device_ns: 0,
        path_ns: 30_000,
        read_ns: 4_000,
        total_ns: lag_ns + 36_000,
    };
    TimeSplit {
        clock: Clock::Software,
        sampled: 300,
        complete: 299,
        stepped: 0,
        negative: 0,
        skipped: 0,
        coverage_ppm: 996_666,
        rows: vec![
            row(At::P50, 500),
            row(At::P90, 1_000),
            row(At::P99, 2_000_000),
        ],
        withheld: None,
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

#[test]
fn a_file_is_read_as_it_was_written() {
    let written = doubted(asked());
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
