//! A rate as it is typed, and the books that are kept on it: the generic cell rate algorithm (ITU-T
//! I.371), which needs one number for whoever is limited. Pure.
//!
//! The number is the moment at which a sender that kept exactly to its rate would send the next
//! datagram. It may be ahead of the clock by what the burst allows:
//!
//! ```text
//!          now          booked                now + burst x interval
//! ----------+--------------+----------------------------+-------------> time
//!           |<-- in debt ->|<-- room for so many more ->|
//! ```

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// At most so many datagrams a second, and so many at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limit {
    /// Datagrams a second, 1 to 10,000,000.
    rate: NonZeroU32,
    /// Datagrams that may come at once, 1 to 1,000,000,000.
    burst: NonZeroU32,
}

/// What a limit needs of the clock: nanoseconds since some moment before everything that it judges.
/// Enough for 584 years.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Moment(pub(super) u64);

impl Moment {
    /// So long after the first moment of all.
    #[must_use]
    pub fn after(start: Duration) -> Self {
        Self(u64::try_from(start.as_nanos()).unwrap_or(u64::MAX))
    }

    /// The same in whole seconds.
    pub(super) fn seconds(self) -> u64 {
        self.0 / NANOS_A_SECOND
    }
}

impl Limit {
    /// At most `rate` datagrams a second, and `burst` at once; each is brought into its range.
    #[must_use]
    pub fn new(rate: u32, burst: u32) -> Self {
        let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self {
            rate: at_least_one(rate.min(MOST_A_SECOND)),
            burst: at_least_one(burst.min(MOST_AT_ONCE)),
        }
    }

    /// Datagrams a second.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.rate.get()
    }

    /// Datagrams at once.
    #[must_use]
    pub fn burst(&self) -> u32 {
        self.burst.get()
    }

    /// What books are kept by.
    pub(super) fn pace(self) -> Pace {
        let interval = NANOS_A_SECOND.div_ceil(u64::from(self.rate.get()));
        Pace {
            interval,
            tolerance: interval * u64::from(self.burst.get()),
        }
    }
}

/// A limit in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// A datagram's, rounded up so that the rate is never exceeded: it falls short by less than 1 %
    /// at the highest rates.
    interval: u64,
    /// How far the books may be ahead of the clock, up to 10^18.
    tolerance: u64,
}

impl Pace {
    /// Books up to `wanted` datagrams at `now` for somebody whose books stand at `booked`. Returns
    /// how many there is room for, and where the books stand then.
    #[inline]
    pub(super) fn book(self, booked: u64, now: Moment, wanted: u32) -> (u32, u64) {
        let start = booked.max(now.0);
        let room = self.tolerance.saturating_sub(start - now.0);
        let cost = self.interval * u64::from(wanted);
        if room >= cost {
            return (wanted, start.saturating_add(cost));
        }
        if room < self.interval {
            // Most of a flood comes here, and a division would cost as much as all the rest.
            return (0, start);
        }
        let granted = u32::try_from(room / self.interval).unwrap_or(u32::MAX);
        let cost = self.interval * u64::from(granted);
        (granted, start.saturating_add(cost))
    }
}

impl FromStr for Limit {
    type Err = String;

    /// Understands `10k/s`, `10k/s:500` and the same without `/s`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (rate, burst) = match text.split_once(':') {
            Some((rate, burst)) => (rate, Some(burst)),
            None => (text, None),
        };
        let rate = number(rate.strip_suffix("/s").unwrap_or(rate), MOST_A_SECOND)
            .ok_or("it is no rate of 1/s to 10M/s, as in 10k/s or 10k/s:500")?;
        let burst = match burst {
            Some(burst) => number(burst, MOST_AT_ONCE).ok_or(
                "behind the colon stands no burst of 1 to 1000M datagrams, as in 10k/s:500",
            )?,
            None => (rate / BURST_SHARE).max(LEAST_BURST),
        };
        Ok(Self::new(rate, burst))
    }
}

