//! What makes a run suspect or invalid, and what does not.

use super::*;

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
    let closed = after(|evidence| {
        silent(evidence);
        evidence.unreachable = 200_000;
    });
    assert_only(&closed, "no_answers", Outcome::Invalid);
    let message = closed.doubts[0].message();
    assert!(message.contains("nobody listens there"), "{message}");
    assert!(!message.contains("firewall"), "{message}");
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
