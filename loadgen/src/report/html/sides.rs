//! The charts of a comparison: how far the sides lie apart, and what each run measured.

use super::chart::{Axis, Chart, Curve, Dash, Group, Kind, Scale, Shape, Unit, Value, Word};
use crate::measure::Quantile;
use crate::results::{self, Answer, Change, Comparison, Quantity, Values};

/// How far the second side lies from the first in each quantity; nothing if that is not known of
/// any.
pub(super) fn differences(comparison: &Comparison) -> Option<Chart> {
    let groups: Vec<Group> = KINDS
        .iter()
        .filter_map(|kind| group(comparison, kind))
        .collect();
    let quantities = comparison.quantities.iter();
    let names = quantities.map(|quantity| quantity.name.clone());
    (!groups.is_empty()).then(|| Chart {
        name: "differences",
        title: "Differences of B from A (% of A's median; loss: % of the probes)".to_owned(),
        caption: "The difference in each quantity with its 95 % interval; above the line at \
                  nothing, B takes longer or loses more. The colour tells whether there is \
                  evidence, which the corrected p decides and not the interval. A triangle stands \
                  for a quantile that is lost on one side alone."
            .to_owned(),
        kind: Kind::Curves,
        x: Axis {
            names: names.collect(),
            ..Axis::new("quantity", Unit::Names, Scale::Linear)
        },
        y: Axis::new("difference", Unit::Change, Scale::Around),
        groups,
        marks: Vec::new(),
    })
}

/// What quantities with some answers have in common: a name, a colour, and the answers.
type DifferenceKind = (&'static str, usize, &'static [Answer]);

const KINDS: [DifferenceKind; 3] = [
    (
        "B is slower or loses more",
        1,
        &[Answer::Slower, Answer::LosesMore],
    ),
    (
        "B is faster or loses less",
        2,
        &[Answer::Faster, Answer::LosesLess],
    ),
    ("no evidence", 6, &[Answer::NoEvidence]),
];

fn group(comparison: &Comparison, (name, colour, answers): &DifferenceKind) -> Option<Group> {
    let (mut x, mut y, mut within) = (Vec::new(), Vec::new(), Vec::new());
    for (place, quantity) in (0..).zip(&comparison.quantities) {
        let Some([by, ends @ ..]) = parts(quantity).filter(|_| answers.contains(&quantity.answer))
        else {
            continue;
        };
        x.push(Value::Whole(place));
        y.push(by);
        within.push(Some(ends));
    }
    let curve = Curve {
        shape: Shape::Dots,
        within,
        ..Curve::line(*name, *colour, y)
    };
    (!x.is_empty()).then(|| Group {
        name: String::new(),
        x,
        curves: vec![curve],
    })
}

/// A difference and the ends of its interval as parts of the whole, as far as they have one.
fn parts(quantity: &Quantity) -> Option<[Value; 3]> {
    let shift = quantity.difference.as_ref()?;
    let changes = [shift.by, shift.low, shift.high];
    if let Some(relative) = shift.relative {
        let told = |end: usize| relative[end].map_or_else(|| part(changes[end], None), Value::Real);
        return Some([0, 1, 2].map(told));
    }
    let whole = match (quantity.unit, quantity.a.median) {
        (results::Unit::Billionths, _) => Some(BILLION),
        (_, Quantile::Value(median)) if median > 0 => Some(real(median)),
        _ => None,
    };
    Some(changes.map(|change| part(change, whole)))
}

fn part(change: Change, whole: Option<f64>) -> Value {
    match (change, whole) {
        (Change::ToLost, _) => Value::Lost(Word::Lost),
        (Change::FromLost, _) => Value::Lost(Word::FromLost),
        // Nothing is nothing of whatever it is measured by, be it lost.
        (Change::By(0), _) => Value::Real(0.0),
        (Change::By(by), Some(whole)) => {
            let size = real(by.unsigned_abs()) / whole;
            Value::Real(if by < 0 { -size } else { size })
        }
        (Change::By(_), None) => Value::Unknown,
    }
}

