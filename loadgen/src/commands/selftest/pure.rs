//! The histogram against an exact sort.

use rand::{RngExt, SeedableRng};
use rand_distr::LogNormal;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::trial::Stage;
use crate::commands::Failure;
use crate::measure::{Distribution, Quantile};
use crate::results::Check;

const SAMPLES: usize = 1_000_000;

/// Every quantile of a million values with a long tail is within 0.1 % of the exact one.
#[expect(
    clippy::unnecessary_wraps,
    reason = "one of several checks, of which others can fail to be made"
)]
pub(super) fn histogram(_stage: &Stage) -> Result<Check, Failure> {
    let mut exact = values();
    let mut distribution = Distribution::new();
    for nanos in &exact {
        distribution.record(*nanos);
    }
    exact.sort_unstable();
    let quantiles = distribution.quantiles(0);
    let worst = [
        (quantiles.p50, 5_000),
        (quantiles.p90, 9_000),
        (quantiles.p99, 9_900),
        (quantiles.p99_9, 9_990),
        (quantiles.p99_99, 9_999),
    ]
    .into_iter()
    .map(|(quantile, ten_thousandths)| {
        let rank = (SAMPLES * ten_thousandths).div_ceil(10_000);
        error(quantile, exact[rank - 1])
    })
    .fold(0.0, f64::max);
    Ok(Check {
        name: "histogram".to_owned(),
        passed: worst <= 0.001,
        found: format!(
            "p50 to p99.99 of a million values: at most {:.3} % off an exact sort",
            worst * 100.0
        ),
    })
}

/// Round trips with a median of 50 us, in nanoseconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the values are positive and far below 2^64"
)]
fn values() -> Vec<u64> {
    let shape = LogNormal::new(50_000_f64.ln(), 1.0).expect("a spread of 1 is possible");
    let random = Xoshiro256PlusPlus::seed_from_u64(1);
    let values = random.sample_iter(shape).map(|nanos| nanos as u64);
    values.take(SAMPLES).collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the values are far below 2^53 ns"
)]
fn error(quantile: Quantile, exact: u64) -> f64 {
    match quantile {
        Quantile::Value(nanos) => nanos.abs_diff(exact) as f64 / exact as f64,
        Quantile::Lost | Quantile::TooFew => f64::INFINITY,
    }
}
