//! Differences below each other, each with its interval, around a line at nothing: a forest plot. Drawn
//! without a script.
//!
//! - `scale`: where numbers stand from left to right. Pure;
//! - `draw`: all of it as HTML.

mod draw;
mod scale;

pub(super) use self::draw::draw;
pub(super) use self::scale::{Place, Scale, Tick};

/// One plot: rows over one axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Forest {
    /// What is shown.
    pub(super) title: String,
    /// How to read it.
    pub(super) caption: String,
    /// A few numbers of the axis.
    pub(super) ticks: Vec<Tick>,
    /// Where nothing is.
    pub(super) zero: f64,
    /// From where to where chance alone reaches.
    pub(super) band: Option<[f64; 2]>,
    pub(super) rows: Vec<Row>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) name: String,
    /// It in figures, and what to think of it.
    pub(super) told: String,
    pub(super) tone: Tone,
    pub(super) at: Place,
    pub(super) within: [Place; 2],
}

/// How a difference is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Better,
    Worse,
    /// It may be chance.
    Open,
}
