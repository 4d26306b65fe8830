//! Quantities as people type them: `250k`, `1400`, `500ms`.

use std::time::Duration;

use thiserror::Error;

use crate::decimal::{self, DecimalError};
use crate::rate::Rate;

/// Parses probes a second: a decimal number, with `k`, `M` or `G` for a thousand, a million or
/// a thousand million. `100000`, `250k`, `1.5M`, `0.5`.
///
/// # Errors
///
/// Names the part that is wrong, or the range of a [`Rate`].
pub fn rate(typed: &str) -> Result<Rate, UnitError> {
    let (number, suffix) = split(typed)?;
    let thousandths_each = match suffix {
        "" => 1_000,
        "k" | "K" => 1_000_000,
        "M" => 1_000_000_000,
        "G" => 1_000_000_000_000,
        _ => {
            return Err(UnitError::Suffix {
                suffix: suffix.to_owned(),
                known: "k, M and G (thousand, million, thousand million)",
            });
        }
    };
    let thousandths = scale(number, thousandths_each, "a thousandth of a probe a second")?;
    Rate::from_thousandths(thousandths).ok_or_else(|| UnitError::Range {
        typed: typed.to_owned(),
        range: "0.001 to 10G probes a second",
    })
}

/// Parses bytes: a decimal number, with `k` for 1000, `Ki` for 1024 or `Mi` for
/// 1,048,576. `64`, `1.4k`, `9k`.
///
/// # Errors
///
/// Names the part that is wrong.
pub fn size(typed: &str) -> Result<usize, UnitError> {
    let (number, suffix) = split(typed)?;
    let bytes_each = match suffix {
        "" => 1,
        "k" | "K" => 1_000,
        "Ki" => 1_024,
        "Mi" => 1_048_576,
        _ => {
            return Err(UnitError::Suffix {
                suffix: suffix.to_owned(),
                known: "k (1000), Ki (1024) and Mi (1048576)",
            });
        }
    };
    let bytes = scale(number, bytes_each, "a byte")?;
    usize::try_from(bytes).map_err(|_| UnitError::TooLarge {
        number: number.to_owned(),
    })
}

/// Parses a duration: numbers with units, as in `10s`, `500ms`, `1m 30s`. Zero needs no unit.
///
/// # Errors
///
/// Names what is wrong; a bare number is refused, since every guess at its unit is wrong for
/// somebody.
pub fn duration(typed: &str) -> Result<Duration, UnitError> {
    let typed = typed.trim();
    let bare = typed
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !typed.is_empty() && bare && typed != "0" {
        return Err(UnitError::BareDuration {
            typed: typed.to_owned(),
        });
    }
    humantime::parse_duration(typed).map_err(|cause| UnitError::Duration {
        typed: typed.to_owned(),
        cause,
    })
}

