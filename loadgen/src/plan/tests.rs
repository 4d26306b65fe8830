//! What a plan makes of choices, and the choices that it refuses.

use super::*;
use crate::rate::Rate;

fn choices() -> Choices {
    Choices {
        target: SocketAddr::from(([127, 0, 0, 1], 50_007)),
        target_name: "localhost:50007".to_owned(),
        embedded: false,
        load: Load::Open(Rate::per_second(100_000).unwrap()),
        arrivals: Arrivals::Constant,
        trains: true,
        waiting: Waiting::Adaptive,
        pin: Vec::new(),
        receive_buffer: 4 << 20,
        timestamps: Timestamps::Off,
        duration: Duration::from_secs(10),
        interval: Duration::from_secs(1),
        until: None,
        slo: None,
        warmup: Duration::from_secs(1),
        sizes: Sizes::one(64).unwrap(),
        flows: 4,
        threads: 2,
        timeout: Duration::from_secs(1),
        run: 7,
        seed: 1,
    }
}

#[track_caller]
fn assert_refused(change: impl FnOnce(&mut Choices), sentence: &str) {
    let mut choices = choices();
    change(&mut choices);
    assert_eq!(Plan::new(choices).unwrap_err().to_string(), sentence);
}

#[test]
fn the_measured_window_follows_the_warm_up() {
    let plan = Plan::new(choices()).unwrap();
    assert_eq!(plan.measured_from(), Offset::from_nanos(1_000_000_000));
    assert_eq!(plan.span(), Duration::from_secs(11));
}

#[test]
fn memory_is_taken_for_a_timeout_of_one_flow_within_bounds() {
    let outstanding = |rate| {
        let load = Load::Open(Rate::per_second(rate).unwrap());
        Plan::new(Choices { load, ..choices() })
            .unwrap()
            .outstanding_a_flow()
    };
    assert_eq!(outstanding(100_000), 25_000);
    assert_eq!(outstanding(1_000_000_000), 65_536);
}

#[test]
fn a_target_without_a_port_is_refused() {
    assert_refused(
        |choices| choices.target.set_port(0),
        "the target localhost:50007 has no port: write it as HOST:PORT, with a port from 1 \
         to 65535",
    );
}

#[test]
fn a_thread_without_a_flow_is_refused() {
    assert_refused(
        |choices| choices.threads = 5,
        "--flows 4 is too few: each of --threads 5 needs a flow of its own",
    );
    assert_refused(
        |choices| choices.threads = 0,
        "--threads 0 is too few: sending takes at least one thread",
    );
}

#[test]
fn what_cannot_be_drawn_in_time_is_refused() {
    assert_refused(
        |choices| {
            choices.arrivals = Arrivals::Poisson;
            choices.load = Load::Open(Rate::per_second(20_000_001).unwrap());
        },
        "--rate 20000001 is too high for --arrivals poisson, whose gaps are drawn one by one: \
         at most 20000000 are possible",
    );
}

#[test]
fn a_run_that_measures_nothing_is_refused() {
    assert_refused(
        |choices| choices.duration = Duration::ZERO,
        "--duration 0s is too short: nothing would be measured",
    );
    assert_refused(
        |choices| {
            choices.load = Load::Open(Rate::from_thousandths(500).unwrap());
            choices.duration = Duration::from_millis(10);
        },
        "--duration 10ms is too short: at --rate 0.5 no probe is due in it",
    );
    assert_refused(
        |choices| choices.interval = Duration::from_millis(9),
        "--interval 9ms is too short: 10ms is the least",
    );
    assert_refused(
        |choices| {
            choices.interval = Duration::from_millis(10);
            choices.duration = Duration::from_secs(101);
        },
        "--interval 10ms makes 10100 rows: 10000 are possible, so make it longer",
    );
    assert_refused(
        |choices| choices.timeout = Duration::ZERO,
        "--timeout 0s is too short: every probe would be lost",
    );
}

#[test]
fn a_buffer_of_nothing_is_refused() {
    assert_refused(
        |choices| choices.receive_buffer = 0,
        "--rcvbuf 0 is too small: the kernel would take the least it has, which drops answers; \
         leave it out, or name a size as in 4096Ki",
    );
}

#[test]
fn a_run_with_a_goal_can_last_longer_than_it_has_to() {
    let until = Until {
        goal: "p99+-2%".parse().unwrap(),
        most: Duration::from_secs(600),
    };
    let until = Some(until);
    let plan = Plan::new(Choices { until, ..choices() }).unwrap();
    assert_eq!(plan.duration(), Duration::from_secs(10));
    assert_eq!(plan.span(), Duration::from_secs(601));
    assert_eq!(plan.probes_due(), Some(60_000_000));
    assert_refused(
        |choices| {
            choices.until = until;
            choices.duration = Duration::from_secs(601);
        },
        "--max-duration 10m is too short: --duration 10m 1s is measured in any case",
    );
}

#[test]
fn a_run_that_would_not_end_is_refused() {
    assert_refused(
        |choices| choices.timeout = Duration::from_secs(121),
        "--timeout 2m 1s is too long: at most 2m are possible",
    );
    let endless = Choices {
        warmup: Duration::MAX,
        ..choices()
    };
    assert!(matches!(Plan::new(endless), Err(PlanError::TooLong { .. })));
}
