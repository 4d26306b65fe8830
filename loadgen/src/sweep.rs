//! A sweep over rates, up and down again: which rates, and where the knee is. Pure.

use thiserror::Error;

use crate::rate::Rate;

/// Which way a sweep was going.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the lowest rate to the highest.
    Up,
    /// Back again: a server that recovers slowly from overload is slower on this way.
    Down,
}

/// The rates of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    rates: Vec<Rate>,
}

impl Steps {
    /// `steps` rates from `from` to `to`, both included, each the same factor above the one before,
    /// rounded to whole probes a second.
    ///
    /// # Errors
    /// [`StepsError`] if there are fewer than two rates, or two of them are the same.
    pub fn geometric(from: Rate, to: Rate, steps: u16) -> Result<Self, StepsError> {
        if from >= to {
            return Err(StepsError::Range { from, to });
        }
        if steps < 2 {
            return Err(StepsError::TooFew { steps });
        }
        let rates: Vec<Rate> = (0..steps).map(|step| at(from, to, step, steps)).collect();
        if rates.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(StepsError::TooMany { from, to, steps });
        }
        Ok(Self { rates })
    }

    /// The rates in rising order.
    #[must_use]
    pub fn rates(&self) -> &[Rate] {
        &self.rates
    }

    /// Every trial in order: all rates upwards, then all of them downwards.
    pub fn trials(&self) -> impl Iterator<Item = (Direction, Rate)> {
        let up = self.rates.iter().map(|rate| (Direction::Up, *rate));
        let down = self.rates.iter().rev().map(|rate| (Direction::Down, *rate));
        up.chain(down)
    }
}

/// Why a sweep cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum StepsError {
    /// Nothing lies between the ends.
    #[error("--from {from} is not below --to {to}: there is nothing to sweep over")]
    Range { from: Rate, to: Rate },
    /// Both ends need a step.
    #[error("--steps {steps} is too few: a sweep has at least 2")]
    TooFew { steps: u16 },
    /// Neighbours would be the same rate.
    #[error("--steps {steps} is too many: from {from} to {to} they would not differ by a probe")]
    TooMany { from: Rate, to: Rate, steps: u16 },
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are positive, and 2^53 thousandths are 9e12 probes a second"
)]
fn at(from: Rate, to: Rate, step: u16, steps: u16) -> Rate {
    if step + 1 == steps {
        return to;
    }
    let (low, high) = (from.thousandths() as f64, to.thousandths() as f64);
    let part = f64::from(step) / f64::from(steps - 1);
    let thousandths = low * (high / low).powf(part);
    let whole = (thousandths / 1_000.0).round() * 1_000.0;
    let rounded = if step == 0 { low } else { whole };
    Rate::from_thousandths(rounded as u64).unwrap_or(from)
}

/// What one trial came to, as far as the knee is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The rate asked for.
    pub rate: Rate,
    /// Probes answered in time a second.
    pub answered: u64,
    /// The median round trip in nanoseconds by the due time; `None` if it was lost.
    pub median: Option<u64>,
}

