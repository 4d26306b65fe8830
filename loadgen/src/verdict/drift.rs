//! Whether round trips became longer or shorter in the course of a run.

use std::time::Duration;

use super::limits;
use crate::measure::Part;
use crate::measure::parts::PARTS;

/// A steady change from the beginning of the window to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// The median of the first third, in nanoseconds.
    pub from: u64,
    /// The median of the last third, in nanoseconds.
    pub to: u64,
}

impl Drift {
    /// By how much the last third differs from the first, in percent of it.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a ratio of times far below 2^52 ns"
    )]
    pub fn percent(&self) -> f64 {
        100.0 * self.from.abs_diff(self.to) as f64 / self.from.max(1) as f64
    }
}

/// The drift of the parts' medians, if it is steady (Mann 1945, Kendall 1975) and large enough;
/// `None` also if there are too few parts or answers to tell. Of more than [`PARTS`] whole parts, so
/// many are taken evenly.
pub(super) fn drift(parts: &[Part]) -> Option<Drift> {
    let parts = whole(parts);
    let parts: Vec<&Part> = (0..PARTS)
        .filter_map(|index| parts.get(index * parts.len() / PARTS))
        .collect();
    let enough = parts
        .iter()
        .all(|part| part.answered >= limits::DRIFT_FEWEST);
    if parts.len() != PARTS || !enough {
        return None;
    }
    let medians: Vec<u64> = parts.iter().filter_map(|part| part.p50).collect();
    if medians.len() != PARTS || statistic(&medians).abs() < limits::DRIFT_PAIRS {
        return None;
    }
    let third = PARTS / 3;
    let drift = Drift {
        from: middle(&medians[..third]),
        to: middle(&medians[PARTS - third..]),
    };
    (drift.percent() > limits::DRIFT_PERCENT).then_some(drift)
}

/// The parts without the last one, if the window ended in the middle of it. Fewer than [`PARTS`] are
/// none.
fn whole(parts: &[Part]) -> &[Part] {
    let length = |part: &Part| part.to.saturating_sub(part.from);
    let whole = match parts {
        [first, .., last] if length(last) + ROUNDING < length(first) => &parts[..parts.len() - 1],
        parts => parts,
    };
    if whole.len() < PARTS { &[] } else { whole }
}

/// The edges of parts are rounded to nanoseconds.
const ROUNDING: Duration = Duration::from_nanos(2);

/// Pairs that rise less pairs that fall.
fn statistic(values: &[u64]) -> i64 {
    let pairs = values
        .iter()
        .enumerate()
        .flat_map(|(at, earlier)| values[at + 1..].iter().map(move |later| (earlier, later)));
    pairs
        .map(|(earlier, later)| later.cmp(earlier) as i64)
        .sum()
}

fn middle(values: &[u64]) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn parts(medians: [u64; PARTS]) -> Vec<Part> {
        let part = |median| Part {
            from: Duration::ZERO,
            to: Duration::ZERO,
            sent: 1_000,
            answered: 1_000,
            p50: Some(median),
            p99: None,
        };
        medians.map(part).to_vec()
    }

    #[test]
    fn a_steady_rise_is_a_drift() {
        let rising = parts([100, 102, 104, 103, 108, 110, 115, 118, 120, 125]);
        let found = drift(&rising).unwrap();
        assert_eq!((found.from, found.to), (102, 120));
    }

    #[test]
    fn neither_a_small_change_nor_a_restless_one_is() {
        let small = [100, 101, 102, 103, 104, 105, 106, 107, 108, 109];
        assert_eq!(drift(&parts(small)), None);
        let restless = [100, 150, 90, 160, 120, 100, 170, 110, 180, 130];
        assert_eq!(drift(&parts(restless)), None);
    }

    #[test]
    fn too_few_answers_say_nothing() {
        let mut rising = parts([100, 110, 120, 130, 140, 150, 160, 170, 180, 190]);
        assert!(drift(&rising).is_some());
        assert_eq!(drift(&rising[1..]), None);
        rising[4].answered = limits::DRIFT_FEWEST - 1;
        assert_eq!(drift(&rising), None);
    }

    #[test]
    fn chance_reaches_the_limit_in_under_one_run_of_a_hundred() {
        // Permutations of ten by their number of falling pairs: Knuth, volume 3, 5.1.1.
        let mut by_falls = vec![1_u64];
        for length in 2..=PARTS {
            let mut longer = vec![0; by_falls.len() + length - 1];
            for (falls, count) in by_falls.iter().enumerate() {
                longer[falls..falls + length]
                    .iter_mut()
                    .for_each(|sum| *sum += count);
            }
            by_falls = longer;
        }
        let pairs = i64::try_from(by_falls.len() - 1).unwrap();
        let all: u64 = by_falls.iter().sum();
        let beyond = |limit: i64| {
            let strong = (0..)
                .zip(&by_falls)
                .filter(|(falls, _)| pairs - 2 * falls >= limit);
            2 * strong.map(|(_, count)| count).sum::<u64>()
        };
        assert_eq!((pairs, all), (45, 3_628_800));
        assert!(beyond(limits::DRIFT_PAIRS) * 100 < all);
        assert!(beyond(limits::DRIFT_PAIRS - 2) * 100 > all);
    }

    proptest! {
        #[test]
        fn the_statistic_turns_round_with_time(values in proptest::collection::vec(0..99_u64, 0..12)) {
            let reversed: Vec<u64> = values.iter().rev().copied().collect();
            prop_assert_eq!(statistic(&values), -statistic(&reversed));
        }
    }
}
