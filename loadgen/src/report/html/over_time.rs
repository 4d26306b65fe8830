//! What happened in the course of the measured window: a point a row.

use super::chart::{Axis, Chart, Curve, Dash, Group, Kind, Scale, Shape, Unit, Value};
use super::page::Block;
use super::runs::{Named, is_empty};
use crate::results::{Period, Plan, Spread};

/// The charts of all runs that have rows, or sentences in their place.
pub(super) fn blocks(runs: &[Named<'_>]) -> Vec<Block> {
    if runs.iter().all(|named| is_empty(named.run)) {
        return vec![Block::Text("Nothing was measured.".to_owned())];
    }
    if with_rows(runs).next().is_none() {
        let missing = "Of the course of time nothing is known: no file has rows of intervals.";
        return vec![Block::Text(missing.to_owned())];
    }
    let none_missing = runs
        .iter()
        .flat_map(|named| &named.run.intervals)
        .all(|row| row.lost == 0 && row.not_sent == 0);
    let losses = if none_missing {
        Block::Text("In no interval was a probe lost, or not sent.".to_owned())
    } else {
        losses(runs).into()
    };
    let none_answered = with_rows(runs)
        .flat_map(|(_, named)| &named.run.intervals)
        .all(|row| row.received == 0);
    let round_trips = if none_answered {
        Block::Text("In no interval was a probe answered in time.".to_owned())
    } else {
        round_trips(runs).into()
    };
    vec![
        round_trips,
        rates(runs).into(),
        losses,
        lateness(runs).into(),
    ]
}

fn round_trips(runs: &[Named<'_>]) -> Chart {
    Chart {
        name: "round_trips",
        title: "Round trip over time, from due (us, ms or s; log scale)".to_owned(),
        caption: "Median, 99th percentile and longest round trip of each interval; a triangle at \
                  the top stands for a percentile that is lost. A server that stands still shows \
                  as a ramp that falls: probes kept coming due meanwhile, and each is charged with \
                  what was left of the stall when it came."
            .to_owned(),
        kind: Kind::Curves,
        x: Axis::elapsed(),
        y: Axis::latency("round trip"),
        groups: groups(runs, &spread(|row| &row.rtt_ns.from_due)),
        marks: Vec::new(),
    }
}

fn lateness(runs: &[Named<'_>]) -> Chart {
    Chart {
        name: "lateness",
        title: "The generator's lateness over time (ns, us, ms or s; log scale)".to_owned(),
        caption: "How long after being due probes were sent. Where this is of the size of the \
                  round trips, it is the generator's time that they show."
            .to_owned(),
        kind: Kind::Curves,
        x: Axis::elapsed(),
        y: Axis::latency("lateness"),
        groups: groups(runs, &spread(|row| &row.lateness_ns)),
        marks: Vec::new(),
    }
}

fn rates(runs: &[Named<'_>]) -> Chart {
    let lines = [
        Line {
            name: "asked",
            of: Box::new(asked),
            always: true,
        },
        Line::counting("sent", |row| row.sent),
        Line::counting("answered", |row| row.received),
    ];
    Chart {
        name: "rates",
        title: "Rates over time (probes/s)".to_owned(),
        caption: "Probes asked for, sent, and answered in time. Sent below asked is the \
                  generator's doing. The last interval also holds the answers that came after the \
                  end."
            .to_owned(),
        kind: Kind::Curves,
        x: Axis::elapsed(),
        y: Axis::new("probes/s", Unit::Rate, Scale::Linear),
        groups: groups(runs, &lines),
        marks: Vec::new(),
    }
}

/// What was lost up to each moment. As a rate it would mislead: what is given up after the window
/// ended counts in the last row, which is shorter than the time that took.
fn losses(runs: &[Named<'_>]) -> Chart {
    Chart {
        name: "losses",
        title: "Losses so far (% of the probes of the whole window)".to_owned(),
        caption: "Of all probes sent, how many had been given up by then, one timeout after they \
                  were sent; of all scheduled, how many had not been sent. A line climbs where \
                  probes were missing and is level where none was; it ends at the share of the \
                  whole run, one timeout after the window."
            .to_owned(),
        kind: Kind::Curves,
        x: Axis::elapsed(),
        y: Axis::new("share of the probes", Unit::Share, Scale::Linear),
        groups: with_rows(runs)
            .map(|(number, named)| lost_so_far(number, named, runs.len() == 1))
            .collect(),
        marks: Vec::new(),
    }
}

/// Some of the probes of a row.
type Count = fn(&Period) -> u64;

/// From nothing at the beginning on, a point at the end of each row. The last row holds all that was
/// given up later, up to a timeout after its end.
fn lost_so_far(number: usize, named: &Named<'_>, alone: bool) -> Group {
    let rows = &named.run.intervals;
    let mut x: Vec<u64> = rows.iter().map(|row| row.to_ns).collect();
    if let (Some(end), Some(row)) = (x.last_mut(), rows.last())
        && row.lost > 0
    {
        *end = end.saturating_add(named.run.plan.timeout_ns);
    }
    let begin = rows.first().map_or(0, |row| row.from_ns);
    let counts: [(&str, Count, Count); 2] = [
        ("lost", |row| row.lost, |row| row.sent),
        (
            "not sent",
            |row| row.not_sent,
            |row| row.sent.saturating_add(row.not_sent),
        ),
    ];
    let curve = |(place, (name, part, whole)): (usize, (&str, Count, Count))| Curve {
        dash: Dash::ALL[if alone { 0 } else { place }],
        shape: shape(rows),
        ..Curve::line(
            name,
            if alone { place } else { number },
            shares(rows, part, whole),
        )
    };
    Group {
        name: named.name.clone(),
        x: [begin].into_iter().chain(x).map(Value::Whole).collect(),
        curves: counts.into_iter().enumerate().map(curve).collect(),
    }
}

/// How much of the whole of all rows its part has come to: before the first row, and after each.
fn shares(rows: &[Period], part: Count, whole: Count) -> Vec<Value> {
    let all: u128 = rows.iter().map(|row| u128::from(whole(row))).sum();
    let mut so_far = 0;
    let sums = rows.iter().map(|row| {
        so_far += u128::from(part(row));
        so_far
    });
    [0].into_iter()
        .chain(sums)
        .map(|sum| share(sum, all))
        .collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a place on a screen needs no more than 53 bits"
)]
fn share(part: u128, whole: u128) -> Value {
    Value::Real(part.min(whole) as f64 / whole.max(1) as f64)
}

/// What a curve says of a row.
type Height = dyn Fn(&Plan, &Period) -> Value;

/// One curve of every run.
struct Line {
    name: &'static str,
    of: Box<Height>,
    /// Whether it is to be seen too if there are several runs.
    always: bool,
}

impl Line {
    /// Events a second.
    fn counting(name: &'static str, count: Count) -> Self {
        Self {
            name,
            of: Box::new(move |_plan, row| rate(row, count(row))),
            always: true,
        }
    }
}

/// Median, 99th percentile and maximum.
fn spread(of: fn(&Period) -> &Spread) -> [Line; 3] {
    let line = |name, quantile: fn(&Spread) -> Value, always| Line {
        name,
        of: Box::new(move |_plan, row| quantile(of(row))),
        always,
    };
    [
        line("p50", |spread| spread.p50.into(), true),
        line("p99", |spread| spread.p99.into(), true),
        line("max", |spread| spread.max.into(), false),
    ]
}

/// Probes that were to be sent a second; none in a closed loop.
fn asked(plan: &Plan, row: &Period) -> Value {
    match (plan.rate_pps, plan.arrivals.as_str()) {
        (None, _) => Value::Unknown,
        // Rows have what was not sent when that was noticed, which may be as late as at the end.
        (Some(rate), "constant" | "poisson") => Value::Whole(rate),
        (Some(_mean), _) => rate(row, row.sent.saturating_add(row.not_sent)),
    }
}

fn rate(row: &Period, count: u64) -> Value {
    let width = u128::from(row.to_ns.saturating_sub(row.from_ns));
    if width == 0 {
        return Value::Unknown;
    }
    let rate = (u128::from(count) * 1_000_000_000 + width / 2) / width;
    u64::try_from(rate).map_or(Value::Unknown, Value::Whole)
}

/// A group a run: one run alone has a colour a line, several have a colour a run.
fn groups(runs: &[Named<'_>], lines: &[Line]) -> Vec<Group> {
    let alone = runs.len() == 1;
    let group = |(number, named): (usize, &Named<'_>)| {
        let rows = &named.run.intervals;
        let curves = lines.iter().enumerate().map(|(place, line)| Curve {
            colour: if alone { place } else { number },
            dash: Dash::ALL[if alone { 0 } else { place }],
            shape: shape(rows),
            shown: alone || line.always,
            ..Curve::line(
                line.name,
                0,
                rows.iter()
                    .map(|row| (line.of)(&named.run.plan, row))
                    .collect(),
            )
        });
        Group {
            name: named.name.clone(),
            x: rows.iter().map(middle).collect(),
            curves: curves.collect(),
        }
    };
    with_rows(runs).map(group).collect()
}

/// The runs that have rows, with their numbers among all.
fn with_rows<'a>(runs: &'a [Named<'a>]) -> impl Iterator<Item = (usize, &'a Named<'a>)> {
    let numbered = runs.iter().enumerate();
    numbered.filter(|(_, named)| !named.run.intervals.is_empty())
}

/// A single row would be a line without a length.
fn shape(rows: &[Period]) -> Shape {
    if rows.len() > FEW {
        Shape::Line
    } else {
        Shape::Beads
    }
}

fn middle(row: &Period) -> Value {
    Value::Whole(row.from_ns.midpoint(row.to_ns))
}

/// With so few rows, each is a dot on its line.
const FEW: usize = 30;
