//! The highest rate that meets an objective: which rate to try next. Pure.
//!
//! Bisection in the logarithm of the rate, after the ideas of RFC 9971 (`MLRsearch`): one trial a
//! rate is enough while the bounds are far apart; once they are close, the two of them are tried
//! again until neither can change its class any more. A bound that does change opens the interval
//! again. The answer is an interval: its lower end met the objective, its upper end did not.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use thiserror::Error;

use crate::rate::Rate;

/// Where to search, and how thoroughly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    lowest: Rate,
    highest: Rate,
    precision: f64,
    repeats: NonZeroU32,
}

impl Terms {
    /// Between `lowest` and `highest`, until the ends of the interval are within `precision` of
    /// each other (0.02 is 2 %; 0.001 to 1), with at most `repeats` trials a rate, an odd number,
    /// of which more than half decide.
    ///
    /// # Errors
    /// [`TermsError`] if the range is empty or the precision out of range.
    pub fn new(
        lowest: Rate,
        highest: Rate,
        precision: f64,
        repeats: NonZeroU32,
    ) -> Result<Self, TermsError> {
        if lowest >= highest {
            return Err(TermsError::Range { lowest, highest });
        }
        if repeats.get().is_multiple_of(2) {
            return Err(TermsError::Repeats { repeats });
        }
        if !(0.001..=1.0).contains(&precision) {
            return Err(TermsError::Precision);
        }
        Ok(Self {
            lowest,
            highest,
            precision,
            repeats,
        })
    }

    /// Trials that settle the class of a rate, whatever further ones would say.
    fn majority(&self) -> u32 {
        self.repeats.get() / 2 + 1
    }
}

/// Why a search cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum TermsError {
    /// Nothing lies between the ends.
    #[error("--from {lowest} is not below --to {highest}: there is nothing to search")]
    Range { lowest: Rate, highest: Rate },
    /// Half of them could be for it, and half against.
    #[error("--repeats {repeats} is even, so that trials could be divided: take an odd number")]
    Repeats { repeats: NonZeroU32 },
    /// Too fine to be reached, or no goal at all.
    #[error("--precision is out of range: 0.1% to 100% are possible")]
    Precision,
}

/// What one trial said.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Trial {
    /// The objective was met.
    Met,
    /// The objective was missed.
    Missed,
    /// The generator could not send at this rate, so nothing is known of the server.
    OutOfReach,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Next {
    /// Carry out a trial at this rate.
    Try(Rate),
    /// The search is over.
    Done(Answer),
}

/// The highest rate that meets the objective, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    /// From `met` on, and below `missed`.
    Between {
        /// Met the objective in most trials.
        met: Rate,
        /// Missed it in most trials.
        missed: Rate,
        /// Whether it was the generator that gave in there, so that the server may be able to do
        /// more.
        out_of_reach: bool,
    },
    /// Every rate up to the highest meets it.
    AtLeast(Rate),
    /// Not even the lowest rate meets it.
    Below(Rate),
}

/// A search under way.
#[derive(Clone, Debug)]
pub struct Search {
    terms: Terms,
    tallies: BTreeMap<Rate, Tally>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    met: u32,
    missed: u32,
    out_of_reach: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Meets,
    Misses,
    /// As many trials for the one as for the other.
    Open,
}

impl Tally {
    fn class(self) -> Class {
        let misses = self.missed + self.out_of_reach;
        match self.met.cmp(&misses) {
            std::cmp::Ordering::Greater => Class::Meets,
            std::cmp::Ordering::Less => Class::Misses,
            std::cmp::Ordering::Equal => Class::Open,
        }
    }

    fn is_settled(self, majority: u32) -> bool {
        self.met.max(self.missed + self.out_of_reach) >= majority
    }
}

