//! What becomes of each datagram, drawn by the seed.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::{Faults, Share};

/// What becomes of a datagram: one of these.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It is answered as it should be.
    Pass,
    /// It gets no reply.
    Drop,
    /// Its reply is sent twice.
    Duplicate,
    /// Its reply has one bit flipped.
    Corrupt,
    /// Its reply is overtaken by the next one to the same peer.
    Reorder,
}

impl Fate {
    /// Its key in the language of [`super::language`]; none for what is no fault.
    #[must_use]
    pub fn key(self) -> Option<&'static str> {
        match self {
            Self::Pass => None,
            Self::Drop => Some("drop"),
            Self::Duplicate => Some("duplicate"),
            Self::Corrupt => Some("corrupt"),
            Self::Reorder => Some("reorder"),
        }
    }
}

/// Draws the fates of one worker: one uniform draw a datagram, in the order in which they are read.
#[derive(Clone, Debug)]
pub struct Fates {
    /// Each fate with the draw below which it is met, if none before it was.
    limits: [(Fate, u32); 4],
    draws: Xoshiro256PlusPlus,
    /// Which bits are flipped; a stream of their own, so that a fate does not depend on what came
    /// before it.
    bits: Xoshiro256PlusPlus,
}

impl Fates {
    /// The fates of the worker of this number, counted from 0.
    #[must_use]
    pub fn new(faults: &Faults, worker: usize) -> Self {
        let mut limit = 0;
        let limits = faults.shares().map(|(fate, share)| {
            limit += share.map_or(0, Share::billionths);
            (fate, limit)
        });
        Self {
            limits,
            draws: stream(faults.seed, worker, Purpose::Fates),
            bits: stream(faults.seed, worker, Purpose::Bits),
        }
    }

    /// The fate of the next datagram.
    pub fn draw(&mut self) -> Fate {
        let draw = self.draws.random_range(0..Share::WHOLE);
        let met = self.limits.iter().find(|(_, limit)| draw < *limit);
        met.map_or(Fate::Pass, |(fate, _)| *fate)
    }

    /// Flips one bit of `payload`; false if there is none.
    pub fn flip(&mut self, payload: &mut [u8]) -> bool {
        if payload.is_empty() {
            return false;
        }
        let bit = self.bits.random_range(0..payload.len() * 8);
        payload[bit / 8] ^= 1 << (bit % 8);
        true
    }
}

/// What a stream of random numbers is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    Fates,
    Bits,
    ServiceTimes,
}

/// The random numbers of a worker for one purpose. No two streams of a seed overlap: workers are
/// 2^192 draws apart, and the purposes of a worker 2^128.
pub(super) fn stream(seed: u64, worker: usize, purpose: Purpose) -> Xoshiro256PlusPlus {
    let mut stream = Xoshiro256PlusPlus::seed_from_u64(seed);
    for _ in 0..worker {
        stream.long_jump();
    }
    for _ in 0..purpose as usize {
        stream.jump();
    }
    stream
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn faults(text: &str) -> Faults {
        text.parse().unwrap()
    }

    fn fates(text: &str, worker: usize, count: usize) -> Vec<Fate> {
        let mut fates = Fates::new(&faults(text), worker);
        std::iter::repeat_with(|| fates.draw())
            .take(count)
            .collect()
    }

    const SOME: &str = "drop=10%,duplicate=20%,corrupt=30%,reorder=15%";

    #[test]
    fn each_fate_is_met_as_often_as_was_asked() {
        let drawn = fates(SOME, 0, 100_000);
        for (fate, expected) in [
            (Fate::Drop, 10_000_i32),
            (Fate::Duplicate, 20_000),
            (Fate::Corrupt, 30_000),
            (Fate::Reorder, 15_000),
            (Fate::Pass, 25_000),
        ] {
            let met = drawn.iter().filter(|drawn| **drawn == fate).count();
            // Five standard deviations of the widest of them; and the seed is always the same.
            let off = expected.abs_diff(i32::try_from(met).unwrap());
            assert!(off < 725, "{fate:?} {met} times");
        }
    }

    #[test]
    fn a_seed_draws_the_same_fates_again_and_another_seed_or_worker_others() {
        let first = fates(SOME, 0, 1_000);
        assert_eq!(first, fates(SOME, 0, 1_000));
        assert_ne!(first, fates(SOME, 1, 1_000));
        assert_ne!(first, fates(&format!("{SOME},seed=2"), 0, 1_000));
    }

    #[test]
    fn what_a_seed_means_stays_the_same() {
        let words = fates(SOME, 0, 8)
            .into_iter()
            .map(|fate| fate.key().unwrap_or("pass"));
        assert_eq!(
            words.collect::<Vec<_>>().join(" "),
            "pass duplicate reorder duplicate pass corrupt duplicate corrupt"
        );
    }

    #[test]
    fn a_share_of_all_leaves_nothing_to_chance() {
        let drawn = fates("drop=100%", 3, 10_000);
        assert!(drawn.iter().all(|fate| *fate == Fate::Drop));
        let drawn = fates("drop=50%,reorder=50%", 3, 10_000);
        assert!(drawn.iter().all(|fate| *fate != Fate::Pass));
    }

    #[test]
    fn an_empty_payload_has_no_bit_to_flip() {
        assert!(!Fates::new(&faults("corrupt=1%"), 0).flip(&mut []));
    }

    proptest! {
        #[test]
        fn exactly_one_bit_is_flipped(
            payload in proptest::collection::vec(any::<u8>(), 1..200), seed: u64,
        ) {
            let mut fates = Fates::new(&faults(&format!("corrupt=1%,seed={seed}")), 0);
            let mut flipped = payload.clone();
            prop_assert!(fates.flip(&mut flipped));
            let bits = payload.iter().zip(&flipped).map(|(a, b)| (a ^ b).count_ones());
            prop_assert_eq!(bits.sum::<u32>(), 1);
        }

        #[test]
        fn the_bits_that_are_flipped_do_not_change_the_fates(seed: u64, lengths: Vec<u8>) {
            let plan = faults(&format!("{SOME},seed={seed}"));
            let (mut plain, mut flipping) = (Fates::new(&plan, 0), Fates::new(&plan, 0));
            for length in lengths {
                flipping.flip(&mut vec![0; length.into()]);
                prop_assert_eq!(plain.draw(), flipping.draw());
            }
        }
    }
}
