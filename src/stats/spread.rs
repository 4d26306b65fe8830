//! How often values came, by powers of two: one writer, no locks.
//!
//! Each place but the first takes the values from above one power of two up to the next, as the buckets of
//! Prometheus's native histograms of schema 0 do, so that these are the very counts.

use super::counters::Counter;

/// How often a value came: 0 in the first place, then 1, 2, 3 to 4, 5 to 8 and so on. The last place takes
/// everything above.
#[derive(Debug)]
pub struct Spread {
    places: [Counter; PLACES],
}

impl Spread {
    /// Counts a value.
    pub fn note(&self, value: u64) {
        self.places[place(value).min(PLACES - 1)].add(1);
    }

    /// The values that came: the highest of each place that is not empty, and how many.
    pub fn read(&self) -> impl Iterator<Item = (u64, u64)> {
        let all = self.places.iter().enumerate();
        all.map(|(place, number)| (highest(place), number.read()))
            .filter(|(_, number): &(u64, u64)| *number > 0)
    }
}

impl Default for Spread {
    fn default() -> Self {
        Self {
            places: std::array::from_fn(|_| Counter::default()),
        }
    }
}

fn place(value: u64) -> usize {
    let above = u64::BITS - value.saturating_sub(1).leading_zeros();
    usize::from(value > 0) + above as usize
}

fn highest(place: usize) -> u64 {
    place.checked_sub(1).map_or(0, |power| 1 << power)
}

/// How long something took, and how often it took so long.
#[derive(Debug, Default)]
pub struct Delays {
    /// In ticks.
    spread: Spread,
    sum_ns: Counter,
}

impl Delays {
    /// Counts a delay.
    pub fn note(&self, nanos: u64) {
        self.spread.note(ticks(nanos));
        self.sum_ns.add(nanos);
    }

    /// Nanoseconds that something took: the highest of each place that is not empty, and how often.
    pub fn read(&self) -> impl Iterator<Item = (u64, u64)> {
        let places = self.spread.read();
        places.map(|(highest, number)| (nanos(highest), number))
    }

    /// The sum of all, in nanoseconds.
    pub fn sum_ns(&self) -> u64 {
        self.sum_ns.read()
    }
}

/// Nanoseconds from a receive stamp to a moment on the same clock. That is the time of day: if it was
/// set back meanwhile they count as 0, and `None` if it was set on, which would drown all others in
/// a sum.
#[must_use]
pub fn queue_delay(stamp: u64, now: u64) -> Option<u64> {
    let delay = now.saturating_sub(stamp);
    (delay < LONGEST_QUEUE_DELAY).then_some(delay)
}

/// Nothing waits for longer: an hour.
const LONGEST_QUEUE_DELAY: u64 = 3_600_000_000_000;

/// A tick is 2^-30 s, so that the bounds of places are powers of two also in seconds.
pub const TICKS_A_SECOND: u64 = 1 << 30;

/// Rounded up, so that what is above a bound stays above it.
fn ticks(nanos: u64) -> u64 {
    const SHIFT: u32 = 34;
    // 2^30 / 10^9, with 34 bits after the point: off by less than a nanosecond in nine seconds.
    const FACTOR: u128 = (1 << (30 + SHIFT)) / 1_000_000_000;
    let scaled = (u128::from(nanos) * FACTOR).div_ceil(1 << SHIFT);
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

/// The nanoseconds of so many ticks, rounded up, so that no two places have the same bound.
#[must_use]
pub fn nanos(ticks: u64) -> u64 {
    let nanos = (u128::from(ticks) * 1_000_000_000).div_ceil(u128::from(TICKS_A_SECOND));
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

/// Places of a [`Spread`]: up to 2^39, nine minutes in ticks.
const PLACES: usize = 41;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(values: &[u64]) -> Vec<(u64, u64)> {
        let spread = Spread::default();
        for value in values {
            spread.note(*value);
        }
        spread.read().collect()
    }

    #[test]
    fn each_place_ends_with_a_power_of_two() {
        let all = read(&[0, 1, 2, 3, 4, 5, 8, 9, 127, 128, 129]);
        let expected = [
            (0, 1),
            (1, 1),
            (2, 1),
            (4, 2),
            (8, 2),
            (16, 1),
            (128, 2),
            (256, 1),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn the_last_place_takes_everything_above() {
        assert_eq!(read(&[1 << 39, (1 << 39) + 1, u64::MAX]), [(1 << 39, 3)]);
    }

    #[test]
    fn no_two_places_of_delays_have_the_same_bound() {
        let bounds: Vec<u64> = (0..PLACES).map(|place| nanos(highest(place))).collect();
        assert!(bounds.is_sorted_by(|one, other| one < other), "{bounds:?}");
    }

    #[test]
    fn bounds_of_delays_are_powers_of_two_in_seconds() {
        let delays = Delays::default();
        // A power of two of a second is a whole number of nanoseconds down to 2^-9.
        for nanos in [0, 1_953_125, 1_953_126, 1_000_000_000, 1_000_000_001] {
            delays.note(nanos);
        }
        let expected = [
            (0, 1),
            (1_953_125, 1),
            (3_906_250, 1),
            (1_000_000_000, 1),
            (2_000_000_000, 1),
        ];
        assert_eq!(delays.read().collect::<Vec<_>>(), expected);
        assert_eq!(delays.sum_ns(), 2_003_906_252);
    }

    #[test]
    fn a_clock_that_was_set_makes_no_delay_that_drowns_the_others() {
        let (second, year) = (1_000_000_000, 31_536_000_000_000_000);
        let stamp = 50 * year;
        assert_eq!(queue_delay(stamp, stamp + second), Some(second));
        assert_eq!(queue_delay(stamp, stamp + year), None);
        assert_eq!(queue_delay(stamp, stamp - year), Some(0));
    }

    proptest! {
        #[test]
        fn a_value_is_no_more_than_its_bound_and_more_than_half_of_it(value in 1..1_u64 << 39) {
            let [(highest, 1)] = read(&[value])[..] else {
                panic!("it is in one place");
            };
            prop_assert!(value <= highest && highest < 2 * value);
        }

        #[test]
        fn a_delay_is_below_its_bound(nanos in 1..8_000_000_000_u64) {
            let delays = Delays::default();
            delays.note(nanos);
            let [(highest, 1)] = delays.read().collect::<Vec<_>>()[..] else {
                panic!("it is in one place");
            };
            // Bounds are told in whole nanoseconds.
            prop_assert!(nanos <= highest && highest <= 2 * nanos + 1);
        }
    }
}
