//! What chance does to several quantities of the same runs at once, and what is left of a p that had
//! several tries.
//!
//! Five quantities give chance five tries. Therefore each p is also given as corrected for the
//! family (Westfall and Young, Resampling-Based Multiple Testing, 1993, algorithm 4.1, step-down
//! max T): the clearest quantity is held against the clearest of all quantities in every way, the
//! second clearest against the clearest of the others, and so on. So the chance that any of them
//! is called different though none is stays at 5 % for the whole family. Quantiles of the same runs
//! rise and fall together, which this takes into account, as all quantities of a run change
//! sides with it: Holm's correction (1979), which has to expect the worst, would find no more than
//! this and mostly less.

use super::real;

/// How likely chance is to make a difference as large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chance {
    /// In this quantity, had it been the only one.
    pub p: f64,
    /// In any quantity of the family that is not clearer than this one; at least `p`.
    pub p_corrected: f64,
}

/// How often the ways in which runs could have come about were as extreme as what was found.
#[derive(Clone, Debug)]
pub(super) struct StepDown {
    /// The statistic of each quantity, as it was found.
    found: Vec<f64>,
    /// The numbers of the quantities, the clearest first.
    falling: Vec<usize>,
    /// Ways in which a quantity was as extreme.
    alone: Vec<usize>,
    /// Ways in which it, or any that is less clear, was as extreme.
    among: Vec<usize>,
}

impl StepDown {
    /// For quantities of which these statistics were found.
    pub(super) fn new(found: Vec<f64>) -> Self {
        let mut falling: Vec<usize> = (0..found.len()).collect();
        falling.sort_by(|left, right| found[*right].total_cmp(&found[*left]));
        Self {
            falling,
            alone: vec![0; found.len()],
            among: vec![0; found.len()],
            found,
        }
    }

    /// Takes note of another way, which has such a statistic in the quantity with that number.
    pub(super) fn note(&mut self, statistic: impl Fn(usize) -> f64) {
        let mut clearest = 0.0_f64;
        // From the least clear quantity on, so that each sees those below it.
        for &quantity in self.falling.iter().rev() {
            let statistic = statistic(quantity);
            let found = self.found[quantity];
            clearest = clearest.max(statistic);
            self.alone[quantity] += usize::from(at_least(statistic, found));
            self.among[quantity] += usize::from(at_least(clearest, found));
        }
    }

    /// What that makes of each quantity, in their order; `p` is what so many extreme ways mean.
    pub(super) fn chances(&self, p: impl Fn(usize) -> f64) -> Vec<Chance> {
        let mut chances = vec![
            Chance {
                p: 1.0,
                p_corrected: 1.0
            };
            self.found.len()
        ];
        let mut clearer = 0.0_f64;
        for &quantity in &self.falling {
            // What is less clear is never surer.
            clearer = clearer.max(p(self.among[quantity]));
            chances[quantity] = Chance {
                p: p(self.alone[quantity]),
                p_corrected: clearer,
            };
        }
        chances
    }
}

/// As extreme, or only rounded to be less: the same runs add up differently in another order.
fn at_least(statistic: f64, found: f64) -> bool {
    statistic >= found - ROUNDING
}

/// Statistics are sums of at most some thousand numbers below 1.
const ROUNDING: f64 = 1e-10;

/// The p-value if so many of all ways were at least as extreme as what was found.
pub(super) fn p_of_all(extreme: usize, ways: usize) -> f64 {
    real(extreme) / real(ways)
}

/// The p-value if so many of the ways that were drawn at random were at least as extreme.
///
/// What was found counts as one more: (b + 1) / (m + 1), which is never zero and never claims too
/// much (Phipson and Smyth, Permutation p-values should never be zero, Statistical Applications in
/// Genetics and Molecular Biology 9, 2010).
pub(super) fn p_of_drawn(extreme: usize) -> f64 {
    real(extreme + 1) / real(DRAWS + 1)
}

/// The most ways that are gone through one by one.
pub(super) const MOST_WAYS: usize = 20_000;
/// How many are drawn where there are more: p is then known to within 0.003 about 0.05 (two standard
/// deviations), and is a whole number of 20,000ths.
pub(super) const DRAWS: usize = 19_999;
