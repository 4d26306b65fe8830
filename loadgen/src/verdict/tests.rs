//! Each doubt where it is due, and none where it is not.

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

#[test]
fn a_quiet_run_is_valid() {
    assert_valid(&after(|_| {}));
}

#[test]
fn a_run_of_whose_host_nothing_is_known_can_be_valid() {
    assert_valid(&after(|evidence| evidence.host = Host::unknown("a reason")));
}

#[test]
fn a_run_that_sent_under_99_percent_is_invalid() {
    assert_valid(&after(|evidence| set_sent(evidence, 99_000, "behind")));
    let verdict = after(|evidence| set_sent(evidence, 98_999, "behind"));
    assert_only(&verdict, "rate_missed", Outcome::Invalid);
    let weight = verdict.doubts[0].weight();
    assert_eq!(
        (weight.measured, weight.limit, weight.unit),
        (98_999.0, 99_000.0, "probes")
    );
    assert_eq!(
        verdict.doubts[0].message(),
        "Only 98.999 % of the scheduled probes were sent (98,999 of 100,000): lower --rate, or \
         raise --threads if there are idle CPUs."
    );
}

#[test]
fn what_to_do_about_probes_not_sent_depends_on_why() {
    for (reason, word) in [
        ("EAGAIN", "wmem_default"),
        ("ENOBUFS", "txqueuelen"),
        ("ECONNREFUSED", "start the server"),
        ("ENETUNREACH", "routes"),
        ("EPERM", "firewall"),
        ("EMSGSIZE", "--size"),
        ("EIO", "errors"),
    ] {
        let verdict = after(|evidence| {
            set_sent(evidence, 90_000, reason);
            evidence.not_sent_by.insert("behind".to_owned(), 1);
        });
        let message = verdict.doubts[0].message();
        assert!(message.contains(word), "{reason}: {message}");
    }
}

#[test]
fn a_run_without_a_probe_measured_nothing() {
    let verdict = after(|evidence| evidence.counts = Counts::default());
    assert_eq!(verdict.doubts[0], Doubt::NothingMeasured);
    assert_eq!(verdict.outcome, Outcome::Invalid);
}

#[test]
fn silence_is_invalid_and_so_is_it_if_every_answer_is_late() {
    let silent = |evidence: &mut Evidence| {
        evidence.counts.received = 0;
        evidence.counts.lost = 100_000;
        let lost = Quantile::Lost;
        evidence.from_due = Quantiles {
            count: 0,
            summary: None,
            p50: lost,
            p90: lost,
            p99: lost,
            p99_9: lost,
            p99_99: lost,
            max: lost,
            intervals: Intervals::default(),
        };
    };
    assert_only(&after(silent), "no_answers", Outcome::Invalid);
    let late = after(|evidence| {
        silent(evidence);
        evidence.counts.lost = 0;
        evidence.counts.late = 100_000;
    });
    assert_only(&late, "no_answers", Outcome::Invalid);
    assert!(late.doubts[0].message().contains("--timeout"));
}

#[test]
fn loss_that_hides_p99_makes_a_run_suspect() {
    let verdict = after(|evidence| {
        evidence.counts.received = 90_500;
        evidence.counts.lost = 9_500;
        evidence.from_due.p99 = Quantile::Lost;
        evidence.from_due.p99_9 = Quantile::Lost;
        evidence.from_due.p99_99 = Quantile::Lost;
    });
    assert_only(&verdict, "quantiles_lost", Outcome::Suspect);
    let message = verdict.doubts[0].message();
    assert!(
        message.starts_with("p99 and above fall among the 9.5 %"),
        "{message}"
    );
}

#[test]
fn answers_that_we_dropped_ourselves_are_not_the_servers_loss() {
    let dropped = |drops| after(|evidence| evidence.own_drops = drops);
    assert_only(&dropped(1), "own_drops", Outcome::Suspect);
    assert_only(&dropped(999), "own_drops", Outcome::Suspect);
    assert_only(&dropped(1_000), "own_drops", Outcome::Invalid);
}

#[test]
fn lateness_over_a_tenth_of_p99_makes_a_run_suspect() {
    let late = |nanos| after(|evidence| evidence.lateness.p99 = Quantile::Value(nanos));
    // A tenth of 40 us is under what it takes to send a batch.
    assert_valid(&late(5_000));
    let verdict = late(5_001);
    assert_only(&verdict, "generator_late", Outcome::Suspect);
    assert!(
        verdict.doubts[0]
            .message()
            .contains("The client was late: by 5.00 us at p99")
    );
    // However late: one probe in a hundred can be an accident.
    assert_only(&late(39_000), "generator_late", Outcome::Suspect);
}

