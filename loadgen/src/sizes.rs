//! How large probes are: one size, or a mix.

use std::fmt;

use echo_reactor::udp::MAX_PAYLOAD;
use thiserror::Error;

use crate::decimal;
use crate::probe::HEADER_LENGTH;
use crate::share::Share;

/// The smallest probe: its header.
#[expect(clippy::cast_possible_truncation, reason = "the header has 40 bytes")]
pub const SMALLEST: u16 = HEADER_LENGTH as u16;

/// The largest probe: a UDP datagram over IPv4 carries no more.
#[expect(clippy::cast_possible_truncation, reason = "it is under 65,536")]
pub const LARGEST: u16 = MAX_PAYLOAD as u16;

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

/// Of the numbers 0, 1, 2, ... those under `below` that no step before it takes stand for `size`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    below: u64,
    size: u16,
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

/// Why sizes cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum SizesError {
    /// The header must fit.
    #[error("{size} is too small: a probe needs at least {SMALLEST} bytes")]
    TooSmall { size: u16 },
    /// A UDP datagram over IPv4 carries no more.
    #[error("{size} is too large: a UDP datagram carries at most {LARGEST} bytes")]
    TooLarge { size: usize },
    /// A range without a size in it.
    #[error("{smallest}..{largest} ends before it begins")]
    Order { smallest: u16, largest: u16 },
    /// Nobody knows how the rest is to be shared.
    #[error("{first} and {second} have no percentage: only one part can take the rest")]
    TwoRests { first: u16, second: u16 },
    /// A size that no probe would have; the sum in thousand-millionths.
    #[error("nothing is left for {size}: the other parts make {}%", decimal::written(*sum, 7))]
    NoRest { size: u16, sum: u64 },
    /// Too few sizes for all probes, or too many; in thousand-millionths.
    #[error("the percentages make {}%, not 100%", decimal::written(*sum, 7))]
    Sum { sum: u64 },
}

fn is_possible(size: u16) -> bool {
    (SMALLEST..=LARGEST).contains(&size)
}

fn check(size: u16) -> Result<(), SizesError> {
    match size {
        ..SMALLEST => Err(SizesError::TooSmall { size }),
        SMALLEST..=LARGEST => Ok(()),
        _ => Err(SizesError::TooLarge { size: size.into() }),
    }
}

/// All probes, in thousand-millionths.
const WHOLE: u64 = 1_000_000_000;

/// Twelve probes in the long run: see [`Sizes::imix`].
const IMIX: [Step; 3] = [
    Step {
        below: 7,
        size: SMALLEST,
    },
    Step {
        below: 11,
        size: 570 - FRAMING,
    },
    Step {
        below: 12,
        size: 1_518 - FRAMING,
    },
];

/// Bytes of an Ethernet frame that are not UDP payload: the headers of Ethernet (14), IPv4 (20)
/// and UDP (8), and the frame's checksum (4).
const FRAMING: u16 = 14 + 20 + 8 + 4;

fn draw(steps: &[Step], seed: u64, index: u64) -> u16 {
    let end = steps.last().map_or(1, |step| step.below);
    let drawn = below(end, random(seed, index));
    let step = steps.iter().find(|step| drawn < step.below);
    step.map_or(SMALLEST, |step| step.size)
}

fn sizes(steps: &[Step]) -> impl Iterator<Item = u16> {
    steps.iter().map(|step| step.size)
}

#[expect(clippy::cast_precision_loss, reason = "a step is at most 10^8")]
fn mean(steps: &[Step]) -> f64 {
    let mut before = 0;
    let sum = steps.iter().map(|step| {
        let portion = step.below - before;
        before = step.below;
        f64::from(step.size) * portion as f64
    });
    let sum: f64 = sum.sum();
    sum / before as f64
}

/// A number from 0 to `end` - 1; each comes as often as any other but for `end` in 2^64 cases.
fn below(end: u64, random: u64) -> u64 {
    let scaled = (u128::from(random) * u128::from(end)) >> 64;
    u64::try_from(scaled).unwrap_or_default()
}

/// 64 random bits that depend on `seed` and `index` alone: the output function of `SplitMix64`
/// (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014), with the seed
/// passed through it once so that neighbouring seeds do not share a sequence.
fn random(seed: u64, index: u64) -> u64 {
    scramble(scramble(seed).wrapping_add(index.wrapping_mul(GOLDEN_GAMMA)))
}

