//! Sizes drawn by the run's seed and a probe's number.

use super::bounds::SMALLEST;

/// Of the numbers 0, 1, 2, ... those under `below` that no step before it takes stand for `size`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) below: u64,
    pub(super) size: u16,
}

/// Twelve probes in the long run: see [`Sizes::imix`](super::Sizes::imix).
pub(super) const IMIX: [Step; 3] = [
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

/// The size of the run's probe `index` in a mix.
pub(super) fn draw(steps: &[Step], seed: u64, index: u64) -> u16 {
    let end = steps.last().map_or(1, |step| step.below);
    let drawn = below(end, random(seed, index));
    let step = steps.iter().find(|step| drawn < step.below);
    step.map_or(SMALLEST, |step| step.size)
}

/// The sizes of a mix, in its order.
pub(super) fn sizes(steps: &[Step]) -> impl Iterator<Item = u16> {
    steps.iter().map(|step| step.size)
}

/// The mean size of a mix.
#[expect(clippy::cast_precision_loss, reason = "a step is at most 10^8")]
pub(super) fn mean(steps: &[Step]) -> f64 {
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
pub(super) fn below(end: u64, random: u64) -> u64 {
    let scaled = (u128::from(random) * u128::from(end)) >> 64;
    u64::try_from(scaled).unwrap_or_default()
}

/// 64 random bits that depend on `seed` and `index` alone: the output function of `SplitMix64`
/// (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014), with the seed
/// passed through it once so that neighbouring seeds do not share a sequence.
pub(super) fn random(seed: u64, index: u64) -> u64 {
    scramble(scramble(seed).wrapping_add(index.wrapping_mul(GOLDEN_GAMMA)))
}

fn scramble(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// 2^64 over the golden ratio, made odd.
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