/// The rate with the most power: answers a second divided by the median round trip (Kleinrock,
/// "Power and deterministic rules of thumb for probabilistic problems in computer
/// communications", 1979). Beyond it the round trip grows faster than what comes back. Of several
/// trials at one rate the weaker counts. `None` without an answer.
#[must_use]
pub fn knee(points: &[Point]) -> Option<Rate> {
    let weakest = |rate: Rate| {
        let powers = points.iter().filter(|point| point.rate == rate).map(power);
        powers.fold(f64::INFINITY, f64::min)
    };
    let rates = points.iter().map(|point| (point.rate, weakest(point.rate)));
    rates
        .filter(|(_, power)| *power > 0.0)
        .max_by(|left, right| left.1.total_cmp(&right.1))
        .map(|(rate, _)| rate)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a comparison of powers needs no more than 53 bits"
)]
fn power(point: &Point) -> f64 {
    match point.median {
        Some(nanos) => point.answered as f64 / nanos.max(1) as f64,
        None => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(per_second: u64) -> Rate {
        Rate::per_second(per_second).unwrap()
    }

    #[test]
    fn a_sweep_goes_up_by_equal_factors_and_comes_back() {
        let steps = Steps::geometric(rate(10_000), rate(1_000_000), 3).unwrap();
        let trials: Vec<_> = steps.trials().collect();
        assert_eq!(
            trials,
            [
                (Direction::Up, rate(10_000)),
                (Direction::Up, rate(100_000)),
                (Direction::Up, rate(1_000_000)),
                (Direction::Down, rate(1_000_000)),
                (Direction::Down, rate(100_000)),
                (Direction::Down, rate(10_000)),
            ]
        );
    }

    #[test]
    fn a_sweep_that_cannot_be_names_the_flag() {
        let sentence = |from, to, steps| {
            Steps::geometric(rate(from), rate(to), steps)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            sentence(10, 10, 3),
            "--from 10 is not below --to 10: there is nothing to sweep over"
        );
        assert_eq!(
            sentence(10, 20, 1),
            "--steps 1 is too few: a sweep has at least 2"
        );
        assert_eq!(
            sentence(10, 12, 9),
            "--steps 9 is too many: from 10 to 12 they would not differ by a probe"
        );
    }

    fn point(per_second: u64, answered: u64, median: Option<u64>) -> Point {
        Point {
            rate: rate(per_second),
            answered,
            median,
        }
    }

    #[test]
    fn the_knee_is_the_last_rate_before_the_round_trip_explodes() {
        let points = [
            point(1_000, 1_000, Some(20_000)),
            point(10_000, 10_000, Some(21_000)),
            point(20_000, 20_000, Some(30_000)),
            point(40_000, 21_000, Some(400_000_000)),
            point(80_000, 20_000, None),
        ];
        assert_eq!(knee(&points), Some(rate(20_000)));
    }

    #[test]
    fn a_rate_that_only_works_on_the_way_up_is_not_the_knee() {
        let points = [
            point(10_000, 10_000, Some(20_000)),
            point(20_000, 20_000, Some(20_000)),
            point(20_000, 12_000, Some(200_000_000)),
            point(10_000, 10_000, Some(20_000)),
        ];
        assert_eq!(knee(&points), Some(rate(10_000)));
    }

    #[test]
    fn the_knee_of_a_queue_with_poisson_arrivals_and_exponential_service_is_at_half_its_capacity() {
        // The median sojourn is ln 2 / (mu - lambda), so the power is largest at mu / 2.
        let points: Vec<Point> = (1..20)
            .map(|thousands| {
                let rate = thousands * 1_000;
                point(rate, rate, Some(693_147_180 / (20_000 - rate)))
            })
            .collect();
        assert_eq!(knee(&points), Some(rate(10_000)));
    }

    #[test]
    fn silence_has_no_knee() {
        assert_eq!(knee(&[point(10, 0, None)]), None);
        assert_eq!(knee(&[]), None);
    }

    proptest! {
        #[test]
        fn the_factors_of_a_sweep_are_equal_to_a_rounding(
            from in 1_000u64..10_000, factor in 2u64..1_000, steps in 2u16..20,
        ) {
            let to = from * factor;
            let made = Steps::geometric(rate(from), rate(to), steps).unwrap();
            let rates: Vec<u64> = made.rates().iter().map(|rate| rate.rounded()).collect();
            prop_assert_eq!((rates[0], rates[rates.len() - 1]), (from, to));
            #[expect(clippy::cast_precision_loss, reason = "the rates are small")]
            for pair in rates.windows(2) {
                let wanted = (factor as f64).powf(1.0 / f64::from(steps - 1));
                let made = pair[1] as f64 / pair[0] as f64;
                prop_assert!((made / wanted - 1.0).abs() < 0.002, "{made} for {wanted}");
            }
        }
    }
}
