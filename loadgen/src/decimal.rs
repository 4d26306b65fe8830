//! Decimal numbers as people type them, exactly: binary fractions would turn 0.3 into something
//! else.

use thiserror::Error;

/// `typed` times `each`, a whole number: `1.5` times 1000 is 1500.
///
/// # Errors
///
/// [`DecimalError`].
pub fn scaled(typed: &str, each: u64) -> Result<u64, DecimalError> {
    let (whole, fraction) = typed.split_once('.').unwrap_or((typed, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(DecimalError::NotANumber);
    }
    let fraction = fraction.trim_end_matches('0');
    let places = u32::try_from(fraction.len()).map_err(|_| DecimalError::TooFine)?;
    let denominator = 10_u128.checked_pow(places).ok_or(DecimalError::TooFine)?;
    let numerator: u128 = format!("{whole}{fraction}")
        .parse()
        .map_err(|_| DecimalError::TooLarge)?;
    let scaled = numerator
        .checked_mul(each.into())
        .ok_or(DecimalError::TooLarge)?;
    if scaled % denominator != 0 {
        return Err(DecimalError::TooFine);
    }
    u64::try_from(scaled / denominator).map_err(|_| DecimalError::TooLarge)
}

/// `scaled` over ten to the power of `places`, without zeros at its end: 1500 over 10^3 is `1.5`.
#[must_use]
pub fn written(scaled: u64, places: u32) -> String {
    let scale = 10_u64.pow(places);
    let width = places as usize;
    let digits = format!("{}.{:0width$}", scaled / scale, scaled % scale);
    digits
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

/// Why a decimal number could not be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecimalError {
    /// Something else than digits with at most one point between them.
    #[error("not a decimal number")]
    NotANumber,
    /// Digits behind the point that would be lost.
    #[error("finer than possible")]
    TooFine,
    /// More than 64 bits hold.
    #[error("too large")]
    TooLarge,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_fault_has_its_name() {
        assert_eq!(scaled("1.5", 1_000), Ok(1_500));
        assert_eq!(scaled("1.", 1_000), Err(DecimalError::NotANumber));
        assert_eq!(scaled("-1", 1_000), Err(DecimalError::NotANumber));
        assert_eq!(scaled("0.0001", 1_000), Err(DecimalError::TooFine));
        assert_eq!(
            scaled("18446744073709551616", 1),
            Err(DecimalError::TooLarge)
        );
    }

    proptest! {
        #[test]
        fn a_number_is_read_as_it_is_written(number: u64, places in 0..10_u32) {
            prop_assert_eq!(scaled(&written(number, places), 10_u64.pow(places)), Ok(number));
        }

        #[test]
        fn nothing_typed_makes_it_panic(typed in "[0-9.]{0,50}", each: u64) {
            let _scaled: Result<u64, DecimalError> = scaled(&typed, each);
        }
    }
}
