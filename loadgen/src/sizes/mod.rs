//! How large probes are: one size, or a mix.
//!
//! - `bounds`: which sizes there can be;
//! - `drawing`: which of them a probe has.

mod bounds;
mod drawing;

use std::fmt;

pub use self::bounds::{LARGEST, SMALLEST, SizesError};
use self::bounds::{check, is_possible};
use self::drawing::{IMIX, Step, below, draw, mean, random, sizes};
use crate::share::Share;

/// The payload sizes of a run's probes, in bytes, all within [`SMALLEST`] to [`LARGEST`].
///
/// The size of a probe follows from the run's seed and the probe's number in the run alone, so it
/// does not depend on which thread sends it. Displays as `--size` takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    One(u16),
    /// Each as often as any other, both ends included.
    Range {
        smallest: u16,
        largest: u16,
    },
    /// As it was asked for, and as it is drawn from.
    Mix {
        parts: Vec<Part>,
        steps: Vec<Step>,
    },
    Imix,
}

/// One size of a mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Bytes of payload.
    pub size: u16,
    /// How many of the probes have it; `None` for those that the other parts leave.
    pub percentage: Option<Share>,
}

impl Sizes {
    /// One size for all, or `None` if no probe can have it.
    #[must_use]
    pub fn one(size: u16) -> Option<Self> {
        is_possible(size).then_some(Self(Kind::One(size)))
    }

    /// Any size from `smallest` to `largest`, both included, each as often as any other.
    ///
    /// # Errors
    ///
    /// If one of them is impossible, or they are in the wrong order.
    pub fn range(smallest: u16, largest: u16) -> Result<Self, SizesError> {
        check(smallest)?;
        check(largest)?;
        if smallest > largest {
            return Err(SizesError::Order { smallest, largest });
        }
        Ok(Self(if smallest == largest {
            Kind::One(smallest)
        } else {
            Kind::Range { smallest, largest }
        }))
    }

    /// Several sizes, each with its percentage of the probes.
    ///
    /// # Errors
    ///
    /// If a size is impossible, or the percentages do not make 100 %.
    pub fn mix(parts: Vec<Part>) -> Result<Self, SizesError> {
        parts.iter().try_for_each(|part| check(part.size))?;
        let mut without = parts.iter().filter(|part| part.percentage.is_none());
        let rest = without.next().map(|part| part.size);
        if let (Some(first), Some(second)) = (rest, without.next()) {
            let second = second.size;
            return Err(SizesError::TwoRests { first, second });
        }
        let percentages = parts.iter().filter_map(|part| part.percentage);
        let sum = percentages.fold(0, |sum: u64, one| sum.saturating_add(one.billionths()));
        match rest {
            Some(size) if sum >= WHOLE => return Err(SizesError::NoRest { size, sum }),
            None if sum != WHOLE => return Err(SizesError::Sum { sum }),
            _ => {}
        }
        if let [only] = parts.as_slice() {
            return Ok(Self(Kind::One(only.size)));
        }
        let left = WHOLE - sum;
        let mut below = 0;
        let steps = parts.iter().map(|part| {
            below += part.percentage.map_or(left, Share::billionths);
            let size = part.size;
            Step { below, size }
        });
        let steps = steps.collect();
        Ok(Self(Kind::Mix { parts, steps }))
    }

    /// The simple IMIX: Ethernet frames of 64, 570 and 1518 bytes at 7 : 4 : 1. Of these, 46 bytes
    /// are headers and checksum; the 18 bytes that are left of the smallest cannot hold a probe,
    /// which therefore has [`SMALLEST`].
    #[must_use]
    pub fn imix() -> Self {
        Self(Kind::Imix)
    }

    /// The size of the run's probe `index`, counted from 0, under `seed`.
    #[must_use]
    pub fn of(&self, seed: u64, index: u64) -> u16 {
        match &self.0 {
            Kind::One(size) => *size,
            Kind::Range { smallest, largest } => {
                let count = u64::from(largest - smallest) + 1;
                let step = below(count, random(seed, index));
                // Under 65,536 by its bound.
                smallest + u16::try_from(step).unwrap_or_default()
            }
            Kind::Mix { steps, .. } => draw(steps, seed, index),
            Kind::Imix => draw(&IMIX, seed, index),
        }
    }

    /// The smallest size.
    #[must_use]
    pub fn smallest(&self) -> u16 {
        match &self.0 {
            Kind::One(size) => *size,
            Kind::Range { smallest, .. } => *smallest,
            Kind::Mix { steps, .. } => sizes(steps).min().unwrap_or(SMALLEST),
            Kind::Imix => sizes(&IMIX).min().unwrap_or(SMALLEST),
        }
    }

    /// The largest size.
    #[must_use]
    pub fn largest(&self) -> u16 {
        match &self.0 {
            Kind::One(size) => *size,
            Kind::Range { largest, .. } => *largest,
            Kind::Mix { steps, .. } => sizes(steps).max().unwrap_or(LARGEST),
            Kind::Imix => sizes(&IMIX).max().unwrap_or(LARGEST),
        }
    }

    /// The mean that a long run comes close to.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match &self.0 {
            Kind::One(size) => f64::from(*size),
            Kind::Range { smallest, largest } => {
                f64::midpoint(f64::from(*smallest), f64::from(*largest))
            }
            Kind::Mix { steps, .. } => mean(steps),
            Kind::Imix => mean(&IMIX),
        }
    }

    /// Whether sizes are drawn, so that they depend on the seed.
    #[must_use]
    pub fn are_drawn(&self) -> bool {
        !matches!(self.0, Kind::One(_))
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::One(size) => write!(formatter, "{size}"),
            Kind::Range { smallest, largest } => write!(formatter, "{smallest}..{largest}"),
            Kind::Imix => formatter.write_str("imix"),
            Kind::Mix { parts, .. } => {
                for (number, part) in parts.iter().enumerate() {
                    let comma = if number == 0 { "" } else { "," };
                    write!(formatter, "{comma}{}", part.size)?;
                    if let Some(percentage) = part.percentage {
                        write!(formatter, ":{percentage}")?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// All probes, in thousand-millionths.
const WHOLE: u64 = 1_000_000_000;

#[cfg(test)]
mod tests;
