//! The whole distribution as a curve: how long the fastest so many took.

use super::chart::{Axis, Chart, Curve, Dash, Group, Kind, Scale, Shape, Unit, Value};
use super::page::Block;
use super::runs::{Named, is_empty};
use crate::figures::{count, percent};
use crate::measure::Distribution;
use crate::report::table::COLUMNS;
use crate::results::Histogram;

/// A chart of the runs that have something to draw, and a sentence for each that has not.
pub(super) fn blocks(runs: &[Named<'_>]) -> Vec<Block> {
    let chart = chart(runs).map(Block::from);
    let sentences = runs.iter().filter_map(missing).map(Block::Text);
    chart.into_iter().chain(sentences).collect()
}

/// Why a run has no curve; nothing if it has one.
fn missing(named: &Named<'_>) -> Option<String> {
    let of = match named.name.as_str() {
        "" => String::new(),
        name => format!("{name}: "),
    };
    let run = named.run;
    if is_empty(run) {
        return Some(format!("{of}Nothing was measured."));
    }
    if run.counts.received == 0 {
        return Some(format!(
            "{of}Not one of {} probes was answered in time, so that there are no round trips to \
             draw.",
            count(run.counts.sent)
        ));
    }
    let held = run.histograms.is_some();
    (!held).then(|| format!("{of}The whole distribution is not in the file."))
}

/// The curves of all runs that hold their histograms; nothing if none does.
fn chart(runs: &[Named<'_>]) -> Option<Chart> {
    let groups: Vec<Group> = (0..)
        .zip(runs)
        .flat_map(|(number, run)| groups(run, number, runs.len() == 1))
        .collect();
    if groups.is_empty() {
        return None;
    }
    Some(Chart {
        name: "percentiles",
        title: "Round trips by percentile (us, ms or s; log scale)".to_owned(),
        caption:
            "Up to which time the given share of the probes had their answer, by both clocks; \
                  each step to the right is another nine. Bars are 95 % intervals; a triangle at \
                  the top stands for a percentile that is lost. A curve ends where those without \
                  an answer in time begin: they took for ever."
                .to_owned(),
        kind: Kind::Curves,
        x: Axis::new("percentile of the probes", Unit::Nines, Scale::Linear),
        y: Axis::latency("round trip"),
        groups,
        marks: Vec::new(),
    })
}

fn groups(named: &Named<'_>, number: usize, alone: bool) -> Vec<Group> {
    let Some(histograms) = &named.run.histograms else {
        return Vec::new();
    };
    if named.run.counts.received == 0 {
        // Their quantiles are all lost: triangles without a curve to hang on.
        return Vec::new();
    }
    let colour = |clock| if alone { clock } else { number };
    let (due, send) = (&histograms.from_due, &histograms.from_send);
    let mut groups = Vec::new();
    groups.extend(group(named, "from due", due).map(|mut group| {
        group.curves[0].colour = colour(0);
        group
    }));
    groups.extend(group(named, "from send", send).map(|mut group| {
        let curve = &mut group.curves[0];
        // Of several runs, the second clock is one too many until somebody asks for it.
        (curve.colour, curve.dash, curve.shown) = (colour(1), Dash::Dashed, alone);
        group
    }));
    groups.extend(intervals(named, colour(0)));
    groups
}

fn group(named: &Named<'_>, clock: &str, histogram: &Histogram) -> Option<Group> {
    let distribution = histogram.distribution().ok()?;
    let counts = &named.run.counts;
    let unanswered = counts.lost + counts.late;
    let (x, y) = points(&distribution, unanswered);
    if x.is_empty() {
        return None;
    }
    let mut curve = Curve::line(clock, 0, y);
    curve.shape = Shape::Steps;
    let population = distribution.count() + unanswered;
    curve.beyond =
        (unanswered > 0).then(|| format!("no answer in time: {}", percent(unanswered, population)));
    Some(Group {
        name: named.name.clone(),
        x,
        curves: vec![curve],
    })
}

/// The quantiles of the table with their intervals.
fn intervals(named: &Named<'_>, colour: usize) -> Option<Group> {
    let due = &named.run.rtt_ns.from_due;
    let known = COLUMNS.iter().filter_map(|column| {
        let interval = (column.interval)(&due.intervals)?;
        let beyond = 1.0 - column.fraction?.value();
        Some((-beyond.log10(), (column.of)(due), interval))
    });
    let (mut x, mut y, mut within) = (Vec::new(), Vec::new(), Vec::new());
    for (nines, value, interval) in known {
        x.push(Value::Real(rounded(nines)));
        y.push(Value::from(value));
        within.push(Some(interval.map(Value::from)));
    }
    let mut curve = Curve::line("95 % intervals", colour, y);
    (curve.shape, curve.within) = (Shape::Dots, within);
    (!x.is_empty()).then(|| Group {
        name: named.name.clone(),
        x,
        curves: vec![curve],
    })
}

/// Where each value begins: the share of the population that is faster, in nines, and the value.
/// Points that nobody could tell apart on a screen are left out.
fn points(distribution: &Distribution, unanswered: u64) -> (Vec<Value>, Vec<Value>) {
    let population = distribution.count() + unanswered;
    let (mut x, mut y) = (Vec::new(), Vec::new());
    let mut last = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    let mut faster = 0;
    let mut add = |faster: u64, nanos: u64| {
        let at = (nines(faster, population), decades(nanos));
        if at.0 - last.0 >= RESOLUTION || at.1 - last.1 >= RESOLUTION {
            x.push(Value::Real(rounded(at.0)));
            y.push(Value::Whole(nanos));
            last = at;
        }
    };
    let exact = distribution.exact();
    for bucket in distribution.histogram().iter_recorded() {
        // The ends are known better than their buckets.
        let value = bucket.value_iterated_to().clamp(exact.min, exact.max);
        add(faster, value);
        faster += bucket.count_since_last_iteration();
    }
    if distribution.over() > 0 {
        add(faster, exact.max);
        faster += distribution.over();
    }
    // The last value holds until the lost begin, or to the end of the last probe.
    let end = if unanswered > 0 {
        nines(faster, population)
    } else {
        nines(faster.saturating_sub(1), population) + RESOLUTION
    };
    if faster > 0 && end > last.0 {
        x.push(Value::Real(rounded(end)));
        y.push(Value::Whole(exact.max));
    }
    (x, y)
}

/// A share of a population as the logarithm of 1 / (1 - share).
#[expect(
    clippy::cast_precision_loss,
    reason = "a place on a screen needs no more than 53 bits"
)]
fn nines(faster: u64, population: u64) -> f64 {
    (population as f64 / population.saturating_sub(faster).max(1) as f64).log10()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a place on a screen needs no more than 53 bits"
)]
fn decades(nanos: u64) -> f64 {
    (nanos.max(1) as f64).log10()
}