#[test]
fn a_tail_that_is_mostly_our_own_makes_a_run_suspect() {
    let late = |nanos| after(|evidence| evidence.lateness.p99_9 = Quantile::Value(nanos));
    assert_valid(&late(30_000));
    let verdict = late(30_001);
    assert_only(&verdict, "generator_late", Outcome::Suspect);
    assert!(verdict.doubts[0].message().contains("at p99.9,"));
}

#[test]
fn a_generator_that_is_late_by_habit_makes_a_run_invalid() {
    let late = |nanos| {
        after(|evidence| {
            evidence.lateness.p90 = Quantile::Value(nanos);
            evidence.lateness.p99 = Quantile::Value(nanos);
        })
    };
    assert_only(&late(12_500), "generator_late", Outcome::Suspect);
    assert_only(&late(12_501), "generator_late", Outcome::Invalid);
}

#[test]
fn a_handful_of_late_probes_says_nothing_about_the_generator() {
    let verdict = after(|evidence| {
        evidence.lateness = quantiles([90_000; 5]);
        evidence.lateness.count = limits::LATE_FEWEST - 1;
    });
    assert_valid(&verdict);
}

#[test]
fn stolen_time_counts_where_a_quantile_can_show_it() {
    let stolen = |millis, shown: bool| {
        after(|evidence| {
            evidence.host.stolen = Ok(Duration::from_millis(millis));
            if !shown {
                evidence.from_due.p99_9 = Quantile::TooFew;
                evidence.from_due.p99_99 = Quantile::TooFew;
            }
        })
    };
    assert_valid(&stolen(10, true));
    assert_only(&stolen(20, true), "time_stolen", Outcome::Suspect);
    assert_valid(&stolen(90, false));
    let verdict = stolen(110, false);
    assert_only(&verdict, "time_stolen", Outcome::Suspect);
    let message = verdict.doubts[0].message();
    assert!(
        message.starts_with("The hypervisor stole 1.1 % of the time, which p99 and"),
        "{message}"
    );
}

#[test]
fn one_step_of_stolen_time_is_too_coarse_to_count_in_a_short_run() {
    let verdict = after(|evidence| {
        evidence.host.span = Duration::from_secs(1);
        evidence.host.threads.clear();
    });
    assert_valid(&verdict);
}

#[test]
fn a_thread_that_waits_for_a_processor_makes_a_run_suspect() {
    let waited = |millis| {
        after(|evidence| {
            evidence.host.threads.push(Scheduling {
                involuntary_switches: Ok(40),
                run_queue_wait: Ok(Duration::from_millis(millis)),
            });
        })
    };
    assert_valid(&waited(100));
    assert_only(&waited(101), "client_cpu_saturated", Outcome::Suspect);
}

#[test]
fn a_thread_that_is_pushed_aside_is_doubted_where_its_wait_is_unknown() {
    let switched = |times, known: bool| {
        after(|evidence| {
            let thread = &mut evidence.host.threads[0];
            thread.involuntary_switches = Ok(times);
            if !known {
                thread.run_queue_wait = Err("a reason".to_owned());
            }
        })
    };
    assert_valid(&switched(50_000, true));
    assert_valid(&switched(1_000, false));
    assert_only(
        &switched(1_001, false),
        "involuntary_switches",
        Outcome::Suspect,
    );
}

#[test]
fn a_throttled_or_hot_host_makes_a_run_suspect() {
    let throttled =
        |millis| after(|evidence| evidence.host.throttled = Ok(Duration::from_millis(millis)));
    assert_valid(&throttled(10));
    assert_only(&throttled(11), "throttled", Outcome::Suspect);
    let hot = after(|evidence| evidence.host.hot = Ok(1));
    assert_only(&hot, "too_hot", Outcome::Suspect);
}

#[test]
fn a_clock_that_was_set_matters_to_timestamps_alone() {
    let stepped = |stamps| {
        after(|evidence| {
            evidence.host.clock_step = Ok(-1_000_000_001);
            evidence.timestamp_coverage = stamps;
        })
    };
    assert_only(&stepped(None), "clock_jump", Outcome::Valid);
    let verdict = stepped(Some(1.0));
    assert_only(&verdict, "clock_jump", Outcome::Suspect);
    let message = verdict.doubts[0].message();
    assert!(
        message.starts_with("The wall clock was set by -1.00 s"),
        "{message}"
    );
}

