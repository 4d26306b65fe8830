//! Differences, as plots and as a table.

use crate::compare::words::{change, relative};
use crate::report::html::forest::{self, Forest, Scale};
use crate::report::html::page::Block;
use crate::report::html::table::{Cell, Origin, Row, Table, Weight};
use crate::report::tune::effects::{
    ALIKE, DIFFER, NOTE, TOGETHER, common_reason, explained, in_order, is_evident,
};
use crate::report::tune::words::{finding, short};
use crate::results::{Change, Effect, EffectOf, Experiment, ExperimentQuantity, Finding, Unit};

/// Each level against the first one of its factor, and the noise.
pub(super) fn levels(origin: &Origin, experiment: &Experiment) -> Vec<Block> {
    let effects = &experiment.effects;
    if let Some(reason) = common_reason(effects) {
        return vec![Block::Text(format!("Not known: {reason}."))];
    }
    if effects.is_empty() {
        return vec![Block::Text("Nothing is known.".to_owned())];
    }
    let differ = experiment.noise.iter().any(is_evident);
    let noise = if differ { DIFFER } else { ALIKE };
    let mut table = table(origin, experiment, ("effects", effects));
    if !experiment.noise.is_empty() {
        table
            .rows
            .extend(rows(origin, experiment, ("noise", &experiment.noise)));
        let name = short(experiment, &EffectOf::Noise);
        table.legend.push((name, noise.to_owned()));
    }
    vec![
        Block::Text(HOW.to_owned()),
        panels(experiment, effects),
        Block::Table(table),
    ]
}

const HOW: &str = "A dot is a difference and the line through it its 95 % interval: left of the \
                   upright line is less, which is better. The band is the noise: how far the \
                   reference seems to lie from itself. A hollow dot may be chance, and a triangle \
                   at the edge stands for a quantile that is lost on one side alone.";

/// What two levels do together.
pub(super) fn interactions(origin: &Origin, experiment: &Experiment) -> Vec<Block> {
    several(
        origin,
        experiment,
        ("interactions", &experiment.interactions),
        Some(TOGETHER),
    )
}

/// Whole variants.
pub(super) fn variants(origin: &Origin, experiment: &Experiment) -> Vec<Block> {
    let list = ("against_reference", experiment.against_reference.as_slice());
    several(origin, experiment, list, None)
}

fn several(
    origin: &Origin,
    experiment: &Experiment,
    list: (&str, &[Effect]),
    how: Option<&str>,
) -> Vec<Block> {
    if list.1.is_empty() || common_reason(list.1).is_some() {
        return Vec::new();
    }
    let how = how.map(|how| Block::Text(how.to_owned()));
    let table = Block::Folded {
        summary: "In figures".to_owned(),
        blocks: vec![Block::Table(table(origin, experiment, list))],
    };
    let blocks = [panels(experiment, list.1), table];
    how.into_iter().chain(blocks).collect()
}

/// A plot a quantity, of those of which anything is known.
fn panels(experiment: &Experiment, effects: &[Effect]) -> Block {
    let quantities = experiment.quantities.iter();
    let panels = quantities.filter_map(|quantity| panel(experiment, effects, quantity));
    Block::Beside(panels.map(|panel| Block::Forest(Box::new(panel))).collect())
}

