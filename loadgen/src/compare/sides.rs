//! Which of the runs that were given count.

use crate::results::{Ended, LeftOut, Run, Side, SideRun};
use crate::verdict::Outcome;

/// A run and the file it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The name of the file, as it was typed.
    pub name: String,
    /// What was in it.
    pub run: Run,
}

/// Which runs of a side count: none twice, none that is invalid, none that has not ended.
pub(super) fn side(given: &[Named]) -> Side {
    let runs = given.iter().enumerate().map(|(number, named)| SideRun {
        name: named.name.clone(),
        began_unix_ns: named.run.began_unix_ns,
        verdict: named.run.verdict.outcome,
        left_out: left_out(&named.run, &given[..number]),
    });
    Side {
        runs: runs.collect(),
    }
}

fn left_out(run: &Run, before: &[Named]) -> Option<LeftOut> {
    let unfinished = |run: &Run| run.ended == Some(Ended::Unfinished);
    let repeats = |earlier: &Named| is_same(&earlier.run, run) && !unfinished(&earlier.run);
    if run.verdict.outcome == Outcome::Invalid {
        Some(LeftOut::Invalid)
    } else if unfinished(run) {
        Some(LeftOut::Unfinished)
    } else if before.iter().any(repeats) {
        Some(LeftOut::Repeated)
    } else {
        None
    }
}

/// By what marked their datagrams, or to the last digit where a file does not tell.
pub(super) fn is_same(one: &Run, other: &Run) -> bool {
    match (one.plan.run, other.plan.run) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// The runs that count.
pub(super) fn counted<'a>(given: &'a [Named], side: &Side) -> Vec<&'a Named> {
    let all = given.iter().zip(&side.runs);
    let counted = all.filter(|(_, run)| run.left_out.is_none());
    counted.map(|(named, _)| named).collect()
}
