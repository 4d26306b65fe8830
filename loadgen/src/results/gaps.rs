//! How far apart probes left.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Distribution, nanos};
use crate::measure;

/// Gaps between the consecutive probes of each thread, all threads together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gaps {
    /// Between the times at which probes were due.
    pub intended: Distribution,
    /// Between the times at which they were sent; 0 for those that left by one call.
    pub achieved: Distribution,
    /// How far off a gap may be before it counts in the distance.
    pub tolerance: u64,
    /// How different the two distributions are, from 0 to 1, to six decimals: the distance of
    /// Kolmogorov and Smirnov with that tolerance. Null if there is no gap.
    pub distance: Option<f64>,
}

impl From<&measure::Gaps> for Gaps {
    fn from(gaps: &measure::Gaps) -> Self {
        Self {
            intended: Distribution::new(&gaps.intended, 0),
            achieved: Distribution::new(&gaps.achieved, 0),
            tolerance: nanos(gaps.tolerance()),
            // Short enough to be read from a file as it was written.
            distance: gaps
                .distance()
                .map(|distance| (distance * 1e6).round() / 1e6),
        }
    }
}
