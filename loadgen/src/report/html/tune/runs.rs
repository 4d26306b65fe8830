//! What each run measured: a chart a quantity, and a table.

use crate::measure::Quantile;
use crate::report::html::chart::{Axis, Chart, Curve, Group, Kind, Scale, Shape, Unit, Value};
use crate::report::html::page::Block;
use crate::report::html::sides;
use crate::report::html::table::{Cell, Origin, Row, Table, Weight};
use crate::report::tune::words;
use crate::report::verdict_word;
use crate::results::{self, Experiment, ExperimentQuantity, ExperimentRun};
use crate::verdict::phrases::named;

pub(super) fn blocks(origin: &Origin, experiment: &Experiment) -> Vec<Block> {
    if experiment.runs.is_empty() {
        return vec![Block::Text("No run was made.".to_owned())];
    }
    let mut quantities: Vec<(usize, &ExperimentQuantity)> =
        experiment.quantities.iter().enumerate().collect();
    // What was asked comes first.
    quantities.sort_by_key(|(_, quantity)| quantity.name != experiment.judge);
    let charts = quantities.into_iter().filter(|(number, _)| {
        let mut values = experiment
            .runs
            .iter()
            .filter_map(|run| run.values.get(*number));
        values.any(|value| !matches!(value, Quantile::TooFew | Quantile::Value(0)))
    });
    let charts = charts.map(|(number, quantity)| chart(experiment, number, quantity));
    let text = "A mark is a run, from left to right by its block, and within a block always in the \
                same order of variants. A cross is a run that does not count; a triangle at the top \
                stands for a quantile that is lost.";
    vec![
        Block::Text(text.to_owned()),
        Block::Beside(charts.map(Block::from).collect()),
        Block::Folded {
            summary: format!("All {} runs in figures", experiment.runs.len()),
            blocks: vec![Block::Table(table(origin, experiment))],
        },
    ]
}

fn chart(experiment: &Experiment, number: usize, quantity: &ExperimentQuantity) -> Chart {
    let values = experiment
        .runs
        .iter()
        .filter_map(|run| run.values.get(number));
    let name = match quantity.name.as_str() {
        "cpu" => "processor time of the server an echo",
        _ => "round trip",
    };
    let (unit, axis) = sides::axis(quantity.unit, name, values.copied());
    let counted = (0..experiment.variants.len()).filter_map(|variant| {
        let runs = experiment.runs.iter();
        let runs = runs.filter(|run| run.variant as usize == variant && run.left_out.is_none());
        let (colour, shape) = look(variant, experiment.variants.len());
        let name = called(experiment, variant);
        group(
            experiment,
            runs,
            (number, quantity.unit),
            (name, colour, shape),
        )
    });
    let left_out = experiment.runs.iter().filter(|run| run.left_out.is_some());
    let left_out = group(
        experiment,
        left_out,
        (number, quantity.unit),
        ("does not count".to_owned(), LEFT_OUT, Shape::Crosses),
    );
    Chart {
        name: "strip",
        title: format!("{} ({unit})", quantity.name),
        caption: String::new(),
        kind: Kind::Curves,
        x: Axis::new("block", Unit::Block, Scale::Around),
        y: axis,
        groups: counted.chain(left_out).collect(),
        marks: Vec::new(),
    }
}

/// Some runs as marks; nothing if none of them has the quantity.
fn group<'a>(
    experiment: &Experiment,
    runs: impl Iterator<Item = &'a ExperimentRun>,
    (number, unit): (usize, results::Unit),
    (name, colour, shape): (String, usize, Shape),
) -> Option<Group> {
    let points = runs.filter_map(|run| {
        let value = run.values.get(number)?;
        let is_known = *value != Quantile::TooFew;
        is_known.then(|| (place(experiment, run), sides::value(*value, unit)))
    });
    let mut points: Vec<(f64, Value)> = points.collect();
    points.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let (x, y): (Vec<Value>, Vec<Value>) =
        points.into_iter().map(|(x, y)| (Value::Real(x), y)).unzip();
    let curve = Curve {
        shape,
        ..Curve::line(name, colour, y)
    };
    (!x.is_empty()).then(|| Group {
        name: String::new(),
        x,
        curves: vec![curve],
    })
}

/// Where a run stands: in its block at the place of its variant, and a little to the right each time
/// that it was made again.
fn place(experiment: &Experiment, run: &ExperimentRun) -> f64 {
    let variants = u32::try_from(experiment.variants.len())
        .unwrap_or(u32::MAX)
        .max(1);
    let room = WIDTH / f64::from(variants);
    let again = 0.2 * f64::from(run.attempt.min(3));
    f64::from(run.block) + 1.0 - WIDTH / 2.0 + room * (f64::from(run.variant) + 0.3 + again)
}

/// How much of the room of a block its runs take.
const WIDTH: f64 = 0.8;

/// The reference and its twin are alike; of the others, colours come first, then hollow marks.
fn look(variant: usize, variants: usize) -> (usize, Shape) {
    if variant == 0 {
        return (REFERENCE, Shape::Dots);
    }
    if variant + 1 == variants {
        return (REFERENCE, Shape::Rings);
    }
    let place = variant - 1;
    let shapes = [Shape::Dots, Shape::Rings];
    (place % COLOURS, shapes[place / COLOURS % shapes.len()])
}

/// Colours that are for variants, from the beginning of the palette.
const COLOURS: usize = 6;
const REFERENCE: usize = 6;
const LEFT_OUT: usize = 7;

fn called(experiment: &Experiment, variant: usize) -> String {
    let name = words::variant(experiment, variant);
    let is_best = experiment
        .best
        .variant
        .is_some_and(|best| best as usize == variant);
    if is_best {
        format!("{name} (the best)")
    } else {
        name.to_owned()
    }
}

fn table(origin: &Origin, experiment: &Experiment) -> Table {
    let quantities = experiment.quantities.iter();
    let quantities = quantities.map(|quantity| quantity.name.as_str());
    let heading = ["run", "variant"].into_iter().chain(quantities);
    let mut table = Table::headed(heading.chain(["verdict", ""]));
    for (place, run) in experiment.runs.iter().enumerate() {
        let mut cells = vec![Cell::text(words::variant(experiment, run.variant as usize))];
        cells.extend(
            experiment
                .quantities
                .iter()
                .enumerate()
                .map(|(number, quantity)| {
                    let value = run.values.get(number);
                    value.map_or_else(Cell::default, |value| {
                        origin.measured(
                            &format!("runs.{place}.values.{number}"),
                            *value,
                            quantity.unit,
                        )
                    })
                }),
        );
        let verdict = run.verdict.map_or("", |outcome| verdict_word(outcome).0);
        cells.push(Cell::text(verdict));
        cells.push(Cell::text(remark(run)));
        let weight = match run.left_out {
            Some(_) => Weight::Weak,
            None => Weight::Normal,
        };
        let name = format!("block {}", u64::from(run.block) + 1);
        table.rows.push(Row::new(name, cells).weighing(weight));
    }
    table
}

/// Why a run does not count, or what there is to be said against one that does.
fn remark(run: &ExperimentRun) -> String {
    if let Some(why) = &run.left_out {
        return format!("left out: {why}");
    }
    let doubts = run.doubts.iter().map(|code| named(code));
    doubts.collect::<Vec<_>>().join(", ")
}
