//! A part of all datagrams, exactly.

use std::fmt;
use std::str::FromStr;

/// A part of a whole in billionths, 1 to 1,000,000,000: a percentage of up to seven decimals is
/// exact.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Share {
    billionths: u32,
}

impl Share {
    /// All of it, in the unit of [`Share::billionths`].
    pub const WHOLE: u32 = 1_000_000_000;

    /// So many billionths; `None` outside 1 to [`Share::WHOLE`].
    #[must_use]
    pub fn from_billionths(billionths: u32) -> Option<Self> {
        (1..=Self::WHOLE)
            .contains(&billionths)
            .then_some(Self { billionths })
    }

    /// How many billionths, 1 to [`Share::WHOLE`].
    #[must_use]
    pub fn billionths(self) -> u32 {
        self.billionths
    }
}

impl FromStr for Share {
    /// What is wrong, as a phrase that the text goes before.
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text
            .strip_suffix('%')
            .ok_or("has no percent sign, as in 1%")?;
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) {
            return Err("is not a percentage, as in 1% or 0.1%");
        }
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > DECIMALS {
            return Err("is finer than 0.0000001%, which is the finest possible");
        }
        let out_of_range = "is out of range: above 0% up to 100% is possible";
        format!("{whole}{decimals:0<DECIMALS$}")
            .parse()
            .ok()
            .and_then(Self::from_billionths)
            .ok_or(out_of_range)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.billionths / PERCENT, self.billionths % PERCENT);
        let decimals = format!("{rest:0>DECIMALS$}");
        match decimals.trim_end_matches('0') {
            "" => write!(formatter, "{whole}%"),
            decimals => write!(formatter, "{whole}.{decimals}%"),
        }
    }
}

/// Billionths in a percent: ten to the power of [`DECIMALS`].
const PERCENT: u32 = 10_000_000;

/// Decimals of a percentage.
const DECIMALS: usize = 7;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percentages_are_exact() {
        for (text, billionths) in [
            ("1%", 10_000_000),
            ("0.1%", 1_000_000),
            ("100%", 1_000_000_000),
            ("0.0000001%", 1),
            ("33.3333333%", 333_333_333),
            ("007.50%", 75_000_000),
            ("1.00000000000%", 10_000_000),
        ] {
            assert_eq!(text.parse::<Share>().unwrap().billionths(), billionths);
        }
    }

    #[test]
    fn what_is_no_percentage_is_told_apart() {
        for (text, wrong) in [
            ("1", "has no percent sign"),
            ("", "has no percent sign"),
            ("%", "is not a percentage"),
            (".5%", "is not a percentage"),
            ("1.%", "is not a percentage"),
            ("+1%", "is not a percentage"),
            ("1e1%", "is not a percentage"),
            ("0.00000001%", "is finer"),
            ("0%", "is out of range"),
            ("100.0000001%", "is out of range"),
            ("99999999999999999999%", "is out of range"),
        ] {
            let error = text.parse::<Share>().unwrap_err();
            assert!(error.starts_with(wrong), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_the_same(billionths in 1..=Share::WHOLE) {
            let share = Share::from_billionths(billionths).unwrap();
            prop_assert_eq!(share.to_string().parse(), Ok(share));
        }
    }
}
