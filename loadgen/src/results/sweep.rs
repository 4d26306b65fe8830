//! The file a sweep leaves behind.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Run;
use crate::measure::Quantile;
use crate::rate::Rate;
use crate::sweep::{self, Direction, Point};

/// Runs at several rates, up and down again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sweep {
    /// What kind of file this is.
    pub schema: SweepSchema,
    /// The rate with the most answers a second for the median round trip, as `--rate` takes it;
    /// null without an answer.
    pub knee: Option<String>,
    /// How many runs there should have been.
    pub planned: usize,
    /// The runs in order.
    pub trials: Vec<SweepTrial>,
}

/// The version of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SweepSchema {
    /// First version.
    #[serde(rename = "loadgen/sweep/1")]
    Sweep1,
}

/// One run of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SweepTrial {
    /// Which way the sweep was going.
    pub direction: Direction,
    /// The run.
    pub run: Run,
}

impl Sweep {
    /// Puts the runs together, of which there should have been `planned`.
    #[must_use]
    pub fn new(trials: Vec<SweepTrial>, planned: usize) -> Self {
        let points: Vec<Point> = trials.iter().filter_map(SweepTrial::point).collect();
        Self {
            schema: SweepSchema::Sweep1,
            knee: sweep::knee(&points).map(|rate| rate.to_string()),
            planned,
            trials,
        }
    }
}

impl SweepTrial {
    /// The rate that was asked for; `None` in a file of something else.
    #[must_use]
    pub fn rate(&self) -> Option<Rate> {
        self.run.plan.rate.as_ref()?.parse().ok()
    }

    fn point(&self) -> Option<Point> {
        Some(Point {
            rate: self.rate()?,
            answered: self.run.rate_pps.received,
            median: match self.run.rtt_ns.from_due.p50 {
                Quantile::Value(nanos) => Some(nanos),
                Quantile::Lost | Quantile::TooFew => None,
            },
        })
    }
}