impl Search {
    /// Nothing tried yet.
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        Self {
            terms,
            tallies: BTreeMap::new(),
        }
    }

    /// Takes the outcome of a trial into account.
    pub fn note(&mut self, rate: Rate, trial: Trial) {
        let tally = self.tallies.entry(rate).or_default();
        match trial {
            Trial::Met => tally.met += 1,
            Trial::Missed => tally.missed += 1,
            Trial::OutOfReach => tally.out_of_reach += 1,
        }
    }

    /// How many trials there were.
    #[must_use]
    pub fn trials(&self) -> u32 {
        let each = |tally: &Tally| tally.met + tally.missed + tally.out_of_reach;
        self.tallies.values().map(each).sum()
    }

    /// What to do next.
    #[must_use]
    pub fn next(&self) -> Next {
        let Terms {
            lowest, highest, ..
        } = self.terms;
        // A tie says nothing; it is broken before anything is built on it.
        let open = |(_, tally): &(&Rate, &Tally)| tally.class() == Class::Open;
        if let Some((rate, _)) = self.tallies.iter().find(open) {
            return Next::Try(*rate);
        }
        for end in [lowest, highest] {
            if !self.tallies.contains_key(&end) {
                return Next::Try(end);
            }
        }
        match self.bounds() {
            (None, Some(missed)) => self.settle(missed, Answer::Below(missed)),
            (Some(met), None) => self.settle(met, Answer::AtLeast(met)),
            (Some(met), Some(missed)) => self.between(met, missed),
            (None, None) => Next::Try(lowest),
        }
    }

    /// The highest rate that meets below all that miss, and the lowest that misses, as far as it is
    /// known by now.
    #[must_use]
    pub fn bounds(&self) -> (Option<Rate>, Option<Rate>) {
        let of = |class| {
            self.tallies
                .iter()
                .filter(move |(_, tally)| tally.class() == class)
                .map(|(rate, _)| *rate)
        };
        let missed = of(Class::Misses).next();
        let met = of(Class::Meets)
            .take_while(|rate| missed.is_none_or(|missed| *rate < missed))
            .last();
        (met, missed)
    }

    fn between(&self, met: Rate, missed: Rate) -> Next {
        if ratio(missed, met) > 1.0 + self.terms.precision
            && let Some(middle) = middle(met, missed)
        {
            return Next::Try(middle);
        }
        let tally = self.tallies[&missed];
        let answer = Answer::Between {
            met,
            missed,
            out_of_reach: tally.out_of_reach > tally.missed,
        };
        match self.settle(missed, answer) {
            Next::Done(_) => self.settle(met, answer),
            again @ Next::Try(_) => again,
        }
    }

    /// The answer, once further trials at `rate` could not change its class.
    fn settle(&self, rate: Rate, answer: Answer) -> Next {
        if self.tallies[&rate].is_settled(self.terms.majority()) {
            Next::Done(answer)
        } else {
            Next::Try(rate)
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "2^53 thousandths are 9e12 probes a second"
)]
fn ratio(upper: Rate, lower: Rate) -> f64 {
    upper.thousandths() as f64 / lower.thousandths() as f64
}

