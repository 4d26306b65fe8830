//! That the manual lists every doubt with its limits, and that each says what to do.

use super::*;

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
        no_answers(),
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

fn no_answers() -> Doubt {
    Doubt::NoAnswers {
        sent: 1,
        late: 0,
        corrupted: 0,
        unreachable: 0,
    }
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
    let manual = include_str!("../../../../docs/verdict.md");
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
