//! Where the time of round trips went: their parts, in buckets of the whole.
//!
//! The buckets are those of [`Live`](super::Live), 16 an octave. Of each the count and the sums of
//! the parts are kept, so that memory is constant, threads add up, and the parts of a quantile are
//! those of real round trips: quantiles of each part alone would not add up to anything.

use super::live::{BUCKETS, bucket};
use super::quantile::Fraction;

/// The parts of one round trip, or their means over several, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Legs {
    /// From when the probe was due until the call that sent it.
    pub lag: u64,
    /// From that call until the kernel gave the probe to the device.
    pub send: u64,
    /// Within this host between the stamps of kernel and device, on both ways together; 0 where
    /// the kernel alone stamped.
    pub device: u64,
    /// From the stamp of what was sent until the stamp of what came: path and server.
    pub path: u64,
    /// From when the kernel had the answer until it was read.
    pub read: u64,
}

impl Legs {
    /// All parts together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.each()
            .iter()
            .fold(0, |sum, part| sum.saturating_add(*part))
    }

    fn each(&self) -> [u64; PARTS] {
        [self.lag, self.send, self.device, self.path, self.read]
    }
}

/// The mean parts of so many round trips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mean {
    /// Round trips, at least one.
    pub samples: u64,
    /// Each part rounded down.
    pub parts: Legs,
}

/// The parts of many round trips, in constant memory (under 64 KiB).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    count: u64,
    buckets: Vec<Bucket>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bucket {
    count: u64,
    sums: [u128; PARTS],
}

impl Split {
    /// Nothing recorded yet; all the memory it will ever need is taken here.
    #[must_use]
    pub fn new() -> Self {
        Self {
            count: 0,
            buckets: vec![Bucket::default(); BUCKETS],
        }
    }

    /// Records one round trip.
    pub fn record(&mut self, parts: &Legs) {
        self.count += 1;
        let bucket = &mut self.buckets[bucket(parts.total())];
        bucket.count += 1;
        for (sum, part) in bucket.sums.iter_mut().zip(parts.each()) {
            *sum += u128::from(part);
        }
    }

    /// Adds what another thread recorded.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        for (bucket, other) in self.buckets.iter_mut().zip(&other.buckets) {
            bucket.count += other.count;
            for (sum, other) in bucket.sums.iter_mut().zip(other.sums) {
                *sum += other;
            }
        }
    }

    /// Round trips recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean parts of the round trips about as long as the quantile: those in the bucket of its
    /// rank. `None` with fewer than [`Fraction::smallest_population`] of them in all.
    #[must_use]
    pub fn quantile(&self, fraction: Fraction) -> Option<Mean> {
        if self.count < fraction.smallest_population() {
            return None;
        }
        let rank = fraction.rank(self.count);
        let mut seen = 0;
        let bucket = self.buckets.iter().find(|bucket| {
            seen += bucket.count;
            seen >= rank
        })?;
        mean(bucket.count, bucket.sums)
    }

    /// The mean parts of the slowest thousandth, rounded up to whole round trips; the fastest of
    /// these count as the mean of their bucket. `None` where the 99.9 % quantile is not known.
    #[must_use]
    pub fn slowest(&self) -> Option<Mean> {
        if self.count < Fraction::P99_9.smallest_population() {
            return None;
        }
        let samples = self.count.div_ceil(1_000);
        let mut missing = samples;
        let mut sums = [0; PARTS];
        for bucket in self.buckets.iter().rev().filter(|bucket| bucket.count > 0) {
            let taken = bucket.count.min(missing);
            for (sum, all) in sums.iter_mut().zip(bucket.sums) {
                *sum += all * u128::from(taken) / u128::from(bucket.count);
            }
            missing -= taken;
            if missing == 0 {
                break;
            }
        }
        mean(samples, sums)
    }
}

impl Default for Split {
    fn default() -> Self {
        Self::new()
    }
}

fn mean(samples: u64, sums: [u128; PARTS]) -> Option<Mean> {
    let mean = |sum: u128| {
        let mean = sum.checked_div(samples.into())?;
        u64::try_from(mean).ok()
    };
    let [lag, send, device, path, read] = sums;
    Some(Mean {
        samples,
        parts: Legs {
            lag: mean(lag)?,
            send: mean(send)?,
            device: mean(device)?,
            path: mean(path)?,
            read: mean(read)?,
        },
    })
}

