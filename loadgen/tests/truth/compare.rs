//! Comparisons of real runs whose truth is known: sides that are alike, and sides that are not.

use std::net::SocketAddr;

use echo_reactor::config::Wait;
use loadgen::compare::{Named, compare};
use loadgen::results::{Answer, Change, Comparison};
use loadgen::verdict::Outcome;
use rand::RngExt;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::rig::run::measure;
use crate::rig::server::{faithful, faulty};

fn named(target: SocketAddr, arguments: &str) -> Named {
    Named {
        name: target.to_string(),
        run: measure(target, arguments).run,
    }
}

fn shift(comparison: &Comparison, name: &str) -> Option<Change> {
    let mut all = comparison.quantities.iter();
    let quantity = all.find(|quantity| quantity.name == name)?;
    Some(quantity.difference?.by)
}

/// Sides drawn from one pool of real runs differ by chance alone: 5 % +- 3 % of them may be called
/// different. Of 1,000 comparisons, chance moves that by 1.4 % (two standard deviations).
/// Drawing mixes early and late runs, so that this tells nothing of drift.
#[test]
fn sides_that_are_alike_are_called_different_in_five_percent_of_comparisons() {
    let (server, target) = faithful();
    let pool: Vec<Named> = (0..40)
        .map(|_run| named(target, "--rate 20k --duration 300ms --warmup 100ms"))
        .filter(|named| named.run.verdict.outcome != Outcome::Invalid)
        .collect();
    drop(server);
    println!("{} runs that prove something", pool.len());
    assert!(pool.len() >= 20, "the machine is too busy to tell");
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut numbers: Vec<usize> = (0..pool.len()).collect();
    let different = (0..1_000)
        .filter(|_| {
            for place in 0..20 {
                numbers.swap(place, random.random_range(place..pool.len()));
            }
            let side = |numbers: &[usize]| -> Vec<Named> {
                numbers.iter().map(|number| pool[*number].clone()).collect()
            };
            let comparison = compare(&side(&numbers[..10]), &side(&numbers[10..20]), &[]);
            comparison.answer != Answer::NoEvidence
        })
        .count();
    println!("{different} of 1000 comparisons came out different");
    assert!((20..=80).contains(&different), "{different} of 1000");
}

/// Each answer leaves 20 us later, while the server takes the next datagrams. A service of 20 us would
/// keep it busy without a pause at this rate, so that nothing could be known of its queue.
#[test]
fn ten_runs_a_side_find_twenty_microseconds() {
    let mut sides = [Vec::new(), Vec::new()];
    // They take turns, and only one spins at a time.
    for _round in 0..10 {
        for (side, faults) in sides.iter_mut().zip(["delay=1ns", "delay=20us"]) {
            let (server, target) = faulty(faults, |config| config.wait(Wait::Spin).pin(vec![0]));
            let arguments = "--rate 50k --duration 1s --warmup 200ms --wait spin --pin 1";
            side.push(named(target, arguments));
            drop(server);
        }
    }
    let [a, b] = sides;
    let comparison = compare(&a, &b, &["p50>+5%".parse().expect("it is a bound")]);
    println!("{}", comparison.message);
    println!("p99 {:?}", shift(&comparison, "p99"));
    assert!(
        [Answer::Slower, Answer::Mixed].contains(&comparison.answer),
        "{}",
        comparison.message
    );
    let Some(Change::By(by)) = shift(&comparison, "p50") else {
        panic!("no shift of the median: {}", comparison.message);
    };
    assert!((15_000..=30_000).contains(&by), "p50 moved by {by} ns");
    let itself = compare(&a, &a, &[]);
    assert_eq!(itself.answer, Answer::NoEvidence, "{}", itself.message);
}
