//! Intervals of several runs side by side.
//!
//! Rows are laid on one grid of intervals, each run shifted by whole intervals as the wall clock has
//! it. Rows that share an interval become one; a row that a thread's delay made longer takes those
//! beside it along.

use hdrhistogram::Histogram;

use super::{all, same, total};
use crate::measure::latency::HIGHEST_NANOS;
use crate::measure::{Compressed, Distribution, Exact, Quantile};
use crate::results::{Encoded, Period, PeriodRoundTrips, Run, Spread};

/// The rows of all runs.
///
/// # Errors
///
/// Why there are none.
pub(super) fn side_by_side(runs: &[&Run]) -> Result<Vec<Period>, Apart> {
    let length = all(runs, |run| run.plan.interval_ns).and_then(|all| same(all.into_iter()));
    let length = length.filter(|length| *length > 0).ok_or(Apart::Lengths)?;
    if runs.iter().any(|run| run.intervals.is_empty()) {
        return Err(Apart::Missing);
    }
    let began = all(runs, |run| run.began_unix_ns).ok_or(Apart::Unknown)?;
    let earliest = began.iter().min().copied().unwrap_or(0);
    let mut placed: Vec<Placed> = Vec::new();
    for (run, began) in runs.iter().zip(began) {
        let shift = nearest(began - earliest, length);
        for row in &run.intervals {
            let from = shift.saturating_add(nearest(row.from_ns, length));
            let to = shift.saturating_add(nearest(row.to_ns, length));
            let shift_ns = shift.saturating_mul(length);
            placed.push(Placed {
                from,
                // The last row may be shorter than half an interval.
                to: to.max(from.saturating_add(1)),
                row: Period {
                    from_ns: row.from_ns.saturating_add(shift_ns),
                    to_ns: row.to_ns.saturating_add(shift_ns),
                    ..row.clone()
                },
            });
        }
    }
    placed.sort_by_key(|placed| (placed.from, placed.to));
    together(placed)
        .into_iter()
        .map(|rows| one(&rows))
        .collect()
}

/// Why rows cannot be put side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Apart {
    /// Intervals are not equally long in all runs, or it is not known how long they are.
    Lengths,
    /// A run has none.
    Missing,
    /// It is not known when a run began.
    Unknown,
    /// A row's histogram is none.
    Broken,
}

/// A row on the grid, from one of its lines to another.
struct Placed {
    from: u64,
    to: u64,
    row: Period,
}

/// How many intervals a time is, to the nearest.
fn nearest(nanos: u64, length: u64) -> u64 {
    nanos.saturating_add(length / 2) / length
}

/// Rows that share an interval, those of each place on the grid together.
fn together(placed: Vec<Placed>) -> Vec<Vec<Period>> {
    let mut groups: Vec<Vec<Period>> = Vec::new();
    let mut end = 0;
    for Placed { from, to, row } in placed {
        match groups.last_mut() {
            Some(group) if from < end => group.push(row),
            _ => groups.push(vec![row]),
        }
        end = end.max(to);
    }
    groups
}

fn one(rows: &[Period]) -> Result<Period, Apart> {
    if let [row] = rows {
        return Ok(row.clone());
    }
    let sum = |figure: fn(&Period) -> u64| total(rows.iter().map(figure).collect());
    let (received, lost) = (sum(|row| row.received), sum(|row| row.lost));
    let mut histogram = Distribution::new().histogram().clone();
    for row in rows {
        let own = row.histogram.histogram().map_err(|_reason| Apart::Broken)?;
        histogram.add(own).map_err(|_reason| Apart::Broken)?;
    }
    let largest = |spread: fn(&Period) -> &Spread| largest(rows.iter().map(|row| spread(row).max));
    let max = largest(|row| &row.rtt_ns.from_due);
    let encoded = Encoded::from(&Compressed::of(&histogram));
    let from_due = whole(histogram, received, max).quantiles(lost);
    Ok(Period {
        from_ns: rows.iter().map(|row| row.from_ns).min().unwrap_or(0),
        to_ns: rows.iter().map(|row| row.to_ns).max().unwrap_or(0),
        sent: sum(|row| row.sent),
        not_sent: sum(|row| row.not_sent),
        received,
        lost,
        duplicated: sum(|row| row.duplicated),
        reordered: sum(|row| row.reordered),
        corrupted: sum(|row| row.corrupted),
        foreign: sum(|row| row.foreign),
        stale: sum(|row| row.stale),
        rtt_ns: PeriodRoundTrips {
            from_due: Spread {
                max,
                ..Spread::from(&from_due)
            },
            from_send: maximum(largest(|row| &row.rtt_ns.from_send)),
        },
        lateness_ns: maximum(largest(|row| &row.lateness_ns)),
        histogram: encoded,
    })
}

/// A row has no more than the histogram of its round trips from due, so that of the others only the
/// largest is known of all of them.
fn maximum(max: Quantile) -> Spread {
    let unknown = Quantile::TooFew;
    Spread {
        p50: unknown,
        p90: unknown,
        p99: unknown,
        p99_9: unknown,
        max,
    }
}

fn largest(all: impl Iterator<Item = Quantile>) -> Quantile {
    let rank = |quantile: &Quantile| match *quantile {
        Quantile::TooFew => (0, 0),
        Quantile::Value(nanos) => (1, nanos),
        Quantile::Lost => (2, 0),
    };
    all.max_by_key(rank).unwrap_or(Quantile::TooFew)
}

/// The distribution of a row, of which the largest value is known unless one was lost. What is not in
/// the histogram was over its top, and so at least as long as that.
fn whole(histogram: Histogram<u64>, received: u64, max: Quantile) -> Distribution {
    let over = received.saturating_sub(histogram.len());
    let exact = Exact {
        over,
        min: histogram.min(),
        max: match max {
            Quantile::Value(nanos) => nanos,
            Quantile::Lost | Quantile::TooFew if over > 0 => HIGHEST_NANOS.max(histogram.max()),
            Quantile::Lost | Quantile::TooFew => histogram.max(),
        },
        // No mean is made of them.
        sum: 0,
        sum_of_squares: 0,
    };
    Distribution::from_parts(histogram, exact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Fraction;

    #[test]
    fn what_is_over_the_top_of_a_histogram_is_not_understated_beside_the_lost() {
        let mut histogram = Distribution::new().histogram().clone();
        histogram.record_n(1_000, 50).unwrap();
        let row = |max| whole(histogram.clone(), 100, max);
        let p90 = |row: Distribution| row.estimate(Fraction::P90, 1).value;
        assert_eq!(p90(row(Quantile::Lost)), Quantile::Value(HIGHEST_NANOS));
        let longest = HIGHEST_NANOS + 5;
        assert_eq!(p90(row(Quantile::Value(longest))), Quantile::Value(longest));
    }
}
