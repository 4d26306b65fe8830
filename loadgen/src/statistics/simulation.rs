//! What the statistics find of runs whose truth is known: simulated ones that vary as real ones do.

use rand::RngExt;
use rand_distr::{Distribution, Exp1, StandardNormal, StudentT};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use super::bootstrap;
use super::permutation::test;
use super::scores::Scores;
use super::shift::Differences;
use super::{LEVEL, real};

fn random(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

fn normal(random: &mut Xoshiro256PlusPlus) -> f64 {
    StandardNormal.sample(random)
}

/// The quantiles of one run in microseconds, from p50 to p99.9, and the share of its probes that
/// were lost: each run has its own pace, which all its quantiles share; tails vary more than the
/// median; one run in ten is held up; and one in five loses probes.
fn run(random: &mut Xoshiro256PlusPlus, slower: f64) -> [f64; 5] {
    let pace = normal(random);
    let held_up: f64 = if random.random_bool(0.1) {
        Exp1.sample(random)
    } else {
        0.0
    };
    let mut quantile = |median: f64, varies: f64, tail: f64| {
        let luck = 0.5 * pace + 0.5 * normal(random);
        slower + median * (varies * luck + tail * held_up).exp()
    };
    let quantiles = [
        quantile(60.0, 0.03, 0.05),
        quantile(90.0, 0.08, 0.3),
        quantile(300.0, 0.4, 2.0),
        quantile(1_500.0, 0.7, 3.0),
    ];
    let lost: f64 = if random.random_bool(0.2) {
        Exp1.sample(random)
    } else {
        0.0
    };
    let [p50, p90, p99, p99_9] = quantiles;
    [p50, p90, p99, p99_9, lost]
}

/// The corrected p of each quantity for so many runs a side, the second of which is slower by so
/// many microseconds.
fn compared(random: &mut Xoshiro256PlusPlus, runs: usize, slower: f64) -> Vec<f64> {
    let from = (0..runs).map(|_| 0.0);
    let all: Vec<[f64; 5]> = from
        .chain((0..runs).map(|_| slower))
        .map(|slower| run(random, slower))
        .collect();
    let family: Vec<Scores> = (0..5)
        .map(|quantity| all.iter().map(|run| run[quantity]).collect::<Vec<f64>>())
        .map(|values| Scores::new(&values))
        .collect();
    let chances = test(&family, runs);
    chances.iter().map(|chance| chance.p_corrected).collect()
}

#[test]
fn two_hundred_comparisons_of_equal_sides_come_out_different_in_five_percent() {
    let mut random = random(1);
    let different = (0..200)
        .filter(|_| {
            let found = compared(&mut random, 8, 0.0);
            found.iter().any(|p| *p <= LEVEL)
        })
        .count();
    // 5 % +- 3 %.
    assert!((4..=16).contains(&different), "{different} of 200");
}

#[test]
fn ten_runs_a_side_find_twenty_microseconds_in_runs_whose_tails_are_noise() {
    let mut random = random(2);
    for _case in 0..20 {
        let found = compared(&mut random, 10, 20.0);
        assert!(found[0] <= 0.001 && found[1] <= LEVEL, "{found:?}");
    }
}

#[test]
fn four_runs_a_side_find_twenty_microseconds_in_most_cases() {
    let mut random = random(3);
    let found = (0..200)
        .filter(|_| compared(&mut random, 4, 20.0)[0] <= LEVEL)
        .count();
    assert!(found >= 150, "{found} of 200");
}

/// In how many of `cases` the interval of the shift holds the truth, which is 10.
fn held(cases: usize, sides: (usize, usize), draw: fn(&mut Xoshiro256PlusPlus) -> f64) -> f64 {
    let mut random = random(4);
    let held = (0..cases)
        .filter(|_| {
            let mut side = |runs, by| {
                (0..runs)
                    .map(|_| draw(&mut random) + by)
                    .collect::<Vec<f64>>()
            };
            let (from, to) = (side(sides.0, 0.0), side(sides.1, 10.0));
            let interval =
                bootstrap::interval_of(&Differences::new(&from, &to), 999).expect("there are runs");
            interval.low <= 10.0 && 10.0 <= interval.high
        })
        .count();
    real(held) / real(cases)
}

#[test]
fn an_interval_holds_the_truth_in_ninety_five_cases_of_a_hundred() {
    let heavy =
        |random: &mut Xoshiro256PlusPlus| StudentT::new(3.0).expect("it exists").sample(random);
    let skewed = |random: &mut Xoshiro256PlusPlus| (0.5 * normal(random)).exp();
    let held_up = |random: &mut Xoshiro256PlusPlus| {
        let far = if random.random_bool(0.2) { 10.0 } else { 0.0 };
        normal(random) + far * random.random_range(0.0..1.0)
    };
    for (runs, cases) in [(4, 600), (5, 600), (6, 500), (10, 200), (20, 60)] {
        for (name, draw) in [
            ("normal", normal as fn(&mut Xoshiro256PlusPlus) -> f64),
            ("heavy-tailed", heavy),
            ("skewed", skewed),
            ("held up", held_up),
        ] {
            let held = held(cases, (runs, runs), draw);
            // Three standard deviations of what is drawn.
            let luck = 3.0 * (0.95 * 0.05 / real(cases)).sqrt();
            println!("{runs} runs, {name}: {held:.3}");
            assert!(held >= 0.95 - luck, "{runs} runs, {name}: {held}");
            assert!(held <= 0.975 + luck, "{runs} runs, {name}: {held}");
        }
    }
    let uneven = held(600, (4, 12), normal);
    assert!((0.92..=0.995).contains(&uneven), "{uneven}");
}
