//! A whole file: what it holds, without holding it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::fault::TraceError;
use super::line::Lines;
use crate::rate::{NANOS_TIMES_THOUSAND, Rate};
use crate::sizes::{LARGEST, SMALLEST};
use crate::time::Offset;

/// A file of probes, every line of which has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    pub(super) path: PathBuf,
    pub(super) probes: u64,
    sized: u64,
    pub(super) last: Offset,
    pub(super) smallest: u16,
    pub(super) largest: u16,
}

impl Trace {
    /// Reads the file at `path` from beginning to end, and keeps none of it.
    ///
    /// # Errors
    ///
    /// If it cannot be read or has no probe; else the first line that is wrong, by its number.
    pub fn check(path: &Path) -> Result<Self, TraceError> {
        let mut trace = Self {
            path: path.to_owned(),
            probes: 0,
            sized: 0,
            last: Offset::START,
            smallest: LARGEST,
            largest: SMALLEST,
        };
        let mut lines = Lines::open(path)?;
        while let Some(arrival) = lines.next_probe().map_err(|fault| TraceError::Line {
            path: path.to_owned(),
            line: lines.number,
            fault,
        })? {
            trace.probes += 1;
            trace.last = arrival.due;
            if let Some(size) = arrival.size {
                trace.sized += 1;
                trace.smallest = trace.smallest.min(size);
                trace.largest = trace.largest.max(size);
            }
        }
        if trace.probes == 0 {
            let path = path.to_owned();
            return Err(TraceError::Empty { path });
        }
        Ok(trace)
    }

    /// The file, as it was named.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its probes, at least one.
    #[must_use]
    pub fn probes(&self) -> u64 {
        self.probes
    }

    /// When the last one is due.
    #[must_use]
    pub fn last(&self) -> Offset {
        self.last
    }

    /// How long a run of the whole file takes: to the first full millisecond after its last probe.
    #[must_use]
    pub fn length(&self) -> Duration {
        let millis = self.last.as_nanos() / 1_000_000 + 1;
        Duration::from_millis(millis)
    }

    /// Its probes over its length, to a thousandth of a probe a second; at least that.
    ///
    /// # Panics
    ///
    /// Never: it is kept within the bounds of a rate.
    #[must_use]
    pub fn mean_rate(&self) -> Rate {
        let scaled = u128::from(self.probes) * NANOS_TIMES_THOUSAND;
        let thousandths = scaled / self.length().as_nanos();
        let thousandths = u64::try_from(thousandths).unwrap_or(u64::MAX);
        Rate::from_thousandths(thousandths.clamp(1, Rate::HIGHEST_THOUSANDTHS))
            .expect("it is within its bounds")
    }

    /// The smallest and the largest size in it, if lines have one.
    #[must_use]
    pub fn sizes(&self) -> Option<(u16, u16)> {
        (self.sized > 0).then_some((self.smallest, self.largest))
    }

    /// Whether every line has a size.
    #[must_use]
    pub fn sizes_every_probe(&self) -> bool {
        self.sized == self.probes
    }
}