/// Short enough for a file.
fn rounded(nines: f64) -> f64 {
    (nines * 1e5).round() / 1e5
}

/// How far apart points are at least, in decades of either axis: under a pixel where eight decades
/// take a thousand.
const RESOLUTION: f64 = 0.004;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn real(value: Value) -> f64 {
        match value {
            Value::Real(real) => real,
            other => panic!("{other:?}"),
        }
    }

    fn curve(values: &[u64], unanswered: u64) -> Vec<(f64, Value)> {
        let mut distribution = Distribution::new();
        for nanos in values {
            distribution.record(*nanos);
        }
        let (x, y) = points(&distribution, unanswered);
        x.into_iter().map(real).zip(y).collect()
    }

    #[test]
    fn a_value_begins_where_the_faster_ones_end() {
        // Nine in ten are faster than the last, which lasts to the end.
        let values = [1_000; 9].into_iter().chain([5_000]).collect::<Vec<_>>();
        let curve = curve(&values, 0);
        assert_eq!(curve[0], (0.0, Value::Whole(1_000)));
        assert_eq!(curve[1], (1.0, Value::Whole(5_000)));
        assert_eq!(curve.len(), 3);
    }

    #[test]
    fn a_curve_ends_where_the_lost_begin() {
        let curve = curve(&[1_000; 990], 10);
        assert_eq!(curve.last(), Some(&(2.0, Value::Whole(1_000))));
    }

    #[test]
    fn values_over_the_histogram_end_the_curve() {
        let curve = curve(&[1_000, 600_000_000_000], 0);
        let end = curve.last().unwrap();
        assert_eq!(end.1, Value::Whole(600_000_000_000));
    }

    #[test]
    fn nothing_has_no_curve() {
        assert_eq!(curve(&[], 0), []);
        assert_eq!(curve(&[], 5), []);
    }

    proptest! {
        #[test]
        fn a_curve_rises_and_stays_small(values in vec(0_u64..10_000_000_000, 0..3_000), lost in 0_u64..9) {
            let curve = curve(&values, lost);
            prop_assert!(curve.len() <= 4_000);
            prop_assert!(curve.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        }
    }
}