const PARTS: usize = 5;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn recorded(samples: &[Legs]) -> Split {
        let mut split = Split::new();
        for parts in samples {
            split.record(parts);
        }
        split
    }

    /// The mean of `samples`, computed in the open.
    fn exact(samples: &[Legs]) -> Mean {
        let count = samples.len() as u64;
        let sum = |part: fn(&Legs) -> u64| samples.iter().map(part).sum::<u64>() / count;
        Mean {
            samples: count,
            parts: Legs {
                lag: sum(|parts| parts.lag),
                send: sum(|parts| parts.send),
                device: sum(|parts| parts.device),
                path: sum(|parts| parts.path),
                read: sum(|parts| parts.read),
            },
        }
    }

    fn sorted(mut samples: Vec<Legs>) -> Vec<Legs> {
        samples.sort_unstable_by_key(Legs::total);
        samples
    }

    fn parts() -> impl Strategy<Value = Legs> {
        let tail = prop_oneof![9 => 0..30_000_u64, 1 => 0..50_000_000_u64];
        (tail, 0..9_000_u64, 0..500_u64, 0..99_000_u64, 0..9_000_u64).prop_map(
            |(lag, send, device, path, read)| Legs {
                lag,
                send,
                device,
                path,
                read,
            },
        )
    }

    #[test]
    fn a_quantile_takes_as_many_samples_as_anywhere() {
        let one = Legs {
            path: 5,
            ..Legs::default()
        };
        assert_eq!(recorded(&[one; 28]).quantile(Fraction::P90), None);
        let mean = recorded(&[one; 29]).quantile(Fraction::P90);
        let all = Mean {
            samples: 29,
            parts: one,
        };
        assert_eq!(mean, Some(all));
        assert_eq!(recorded(&vec![one; 2_994]).slowest(), None);
        assert_eq!(recorded(&vec![one; 2_995]).slowest().unwrap().samples, 3);
    }

    #[test]
    fn the_slowest_tell_why_they_were_slow() {
        let mut samples = vec![
            Legs {
                path: 20_000,
                ..Legs::default()
            };
            2_997
        ];
        let slow = Legs {
            lag: 1_000_000,
            path: 20_000,
            ..Legs::default()
        };
        samples.extend([slow; 3]);
        let slowest = recorded(&samples).slowest();
        let expected = Mean {
            samples: 3,
            parts: slow,
        };
        assert_eq!(slowest, Some(expected));
    }

    proptest! {
        #[test]
        fn a_quantile_is_the_mean_of_those_as_long(
            samples in proptest::collection::vec(parts(), 299..600),
        ) {
            let split = recorded(&samples);
            let sorted = sorted(samples);
            for fraction in [Fraction::P50, Fraction::P90, Fraction::P99] {
                let rank = usize::try_from(fraction.rank(sorted.len() as u64)).unwrap();
                let chosen = bucket(sorted[rank - 1].total());
                let alike: Vec<Legs> = sorted
                    .iter()
                    .filter(|parts| bucket(parts.total()) == chosen)
                    .copied()
                    .collect();
                prop_assert_eq!(split.quantile(fraction), Some(exact(&alike)));
            }
        }

        #[test]
        fn threads_add_up(
            left in proptest::collection::vec(parts(), 0..50),
            right in proptest::collection::vec(parts(), 0..50),
        ) {
            let mut merged = recorded(&left);
            merged.merge(&recorded(&right));
            let together = [left, right].concat();
            prop_assert_eq!(merged, recorded(&together));
        }
    }
    proptest! {
        // Thousands of samples a case.
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn the_slowest_add_up_to_what_they_took(
            samples in proptest::collection::vec(parts(), 2_995..3_200),
        ) {
            let split = recorded(&samples);
            let sorted = sorted(samples);
            let slowest = split.slowest().unwrap();
            let count = usize::try_from(slowest.samples).unwrap();
            let exact = exact(&sorted[sorted.len() - count..]).parts.total();
            let told = slowest.parts.total();
            // Of one bucket a mean stands for the slowest in it, a sixteenth off at most.
            prop_assert!(told <= exact + 5 && exact - told.min(exact) <= exact / 16 + 5);
        }
    }
}