/// A chart for each quantity that any run has; of loss only if anything was lost.
pub(super) fn each(comparison: &Comparison) -> Vec<Chart> {
    let told = |values: &Values| {
        let mut each = values.each.iter();
        each.any(|value| !matches!(value, Quantile::TooFew | Quantile::Value(0)))
    };
    comparison
        .quantities
        .iter()
        .filter(|quantity| told(&quantity.a) || told(&quantity.b))
        .map(runs)
        .collect()
}

/// Each run of both sides as a dot, and the medians as lines.
fn runs(quantity: &Quantity) -> Chart {
    let all = quantity.a.each.iter().chain(&quantity.b.each);
    let (title, axis) = axis(quantity.unit, "round trip", all.copied());
    let sides = [("A", &quantity.a), ("B", &quantity.b)];
    Chart {
        name: "runs",
        title: format!("{} ({title})", quantity.name),
        caption: String::new(),
        kind: Kind::Curves,
        x: Axis {
            names: sides.map(|(name, _)| name.to_owned()).into(),
            ..Axis::new("side", Unit::Names, Scale::Linear)
        },
        y: axis,
        groups: (0_u8..)
            .zip(sides)
            .flat_map(|(place, (name, values))| side(place, name, values, quantity.unit))
            .collect(),
        marks: Vec::new(),
    }
}

/// The axis for what runs measured, called like this if it counts nanoseconds, and its unit in words.
pub(super) fn axis(
    unit: results::Unit,
    name: &'static str,
    values: impl Iterator<Item = Quantile> + Clone,
) -> (&'static str, Axis) {
    match unit {
        results::Unit::Billionths => (
            "% of the probes sent",
            Axis::new("without an answer in time", Unit::Share, Scale::Linear),
        ),
        results::Unit::Nanoseconds if is_wide(values) => {
            ("us, ms or s; log scale", Axis::latency(name))
        }
        results::Unit::Nanoseconds => (
            "us, ms or s; not from 0 on",
            Axis::new(name, Unit::Time, Scale::Around),
        ),
    }
}

/// Whether some runs took several times as long as others, so that their factors matter.
fn is_wide(values: impl Iterator<Item = Quantile> + Clone) -> bool {
    let numbers = values.filter_map(|value| match value {
        Quantile::Value(nanos) => Some(nanos),
        Quantile::Lost | Quantile::TooFew => None,
    });
    let (least, most) = (numbers.clone().min(), numbers.max());
    least
        .zip(most)
        .is_some_and(|(least, most)| most / 4 >= least)
}

/// The runs of a side from left to right, and their median all the way below them.
fn side(place: u8, name: &str, values: &Values, unit: results::Unit) -> Vec<Group> {
    let middle = f64::from(place);
    let runs = values.each.len();
    let at = |run: usize| {
        let part = (real(run as u64) + 0.5) / real(runs as u64);
        Value::Real(middle + WIDTH * (part - 0.5))
    };
    let colour = usize::from(place);
    let dots = Curve {
        shape: Shape::Dots,
        ..Curve::line(
            "runs",
            colour,
            values.each.iter().map(|each| value(*each, unit)).collect(),
        )
    };
    let group = |x, curve| Group {
        name: name.to_owned(),
        x,
        curves: vec![curve],
    };
    let mut groups = vec![group((0..runs).map(at).collect(), dots)];
    if let Quantile::Value(_) = values.median {
        let median = vec![value(values.median, unit); 2];
        let median = Curve {
            dash: Dash::Dashed,
            ..Curve::line("median", colour, median)
        };
        let ends = [-WIDTH / 2.0, WIDTH / 2.0].map(|end| Value::Real(middle + end));
        groups.push(group(ends.into(), median));
    }
    groups
}

/// How much of the room of a side its runs take.
const WIDTH: f64 = 0.8;

/// What a run measured, for an axis of its unit.
pub(super) fn value(value: Quantile, unit: results::Unit) -> Value {
    match (unit, value) {
        (results::Unit::Billionths, Quantile::Value(billionths)) => {
            Value::Real(real(billionths) / BILLION)
        }
        _ => value.into(),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a place on a screen needs no more than 53 bits"
)]
fn real(number: u64) -> f64 {
    number as f64
}

const BILLION: f64 = 1e9;
