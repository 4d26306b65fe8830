//! How large a part of all probes would fare like those of a run.

use super::binomial::{Binomial, WIDEST, floor, real};
use super::interval::{NORMAL, TAIL};
use crate::share::Share;

/// A part of a whole, and between which shares it lies with 95 % confidence if the whole is a
/// sample of something larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proportion {
    /// That of the sample.
    pub measured: Share,
    /// No larger than the true share.
    pub low: Share,
    /// No smaller than the true share.
    pub high: Share,
}

impl Proportion {
    /// The fewest trials of which, if none is of a kind, that kind's share is surely under `limit`:
    /// the Clopper-Pearson interval of none of n ends at 1 - 0.025^(1/n). 1 for no limit at all, or
    /// for one that nothing is under.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 1 and 4e9"
    )]
    pub fn fewest_below(limit: Share) -> u64 {
        if limit == Share::NOTHING || limit == Share::WHOLE {
            return 1;
        }
        let fewest = 0.025_f64.ln() / (-limit.value()).ln_1p();
        fewest.ceil() as u64 + 1
    }

    /// What `part` says of `whole`, of which it is no more; `None` if there is no whole.
    ///
    /// The interval is that of Clopper and Pearson (1934): the shares for which the tail of the
    /// binomial distribution beyond the part has a chance of 2.5 %, rounded outward to a
    /// thousand-millionth. It is exact, and never too narrow. From about a million of either kind
    /// on it is Wilson's (1927), which then differs by less than a thousandth of its width.
    #[must_use]
    pub fn of(part: u64, whole: u64) -> Option<Self> {
        if whole == 0 {
            return None;
        }
        let part = part.min(whole);
        let rarer = real(part.min(whole - part));
        let (low, high) = if rarer > WIDEST * WIDEST {
            wilson(part, whole)
        } else {
            clopper_pearson(part, whole, rarer)
        };
        let share = |billionths: u64| Share::from_billionths(billionths).unwrap_or(Share::WHOLE);
        Some(Self {
            measured: Share::of(part, whole),
            low: share(low),
            high: share(high),
        })
    }
}

/// In thousand-millionths. `rarer` is the number of the rarer kind.
fn clopper_pearson(part: u64, whole: u64, rarer: f64) -> (u64, u64) {
    // Ends so far off that neither can be beyond: the search is then among narrow distributions.
    let reach = 10.0 * (rarer + 1.0).sqrt() + 20.0;
    let share = |count: f64| (count / real(whole)).clamp(0.0, 1.0) * real(WHOLE);
    let lowest = floor(share(real(part) - reach));
    let highest = floor(share(real(part) + reach).ceil());
    let middle = floor(share(real(part)));
    let chance = |billionths: u64| real(billionths) / real(WHOLE);
    let low = if part == 0 {
        0
    } else {
        // The largest share that makes so many as unlikely as that.
        let seldom =
            |share| share == 0 || Binomial::new(whole, chance(share)).at_least(part) <= TAIL;
        first(lowest, middle + 1, |share| !seldom(share)).saturating_sub(1)
    };
    let high = if part == whole {
        WHOLE
    } else {
        let seldom =
            |share| share == WHOLE || Binomial::new(whole, chance(share)).at_most(part) <= TAIL;
        first(middle.max(1), highest, seldom)
    };
    (low, high)
}

/// In thousand-millionths.
fn wilson(part: u64, whole: u64) -> (u64, u64) {
    let (share, whole) = (real(part) / real(whole), real(whole));
    let square = NORMAL * NORMAL / whole;
    let middle = share + square / 2.0;
    let reach = NORMAL * (share * (1.0 - share) / whole + square / whole / 4.0).sqrt();
    let scaled = |end: f64| end / (1.0 + square) * real(WHOLE);
    (
        floor(scaled(middle - reach)),
        floor(scaled(middle + reach).ceil()),
    )
}

/// The first number from `low` on that fits, if all that follow one fit too; `high` if none
/// below it does.
fn first(mut low: u64, mut high: u64, fits: impl Fn(u64) -> bool) -> u64 {
    while low < high {
        let middle = u64::midpoint(low, high);
        if fits(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

const WHOLE: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::measure::binomial::tests::chances;

    fn ends(part: u64, whole: u64) -> (u64, u64) {
        let proportion = Proportion::of(part, whole).unwrap();
        (proportion.low.billionths(), proportion.high.billionths())
    }

    #[test]
    fn known_proportions_have_the_intervals_of_the_tables() {
        // None of 100: 1 - 0.025^(1/100).
        assert_eq!(ends(0, 100), (0, 36_216_693));
        assert_eq!(ends(100, 100), (1_000_000_000 - 36_216_693, 1_000_000_000));
        assert_eq!(ends(10, 100), (49_004_689, 176_222_598));
        assert_eq!(ends(50, 100), (398_321_129, 601_678_871));
        assert_eq!(Proportion::of(0, 0), None);
    }

    #[test]
    fn both_ways_agree_where_they_meet() {
        for whole in [3_000_000, 1_000_000_000, 1_000_000_000_000] {
            let exact = clopper_pearson(999_999, whole, 999_999.0);
            let approximate = wilson(999_999, whole);
            let width = exact.1 - exact.0;
            assert!(
                exact.0.abs_diff(approximate.0) <= width / 1_000 + 2,
                "{exact:?} {approximate:?}"
            );
            assert!(
                exact.1.abs_diff(approximate.1) <= width / 1_000 + 2,
                "{exact:?} {approximate:?}"
            );
        }
    }

    #[test]
    fn a_little_of_very_much_is_no_more_work() {
        assert_eq!(ends(0, 1_000_000_000_000), (0, 1));
        assert_eq!(ends(1, 1_000_000_000), (0, 6));
        assert!(ends(u64::MAX / 2, u64::MAX).0 >= 499_999_999);
    }

    proptest! {
        #[test]
        fn the_ends_are_where_the_tails_become_rare(whole in 1..120_u64, part in 0..120_u64) {
            let part = part.min(whole);
            let (low, high) = ends(part, whole);
            let at = |billionths: u64| chances(whole, real(billionths) / real(WHOLE));
            let split = usize::try_from(part).unwrap();
            let at_least = |billionths| at(billionths)[split..].iter().sum::<f64>();
            let at_most = |billionths| at(billionths)[..=split].iter().sum::<f64>();
            prop_assert!(part == 0 || at_least(low) <= 0.025 + 1e-9);
            prop_assert!(at_least(low + 1) > 0.025 - 1e-9);
            prop_assert!(part == whole || at_most(high) <= 0.025 + 1e-9);
            prop_assert!(at_most(high - 1) > 0.025 - 1e-9);
        }

        #[test]
        fn the_interval_holds_the_measured_share(whole in 1..1_000_000_000_000_u64, part: u64) {
            let proportion = Proportion::of(part % (whole + 1), whole).unwrap();
            prop_assert!(proportion.low <= proportion.measured);
            prop_assert!(proportion.measured <= proportion.high);
        }
    }
}
