//! A server whose queue theory knows: Poisson arrivals at 10,000 a second, one server that takes
//! 50 us on average, so that it is busy half of the time.

use echo_reactor::config::Wait;
use loadgen::results::Run;
use rand::SeedableRng;
use rand_distr::{Distribution, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::rig::run::{assert_within, measure, micros};
use crate::rig::server::faulty;

const SERVICE_MICROS: f64 = 50.0;
const LOAD: f64 = 0.5;

/// How often each is measured: a pause by the hypervisor lengthens the queue for long, so that the
/// median of some runs is taken and not one of them.
const ROUNDS: usize = 5;

/// Runs, each side on a processor of its own, against a server with and without service times in turn, and gives the medians of what
/// `figure` reads from them.
fn medians<const N: usize>(service: &str, figures: [fn(&Run) -> f64; N]) -> [f64; N] {
    let mut above = [const { Vec::new() }; N];
    for round in 0..ROUNDS {
        let arguments = format!(
            "--arrivals poisson --rate 10k --duration 4s --warmup 500ms --seed {round} --wait spin --pin 1 \
             --slo {}",
            quantiles()
        );
        // The same way through the server, with next to no service in it.
        let [floor, served] = ["service=fixed:1ns", service].map(|faults| {
            let (server, target) = faulty(faults, |config| config.wait(Wait::Spin).pin(vec![0]));
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

/// The mean of the faster nine in ten, as the average of the quantiles p1, p3, ..., p89: one in ten
/// leaves room for all that wait because the machine paused.
fn mean_of_most(run: &Run) -> f64 {
    let slo = run.slo.as_ref().expect("it was asked for");
    let quantiles: Vec<f64> = slo
        .objectives
        .iter()
        .map(|one| micros(one.measured))
        .collect();
    average(&quantiles)
}

/// An objective for each of those quantiles, so that the result has them.
fn quantiles() -> String {
    let each: Vec<String> = percents().map(|percent| format!("p{percent}<1h")).collect();
    each.join(",")
}

fn percents() -> impl Iterator<Item = usize> {
    (1..90).step_by(2)
}

fn average(values: &[f64]) -> f64 {
    let count = f64::from(u32::try_from(values.len()).expect("there are few"));
    values.iter().sum::<f64>() / count
}

/// Sojourn times in microseconds of the queue itself, by Lindley's recursion.
fn simulated(customers: usize) -> Vec<f64> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut wait = 0.0_f64;
    (0..customers)
        .map(|_customer| {
            let sojourn = wait + SERVICE_MICROS;
            let gap: f64 = Exp1.sample(&mut random);
            wait = (sojourn - gap * SERVICE_MICROS / LOAD).max(0.0);
            sojourn
        })
        .collect()
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
    let mut sojourns = simulated(1_000_000);
    // Pollaczek-Khinchine: the wait is half that of exponential service, 75 us in all.
    let theory = SERVICE_MICROS * (1.0 + LOAD / (2.0 * (1.0 - LOAD)));
    assert_within(
        "mean of the simulation, us",
        average(&sojourns),
        theory,
        theory / 50.0,
    );
    sojourns.sort_by(f64::total_cmp);
    let of_most: Vec<f64> = percents()
        .map(|percent| sojourns[percent * sojourns.len() / 100])
        .collect();
    let expected = average(&of_most);
    let figures: [fn(&Run) -> f64; 1] = [mean_of_most];
    let [measured] = medians("service=fixed:50us", figures);
    assert_within(
        "mean above the floor, us",
        measured,
        expected,
        expected / 10.0,
    );
}
