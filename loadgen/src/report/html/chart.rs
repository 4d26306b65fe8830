//! Charts as data: what the page's script needs to draw one, and nothing about how it does.

use serde::Serialize;

use crate::measure::{Edge, Quantile};

/// One chart with its title and what it shows, in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Chart {
    /// A word for tests and for links.
    pub(super) name: &'static str,
    /// What is shown, with its unit; stands above the chart.
    #[serde(skip)]
    pub(super) title: String,
    /// How to read it; the chart in words for those who do not see it.
    #[serde(skip)]
    pub(super) caption: String,
    pub(super) kind: Kind,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) groups: Vec<Group>,
    pub(super) marks: Vec<Mark>,
}

/// How curves share the plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// Each for itself.
    Curves,
    /// Bars on top of each other.
    Stack,
}

/// One direction of the plane.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Axis {
    pub(super) label: &'static str,
    pub(super) unit: Unit,
    pub(super) scale: Scale,
    /// What stands at 0, 1, 2 ..., if the unit is [`Unit::Names`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) names: Vec<String>,
}

/// How the numbers of an axis read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Unit {
    /// Nanoseconds.
    Time,
    /// Events a second.
    Rate,
    /// Parts of one whole.
    Share,
    /// The same, more or less: the axis has room for both, and a line at nothing.
    Change,
    /// Decimal logarithms of 1 / (1 - q) for a quantile q: 2 is the 99th percentile.
    Nines,
    /// Places in a list of names.
    Names,
    /// Blocks of an experiment, the first of which is 1; what is within half of one belongs to it.
    Block,
}

/// How the numbers of an axis are spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Scale {
    /// Evenly, from nothing on.
    Linear,
    /// Evenly, around the values.
    Around,
    /// By their factors.
    Log,
}

/// Curves over the same points, those of one run for instance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Group {
    /// Whose they are; empty if there is but one.
    pub(super) name: String,
    /// Rising.
    pub(super) x: Vec<Value>,
    pub(super) curves: Vec<Curve>,
}

/// One line of a legend, and what it stands for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Curve {
    pub(super) name: String,
    /// A place in the palette, counted from 0.
    pub(super) colour: usize,
    pub(super) dash: Dash,
    pub(super) shape: Shape,
    /// Whether it is to be seen before anybody asks for it.
    pub(super) shown: bool,
    /// One for each `x` of its group.
    pub(super) y: Vec<Value>,
    /// Between which two values each `y` lies with 95 % confidence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) within: Vec<Option<[Value; 2]>>,
    /// What happens where the curve ends, if that is more than its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) beyond: Option<String>,
}

/// How a curve differs from another of the same colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Dash {
    Solid,
    Dashed,
    Dotted,
}

impl Dash {
    /// All of them, the most visible first.
    pub(super) const ALL: [Self; 3] = [Self::Solid, Self::Dashed, Self::Dotted];
}

/// What is drawn at, or between, the points of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Shape {
    /// A line from point to point.
    Line,
    /// The same, and a dot at each point.
    Beads,
    /// Dots alone.
    Dots,
    /// Hollow dots, told from the others of their colour.
    Rings,
    /// Crosses: what does not count.
    Crosses,
    /// The value of each point holds until the next.
    Steps,
    /// A bar at each point.
    Bars,
}

/// A line across the chart, with its meaning.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Mark {
    pub(super) x: Value,
    pub(super) label: String,
}

/// One number of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Value {
    Whole(u64),
    Real(f64),
    /// Longer than any time, or as much shorter: a quantile that falls among the lost.
    Lost(Word),
    /// A gap in the curve.
    Unknown,
}

/// A word in place of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Word {
    /// Above all numbers.
    Lost,
    /// Below all numbers: what was lost has become one.
    #[serde(rename = "from lost")]
    FromLost,
}

impl Axis {
    pub(super) fn new(label: &'static str, unit: Unit, scale: Scale) -> Self {
        Self {
            label,
            unit,
            scale,
            names: Vec::new(),
        }
    }

    /// Since the beginning of the measured window.
    pub(super) fn elapsed() -> Self {
        Self::new("time since the window began", Unit::Time, Scale::Linear)
    }

    /// A latency, which may differ by powers of ten.
    pub(super) fn latency(label: &'static str) -> Self {
        Self::new(label, Unit::Time, Scale::Log)
    }
}

impl Curve {
    /// A solid line that is shown.
    pub(super) fn line(name: impl Into<String>, colour: usize, y: Vec<Value>) -> Self {
        Self {
            name: name.into(),
            colour,
            dash: Dash::Solid,
            shape: Shape::Line,
            shown: true,
            y,
            within: Vec::new(),
            beyond: None,
        }
    }
}

impl From<Quantile> for Value {
    fn from(quantile: Quantile) -> Self {
        match quantile {
            Quantile::Value(nanos) => Self::Whole(nanos),
            Quantile::Lost => Self::Lost(Word::Lost),
            Quantile::TooFew => Self::Unknown,
        }
    }
}

impl From<Edge> for Value {
    fn from(edge: Edge) -> Self {
        Quantile::from(edge).into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_is_a_number_lost_or_a_gap() {
        let quantiles = [Quantile::Value(5), Quantile::Lost, Quantile::TooFew];
        let written = serde_json::to_value(quantiles.map(Value::from)).unwrap();
        assert_eq!(written, json!([5, "lost", null]));
    }
}
