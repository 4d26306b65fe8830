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
    if before.iter().any(|earlier| earlier.run == *run) {
        Some(LeftOut::Repeated)
    } else if run.verdict.outcome == Outcome::Invalid {
        Some(LeftOut::Invalid)
    } else if run.ended == Some(Ended::Unfinished) {
        Some(LeftOut::Unfinished)
    } else {
        None
    }
}

/// The runs that count.
pub(super) fn counted<'a>(given: &'a [Named], side: &Side) -> Vec<&'a Named> {
    let all = given.iter().zip(&side.runs);
    let counted = all.filter(|(_, run)| run.left_out.is_none());
    counted.map(|(named, _)| named).collect()
}