/// A whole number from 1 to `most`, with k and M for thousands and millions.
fn number(text: &str, most: u32) -> Option<u32> {
    let (digits, unit) = match (text.strip_suffix('k'), text.strip_suffix('M')) {
        (Some(digits), _) => (digits, 1_000),
        (_, Some(digits)) => (digits, 1_000_000),
        _ => (text, 1),
    };
    // A sign is no digit.
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse::<u32>().ok().filter(|_| plain)?;
    let number = number.checked_mul(unit)?;
    (1..=most).contains(&number).then_some(number)
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/s:{}", self.rate, self.burst)
    }
}

const NANOS_A_SECOND: u64 = 1_000_000_000;

/// Above this a limit would be one in name alone.
const MOST_A_SECOND: u32 = 10_000_000;

const MOST_AT_ONCE: u32 = 1_000_000_000;

/// Without a burst, a tenth of a second may come at once.
const BURST_SHARE: u32 = 10;

/// The same where that would be next to nothing.
const LEAST_BURST: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_limit_is_read_as_it_is_written() {
        for (text, rate, burst) in [
            ("10k/s", 10_000, 1_000),
            ("10k", 10_000, 1_000),
            ("10M/s:1", 10_000_000, 1),
            ("1/s", 1, 10),
            ("250/s:2k", 250, 2_000),
        ] {
            assert_eq!(text.parse(), Ok(Limit::new(rate, burst)), "{text}");
        }
        for wrong in [
            "", "/s", "0/s", "11M/s", "1k/s:", "1k/s:0", "-1/s", "+1", "1.5k", "1k/m",
        ] {
            assert!(wrong.parse::<Limit>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_understood_alike(rate in 1..=MOST_A_SECOND, burst in 1..=MOST_AT_ONCE) {
            let limit = Limit::new(rate, burst);
            prop_assert_eq!(limit.to_string().parse(), Ok(limit));
        }

        /// In every stretch of time, not only from the beginning on.
        #[test]
        fn no_stretch_of_time_has_more_than_its_rate_and_a_burst(
            rate in 1u32..=MOST_A_SECOND, burst in 1u32..2_000,
            asks in proptest::collection::vec((0u64..50_000_000, 1u32..200), 1..200),
        ) {
            let pace = Limit::new(rate, burst).pace();
            let (mut now, mut booked) = (Moment(0), 0);
            let mut granted: Vec<(u64, u32)> = Vec::new();
            for (pause, wanted) in asks {
                now.0 += pause;
                let (got, books) = pace.book(booked, now, wanted);
                prop_assert!(got <= wanted);
                booked = books;
                granted.push((now.0, got));
            }
            for first in 0..granted.len() {
                let mut sum = 0_u128;
                for &(at, got) in &granted[first..] {
                    sum += u128::from(got);
                    let time = u128::from(at - granted[first].0);
                    let most = time * u128::from(rate) / 1_000_000_000 + u128::from(burst);
                    prop_assert!(sum <= most, "{sum} > {most}");
                }
            }
        }

        /// Up to the rounding of the interval.
        #[test]
        fn whoever_keeps_to_the_rate_is_never_refused(
            rate in 1u32..=MOST_A_SECOND, burst in 1u32..100, number in 1u32..500,
        ) {
            let pace = Limit::new(rate, burst).pace();
            let mut booked = 0;
            for at in 0..u64::from(number) {
                let now = Moment(at * pace.interval);
                let (got, books) = pace.book(booked, now, 1);
                prop_assert_eq!(got, 1);
                booked = books;
            }
        }

        #[test]
        fn the_end_of_time_is_no_panic(booked in any::<u64>(), now in any::<u64>(), wanted in any::<u32>()) {
            for limit in [Limit::new(1, MOST_AT_ONCE), Limit::new(MOST_A_SECOND, 1)] {
                let (got, books) = limit.pace().book(booked, Moment(now), wanted);
                prop_assert!(got <= wanted && books >= booked.max(now));
            }
        }
    }
}
