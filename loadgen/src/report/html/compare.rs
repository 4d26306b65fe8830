//! Two sets of runs against each other: the answer in words, then the numbers.

use super::page::{Block, Judgement, Section, Tone};
use super::sides;
use super::table::{Cell, Origin, Row, Table, Weight};
use crate::report::compare::{apart, counted, reason};
use crate::report::verdict_word;
use crate::results::{Answer, BoundOutcome, Comparison, Difference, Quantity, Side, SideRun};

/// Everything about a comparison.
pub(super) fn sections(name: &str, file: usize, comparison: &Comparison) -> Vec<Section> {
    let of = match name {
        "" => String::new(),
        name => format!(" of {name}"),
    };
    let origin = Origin::of_file(file);
    let mut sections = vec![
        Section::new(format!("Answer{of}"), answer(name, comparison)),
        Section::new(format!("Figures{of}"), figures(&origin, comparison)),
    ];
    let runs = runs(comparison);
    if !runs.is_empty() {
        sections.push(Section::new(format!("From run to run{of}"), runs));
    }
    sections.push(Section::new(
        format!("What else was different{of}"),
        vec![circumstances(comparison)],
    ));
    let tables = [("A", "a", &comparison.a), ("B", "b", &comparison.b)];
    let tables = tables.map(|(name, path, side)| folded(&origin, name, path, side, comparison));
    sections.push(Section::new(format!("Runs{of}"), tables.into()));
    sections
}

fn answer(name: &str, comparison: &Comparison) -> Vec<Block> {
    let (word, tone) = match comparison.answer {
        Answer::Slower => ("slower", Tone::Bad),
        Answer::LosesMore => ("loses more", Tone::Bad),
        Answer::Faster => ("faster", Tone::Good),
        Answer::LosesLess => ("loses less", Tone::Good),
        Answer::Mixed => ("better and worse", Tone::Doubtful),
        Answer::NoEvidence => ("no evidence", Tone::Plain),
        Answer::TooFewRuns => ("too few runs", Tone::Doubtful),
        Answer::NotMeasured => ("not measured", Tone::Doubtful),
    };
    let judgement = |word: &str, tone, sentences| {
        Block::Judgement(Judgement {
            subject: name.to_owned(),
            word: word.to_owned(),
            tone,
            sentences,
        })
    };
    let mut blocks = vec![judgement(word, tone, vec![comparison.message.clone()])];
    if let Some((word, tone)) = kept(comparison) {
        let bounds = comparison.bounds.iter().map(|bound| bound.message.clone());
        blocks.push(judgement(word, tone, bounds.collect()));
    }
    let warnings = warnings(comparison);
    if !warnings.is_empty() {
        blocks.push(judgement("to be read with care", Tone::Doubtful, warnings));
    }
    blocks.push(Block::List(vec![
        ("A".to_owned(), counted(&comparison.a)),
        ("B".to_owned(), counted(&comparison.b)),
    ]));
    blocks
}

/// What became of the bounds; nothing if there are none. One that is surely broken counts, whatever
/// is not known of the others.
fn kept(comparison: &Comparison) -> Option<(&'static str, Tone)> {
    let any = |outcome| {
        let mut bounds = comparison.bounds.iter();
        bounds.any(|bound| bound.outcome == outcome)
    };
    if any(BoundOutcome::Broken) {
        Some(("a bound is BROKEN", Tone::Bad))
    } else if any(BoundOutcome::Unknown) {
        Some(("a bound is UNKNOWN", Tone::Doubtful))
    } else {
        any(BoundOutcome::Kept).then_some(("bounds kept", Tone::Good))
    }
}

/// What speaks against comparing these runs.
fn warnings(comparison: &Comparison) -> Vec<String> {
    let plan = comparison.plan.iter();
    let plan = plan.map(|difference| format!("plan: {}", apart(difference)));
    let warnings = comparison.warnings.iter().cloned();
    let sides = [("A", &comparison.a), ("B", &comparison.b)];
    let left_out = sides.into_iter().flat_map(|(name, side)| {
        let runs = side.runs.iter();
        runs.filter_map(move |run| {
            let reason = reason(run.left_out?);
            Some(format!("{name} without {}: {reason}", run.name))
        })
    });
    plan.chain(warnings).chain(left_out).collect()
}

fn figures(origin: &Origin, comparison: &Comparison) -> Vec<Block> {
    let mut blocks = vec![Block::Table(medians(origin, comparison))];
    let chart = sides::differences(comparison);
    if chart.is_some() {
        blocks.push(Block::Table(differences(origin, comparison)));
    }
    blocks.extend(chart.map(Block::from));
    blocks
}

/// What both sides measured.
fn medians(origin: &Origin, comparison: &Comparison) -> Table {
    let columns = [
        "quantity",
        "A: median",
        "lowest",
        "highest",
        "B: median",
        "lowest",
        "highest",
    ];
    let mut table = Table::headed(columns);
    for (number, quantity) in comparison.quantities.iter().enumerate() {
        let sides = [("a", &quantity.a), ("b", &quantity.b)];
        let cells = sides.into_iter().flat_map(|(side, values)| {
            let figures = [
                ("median", values.median),
                ("lowest", values.lowest),
                ("highest", values.highest),
            ];
            figures.map(|(name, value)| {
                let path = format!("quantities.{number}.{side}.{name}");
                origin.measured(&path, value, quantity.unit)
            })
        });
        table
            .rows
            .push(Row::new(&quantity.name, cells.collect()).weighing(weight(quantity)));
    }
    table
}