fn scramble(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// 2^64 over the golden ratio, made odd.
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const SEEDS: [u64; 5] = [0, 1, 2, 0x6c6f_6164_6765_6e31, u64::MAX];

    fn part(size: u16, percent: Option<u64>) -> Part {
        let percentage =
            percent.map(|percent| Share::from_billionths(percent * 10_000_000).unwrap());
        Part { size, percentage }
    }

    fn mix(parts: &[(u16, Option<u64>)]) -> Result<Sizes, SizesError> {
        Sizes::mix(
            parts
                .iter()
                .map(|&(size, percent)| part(size, percent))
                .collect(),
        )
    }

    /// Whether the counts of a hundred thousand probes are as likely as not under `expected`, by
    /// the chi-square test: the statistic stays under `limit`, which is passed once in a hundred
    /// thousand seeds.
    #[track_caller]
    fn assert_portions(sizes: &Sizes, expected: &[(u16, f64)], limit: f64) {
        for seed in SEEDS {
            let mut counts: BTreeMap<u16, u32> = BTreeMap::new();
            for index in 0..100_000 {
                *counts.entry(sizes.of(seed, index)).or_default() += 1;
            }
            assert_eq!(counts.values().sum::<u32>(), 100_000);
            assert!(
                counts
                    .keys()
                    .all(|size| expected.iter().any(|(one, _)| one == size))
            );
            let statistic = expected.iter().map(|(size, portion)| {
                let (seen, wanted) = (counts.get(size).copied().unwrap_or(0), portion * 100_000.0);
                (f64::from(seen) - wanted).powi(2) / wanted
            });
            let statistic: f64 = statistic.sum();
            assert!(statistic < limit, "{sizes}: {statistic} with seed {seed}");
        }
    }

    #[test]
    fn a_mix_has_its_portions() {
        let sizes = mix(&[(64, None), (512, Some(20)), (1_400, Some(5))]).unwrap();
        let expected = [(64, 0.75), (512, 0.2), (1_400, 0.05)];
        assert_portions(&sizes, &expected, 23.0);
    }

    #[test]
    fn imix_is_seven_to_four_to_one() {
        let expected = [(40, 7.0 / 12.0), (524, 4.0 / 12.0), (1_472, 1.0 / 12.0)];
        assert_portions(&Sizes::imix(), &expected, 23.0);
        assert_eq!(
            (Sizes::imix().smallest(), Sizes::imix().largest()),
            (40, 1_472)
        );
    }

    #[test]
    fn a_range_is_even_with_both_its_ends() {
        let sizes = Sizes::range(64, 73).unwrap();
        let expected: Vec<(u16, f64)> = (64..=73).map(|size| (size, 0.1)).collect();
        assert_portions(&sizes, &expected, 40.0);
        assert_eq!((sizes.smallest(), sizes.largest()), (64, 73));
    }

    #[test]
    fn a_size_tells_nothing_of_the_next() {
        let sizes = mix(&[(64, Some(50)), (128, Some(50))]).unwrap();
        for seed in SEEDS {
            let pairs = (0..100_000).filter(|i| sizes.of(seed, *i) == sizes.of(seed, i + 1));
            let equal = pairs.count();
            assert!(
                (49_300..50_700).contains(&equal),
                "{equal} with seed {seed}"
            );
        }
    }

    #[test]
    fn another_seed_draws_other_sizes() {
        let sizes = Sizes::range(40, 1_400).unwrap();
        let drawn = |seed| {
            (0..50)
                .map(|index| sizes.of(seed, index))
                .collect::<Vec<_>>()
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
    }

    #[test]
    fn a_seed_means_the_same_in_every_version() {
        let drawn: Vec<u16> = (0..8).map(|index| Sizes::imix().of(1, index)).collect();
        assert_eq!(drawn, [40, 524, 40, 40, 1_472, 40, 524, 40]);
    }

    #[test]
    fn the_mean_is_weighted() {
        let sizes = mix(&[(100, Some(75)), (500, None)]).unwrap();
        assert!((sizes.mean() - 200.0).abs() < 1e-9);
        let imix = (7.0 * 40.0 + 4.0 * 524.0 + 1_472.0) / 12.0;
        assert!((Sizes::imix().mean() - imix).abs() < 1e-9);
        assert!((Sizes::range(64, 1_472).unwrap().mean() - 768.0).abs() < 1e-9);
        assert!((Sizes::one(64).unwrap().mean() - 64.0).abs() < 1e-9);
    }

    #[test]
    fn sizes_that_no_probe_can_have_are_refused() {
        assert_eq!(Sizes::one(39), None);
        assert_eq!(Sizes::one(65_508), None);
        assert!(Sizes::one(40).is_some() && Sizes::one(65_507).is_some());
        assert_eq!(mix(&[(39, None)]), Err(SizesError::TooSmall { size: 39 }));
        let error = Sizes::range(64, 65_508);
        assert_eq!(error, Err(SizesError::TooLarge { size: 65_508 }));
        assert!(matches!(
            Sizes::range(65, 64),
            Err(SizesError::Order { .. })
        ));
    }

    #[test]
    fn percentages_make_a_hundred() {
        let sentence = |parts: &[(u16, Option<u64>)]| mix(parts).unwrap_err().to_string();
        assert_eq!(
            sentence(&[(64, None), (70, None)]),
            "64 and 70 have no percentage: only one part can take the rest"
        );
        assert_eq!(
            sentence(&[(64, None), (70, Some(100))]),
            "nothing is left for 64: the other parts make 100%"
        );
        assert_eq!(
            sentence(&[(64, Some(70)), (70, Some(20))]),
            "the percentages make 90%, not 100%"
        );
        assert_eq!(sentence(&[]), "the percentages make 0%, not 100%");
    }
}