fn panel(
    experiment: &Experiment,
    effects: &[Effect],
    quantity: &ExperimentQuantity,
) -> Option<Forest> {
    let is_of = |effect: &&Effect| effect.quantity == quantity.name;
    let noise = experiment.noise.iter().find(is_of);
    let noise = noise.and_then(|effect| effect.shift.as_ref());
    let effects = in_order(effects).into_iter().map(|(_, effect)| effect);
    let effects: Vec<&Effect> = effects.filter(is_of).collect();
    let shifts = effects.iter().filter_map(|effect| effect.shift.as_ref());
    let changes = shifts
        .chain(noise)
        .flat_map(|shift| [shift.by, shift.low, shift.high]);
    let is_nothing = |change: Change| change == Change::By(0);
    // Losses where there are none.
    if changes.clone().all(is_nothing) {
        return None;
    }
    let scale = Scale::around(changes);
    let band = noise.and_then(
        |shift| match [shift.low, shift.high].map(|end| scale.place(end)) {
            [forest::Place::At(low), forest::Place::At(high)] => Some([low, high]),
            _ => None,
        },
    );
    let unit = match quantity.unit {
        Unit::Nanoseconds => "",
        Unit::Billionths => " (% of the probes)",
    };
    Some(Forest {
        title: format!("{}{unit}", quantity.name),
        caption: String::new(),
        ticks: scale.ticks(quantity.unit),
        zero: scale.zero(),
        band,
        rows: effects
            .iter()
            .filter_map(|effect| row(experiment, effect, &scale))
            .collect(),
    })
}

fn row(experiment: &Experiment, effect: &Effect, scale: &Scale) -> Option<forest::Row> {
    let shift = effect.shift.as_ref()?;
    let part = shift.part().map(relative);
    let part = part.map_or_else(String::new, |part| format!(", {part}"));
    Some(forest::Row {
        name: short(experiment, &effect.of),
        told: format!(
            "{}{part}: {}",
            change(shift.by, effect.unit),
            finding(effect)
        ),
        tone: match effect.finding {
            Finding::Better => forest::Tone::Better,
            Finding::Worse => forest::Tone::Worse,
            _ => forest::Tone::Open,
        },
        at: scale.place(shift.by),
        within: [shift.low, shift.high].map(|end| scale.place(end)),
    })
}

fn table(origin: &Origin, experiment: &Experiment, list: (&str, &[Effect])) -> Table {
    let mut table = Table::headed([
        "quantity",
        "difference",
        "95 % from",
        "to",
        "in %",
        "95 % from",
        "to",
        "p alone",
        "p",
        "finding",
    ]);
    table.rows = rows(origin, experiment, list);
    table.legend = vec![
        ("difference".to_owned(), NOTE.to_owned()),
        (
            "in %".to_owned(),
            "of the median of the reference".to_owned(),
        ),
    ];
    table
}

/// The effects of a list of the file, under what they are the effects of.
fn rows(origin: &Origin, experiment: &Experiment, (list, effects): (&str, &[Effect])) -> Vec<Row> {
    let mut rows = Vec::new();
    for alike in in_order(effects).chunk_by(|(_, one), (_, next)| one.of == next.of) {
        rows.push(Row::heading(explained(experiment, &alike[0].1.of)));
        let figures = alike.iter().map(|(place, effect)| {
            let row = Row::new(
                &effect.quantity,
                cells(origin, &format!("{list}.{place}.shift"), effect),
            );
            row.weighing(weight(effect))
        });
        rows.extend(figures);
    }
    rows
}

fn cells(origin: &Origin, path: &str, effect: &Effect) -> Vec<Cell> {
    let Some(shift) = &effect.shift else {
        let reason = effect.reason.as_deref().unwrap_or(finding(effect));
        let mut cells = vec![Cell::default(); 8];
        cells.push(Cell::text(format!("not known: {reason}")));
        return cells;
    };
    let changes = [("by", shift.by), ("low", shift.low), ("high", shift.high)];
    let changes =
        changes.map(|(name, change)| origin.change(&format!("{path}.{name}"), change, effect.unit));
    let parts = [0, 1, 2].map(|end| {
        let part = shift.relative.and_then(|parts| parts[end]);
        part.map_or_else(Cell::default, |part| {
            origin.part(&format!("{path}.relative.{end}"), part)
        })
    });
    let p = [("p", shift.p), ("p_corrected", shift.p_corrected)];
    let p = p.map(|(name, p)| origin.chance(&format!("{path}.{name}"), p));
    let cells = changes.into_iter().chain(parts).chain(p);
    cells.chain([Cell::text(finding(effect))]).collect()
}

/// What is evident stands out.
fn weight(effect: &Effect) -> Weight {
    if is_evident(effect) {
        Weight::Strong
    } else {
        Weight::Normal
    }
}
