//! Probes at random: how requests of many users who know nothing of each other arrive.

use std::time::Duration;

use rand_distr::{Distribution, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use super::{Share, point};
use crate::rate::{NANOS_TIMES_THOUSAND, Rate};
use crate::time::Offset;

/// One thread's part of a Poisson process: an iterator over the times its probes are due.
///
/// The gaps between the run's probes are independent and exponentially distributed with mean
/// 1 / rate. Every thread draws all of them and takes the probes t, t + T, t + 2T, ..., so that a
/// seed stands for one schedule whatever the number of threads.
///
/// A gap is drawn as a multiple of the mean, and rounded once, to 2^-32 of the mean; times are
/// added up in units of 2^-48 ns without further rounding, so that no error builds up.
#[derive(Clone, Debug)]
pub struct Poisson {
    random: Xoshiro256PlusPlus,
    /// The mean gap, in units of 2^-48 ns: below 2^88.
    mean: u128,
    /// When the next probe is due, in the same unit.
    next: u128,
    /// The run's gaps between two probes of this thread.
    step: u16,
    end: Offset,
}

impl Poisson {
    /// The part of one thread in a run at `rate` that lasts for `span`, its end excluded.
    ///
    /// # Panics
    ///
    /// If the share's thread is not one of its threads.
    #[must_use]
    pub fn new(rate: Rate, span: Duration, seed: u64, share: Share) -> Self {
        let Share { threads, thread } = share;
        assert!(thread < threads.get(), "thread {thread} of {threads}");
        let mut poisson = Self {
            random: Xoshiro256PlusPlus::seed_from_u64(seed ^ PURPOSE),
            mean: (NANOS_TIMES_THOUSAND << TIME_BITS) / u128::from(rate.thousandths()),
            next: 0,
            step: threads.get(),
            end: point(span),
        };
        // The process begins with a gap: nothing is special about the start of a run.
        poisson.advance(thread + 1);
        poisson
    }

    /// Ends the schedule early: of the probes not yet taken, only those due before `end` remain.
    pub fn cut(&mut self, end: Offset) {
        self.end = self.end.min(end);
    }

    /// Takes the next probe if it is due before `point`.
    pub(super) fn next_before(&mut self, point: Offset) -> Option<Offset> {
        self.peek().filter(|due| *due < point)?;
        self.next()
    }

    /// When the next probe is due, without taking it.
    #[must_use]
    pub fn peek(&self) -> Option<Offset> {
        let due = u64::try_from(self.next >> TIME_BITS).map_or(self.end, Offset::from_nanos);
        (due < self.end).then_some(due)
    }

    fn advance(&mut self, gaps: u16) {
        for _ in 0..gaps {
            let gap = u128::from(gap(&mut self.random)) * self.mean;
            self.next = self.next.saturating_add(gap >> GAP_BITS);
        }
    }
}

impl Iterator for Poisson {
    type Item = Offset;

    fn next(&mut self) -> Option<Offset> {
        let due = self.peek()?;
        self.advance(self.step);
        Some(due)
    }
}

/// A gap in units of 2^-32 of the mean. One of 2^8 means comes once in e^256 draws, so the product
/// with the mean fits 128 bits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the gap is above zero, and limited before"
)]
fn gap(random: &mut Xoshiro256PlusPlus) -> u64 {
    let means: f64 = Exp1.sample(random);
    (means.min(LONGEST_MEANS) * SCALE).round() as u64
}

