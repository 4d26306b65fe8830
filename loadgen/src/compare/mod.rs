//! Two sets of runs: is there a difference, how large is it, and is it more than chance? Pure.
//!
//! - `subject`: what is compared of a run;
//! - `sides`: which runs count;
//! - `circumstances`: what else was different;
//! - [`bound`]: how much worse a side may be;
//! - [`numbers`]: values as the numbers that statistics know, and back;
//! - [`words`]: how differences are written.
//!
//! The numbers come from [`statistics`](crate::statistics): the difference is the shift of Hodges
//! and Lehmann, its interval comes from a bootstrap over runs, and whether it is more than chance is
//! decided by a permutation test over runs that is corrected for the number of quantities. The
//! interval is one quantity's own; so where p is close to its limit, an interval may leave nothing
//! out although there is no evidence by the test, which decides.

pub mod bound;
mod circumstances;
pub mod numbers;
mod sides;
mod subject;
pub mod words;

use std::cmp::Ordering;

pub use self::bound::Bound;
use self::numbers::{number, quantile};
pub use self::sides::Named;
pub use self::subject::Subject;
use crate::figures::count;
use crate::measure::Quantile;
use crate::results::{Answer, CompareSchema, Comparison, Quantity, Unit, Values};
use crate::statistics::permutation;
use crate::statistics::scores::Scores;
use crate::statistics::shift::{Differences, median};
use crate::statistics::{FEWEST, LEVEL, bootstrap};

/// The most runs a side: what is made of them grows with the product of both sides.
pub const MOST: usize = 1_000;

/// Compares the runs of `b` with those of `a`, and holds the difference against `bounds`.
#[must_use]
pub fn compare(a: &[Named], b: &[Named], bounds: &[Bound]) -> Comparison {
    let (side_a, side_b) = (sides::side(a), sides::side(b));
    let (a, b) = (sides::counted(a, &side_a), sides::counted(b, &side_b));
    let quantities = quantities(&a, &b);
    let mut comparison = Comparison {
        schema: CompareSchema::Compare1,
        answer: overall(&quantities),
        message: String::new(),
        a: side_a,
        b: side_b,
        bounds: bounds
            .iter()
            .map(|bound| bound.judge(&quantities))
            .collect(),
        quantities,
        plan: circumstances::plan_differences(&a, &b),
        environment: circumstances::environment_differences(&a, &b),
        warnings: circumstances::warnings(&a, &b),
    };
    comparison.message = words::sentence(&comparison);
    comparison
}

fn quantities(a: &[&Named], b: &[&Named]) -> Vec<Quantity> {
    let mut quantities: Vec<Quantity> = Subject::ALL
        .into_iter()
        .map(|subject| measured(subject, a, b))
        .collect();
    let known: Vec<(usize, Vec<f64>)> = quantities
        .iter()
        .enumerate()
        .filter(|(_, quantity)| quantity.reason.is_none())
        .map(|(place, quantity)| (place, values(quantity)))
        .collect();
    let family: Vec<Scores> = known
        .iter()
        .map(|(_, values)| Scores::new(values))
        .collect();
    let chances = permutation::test(&family, a.len());
    for ((place, values), chance) in known.into_iter().zip(chances) {
        let (from, to) = values.split_at(a.len());
        let differences = Differences::new(from, to);
        let quantity = &mut quantities[place];
        if chance.p_corrected <= LEVEL {
            quantity.answer = answer(quantity.unit, differences.direction());
        }
        quantity.difference = bootstrap::interval(&differences).map(|interval| {
            let by = differences.shift();
            numbers::shift(by, interval, median(from), chance, quantity.unit)
        });
    }
    quantities
}

/// What the runs measured, with the reason why it is not compared if there is one.
fn measured(subject: Subject, a: &[&Named], b: &[&Named]) -> Quantity {
    let of = |side: &[&Named]| -> Vec<Quantile> {
        side.iter().map(|named| subject.of(&named.run)).collect()
    };
    let (of_a, of_b) = (of(a), of(b));
    let lacking = |values: &[Quantile]| {
        let lacking = values.iter().filter(|value| **value == Quantile::TooFew);
        lacking.count()
    };
    let (answer, reason) = if a.len() < FEWEST || b.len() < FEWEST {
        let reason = format!("at least {FEWEST} runs a side are wanted");
        (Answer::TooFewRuns, Some(reason))
    } else if lacking(&of_a) + lacking(&of_b) > 0 {
        let reason = format!(
            "{} runs of A and {} of B do not have it: it takes {} answers a run",
            lacking(&of_a),
            lacking(&of_b),
            count(subject.smallest_population())
        );
        (Answer::NotMeasured, Some(reason))
    } else {
        (Answer::NoEvidence, None)
    };
    Quantity {
        name: subject.to_string(),
        unit: subject.unit(),
        a: Values::of(of_a),
        b: Values::of(of_b),
        difference: None,
        answer,
        reason,
    }
}

/// Those of both sides, the first side's before the second's.
fn values(quantity: &Quantity) -> Vec<f64> {
    let all = quantity.a.each.iter().chain(&quantity.b.each);
    all.filter_map(|value| number(*value)).collect()
}

/// What a difference that is evident means, whichever way it leads in most pairs of runs.
fn answer(unit: Unit, direction: Ordering) -> Answer {
    match (unit, direction) {
        (_, Ordering::Equal) => Answer::NoEvidence,
        (Unit::Nanoseconds, Ordering::Greater) => Answer::Slower,
        (Unit::Nanoseconds, Ordering::Less) => Answer::Faster,
        (Unit::Billionths, Ordering::Greater) => Answer::LosesMore,
        (Unit::Billionths, Ordering::Less) => Answer::LosesLess,
    }
}

/// Everything taken together: slower and losing more is slower, slower and losing less is mixed.
fn overall(quantities: &[Quantity]) -> Answer {
    let any = |answer| quantities.iter().any(|quantity| quantity.answer == answer);
    let worse = [Answer::Slower, Answer::LosesMore]
        .into_iter()
        .find(|one| any(*one));
    let better = [Answer::Faster, Answer::LosesLess]
        .into_iter()
        .find(|one| any(*one));
    match (worse, better) {
        (Some(_), Some(_)) => Answer::Mixed,
        (Some(found), None) | (None, Some(found)) => found,
        (None, None) if any(Answer::NoEvidence) => Answer::NoEvidence,
        (None, None) if any(Answer::TooFewRuns) => Answer::TooFewRuns,
        (None, None) => Answer::NotMeasured,
    }
}

impl Values {
    fn of(each: Vec<Quantile>) -> Self {
        let numbers: Option<Vec<f64>> = each.iter().map(|value| number(*value)).collect();
        let numbers = numbers.unwrap_or_default();
        let ends = |pick: fn(f64, f64) -> f64| quantile(numbers.iter().copied().reduce(pick));
        Self {
            median: quantile(median(&numbers)),
            lowest: ends(f64::min),
            highest: ends(f64::max),
            each,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
