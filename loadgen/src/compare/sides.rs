//! Which of the runs that were given count.

use crate::results::{Ended, LeftOut, Origin, Run, Side, SideRun};
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
    let mut counted: Vec<&Run> = Vec::new();
    let runs = given.iter().map(|named| {
        let left_out = left_out(&named.run, &counted);
        if left_out.is_none() {
            counted.push(&named.run);
        }
        SideRun {
            name: named.name.clone(),
            began_unix_ns: named.run.began_unix_ns,
            verdict: named.run.verdict.outcome,
            left_out,
        }
    });
    Side {
        runs: runs.collect(),
    }
}

/// Why a run does not count, beside those that do.
fn left_out(run: &Run, counted: &[&Run]) -> Option<LeftOut> {
    if run.verdict.outcome == Outcome::Invalid {
        return Some(LeftOut::Invalid);
    }
    if run.ended == Some(Ended::Unfinished) {
        return Some(LeftOut::Unfinished);
    }
    let same = counted.iter().find(|counted| is_same(counted, run))?;
    Some(if is_merged(run) || is_merged(same) {
        LeftOut::Overlapping
    } else {
        LeftOut::Repeated
    })
}

fn is_merged(run: &Run) -> bool {
    !run.merged_from.is_empty()
}

/// By what marked their datagrams, or to the last digit where a file does not tell. Runs that were put
/// together are the same as whatever has one of them.
pub(super) fn is_same(one: &Run, other: &Run) -> bool {
    if is_merged(one) || is_merged(other) {
        let others = Origin::all("", other);
        let all = Origin::all("", one);
        return all
            .iter()
            .any(|one| others.iter().any(|other| one.is(other)));
    }
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
