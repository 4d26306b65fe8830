//! Parts of a whole.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::decimal::{self, DecimalError};

/// A part of a whole, from nothing to everything in thousand-millionths. Written in percent:
/// `0.01%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    billionths: u32,
}

impl Share {
    /// Nothing of it.
    pub const NOTHING: Self = Self { billionths: 0 };

    /// The whole.
    pub const WHOLE: Self = Self {
        billionths: 1_000_000_000,
    };

    /// So many thousand-millionths, or `None` if that is more than the whole.
    #[must_use]
    pub fn from_billionths(billionths: u64) -> Option<Self> {
        let billionths = u32::try_from(billionths).ok()?;
        (billionths <= Self::WHOLE.billionths).then_some(Self { billionths })
    }

    /// What `part` is of `whole`, rounded to the nearest; the whole if it is more, or if there is
    /// no whole.
    #[must_use]
    pub fn of(part: u64, whole: u64) -> Self {
        let (part, whole) = (u128::from(part), u128::from(whole));
        let scaled = part * u128::from(Self::WHOLE.billionths) + whole / 2;
        let share = scaled.checked_div(whole).map(u64::try_from);
        let share = share.and_then(|share| Self::from_billionths(share.ok()?));
        share.unwrap_or(Self::WHOLE)
    }

    /// Thousand-millionths, 0 to 1,000,000,000.
    #[must_use]
    pub fn billionths(self) -> u64 {
        self.billionths.into()
    }

    /// The share as a real number, 0 to 1.
    #[must_use]
    pub fn value(self) -> f64 {
        f64::from(self.billionths) / f64::from(Self::WHOLE.billionths)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}%", decimal::written(self.billionths(), 7))
    }
}

impl FromStr for Share {
    type Err = ShareError;

    /// Reads a percentage: `1%`, `0.01 %`.
    fn from_str(typed: &str) -> Result<Self, ShareError> {
        let own = || typed.to_owned();
        let number = typed
            .strip_suffix('%')
            .ok_or_else(|| ShareError::NotAPercentage { typed: own() })?;
        let billionths =
            decimal::scaled(number.trim_end(), 10_000_000).map_err(|error| match error {
                DecimalError::NotANumber => ShareError::NotAPercentage { typed: own() },
                DecimalError::TooFine => ShareError::TooFine { typed: own() },
                DecimalError::TooLarge => ShareError::TooLarge { typed: own() },
            })?;
        Self::from_billionths(billionths).ok_or_else(|| ShareError::TooLarge { typed: own() })
    }
}

/// Why a percentage could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum ShareError {
    /// Not a number and a percent sign.
    #[error("'{typed}' is not a percentage: write 1% or 0.01%")]
    NotAPercentage { typed: String },
    /// Rounding would mean something else.
    #[error("'{typed}' is finer than 0.0000001%, which is the finest possible")]
    TooFine { typed: String },
    /// More than everything.
    #[error("'{typed}' is more than 100%")]
    TooLarge { typed: String },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_wrong_percentage_is_told_why() {
        let complaint = |typed: &str| typed.parse::<Share>().unwrap_err().to_string();
        for typed in ["", "%", "1", "one%", "-1%", "1.%"] {
            assert!(complaint(typed).ends_with("is not a percentage: write 1% or 0.01%"));
        }
        assert_eq!(complaint("100.1%"), "'100.1%' is more than 100%");
        assert!(complaint("0.00000001%").contains("finest possible"));
    }

    #[test]
    fn a_part_of_a_whole_is_rounded_to_the_nearest() {
        assert_eq!(Share::of(1, 10).billionths(), 100_000_000);
        assert_eq!(Share::of(2, 3).billionths(), 666_666_667);
        assert_eq!(Share::of(0, 5), Share::NOTHING);
        assert_eq!(Share::of(u64::MAX, u64::MAX), Share::WHOLE);
    }

    proptest! {
        #[test]
        fn a_share_is_read_as_it_is_written(billionths in 0..=1_000_000_000_u64) {
            let share = Share::from_billionths(billionths).unwrap();
            prop_assert_eq!(share.to_string().parse(), Ok(share));
        }
    }
}