/// A random number that sets the stream of gaps apart from whatever else is drawn by the same seed,
/// here or in a server.
const PURPOSE: u64 = 0x9f3a_51c6_e80d_72b4;
/// Bits of a nanosecond that times are kept in.
const TIME_BITS: u32 = 48;
/// Bits of the mean that a gap is drawn in.
const GAP_BITS: u32 = 32;
/// 2 to the [`GAP_BITS`].
const SCALE: f64 = 4_294_967_296.0;
const LONGEST_MEANS: f64 = 255.0;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schedule::tests::share;

    const SEEDS: [u64; 5] = [1, 2, 3, 0x6c6f_6164_6765_6e31, u64::MAX];

    const GAPS: u32 = 100_000;

    fn poisson(rate: u64, seconds: u64, seed: u64) -> Poisson {
        let rate = Rate::per_second(rate).unwrap();
        Poisson::new(rate, Duration::from_secs(seconds), seed, share(1, 0))
    }

    /// A hundred thousand gaps, in units of their intended mean.
    fn gaps(seed: u64) -> Vec<f64> {
        let mut before = Offset::START;
        poisson(10_000, 3_600, seed)
            .take(GAPS as usize)
            .map(|due| {
                let gap = due.since(before).as_secs_f64() * 10_000.0;
                before = due;
                gap
            })
            .collect()
    }

    #[test]
    fn gaps_are_exponential_by_the_test_of_kolmogorov_and_smirnov() {
        for seed in SEEDS {
            let mut gaps = gaps(seed);
            gaps.sort_by(f64::total_cmp);
            let n = f64::from(GAPS);
            let distances = gaps.iter().zip(0_u32..).map(|(gap, index)| {
                let exponential = 1.0 - (-gap).exp();
                let below = f64::from(index) / n;
                (exponential - below)
                    .abs()
                    .max((below + 1.0 / n - exponential).abs())
            });
            let distance = distances.fold(0.0, f64::max);
            // 1.63 / sqrt(n) is passed once in a hundred seeds.
            assert!(distance <= 1.63 / n.sqrt(), "{distance} with seed {seed}");
        }
    }

    #[test]
    fn gaps_vary_as_much_as_their_mean() {
        for seed in SEEDS {
            let gaps = gaps(seed);
            let n = f64::from(GAPS);
            let mean = gaps.iter().sum::<f64>() / n;
            let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / n;
            assert!((mean - 1.0).abs() < 0.015, "{mean} with seed {seed}");
            let variation = variance.sqrt() / mean;
            assert!(
                (variation - 1.0).abs() <= 0.02,
                "{variation} with seed {seed}"
            );
        }
    }

    #[test]
    fn a_gap_tells_nothing_of_the_next() {
        for seed in SEEDS {
            let gaps = gaps(seed);
            let pairs = gaps.windows(2);
            let n = f64::from(GAPS - 1);
            let correlation = pairs
                .map(|pair| (pair[0] - 1.0) * (pair[1] - 1.0))
                .sum::<f64>()
                / n;
            // Four standard errors.
            assert!(
                correlation.abs() < 4.0 / n.sqrt(),
                "{correlation} with seed {seed}"
            );
        }
    }

    #[test]
    fn a_seed_stands_for_one_schedule() {
        let first: Vec<Offset> = poisson(1_000, 1, 5).collect();
        assert_eq!(poisson(1_000, 1, 5).collect::<Vec<_>>(), first);
        assert_ne!(poisson(1_000, 1, 6).collect::<Vec<_>>(), first);
    }

    #[test]
    fn gaps_are_not_drawn_from_the_stream_of_the_bare_seed() {
        let mut bare = Xoshiro256PlusPlus::seed_from_u64(1);
        // The first gap is drawn already.
        let _first = gap(&mut bare);
        assert_ne!(poisson(1_000, 1, 1).random, bare);
    }

    #[test]
    fn a_seed_means_the_same_in_every_version() {
        let dues: Vec<u64> = poisson(1_000, 1, 1).take(3).map(Offset::as_nanos).collect();
        assert_eq!(dues, [209_698, 741_706, 2_277_864]);
    }

    proptest! {
        #[test]
        fn no_rate_makes_times_fall_or_leave_the_run(
            thousandths in 1..=Rate::HIGHEST_THOUSANDTHS, seed: u64,
        ) {
            let rate = Rate::from_thousandths(thousandths).unwrap();
            let span = Duration::from_secs(365 * 86_400);
            let dues: Vec<Offset> = Poisson::new(rate, span, seed, share(1, 0)).take(100).collect();
            prop_assert!(dues.is_sorted());
            prop_assert!(dues.iter().all(|due| *due < Offset::START + span));
        }
    }
}