#[test]
fn a_rhythm_that_is_another_makes_a_run_suspect() {
    let verdict = after(|evidence| evidence.arrivals_distance = Some(0.26));
    assert_only(&verdict, "arrivals_distorted", Outcome::Suspect);
}

#[test]
fn missing_timestamps_make_a_run_suspect() {
    assert_valid(&after(|evidence| evidence.timestamp_coverage = Some(0.99)));
    let verdict = after(|evidence| evidence.timestamp_coverage = Some(0.989));
    assert_only(&verdict, "timestamps_not_covered", Outcome::Suspect);
}

#[test]
fn round_trips_that_grow_make_a_run_suspect() {
    let part = |index: u32| Part {
        from: Duration::from_secs(index.into()),
        to: Duration::from_secs(u64::from(index) + 1),
        sent: 10_000,
        answered: 10_000,
        p50: Some(20_000 + 1_000 * u64::from(index)),
        p99: None,
    };
    let verdict = after(|evidence| evidence.parts = (0..10).map(part).collect());
    assert_only(&verdict, "not_stationary", Outcome::Suspect);
    let message = verdict.doubts[0].message();
    assert!(
        message.contains("from 21.0 us to 28.0 us at p50"),
        "{message}"
    );
}

#[test]
fn values_over_the_range_make_a_run_suspect() {
    let verdict = after(|evidence| evidence.over_range = 1);
    assert_only(&verdict, "values_over_range", Outcome::Suspect);
}

#[test]
fn a_quantile_of_few_samples_is_noted_and_no_more() {
    let verdict = after(|evidence| set_sent(evidence, 89_999, "behind"));
    let note = &verdict.doubts[1];
    assert_eq!(
        (note.code(), note.outcome()),
        ("few_tail_samples", Outcome::Valid)
    );
    assert!(note.message().starts_with("Only 9 samples are at p99.99"));
}

/// One of each doubt.
fn each_doubt() -> Vec<Doubt> {
    vec![
        Doubt::Unfinished {
            known: Duration::from_secs(3),
            planned: Duration::from_secs(10),
        },
        Doubt::NothingMeasured,
        Doubt::RateMissed {
            sent: 1,
            scheduled: 100,
            reason: String::new(),
        },
        Doubt::NoAnswers {
            sent: 1,
            late: 0,
            corrupted: 0,
        },
        Doubt::OwnDrops {
            drops: 1,
            sent: 100,
        },
        Doubt::QuantilesLost {
            first: "p99",
            unanswered: 2,
            mostly_late: false,
            sent: 100,
        },
        Doubt::GeneratorLate {
            quantile: "p99",
            lateness: 2,
            round_trip: 3,
            limit: limits::LATE_PERCENT,
            outcome: Outcome::Suspect,
        },
        Doubt::ClientCpuSaturated {
            share: 0.1,
            first: "p99",
        },
        Doubt::InvoluntarySwitches { a_second: 200.0 },
        Doubt::TimeStolen {
            share: 0.1,
            first: "p99",
        },
        Doubt::Throttled {
            share: 0.1,
            first: "p99",
        },
        Doubt::TooHot { times: 1 },
        Doubt::ClockJump {
            step: 2_000_000,
            stamps: false,
        },
        Doubt::NotStationary(drift::Drift { from: 1, to: 2 }),
        Doubt::ArrivalsDistorted { distance: 0.5 },
        Doubt::TimestampsNotCovered { coverage: 0.5 },
        Doubt::ValuesOverRange { values: 1 },
        Doubt::FewTailSamples {
            quantile: "p99",
            samples: 1,
        },
    ]
}

/// A new doubt does not compile until it is here, and then belongs into [`each_doubt`] too.
fn place(doubt: &Doubt) -> usize {
    match doubt {
        Doubt::Unfinished { .. } => 0,
        Doubt::NothingMeasured => 1,
        Doubt::RateMissed { .. } => 2,
        Doubt::NoAnswers { .. } => 3,
        Doubt::OwnDrops { .. } => 4,
        Doubt::QuantilesLost { .. } => 5,
        Doubt::GeneratorLate { .. } => 6,
        Doubt::ClientCpuSaturated { .. } => 7,
        Doubt::InvoluntarySwitches { .. } => 8,
        Doubt::TimeStolen { .. } => 9,
        Doubt::Throttled { .. } => 10,
        Doubt::TooHot { .. } => 11,
        Doubt::ClockJump { .. } => 12,
        Doubt::NotStationary(_) => 13,
        Doubt::ArrivalsDistorted { .. } => 14,
        Doubt::TimestampsNotCovered { .. } => 15,
        Doubt::ValuesOverRange { .. } => 16,
        Doubt::FewTailSamples { .. } => 17,
    }
}

