//! Where the time of the sampled round trips went, as stacked bars.

use super::chart::{Axis, Chart, Curve, Group, Kind, Scale, Shape, Unit, Value};
use super::page::Block;
use super::runs::Named;
use super::table::{Row, Table, Weight};
use crate::figures::time;
use crate::report::time_split::{name, parts, samples};
use crate::results::{self, TimeSplit};

/// A chart and a table for each run that took samples.
pub(super) fn blocks(runs: &[Named<'_>]) -> Vec<Block> {
    let splits = runs
        .iter()
        .filter_map(|named| Some((named, named.run.time_split.as_ref()?)));
    splits
        .flat_map(|(named, split)| shown(named, split))
        .collect()
}

fn shown(named: &Named<'_>, split: &TimeSplit) -> Vec<Block> {
    let of = match named.name.as_str() {
        "" => String::new(),
        name => format!(" of {name}"),
    };
    if let Some(reason) = &split.withheld {
        let sentence = format!("Where the time{of} went is not shown, since {reason}.");
        return vec![Block::Text(sentence), Block::Text(samples(split))];
    }
    let mut blocks = Vec::new();
    if !split.rows.is_empty() {
        blocks.push(chart(&of, split).into());
        blocks.push(Block::Table(table(named, split)));
    }
    blocks.push(Block::Text(samples(split)));
    blocks
}

fn chart(of: &str, split: &TimeSplit) -> Chart {
    let places = (0..).map(Value::Whole).take(split.rows.len());
    let curves = parts(split).enumerate().map(|(colour, part)| {
        let shares = split
            .rows
            .iter()
            .map(|row| share((part.of)(row), row.total_ns));
        Curve {
            shape: Shape::Bars,
            ..Curve::line(part.name, colour, shares.collect())
        }
    });
    let label = |row: &results::Row| format!("{} {}", name(row.at), time(row.total_ns));
    Chart {
        name: "time_split",
        title: format!("Where the time{of} went (% of the round trip)"),
        caption: "Mean parts of the sampled round trips that took about as long as each \
                  percentile, with their totals: what grows towards the right is what the tail is \
                  made of."
            .to_owned(),
        kind: Kind::Stack,
        x: Axis {
            names: split.rows.iter().map(label).collect(),
            ..Axis::new("round trips", Unit::Names, Scale::Linear)
        },
        y: Axis::new("share of the round trip", Unit::Share, Scale::Linear),
        groups: vec![Group {
            name: String::new(),
            x: places.collect(),
            curves: curves.collect(),
        }],
        marks: Vec::new(),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a place on a screen needs no more than 53 bits"
)]
fn share(part: u64, whole: u64) -> Value {
    let share = part as f64 / whole.max(1) as f64;
    Value::Real((share * 1e5).round() / 1e5)
}

fn table(named: &Named<'_>, split: &TimeSplit) -> Table {
    let columns = split.rows.iter().map(|row| name(row.at));
    let mut table = Table::headed(["where the time went"].into_iter().chain(columns));
    let row = |title: &str, field: &str, of: fn(&results::Row) -> u64| {
        let cells = split.rows.iter().enumerate().map(|(place, row)| {
            let path = format!("time_split.rows.{place}.{field}");
            named.origin.time(&path, Some(of(row)))
        });
        Row::new(title, cells.collect())
    };
    table.rows = parts(split)
        .map(|part| row(part.name, part.field, part.of))
        .collect();
    let total = row("total", "total_ns", |row| row.total_ns);
    table.rows.push(total.weighing(Weight::Strong));
    table
}
