//! What several runs of two kinds tell of a difference between them. Pure: nothing here reads a
//! clock, and all that is random starts from a fixed seed, so that the same values give the same
//! answer each time.
//!
//! - [`shift`]: how far apart two sets of values lie;
//! - [`bootstrap`]: between which ends that is known to lie;
//! - [`scores`]: what stands for a run in a test;
//! - [`relabelling`]: the ways in which runs could have fallen to the two sides;
//! - [`permutation`]: whether chance would have done as much;
//! - [`stepdown`]: the same for a family of quantities.
//!
//! And what pairs of runs tell, or groups of them, that were made one beside the other:
//!
//! - [`walsh`]: how far apart they lie, and between which ends that is known to lie;
//! - [`signed`]: what stands for a pair in a test;
//! - [`flips`]: whether chance would have done as much.
//!
//! A value is one figure of one run: a real number, or infinity for a quantile that is lost, which
//! lies above every number and level with its like. It is never "not a number". The run is what is
//! drawn again and dealt out anew, never the probe: probes of one run share its luck, so that a
//! million of them in one run tell less of the next run than four runs do.

pub mod bootstrap;
pub mod flips;
pub mod permutation;
pub mod relabelling;
pub mod scores;
pub mod shift;
pub mod signed;
pub mod stepdown;
pub mod walsh;

/// The fewest values a side of which anything is said. With three, even sides that are clean apart
/// come about by chance in 2 of the 20 ways to deal six runs out, so that p is never below 0.1; with
/// four it is 2 of 70, or 0.029.
pub const FEWEST: usize = 4;

/// The fewest pairs of which anything is said: with five, signs that are all alike come about by
/// chance in 2 of 32 ways, so that p is never below 0.06; with six it is 2 of 64, or 0.031.
pub const FEWEST_PAIRS: usize = 6;

/// How rarely chance alone may call something a difference.
pub const LEVEL: f64 = 0.05;

/// A count as a real number.
#[expect(
    clippy::cast_precision_loss,
    reason = "there are fewer runs, and fewer ways to deal them out, than 2^53"
)]
fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod simulation;
