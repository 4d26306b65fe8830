//! What is found in experiments whose truth is known: simulated ones that vary as real ones do.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal, StudentT};

use super::*;

const NAMES: [&str; 4] = ["p50", "p90", "p99", "loss"];

/// Ten blocks of two levels and a twin, in which the second level takes so many nanoseconds more. Blocks
/// drift, by a step now and then and all the time; runs have heavy tails, which their quantiles share; one
/// in five loses probes, and one in thirty nearly all.
fn experiment(random: &mut Xoshiro256PlusPlus, slower: f64) -> Made {
    let heavy = StudentT::new(3.0).expect("it exists");
    let (mut level, mut before) = (0.0, 0);
    Made::new(Wanted::OneFactor, &[2], (10, &NAMES), |block, _, levels| {
        if block != before {
            let step: f64 = StandardNormal.sample(random);
            level += 5_000.0 + 20_000.0 * step;
            before = block;
        }
        let pace: f64 = heavy.sample(random);
        let by = if levels[0] == 1 { slower } else { 0.0 };
        let mut time = |usual: f64, varies: f64| {
            let own: f64 = heavy.sample(random);
            let luck = varies * (0.7 * pace + 0.7 * own);
            value(200_000.0 + usual + level + by + luck.clamp(-100_000.0, 1e9))
        };
        let mut values = vec![
            time(60_000.0, 6_000.0),
            time(90_000.0, 12_000.0),
            time(300_000.0, 90_000.0),
        ];
        if random.random_bool(1.0 / 30.0) {
            values[2] = Quantile::Lost;
        }
        let lost: f64 = if random.random_bool(0.2) {
            random.random_range(0.0..1e6)
        } else {
            0.0
        };
        values.push(value(lost));
        values
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of 40 bits"
)]
fn value(number: f64) -> Quantile {
    Quantile::Value(number.max(0.0).round() as u64)
}

fn evident(effects: &[Effect]) -> bool {
    effects
        .iter()
        .any(|effect| matches!(effect.finding, Finding::Better | Finding::Worse))
}

#[test]
fn four_hundred_experiments_with_a_level_that_does_nothing_find_something_in_five_percent() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
    let (mut found, mut noise) = (0, 0);
    for _experiment in 0..400 {
        let analysis = experiment(&mut random, 0.0).analysis();
        assert_eq!(
            analysis.best.levels.is_some(),
            analysis.effects[0].finding == Finding::Better
        );
        found += usize::from(evident(&analysis.effects));
        noise += usize::from(evident(&analysis.noise));
    }
    println!("{found} and {noise} of 400");
    // 5 % are 20, with a standard deviation of 4.4.
    assert!((7..=33).contains(&found), "{found} of 400");
    assert!((7..=33).contains(&noise), "{noise} of 400");
}

#[test]
fn fifty_experiments_with_a_level_that_does_nothing_mostly_say_so() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(2);
    let silent = (0..50).filter(|_| {
        let best = experiment(&mut random, 0.0).analysis().best;
        best.sentence == "no evidence that any of these helps"
    });
    // A level that does nothing helps by chance in 2.5 % at most.
    let silent = silent.count();
    assert!(silent >= 45, "{silent} of 50");
}

#[test]
fn twenty_microseconds_are_found_with_their_sign_and_within_their_interval() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
    let (mut found, mut held) = (0, 0);
    for _experiment in 0..200 {
        let analysis = experiment(&mut random, 20_000.0).analysis();
        let effect = &analysis.effects[0];
        assert_ne!(effect.finding, Finding::Better);
        found += usize::from(effect.finding == Finding::Worse);
        let shift = effect.shift.expect("there are ten blocks");
        if let (Change::By(low), Change::By(high)) = (shift.low, shift.high) {
            held += usize::from(low <= 20_000 && 20_000 <= high);
        }
    }
    println!("{found} found and {held} held of 200");
    assert!(found >= 150, "{found} of 200");
    // 95 % are 190, with a standard deviation of 3.1.
    assert!((181..=199).contains(&held), "{held} of 200");
}
