//! Where differences stand on an axis that has room for all of them and for nothing.

use crate::results::{Change, Unit};

/// From where to where an axis goes, in the unit of a quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report::html) struct Scale {
    low: f64,
    high: f64,
}

/// Where something stands: a part of the width, from the left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report::html) enum Place {
    At(f64),
    /// Less than any number.
    Below,
    /// More than any number.
    Above,
}

/// A number of the axis.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report::html) struct Tick {
    pub(in crate::report::html) at: f64,
    pub(in crate::report::html) label: String,
}

impl Scale {
    /// With room for these changes and for nothing.
    pub(in crate::report::html) fn around(changes: impl Iterator<Item = Change>) -> Self {
        let (mut low, mut high) = (0.0_f64, 0.0_f64);
        for change in changes {
            if let Change::By(by) = change {
                (low, high) = (low.min(real(by)), high.max(real(by)));
            }
        }
        // Beside the outermost is room, for their dots and for what is lost.
        let room = ROOM * (high - low).max(1.0);
        Self {
            low: low - room,
            high: high + room,
        }
    }

    pub(in crate::report::html) fn place(&self, change: Change) -> Place {
        match change {
            Change::By(by) => Place::At(self.part(real(by))),
            Change::ToLost => Place::Above,
            Change::FromLost => Place::Below,
        }
    }

    /// Where nothing is.
    pub(in crate::report::html) fn zero(&self) -> f64 {
        self.part(0.0)
    }

    fn part(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// Some round numbers, nothing among them.
    pub(in crate::report::html) fn ticks(&self, unit: Unit) -> Vec<Tick> {
        let step = self.step();
        let first = (self.low / step).ceil();
        let values = (0..=MOST_TICKS).map(|number| (first + f64::from(number)) * step);
        let seen = values.filter(|value| (EDGE..=1.0 - EDGE).contains(&self.part(*value)));
        let seen: Vec<f64> = seen.collect();
        let largest = seen
            .iter()
            .fold(0.0_f64, |most, value| most.max(value.abs()));
        let ticks = seen.into_iter().map(|value| Tick {
            at: self.part(value),
            label: label(value, largest, unit),
        });
        ticks.collect()
    }

    /// 1, 2 or 5 times a power of ten, and a whole number: what is measured is.
    fn step(&self) -> f64 {
        let least = (self.high - self.low) / f64::from(MOST_TICKS);
        let power = 10_f64.powf(least.log10().floor());
        let factors = [1.0, 2.0, 5.0, 10.0];
        let step = factors.map(|factor| factor * power);
        let step = step.into_iter().find(|step| *step >= least);
        step.unwrap_or(least).max(1.0)
    }
}

/// A number with its sign, in the unit that suits the largest on the axis.
fn label(value: f64, largest: f64, unit: Unit) -> String {
    let (size, name) = match unit {
        Unit::Billionths => (1e7, "%"),
        Unit::Nanoseconds => {
            let units = [(1e9, "s"), (1e6, "ms"), (1e3, "us")];
            let fits = units.into_iter().find(|(size, _)| largest >= *size);
            fits.unwrap_or((1.0, "ns"))
        }
    };
    let sign = if value > 0.0 { "+" } else { "" };
    // Whole numbers of the smallest unit have no more decimals than that.
    let number = format!("{:.9}", value / size);
    let number = number.trim_end_matches('0').trim_end_matches('.');
    let number = if number == "-0" { "0" } else { number };
    format!("{sign}{number} {name}")
}

/// As many fit beside each other on a phone.
const MOST_TICKS: u8 = 5;

/// What is kept free on each side, as a part of all.
const ROOM: f64 = 0.08;

/// A number closer to an edge would not be seen whole, as a part of the width.
const EDGE: f64 = 0.06;

#[expect(
    clippy::cast_precision_loss,
    reason = "a place on a screen needs no more than 53 bits"
)]
fn real(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scale(changes: &[i64]) -> Scale {
        Scale::around(changes.iter().map(|by| Change::By(*by)))
    }

    #[test]
    fn an_axis_has_round_numbers_and_nothing_among_them() {
        let labels = |changes: &[i64]| -> Vec<String> {
            let ticks = scale(changes).ticks(Unit::Nanoseconds);
            ticks.into_iter().map(|tick| tick.label).collect()
        };
        assert_eq!(
            labels(&[-31_000, 4_000]),
            ["-30 us", "-20 us", "-10 us", "0 us"]
        );
        assert_eq!(labels(&[200, 450]), ["0 ns", "+200 ns", "+400 ns"]);
        assert_eq!(
            labels(&[-1_200, 500]),
            ["-1 us", "-0.5 us", "0 us", "+0.5 us"]
        );
        assert_eq!(labels(&[0]), ["0 ns"]);
        let lost = scale(&[31_000_000]).ticks(Unit::Billionths);
        assert_eq!(lost.last().unwrap().label, "+3 %");
    }

    #[test]
    fn what_is_lost_stands_beyond_all_numbers() {
        let scale = Scale::around([Change::ToLost, Change::By(5)].into_iter());
        assert_eq!(scale.place(Change::ToLost), Place::Above);
        assert_eq!(scale.place(Change::FromLost), Place::Below);
    }

    proptest! {
        #[test]
        fn everything_stands_within_the_axis(changes: Vec<i64>) {
            let scale = scale(&changes);
            prop_assert!((0.0..=1.0).contains(&scale.zero()));
            for by in &changes {
                let Place::At(at) = scale.place(Change::By(*by)) else {
                    panic!("a number is a place");
                };
                prop_assert!((0.0..=1.0).contains(&at), "{by} at {at}");
            }
            let ticks = scale.ticks(Unit::Nanoseconds);
            prop_assert!(ticks.len() <= 6);
            prop_assert!(ticks.iter().all(|tick| (0.0..=1.0).contains(&tick.at)));
        }
    }
}
