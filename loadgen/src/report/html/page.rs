//! A page as data: sections of blocks, whatever they are about.

use serde_json::Value;

use super::chart::Chart;
use super::forest::Forest;
use super::table::Table;
use crate::verdict::Outcome;

/// Everything on a page, from the top down.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Page {
    pub(super) title: String,
    /// What the results are called, each with the number of its first section; empty if there is
    /// but one.
    pub(super) contents: Vec<(String, usize)>,
    pub(super) sections: Vec<Section>,
}

/// A heading, and what belongs under it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Section {
    pub(super) heading: String,
    pub(super) blocks: Vec<Block>,
}

/// One thing on a page.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Block {
    /// What to think of a result.
    Judgement(Judgement),
    /// Labels, each with a text.
    List(Vec<(String, String)>),
    /// A paragraph.
    Text(String),
    Table(Table),
    Chart(Box<Chart>),
    Forest(Box<Forest>),
    /// Lines as they are.
    Preformatted(String),
    /// Small ones, several in a row where there is room.
    Beside(Vec<Block>),
    /// What is shown to those who ask for it.
    Folded {
        summary: String,
        blocks: Vec<Block>,
    },
    /// Whatever a part of a file holds.
    Fields(Value),
}

/// What to think of a result: one word, and why.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Judgement {
    /// Of what; empty if there is but one.
    pub(super) subject: String,
    pub(super) word: String,
    pub(super) tone: Tone,
    pub(super) sentences: Vec<String>,
}

/// How bad a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Doubtful,
    Bad,
    /// Neither good nor bad.
    Plain,
}

impl Section {
    pub(super) fn new(heading: impl Into<String>, blocks: Vec<Block>) -> Self {
        Self {
            heading: heading.into(),
            blocks,
        }
    }
}

impl From<Outcome> for Tone {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Valid => Self::Good,
            Outcome::Suspect => Self::Doubtful,
            Outcome::Invalid => Self::Bad,
        }
    }
}

impl From<Chart> for Block {
    fn from(chart: Chart) -> Self {
        Self::Chart(Box::new(chart))
    }
}
