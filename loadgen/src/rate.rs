//! How many probes a second.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use crate::time::Offset;

/// Probes a second, exact to a thousandth: 0.001 to 10,000,000,000.
///
/// The upper bound is beyond any network; it keeps a year of probes countable in 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate {
    thousandths: NonZeroU64,
}

impl Rate {
    /// The highest rate, 10,000,000,000 probes a second, in thousandths.
    pub const HIGHEST_THOUSANDTHS: u64 = 10_000_000_000_000;

    /// So many probes a second, or `None` outside of 1 to 10,000,000,000.
    #[must_use]
    pub const fn per_second(probes: u64) -> Option<Self> {
        match probes.checked_mul(1_000) {
            Some(thousandths) => Self::from_thousandths(thousandths),
            None => None,
        }
    }

    /// So many thousandths of a probe a second, or `None` outside of the type's range.
    #[must_use]
    pub const fn from_thousandths(thousandths: u64) -> Option<Self> {
        match NonZeroU64::new(thousandths) {
            Some(thousandths) if thousandths.get() <= Self::HIGHEST_THOUSANDTHS => {
                Some(Self { thousandths })
            }
            _ => None,
        }
    }

    /// The rate in thousandths of a probe a second.
    #[must_use]
    pub fn thousandths(self) -> u64 {
        self.thousandths.get()
    }

    /// Probes a second, rounded to the nearest whole number.
    #[must_use]
    pub fn rounded(self) -> u64 {
        (self.thousandths() + 500) / 1_000
    }

    /// When probe `index` (counted from 0) is due: `index / rate`, rounded down to the nanosecond.
    ///
    /// Computed from the index alone, so no error accumulates. An offset that does not fit is
    /// the last one there is.
    #[must_use]
    pub fn due(self, index: u64) -> Offset {
        let nanos = u128::from(index) * NANOS_TIMES_THOUSAND / u128::from(self.thousandths());
        Offset::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many probes are due in the first `span` of a run, its end excluded.
    #[must_use]
    pub fn probes_within(self, span: Duration) -> u64 {
        // floor(i * N / rate) < span  <=>  i < span * rate / N, as span is a whole number.
        let scaled = span
            .as_nanos()
            .saturating_mul(u128::from(self.thousandths()));
        u64::try_from(scaled.div_ceil(NANOS_TIMES_THOUSAND)).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for Rate {
    /// Probes a second as a decimal number: `250000`, `0.5`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, thousandths) = (self.thousandths() / 1_000, self.thousandths() % 1_000);
        if thousandths == 0 {
            return write!(formatter, "{whole}");
        }
        let digits = format!("{thousandths:03}");
        write!(formatter, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl FromStr for Rate {
    type Err = NotARate;

    /// Reads what [`Display`](fmt::Display) writes.
    fn from_str(written: &str) -> Result<Self, NotARate> {
        let (whole, fraction) = written.split_once('.').unwrap_or((written, "0"));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 3 {
            return Err(NotARate);
        }
        format!("{whole}{fraction:0<3}")
            .parse()
            .ok()
            .and_then(Self::from_thousandths)
            .ok_or(NotARate)
    }
}

/// A text that no rate is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is no rate as a result file has it")]
pub struct NotARate;

/// Nanoseconds a second, scaled like the rate.
pub(crate) const NANOS_TIMES_THOUSAND: u128 = 1_000_000_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn odd_rates_are_spaced_evenly() {
        for probes in [333_333, 600_000, 7] {
            let rate = Rate::per_second(probes).unwrap();
            let gaps = (0..2_000).map(|i| rate.due(i + 1).nanos_since(rate.due(i)));
            let exact = 1_000_000_000 / probes;
            assert!(gaps.clone().all(|gap| gap == exact || gap == exact + 1));
            assert_eq!(
                rate.due(probes * 3_600),
                Offset::from_nanos(3_600_000_000_000)
            );
        }
    }

    #[test]
    fn a_millisecond_of_any_odd_rate_holds_its_share() {
        let rate = Rate::per_second(333_333).unwrap();
        for bin in 0..1_000 {
            let until = |ms| rate.probes_within(Duration::from_millis(ms));
            let held = until(bin + 1) - until(bin);
            assert!((333..=334).contains(&held), "{held} in millisecond {bin}");
        }
    }

    #[test]
    fn rates_out_of_range_do_not_exist() {
        assert_eq!(Rate::per_second(0), None);
        assert_eq!(Rate::per_second(10_000_000_001), None);
        assert_eq!(Rate::per_second(u64::MAX), None);
        assert!(Rate::per_second(10_000_000_000).is_some());
    }

    #[test]
    fn a_rate_is_written_without_idle_zeros() {
        let written = |thousandths| Rate::from_thousandths(thousandths).unwrap().to_string();
        assert_eq!(written(250_000_000), "250000");
        assert_eq!(written(500), "0.5");
        assert_eq!(written(1_001), "1.001");
    }

    proptest! {
        #[test]
        fn a_rate_is_read_as_it_was_written(thousandths in 1..=Rate::HIGHEST_THOUSANDTHS) {
            let rate = Rate::from_thousandths(thousandths).unwrap();
            prop_assert_eq!(rate.to_string().parse(), Ok(rate));
        }

        #[test]
        fn what_is_no_rate_is_refused(text in "[0-9.k-]{0,12}") {
            if let Ok(rate) = text.parse::<Rate>() {
                prop_assert!(text.starts_with(|first: char| first.is_ascii_digit() || first == '.'));
                prop_assert!(rate.thousandths() > 0);
            }
        }

        #[test]
        fn exactly_the_counted_probes_are_due_within_a_span(
            thousandths in 1..=Rate::HIGHEST_THOUSANDTHS, span in 1..86_400_000_000_000_u64,
        ) {
            let rate = Rate::from_thousandths(thousandths).unwrap();
            let count = rate.probes_within(Duration::from_nanos(span));
            prop_assert!(rate.due(count - 1).as_nanos() < span);
            prop_assert!(rate.due(count).as_nanos() >= span);
        }
    }
}
