//! Whether the counts of a file can be reckoned with.

use crate::measure::Counts;
use crate::results::{Period, Run};

/// Whether sums of what a run counts are sure to fit.
pub(super) fn can_be_counted(run: &Run) -> bool {
    let Counts {
        scheduled,
        sent,
        not_sent,
        received,
        late,
        lost,
        duplicated,
        reordered,
        corrupted,
        foreign,
        stale,
    } = run.counts;
    let probes = [scheduled, sent, not_sent, received, late, lost];
    let datagrams = [duplicated, reordered, corrupted, foreign, stale];
    let mut all = probes.iter().chain(&datagrams);
    all.all(|count| *count < MOST)
}

/// Whether rows are in order, and their sums sure to fit.
pub(super) fn follow_each_other(rows: &[Period]) -> bool {
    let mut end = 0;
    rows.iter().all(|row| {
        let follows = row.from_ns >= end && row.to_ns >= row.from_ns;
        end = row.to_ns;
        let probes = [row.sent, row.not_sent, row.received, row.lost];
        let datagrams = [
            row.duplicated,
            row.reordered,
            row.corrupted,
            row.foreign,
            row.stale,
        ];
        let mut all = probes.iter().chain(&datagrams);
        follows && all.all(|count| *count < MOST / MOST_ROWS)
    })
}

/// More rows than a run has.
const MOST_ROWS: u64 = 1 << 14;

/// The probes of a year at the highest rate there is are fewer.
const MOST: u64 = 1 << 60;
