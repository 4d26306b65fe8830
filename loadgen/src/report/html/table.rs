//! Tables whose cells know which number of which file they show.

use serde::Serialize;

use crate::compare::words;
use crate::figures;
use crate::measure::{Edge, Quantile};
use crate::report::compare::written;
use crate::report::table::cell;
use crate::results::{Change, Unit};

/// Rows under a heading.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Table {
    /// What the first column and each further one hold.
    pub(super) heading: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// Words of the table, and what they mean.
    pub(super) legend: Vec<(String, String)>,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) weight: Weight,
    pub(super) cells: Vec<Cell>,
}

/// How much a row stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// A name for the rows below; it has no cells.
    Heading,
    /// What the table is about.
    Strong,
    Normal,
    /// It says more of the row above.
    Weak,
}

/// What stands in one place of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cell {
    /// For people.
    pub(super) text: String,
    /// For programs.
    pub(super) figure: Option<Figure>,
}

/// A number of a result file, as the file has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figure {
    /// Which of the page's files, counted from 0.
    pub(super) file: usize,
    /// Where in the file: `rtt_ns.from_due.p99`.
    pub(super) path: String,
    /// The number, a word such as `lost`, or `null`.
    pub(super) raw: String,
    pub(super) unit: FigureUnit,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FigureUnit {
    Nanoseconds,
    /// Thousand-millionths of a whole.
    Billionths,
    /// Parts of a whole, more or less.
    Part,
    /// A probability.
    Chance,
    One,
}

/// Where figures come from: a file, and a place in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Origin {
    pub(super) file: usize,
    /// Ends in a dot unless it is empty.
    pub(super) prefix: String,
}

impl Origin {
    pub(super) fn of_file(file: usize) -> Self {
        Self {
            file,
            prefix: String::new(),
        }
    }

    /// The run of a trial within a file of many.
    pub(super) fn of_trial(file: usize, trial: usize) -> Self {
        Self {
            file,
            prefix: format!("trials.{trial}.run."),
        }
    }

    pub(super) fn quantile(&self, path: &str, quantile: Quantile) -> Cell {
        let raw = match quantile {
            Quantile::Value(nanos) => nanos.to_string(),
            Quantile::Lost => "lost".to_owned(),
            Quantile::TooFew => "null".to_owned(),
        };
        self.figure(path, cell(quantile), raw, FigureUnit::Nanoseconds)
    }

    /// One end of an interval; nothing if there is no interval.
    pub(super) fn edge(&self, path: &str, edge: Option<Edge>) -> Cell {
        edge.map_or_else(Cell::default, |edge| self.quantile(path, edge.into()))
    }

    /// A time of which there may be none.
    pub(super) fn time(&self, path: &str, nanos: Option<u64>) -> Cell {
        self.quantile(path, nanos.map_or(Quantile::TooFew, Quantile::Value))
    }

    pub(super) fn count(&self, path: &str, count: u64) -> Cell {
        let text = figures::count(count);
        self.figure(path, text, count.to_string(), FigureUnit::One)
    }

    /// A count that may be unknown.
    pub(super) fn known(&self, path: &str, count: Option<u64>) -> Cell {
        count.map_or_else(|| Cell::text("unknown"), |number| self.count(path, number))
    }

    /// What a run or a side of a comparison measured.
    pub(super) fn measured(&self, path: &str, value: Quantile, unit: Unit) -> Cell {
        self.figure(path, written(value, unit), raw(&value), unit.into())
    }

    /// How far one side of a comparison lies from the other.
    pub(super) fn change(&self, path: &str, change: Change, unit: Unit) -> Cell {
        self.figure(path, words::change(change, unit), raw(&change), unit.into())
    }

    /// The same as a part of the whole.
    pub(super) fn part(&self, path: &str, part: f64) -> Cell {
        self.figure(path, words::relative(part), raw(&part), FigureUnit::Part)
    }

    /// How likely something is.
    pub(super) fn chance(&self, path: &str, p: f64) -> Cell {
        self.figure(path, words::chance(p), raw(&p), FigureUnit::Chance)
    }

    fn figure(&self, path: &str, text: String, raw: String, unit: FigureUnit) -> Cell {
        let figure = Figure {
            file: self.file,
            path: format!("{}{path}", self.prefix),
            raw,
            unit,
        };
        Cell {
            text,
            figure: Some(figure),
        }
    }
}

/// A value as a file has it, a word without its quotes.
fn raw(value: &impl Serialize) -> String {
    // Numbers and words alone: they always have a form in JSON.
    let text = serde_json::to_string(value).unwrap_or_default();
    text.trim_matches('"').to_owned()
}

impl From<Unit> for FigureUnit {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::Nanoseconds => Self::Nanoseconds,
            Unit::Billionths => Self::Billionths,
        }
    }
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            figure: None,
        }
    }

    /// The same figure with more words behind it.
    pub(super) fn and(mut self, words: &str) -> Self {
        self.text.push_str(words);
        self
    }
}

impl Row {
    pub(super) fn new(name: impl Into<String>, cells: Vec<Cell>) -> Self {
        Self {
            name: name.into(),
            weight: Weight::Normal,
            cells,
        }
    }

    pub(super) fn heading(name: impl Into<String>) -> Self {
        Self::new(name, Vec::new()).weighing(Weight::Heading)
    }

    pub(super) fn weighing(self, weight: Weight) -> Self {
        Self { weight, ..self }
    }
}

impl Table {
    pub(super) fn headed<'a>(heading: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            heading: heading.into_iter().map(str::to_owned).collect(),
            ..Self::default()
        }
    }
}