/// Why a quantity could not be understood.
#[derive(Clone, Debug, PartialEq, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum UnitError {
    /// Nothing before the suffix.
    #[error("'{typed}' does not begin with a number")]
    NoNumber { typed: String },
    /// Digits and points, but not a number.
    #[error("'{number}' is not a decimal number")]
    Number { number: String },
    /// Rounding would run something else than what was asked for.
    #[error("'{number}' is finer than {unit}, which is the finest possible")]
    TooFine { number: String, unit: &'static str },
    /// More than a 64-bit number holds.
    #[error("'{number}' is too large")]
    TooLarge { number: String },
    /// A multiplier nobody knows.
    #[error("'{suffix}' is not a known suffix: there are {known}")]
    Suffix { suffix: String, known: &'static str },
    /// A fine number that cannot be.
    #[error("'{typed}' is out of range: {range} are possible")]
    Range { typed: String, range: &'static str },
    /// A number that could be anything.
    #[error("'{typed}' has no unit: write {typed}s for seconds or {typed}ms for milliseconds")]
    BareDuration { typed: String },
    /// Not a duration at all.
    #[error("'{typed}' is not a duration: {cause}")]
    Duration {
        typed: String,
        cause: humantime::DurationError,
    },
}

/// Splits the number off the suffix.
fn split(typed: &str) -> Result<(&str, &str), UnitError> {
    let typed = typed.trim();
    let end = typed
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(typed.len());
    if end == 0 {
        let typed = typed.to_owned();
        return Err(UnitError::NoNumber { typed });
    }
    Ok(typed.split_at(end))
}

/// `number` times `each`, exactly; `unit` is what the product counts.
fn scale(number: &str, each: u64, unit: &'static str) -> Result<u64, UnitError> {
    decimal::scaled(number, each).map_err(|error| {
        let number = number.to_owned();
        match error {
            DecimalError::NotANumber => UnitError::Number { number },
            DecimalError::TooFine => UnitError::TooFine { number, unit },
            DecimalError::TooLarge => UnitError::TooLarge { number },
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn assert_rate(typed: &str, thousandths: u64) {
        assert_eq!(rate(typed).unwrap().thousandths(), thousandths, "{typed}");
    }

    #[track_caller]
    fn assert_refused<T: std::fmt::Debug>(parsed: Result<T, UnitError>, sentence: &str) {
        assert_eq!(parsed.unwrap_err().to_string(), sentence);
    }

    #[test]
    fn rates_are_read_exactly() {
        assert_rate("100000", 100_000_000);
        assert_rate("250k", 250_000_000);
        assert_rate("1.5M", 1_500_000_000);
        assert_rate("2G", 2_000_000_000_000);
        assert_rate("0.3", 300);
        assert_rate("333.333333k", 333_333_333);
        assert_rate(" 1.50k ", 1_500_000);
    }

    #[test]
    fn a_wrong_rate_names_the_wrong_part() {
        assert_refused(
            rate("250x"),
            "'x' is not a known suffix: there are k, M and G (thousand, million, thousand \
             million)",
        );
        assert_refused(rate("k"), "'k' does not begin with a number");
        assert_refused(rate(""), "'' does not begin with a number");
        assert_refused(rate("-5"), "'-5' does not begin with a number");
        assert_refused(rate("1.2.3k"), "'1.2.3' is not a decimal number");
        assert_refused(rate("1."), "'1.' is not a decimal number");
        assert_refused(
            rate("0.0001"),
            "'0.0001' is finer than a thousandth of a probe a second, which is the finest \
             possible",
        );
        let range = "is out of range: 0.001 to 10G probes a second are possible";
        assert_refused(rate("0"), &format!("'0' {range}"));
        assert_refused(rate("11G"), &format!("'11G' {range}"));
        assert_refused(
            rate("99999999999999999999"),
            "'99999999999999999999' is too large",
        );
    }

    #[test]
    fn a_million_is_not_a_thousandth() {
        assert!(rate("1m").is_err());
    }

    #[test]
    fn sizes_are_bytes() {
        assert_eq!(size("64"), Ok(64));
        assert_eq!(size("9k"), Ok(9_000));
        assert_eq!(size("1.5Ki"), Ok(1_536));
        assert_refused(
            size("0.0001k"),
            "'0.0001' is finer than a byte, which is the finest possible",
        );
        assert_refused(
            size("64B"),
            "'B' is not a known suffix: there are k (1000), Ki (1024) and Mi (1048576)",
        );
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("0"), Ok(Duration::ZERO));
        assert_refused(
            duration("10"),
            "'10' has no unit: write 10s for seconds or 10ms for milliseconds",
        );
        assert!(duration("").is_err());
        assert!(duration("soon").is_err());
    }

    proptest! {
        #[test]
        fn a_rate_is_read_as_it_is_written(thousandths in 1..=Rate::HIGHEST_THOUSANDTHS) {
            let written = Rate::from_thousandths(thousandths).unwrap();
            prop_assert_eq!(rate(&written.to_string()), Ok(written));
        }

        #[test]
        fn a_suffix_is_the_same_as_its_zeros(number in 1..10_u64, tenths in 0..10_u64) {
            for (suffix, zeros) in [("k", "00"), ("M", "00000"), ("G", "00000000")] {
                let short = rate(&format!("{number}.{tenths}{suffix}"));
                prop_assert_eq!(short, rate(&format!("{number}{tenths}{zeros}")));
            }
        }

        #[test]
        fn a_size_is_read_as_it_is_written(bytes: u32) {
            prop_assert_eq!(size(&bytes.to_string()), Ok(bytes as usize));
        }

        #[test]
        fn a_duration_is_read_as_it_is_written(nanos: u64) {
            let written = Duration::from_nanos(nanos);
            let typed = humantime::format_duration(written).to_string();
            prop_assert_eq!(duration(&typed), Ok(written));
        }

        #[test]
        fn nothing_typed_makes_it_panic(typed in "\\PC{0,40}") {
            let results = (rate(&typed).is_ok(), size(&typed).is_ok(), duration(&typed).is_ok());
            prop_assert!(typed.chars().any(|letter| letter.is_ascii_digit()) || results == (false, false, false));
        }
    }
}