/// How far the sides lie apart, and whether that is more than chance.
fn differences(origin: &Origin, comparison: &Comparison) -> Table {
    let mut table = Table::headed([
        "B against A",
        "difference",
        "95 % from",
        "to",
        "in %",
        "95 % from",
        "to",
        "p alone",
        "p",
        "answer",
    ]);
    table.legend = [
        (
            "difference",
            "the median over all pairs of a run of A and one of B; the percentage is that of A's median",
        ),
        ("p alone", "of the quantity as if it were the only one"),
        (
            "p",
            "corrected for the number of quantities: 0.05 and less is evidence of a difference",
        ),
    ]
    .map(|(word, meaning)| (word.to_owned(), meaning.to_owned()))
    .into();
    for (number, quantity) in comparison.quantities.iter().enumerate() {
        let Some(row) = difference(origin, number, quantity) else {
            let reason = quantity.reason.as_deref().unwrap_or_default();
            let meaning = format!("not compared: {reason}");
            table.legend.push((quantity.name.clone(), meaning));
            continue;
        };
        table.rows.push(row);
    }
    table
}

fn difference(origin: &Origin, number: usize, quantity: &Quantity) -> Option<Row> {
    let shift = quantity.difference.as_ref()?;
    let path = format!("quantities.{number}.difference");
    let changes = [("by", shift.by), ("low", shift.low), ("high", shift.high)];
    let changes = changes.map(|(name, change)| {
        let path = format!("{path}.{name}");
        origin.change(&path, change, quantity.unit)
    });
    let parts = [0, 1, 2].map(|end| {
        let part = shift.relative.and_then(|parts| parts[end]);
        part.map_or_else(Cell::default, |part| {
            origin.part(&format!("{path}.relative.{end}"), part)
        })
    });
    let p = [("p", shift.p), ("p_corrected", shift.p_corrected)];
    let p = p.map(|(name, p)| origin.chance(&format!("{path}.{name}"), p));
    let cells = changes.into_iter().chain(parts).chain(p);
    let answer = Cell::text(match quantity.answer {
        Answer::Slower => "slower",
        Answer::Faster => "faster",
        Answer::LosesMore => "more",
        Answer::LosesLess => "less",
        _ => "-",
    });
    Some(Row::new(&quantity.name, cells.chain([answer]).collect()).weighing(weight(quantity)))
}

/// What is evident stands out.
fn weight(quantity: &Quantity) -> Weight {
    match quantity.answer {
        Answer::Slower | Answer::Faster | Answer::LosesMore | Answer::LosesLess => Weight::Strong,
        _ => Weight::Normal,
    }
}

fn runs(comparison: &Comparison) -> Vec<Block> {
    let charts = sides::each(comparison);
    if charts.is_empty() {
        return Vec::new();
    }
    let text = "A dot is a run, from left to right in the order of the files, and the dashed line \
                is the median of its side; a triangle at the top stands for a quantile that is \
                lost.";
    let charts = charts.into_iter().map(Block::from);
    vec![
        Block::Text(text.to_owned()),
        Block::Beside(charts.collect()),
    ]
}

fn circumstances(comparison: &Comparison) -> Block {
    let mut table = Table::headed(["", "A", "B"]);
    for (kind, differences) in [
        ("plan", &comparison.plan),
        ("host and programs", &comparison.environment),
    ] {
        if !differences.is_empty() {
            table.rows.push(Row::heading(kind));
            table.rows.extend(differences.iter().map(both));
        }
    }
    if table.rows.is_empty() {
        let none = "Nothing, as far as the files tell.";
        return Block::Text(none.to_owned());
    }
    Block::Table(table)
}

fn both(difference: &Difference) -> Row {
    let cells = [&difference.a, &difference.b].map(Cell::text);
    Row::new(&difference.name, cells.into())
}

/// The runs of a side: those that count with all that they measured.
fn folded(origin: &Origin, name: &str, path: &str, side: &Side, comparison: &Comparison) -> Block {
    let quantities = comparison.quantities.iter();
    let quantities = quantities.map(|quantity| quantity.name.as_str());
    let mut table = Table::headed(["run"].into_iter().chain(quantities).chain(["verdict"]));
    let mut counted = 0;
    for run in &side.runs {
        let mut cells = Vec::new();
        for (number, quantity) in comparison.quantities.iter().enumerate() {
            let values = if path == "a" {
                &quantity.a
            } else {
                &quantity.b
            };
            let value = values.each.get(counted).filter(|_| run.left_out.is_none());
            cells.push(value.map_or_else(Cell::default, |value| {
                let path = format!("quantities.{number}.{path}.each.{counted}");
                origin.measured(&path, *value, quantity.unit)
            }));
        }
        counted += usize::from(run.left_out.is_none());
        cells.push(Cell::text(verdict(run)));
        table.rows.push(Row::new(&run.name, cells));
    }
    Block::Folded {
        summary: format!("{name}: {counted} of {} runs count", side.runs.len()),
        blocks: vec![Block::Table(table)],
    }
}

fn verdict(run: &SideRun) -> String {
    let (word, _) = verdict_word(run.verdict);
    match run.left_out {
        None => word.to_owned(),
        Some(left_out) => format!("{word}, left out: {}", reason(left_out)),
    }
}
