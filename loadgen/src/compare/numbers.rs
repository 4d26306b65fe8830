//! Values of runs as the numbers that statistics know, and back.

use crate::measure::Quantile;
use crate::results::{Change, Shift, Unit};
use crate::statistics::bootstrap::Interval;
use crate::statistics::stepdown::Chance;

/// What is lost is above every number; `None` for what is not known.
#[must_use]
pub fn number(quantile: Quantile) -> Option<f64> {
    match quantile {
        #[expect(clippy::cast_precision_loss, reason = "two minutes are 2^37 ns")]
        Quantile::Value(value) => Some(value as f64),
        Quantile::Lost => Some(f64::INFINITY),
        Quantile::TooFew => None,
    }
}

/// The way back, rounded.
pub(super) fn quantile(number: Option<f64>) -> Quantile {
    match number {
        None => Quantile::TooFew,
        Some(lost) if lost.is_infinite() => Quantile::Lost,
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it lies between numbers of 64 bits"
        )]
        Some(number) => Quantile::Value(number.round() as u64),
    }
}

/// A difference of two such numbers, rounded.
#[must_use]
pub fn change(number: f64) -> Change {
    if number == f64::INFINITY {
        Change::ToLost
    } else if number == f64::NEG_INFINITY {
        Change::FromLost
    } else {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a difference of two times that fit, and else the largest there is"
        )]
        Change::By(number.round() as i64)
    }
}

/// How far one side lies from another. `whole` is what it is a part of: the median of the side that
/// is compared with.
#[must_use]
pub fn shift(by: f64, interval: Interval, whole: Option<f64>, chance: Chance, unit: Unit) -> Shift {
    let ends = [by, interval.low, interval.high];
    let whole = whole.filter(|whole| *whole > 0.0 && whole.is_finite());
    let relative = whole.filter(|_| unit == Unit::Nanoseconds);
    let relative = relative.map(|whole| ends.map(|end| finite(end / whole)));
    let [by, low, high] = ends.map(change);
    Shift {
        by,
        low,
        high,
        // A run that lost the quantile may be at an end of the interval, and the difference a number.
        relative: relative.filter(|[by, ..]| by.is_some()),
        p: chance.p,
        p_corrected: chance.p_corrected,
    }
}

fn finite(part: f64) -> Option<f64> {
    part.is_finite().then_some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_as_they_were() {
        for value in [Quantile::Value(0), Quantile::Value(123_456), Quantile::Lost] {
            assert_eq!(quantile(number(value)), value);
        }
        assert_eq!(quantile(number(Quantile::TooFew)), Quantile::TooFew);
    }

    #[test]
    fn differences_are_rounded_alike_on_both_sides_of_nothing() {
        let changes = [2.5, -2.5, 0.4, f64::INFINITY, f64::NEG_INFINITY].map(change);
        let expected = [
            Change::By(3),
            Change::By(-3),
            Change::By(0),
            Change::ToLost,
            Change::FromLost,
        ];
        assert_eq!(changes, expected);
    }
}
