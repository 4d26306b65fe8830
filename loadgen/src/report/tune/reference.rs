//! What the reference itself shows, from which all differences are.

use std::cmp::Ordering;

use crate::figures;
use crate::measure::Quantile;
use crate::results::{Experiment, Unit};
use crate::share::Share;

/// Each quantity as the middle of the runs that count: `p50 50.1 us, loss 0 %, the middle of its runs`;
/// nothing if there are none.
pub(super) fn reference(experiment: &Experiment) -> Option<String> {
    let quantities = experiment.quantities.iter().enumerate();
    let figures = quantities.filter_map(|(number, quantity)| {
        let middle = middle(experiment, number)?;
        let figure = match (middle, quantity.unit) {
            (Quantile::Value(nanos), Unit::Nanoseconds) => figures::time(nanos),
            (Quantile::Value(part), Unit::Billionths) => {
                figures::share(Share::from_billionths(part).unwrap_or(Share::WHOLE))
            }
            (Quantile::Lost, _) => "lost".to_owned(),
            (Quantile::TooFew, _) => return None,
        };
        Some(format!("{} {figure}", quantity.name))
    });
    let figures: Vec<String> = figures.collect();
    (!figures.is_empty()).then(|| format!("{}, the middle of its runs", figures.join(", ")))
}

/// The mean of the two in the middle where there are two; lost if one of these is.
fn middle(experiment: &Experiment, quantity: usize) -> Option<Quantile> {
    let runs = experiment.runs.iter();
    let runs = runs.filter(|run| run.variant == 0 && run.left_out.is_none());
    let values = runs.filter_map(|run| run.values.get(quantity).copied());
    let mut values: Vec<Quantile> = values.filter(|one| *one != Quantile::TooFew).collect();
    values.sort_by(|one, other| match (one, other) {
        (Quantile::Value(one), Quantile::Value(other)) => one.cmp(other),
        // What is lost is above every number.
        (Quantile::Value(_), _) => Ordering::Less,
        (_, Quantile::Value(_)) => Ordering::Greater,
        _ => Ordering::Equal,
    });
    let low = *values.get(values.len().saturating_sub(1) / 2)?;
    let high = *values.get(values.len() / 2)?;
    Some(match (low, high) {
        (Quantile::Value(low), Quantile::Value(high)) => Quantile::Value(low.midpoint(high)),
        _ => high,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::examples::{empty, one_factor};

    #[test]
    fn the_reference_is_told_by_the_middle_of_its_runs_that_count() {
        let mut made = one_factor();
        let mut runs = made.runs.iter_mut().filter(|run| run.variant == 0);
        for (nanos, run) in [30_000, 10_000, 20_000].into_iter().zip(runs.by_ref()) {
            run.values[0] = Quantile::Value(nanos);
            run.values[1] = Quantile::Lost;
            run.values[2] = Quantile::Value(10_000_000);
            run.values[3] = Quantile::TooFew;
        }
        runs.for_each(|run| run.left_out = Some("it proves nothing".to_owned()));
        let told = "p50 20.0 us, p99 lost, loss 1 %, the middle of its runs";
        assert_eq!(reference(&made).as_deref(), Some(told));
        assert_eq!(reference(&empty()), None);
    }
}
