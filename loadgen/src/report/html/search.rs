//! The search for a rate: its answer, and the trials that say so.

use super::chart::{Axis, Chart, Dash, Group, Kind, Mark, Scale, Shape, Unit, Value};
use super::page::{Block, Judgement, Section, Tone};
use super::sweep::{DRAWN, against, doubts, row};
use super::table::{Cell, Row, Table};
use crate::figures;
use crate::rate::Rate;
use crate::report::search::{answer, load, outcome_word};
use crate::report::setting::target;
use crate::results::{Run, Search, SearchOutcome};

/// Everything about a search.
pub(super) fn sections(name: &str, file: usize, search: &Search) -> Vec<Section> {
    let of = match name {
        "" => String::new(),
        name => format!(" of {name}"),
    };
    let trials: Vec<(Option<Rate>, &Run)> = search
        .trials
        .iter()
        .map(|trial| (rate(&trial.run), &trial.run))
        .collect();
    let mut verdict = vec![Block::Judgement(judgement(name, search))];
    verdict.extend(doubts(&trials));
    let mut setting = vec![("objective".to_owned(), search.slo.clone())];
    if let Some(first) = search.trials.first() {
        setting.push(("target".to_owned(), target(&first.run.plan)));
        setting.push(("load".to_owned(), load(search, &first.run)));
    }
    vec![
        Section::new(format!("Answer{of}"), verdict),
        Section::new(
            format!("Latency against rate{of}"),
            vec![latency(search).into()],
        ),
        Section::new(
            format!("Figures{of}"),
            vec![Block::List(setting), Block::Table(table(file, search))],
        ),
    ]
}

fn judgement(name: &str, search: &Search) -> Judgement {
    let (word, tone) = match search.outcome {
        SearchOutcome::Found => ("found", Tone::Good),
        SearchOutcome::GeneratorLimited => ("the generator gave in", Tone::Doubtful),
        SearchOutcome::AboveRange => ("above the range", Tone::Good),
        SearchOutcome::BelowRange => ("below the range", Tone::Bad),
        SearchOutcome::Untrusted => ("untrusted", Tone::Bad),
        SearchOutcome::Interrupted => ("interrupted", Tone::Doubtful),
    };
    Judgement {
        subject: name.to_owned(),
        word: word.to_owned(),
        tone,
        sentences: vec![answer(search)],
    }
}

fn rate(run: &Run) -> Option<Rate> {
    run.plan.rate.as_ref()?.parse().ok()
}

fn table(file: usize, search: &Search) -> Table {
    let names = DRAWN.map(|column| column.name);
    let rest = ["lost", "verdict", "objective"];
    let mut table = Table::headed(["rate"].into_iter().chain(names).chain(rest));
    for (number, trial) in search.trials.iter().enumerate() {
        let (word, _) = outcome_word(trial.outcome);
        let mut row: Row = row(file, number, rate(&trial.run), &trial.run);
        row.cells.push(Cell::text(word));
        table.rows.push(row);
    }
    table
}

fn latency(search: &Search) -> Chart {
    let mut marks = Vec::new();
    for (rate, meaning) in [(&search.met, "met"), (&search.missed, "missed")] {
        let rate = rate.as_ref().and_then(|rate| rate.parse::<Rate>().ok());
        marks.extend(rate.map(|rate| Mark {
            x: beside(rate, 0),
            label: format!("{meaning}: {}/s", figures::rate(rate)),
        }));
    }
    Chart {
        name: "latency",
        title: "Round trip against rate, from due (us, ms or s; both scales logarithmic)"
            .to_owned(),
        caption: "Percentiles of each trial with their 95 % intervals; trials at one rate stand \
                  beside each other. The answer lies between the two lines."
            .to_owned(),
        kind: Kind::Curves,
        x: Axis::new("rate asked for, probes/s", Unit::Rate, Scale::Log),
        y: Axis::latency("round trip"),
        groups: vec![dots(search)],
        marks,
    }
}

/// A dot for each percentile of each trial, by rising rate.
fn dots(search: &Search) -> Group {
    let mut trials: Vec<(Rate, &Run)> = search
        .trials
        .iter()
        .filter_map(|trial| Some((rate(&trial.run)?, &trial.run)))
        .collect();
    trials.sort_by_key(|(rate, _)| *rate);
    let mut x = Vec::new();
    let mut repeats = 0;
    for (place, (rate, _)) in trials.iter().enumerate() {
        let again = place > 0 && trials[place - 1].0 == *rate;
        repeats = if again { repeats + 1 } else { 0 };
        x.push(beside(*rate, repeats));
    }
    let runs: Vec<&Run> = trials.into_iter().map(|(_, run)| run).collect();
    let curves = DRAWN.iter().enumerate().map(|(colour, column)| {
        let mut curve = against(column, colour, &runs);
        (curve.shape, curve.dash) = (Shape::Dots, Dash::Solid);
        curve
    });
    Group {
        name: String::new(),
        x,
        curves: curves.collect(),
    }
}

/// So that none covers another: each repeat a hundredth of a percent further to the right.
#[expect(
    clippy::cast_precision_loss,
    reason = "a place on a screen needs no more than 53 bits"
)]
fn beside(rate: Rate, repeats: u32) -> Value {
    let exact = rate.thousandths() as f64 / 1_000.0;
    Value::Real(exact * (1.0 + 1e-4 * f64::from(repeats)))
}