/// The limits of a doubt as `docs/verdict.md` has to write them.
fn limits_of(code: &str) -> Vec<String> {
    let percent = |percent: f64| format!("{percent} %");
    let whole = |percent: u64| format!("{percent} %");
    let micros = |time: Duration| format!("{} us", time.as_micros());
    let millis = |time: Duration| format!("{} ms", time.as_millis());
    match code {
        "unfinished" => vec!["the whole window".to_owned()],
        "nothing_measured" => vec!["1 probe".to_owned()],
        "rate_missed" => vec![whole(limits::SENT_PERCENT)],
        "no_answers" => vec!["1 answer".to_owned()],
        "own_drops" => vec![
            format!("{} datagrams", limits::OWN_DROPS),
            whole(limits::OWN_DROPS_PERCENT_INVALID),
        ],
        "quantiles_lost" => vec![percent(limits::UNANSWERED_PERCENT)],
        "generator_late" => vec![
            whole(limits::LATE_PERCENT),
            whole(limits::LATE_PERCENT_TAIL),
            whole(limits::LATE_PERCENT_INVALID),
            micros(limits::LATE_FLOOR),
            format!("{} probes", limits::LATE_FEWEST),
        ],
        "client_cpu_saturated" => vec![percent(limits::WAITED_PERCENT)],
        "involuntary_switches" => vec![format!("{} times a second", limits::SWITCHES_A_SECOND)],
        "time_stolen" => vec![
            percent(limits::STOLEN_PERCENT),
            millis(limits::STOLEN_FLOOR),
        ],
        "throttled" => vec![percent(limits::THROTTLED_PERCENT)],
        "too_hot" => vec![format!("{} times", limits::TOO_HOT_TIMES)],
        "clock_jump" => vec![millis(limits::CLOCK_STEP)],
        "not_stationary" => vec![
            percent(limits::DRIFT_PERCENT),
            format!("{} of 45", limits::DRIFT_PAIRS),
            format!("{} answers", limits::DRIFT_FEWEST),
        ],
        "arrivals_distorted" => vec![limits::ARRIVALS_DISTANCE.to_string()],
        "timestamps_not_covered" => vec![percent(limits::STAMPED_PERCENT)],
        "values_over_range" => vec![format!("{} values", limits::OVER_RANGE)],
        "few_tail_samples" => vec![format!("{} samples", limits::TAIL_SAMPLES)],
        other => panic!("no limits are known for {other}"),
    }
}

#[test]
fn the_manual_lists_every_doubt_with_its_limits() {
    let manual = include_str!("../../../docs/verdict.md");
    let mut rows: BTreeMap<&str, &str> = BTreeMap::new();
    for line in manual.lines() {
        if let Some((code, _)) = line
            .strip_prefix("| `")
            .and_then(|rest| rest.split_once('`'))
        {
            rows.insert(code, line);
        }
    }
    for (at, doubt) in each_doubt().iter().enumerate() {
        assert_eq!(place(doubt), at);
        let row = rows.remove(doubt.code());
        let row = row.unwrap_or_else(|| panic!("docs/verdict.md lacks {}", doubt.code()));
        for limit in limits_of(doubt.code()) {
            assert!(row.contains(&limit), "{limit} is not in {row}");
        }
    }
    assert_eq!(rows, BTreeMap::new(), "these are no doubts");
}

#[test]
fn every_doubt_says_in_one_sentence_what_to_do() {
    for doubt in each_doubt() {
        let message = doubt.message();
        assert!(
            message.ends_with('.') && !message.contains(". "),
            "{message}"
        );
        let weight = doubt.weight();
        assert!(weight.measured.is_finite() && weight.limit.is_finite());
    }
}

proptest! {
    #[test]
    fn the_outcome_is_the_worst_of_the_doubts(
        sent in 0..=100_000_u64, drops in 0..5_000_u64, late in 0..100_000_u64,
        stolen in 0..1_000_u64, over in 0..2_u64,
    ) {
        let verdict = after(|evidence| {
            set_sent(evidence, sent, "behind");
            evidence.own_drops = drops;
            evidence.lateness.p90 = Quantile::Value(late);
            evidence.host.stolen = Ok(Duration::from_millis(stolen));
            evidence.over_range = over;
        });
        let worst = verdict.doubts.iter().map(Doubt::outcome).max();
        prop_assert_eq!(verdict.outcome, worst.unwrap_or(Outcome::Valid));
    }
}
