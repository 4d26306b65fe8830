//! A server whose queue theory knows: Poisson arrivals at 10,000 a second, one server that takes
//! 50 us on average, so that it is busy half of the time.

use echo_reactor::config::Wait;
use loadgen::results::Run;

use crate::rig::run::{assert_within, measure, micros};
use crate::rig::server::faulty;

const SERVICE_MICROS: f64 = 50.0;
const LOAD: f64 = 0.5;

/// How often each is measured: a pause by the hypervisor lengthens the queue for long, so that the
/// median of some runs is taken and not one of them.
const ROUNDS: usize = 7;

/// Runs against a server with and without service times in turn, and gives the medians of what
/// `figure` reads from them.
fn medians<const N: usize>(service: &str, figures: [fn(&Run) -> f64; N]) -> [f64; N] {
    let mut above = [const { Vec::new() }; N];
    for round in 0..ROUNDS {
        let arguments = format!(
            "--arrivals poisson --rate 10k --duration 4s --warmup 500ms --seed {round} --wait spin"
        );
        let [floor, served] = ["", service].map(|faults| {
            let (server, target) = faulty(faults, |config| config.wait(Wait::Spin));
            let run = measure(target, &arguments).run;
            drop(server);
            run
        });
        for (values, figure) in above.iter_mut().zip(figures) {
            values.push(figure(&served) - figure(&floor));
        }
    }
    above.map(|mut values| {
        values.sort_by(f64::total_cmp);
        println!("rounds {values:.1?}");
        values[ROUNDS / 2]
    })
}

fn mean(run: &Run) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "two minutes are 2^37 ns")]
    let nanos = run.rtt_ns.from_due.mean.expect("there are answers") as f64;
    nanos / 1_000.0
}

#[test]
fn exponential_service_gives_the_sojourn_times_of_an_m_m_1_queue() {
    let figures: [fn(&Run) -> f64; 2] = [
        |run| micros(run.rtt_ns.from_due.p50),
        |run| micros(run.rtt_ns.from_due.p90),
    ];
    let [p50, p90] = medians("service=exp:50us", figures);
    // The sojourn time is exponential with mean 1 / (mu - lambda) = 100 us.
    let mean = SERVICE_MICROS / (1.0 - LOAD);
    let (expected_p50, expected_p90) = (mean * 2_f64.ln(), mean * 10_f64.ln());
    assert_within(
        "p50 above the floor, us",
        p50,
        expected_p50,
        expected_p50 / 10.0,
    );
    assert_within(
        "p90 above the floor, us",
        p90,
        expected_p90,
        expected_p90 / 10.0,
    );
}

#[test]
fn constant_service_gives_the_mean_sojourn_time_of_an_m_d_1_queue() {
    let figures: [fn(&Run) -> f64; 1] = [mean];
    let [measured] = medians("service=fixed:50us", figures);
    // Pollaczek-Khinchine: the wait is half that of exponential service.
    let expected = SERVICE_MICROS * (1.0 + LOAD / (2.0 * (1.0 - LOAD)));
    assert_within(
        "mean above the floor, us",
        measured,
        expected,
        expected / 10.0,
    );
}