/// The geometric mean, to a whole probe a second where there is one between; `None` if no rate lies
/// between.
fn middle(lower: Rate, upper: Rate) -> Option<Rate> {
    let (low, high) = (lower.thousandths(), upper.thousandths());
    let product = u128::from(low) * u128::from(high);
    let exact = u64::try_from(product.isqrt()).ok()?;
    let whole = (exact + 500) / 1_000 * 1_000;
    [whole, exact]
        .into_iter()
        .find(|rate| low < *rate && *rate < high)
        .and_then(Rate::from_thousandths)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(per_second: u64) -> Rate {
        Rate::per_second(per_second).unwrap()
    }

    fn terms(precision: f64, repeats: u32) -> Terms {
        let repeats = NonZeroU32::new(repeats).unwrap();
        Terms::new(rate(1_000), rate(1_000_000), precision, repeats).unwrap()
    }

    /// Searches against a server that `trial` plays; returns the answer and how many trials it took.
    fn run(terms: Terms, mut trial: impl FnMut(Rate) -> Trial) -> (Answer, u32) {
        let mut search = Search::new(terms);
        loop {
            match search.next() {
                Next::Try(rate) => search.note(rate, trial(rate)),
                Next::Done(answer) => return (answer, search.trials()),
            }
            assert!(search.trials() < 10_000, "the search does not end");
        }
    }

    fn up_to(capacity: u64) -> impl Fn(Rate) -> Trial {
        move |tried| {
            if tried <= rate(capacity) {
                Trial::Met
            } else {
                Trial::Missed
            }
        }
    }

    #[test]
    fn the_boundary_is_tried_three_times_and_the_rest_once() {
        let (answer, trials) = run(terms(0.02, 3), up_to(20_000));
        let Answer::Between { met, missed, .. } = answer else {
            panic!("{answer:?}");
        };
        assert!(met <= rate(20_000) && rate(20_000) < missed, "{answer:?}");
        // Two ends, nine halvings of a factor of 1,000, and one more at each bound.
        assert_eq!(trials, 2 + 9 + 2);
    }

    #[test]
    fn a_server_beyond_the_range_is_said_to_be() {
        let all = run(terms(0.02, 3), |_| Trial::Met);
        assert_eq!(all, (Answer::AtLeast(rate(1_000_000)), 3));
        let none = run(terms(0.02, 3), |_| Trial::Missed);
        assert_eq!(none, (Answer::Below(rate(1_000)), 3));
    }

    #[test]
    fn a_lucky_trial_at_the_boundary_is_found_out() {
        let mut luck = 1;
        let (answer, _) = run(terms(0.02, 3), |tried| {
            // The first trial a little above the capacity comes out well.
            if tried > rate(20_000) && tried < rate(23_000) && luck > 0 {
                luck -= 1;
                return Trial::Met;
            }
            up_to(20_000)(tried)
        });
        let Answer::Between { met, missed, .. } = answer else {
            panic!("{answer:?}");
        };
        assert!(met <= rate(20_000) && rate(20_000) < missed, "{answer:?}");
        assert_eq!(luck, 0);
    }

    #[test]
    fn a_generator_that_gives_in_first_is_named() {
        let (answer, _) = run(terms(0.02, 1), |tried| {
            if tried > rate(300_000) {
                Trial::OutOfReach
            } else {
                Trial::Met
            }
        });
        let Answer::Between { out_of_reach, .. } = answer else {
            panic!("{answer:?}");
        };
        assert!(out_of_reach);
    }

    #[test]
    fn terms_that_leave_nothing_to_search_name_the_flag() {
        let one = NonZeroU32::MIN;
        let upside_down = Terms::new(rate(2), rate(1), 0.02, one).unwrap_err();
        assert_eq!(
            upside_down.to_string(),
            "--from 2 is not below --to 1: there is nothing to search"
        );
        let vague = Terms::new(rate(1), rate(2), f64::NAN, one).unwrap_err();
        assert!(vague.to_string().contains("--precision"));
        let divided = Terms::new(rate(1), rate(2), 0.02, NonZeroU32::new(4).unwrap()).unwrap_err();
        assert!(divided.to_string().contains("--repeats 4"));
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_capacity_and_is_as_narrow_as_asked(
            capacity in 1_000u64..1_000_000, percent in 1u32..50, half in 0u32..3,
        ) {
            let precision = f64::from(percent) / 100.0;
            let (answer, trials) = run(terms(precision, 2 * half + 1), up_to(capacity));
            let Answer::Between { met, missed, .. } = answer else {
                panic!("{answer:?}");
            };
            prop_assert!(met <= rate(capacity) && rate(capacity) < missed);
            prop_assert!(ratio(missed, met) <= 1.0 + precision);
            prop_assert!(trials <= 12 + 2 * (2 * half + 1), "{trials} trials");
        }

        #[test]
        fn a_search_ends_whatever_the_trials_say(
            outcomes in proptest::collection::vec(0u8..3, 1..64), half in 0u32..3,
        ) {
            let mut outcomes = outcomes.into_iter().cycle();
            run(terms(0.01, 2 * half + 1), |_| match outcomes.next() {
                Some(0) => Trial::Met,
                Some(1) => Trial::Missed,
                _ => Trial::OutOfReach,
            });
        }
    }
}
