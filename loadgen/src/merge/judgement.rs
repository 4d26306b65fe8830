//! Whether to believe runs that were put together: their own doubts, each with the file that it is
//! about, and those about putting them together.

use super::Source;
use super::rows::Apart;
use crate::results::{Doubt, Origin, Period, Run, Verdict};
use crate::verdict::Outcome;

pub(super) fn of(
    sources: &[Source],
    origins: &[Origin],
    differing: &[&str],
    rows: &Result<Vec<Period>, Apart>,
) -> Verdict {
    let own = sources.iter().flat_map(|Source { file, run }| {
        let doubts = run.verdict.doubts.iter();
        doubts.map(move |doubt| Doubt {
            message: named(file, run, &doubt.message),
            ..doubt.clone()
        })
    });
    let mut doubts: Vec<Doubt> = own.collect();
    doubts.extend(not_concurrent(origins));
    doubts.extend(plans_differ(sources, differing));
    doubts.extend(rows.as_ref().err().map(|apart| intervals_apart(*apart)));
    let outcomes = sources.iter().map(|source| source.run.verdict.outcome);
    let worst = outcomes
        .chain(doubts.iter().map(|doubt| doubt.outcome))
        .max();
    // Worst first, as in the verdict of a run; those of one kind stay in their order.
    doubts.sort_by_key(|doubt| std::cmp::Reverse(doubt.outcome));
    doubts.dedup();
    Verdict {
        outcome: worst.unwrap_or(Outcome::Valid),
        doubts,
    }
}

/// A sentence about a run, with the name of its file. What was put together before has its names.
pub(super) fn named(file: &str, run: &Run, sentence: &str) -> String {
    if run.merged_from.is_empty() {
        format!("{file}: {sentence}")
    } else {
        sentence.to_owned()
    }
}

/// Rates add up only as far as runs were at the same time.
fn not_concurrent(origins: &[Origin]) -> Option<Doubt> {
    let doubt = |message, measured| {
        Some(Doubt {
            code: "not_concurrent".to_owned(),
            outcome: Outcome::Suspect,
            message,
            measured,
            limit: OVERLAP_PERCENT,
            unit: "percent".to_owned(),
        })
    };
    match overlap(origins) {
        None => doubt(
            "It is not known when all of the runs began, so that the sum of their rates may be one \
             that the server never had."
                .to_owned(),
            0.0,
        ),
        Some(percent) if percent < OVERLAP_PERCENT => doubt(
            format!(
                "All of the runs together overlap in {percent:.0} % of the longest: the sum of \
                 their rates is one that the server did not have; start them at the same time."
            ),
            percent,
        ),
        Some(_) => None,
    }
}

/// How much of the longest window all windows have in common, in percent; `None` if that is unknown.
#[expect(clippy::cast_precision_loss, reason = "the last bits are not shown")]
fn overlap(origins: &[Origin]) -> Option<f64> {
    let windows = origins.iter().map(|origin| {
        let began = origin.began_unix_ns?;
        Some((began, began.saturating_add(origin.window_ns)))
    });
    let windows = windows.collect::<Option<Vec<_>>>()?;
    let last_began = windows.iter().map(|(began, _)| *began).max()?;
    let first_ended = windows.iter().map(|(_, ended)| *ended).min()?;
    let longest = origins.iter().map(|origin| origin.window_ns).max()?;
    let common = first_ended.saturating_sub(last_began);
    Some(100.0 * common as f64 / longest.max(1) as f64)
}

/// Distributions of unlike things have no one meaning.
fn plans_differ(sources: &[Source], differing: &[&str]) -> Option<Doubt> {
    let first = sources.first()?;
    let number = u32::try_from(differing.len()).unwrap_or(u32::MAX);
    (number > 0).then(|| Doubt {
        code: "plans_differ".to_owned(),
        outcome: Outcome::Suspect,
        message: format!(
            "The runs do not have the same {}: what is shown of that is {}'s.",
            differing.join(", "),
            first.file
        ),
        measured: number.into(),
        limit: 0.0,
        unit: "differences".to_owned(),
    })
}

/// A note: the totals do not need rows.
fn intervals_apart(apart: Apart) -> Doubt {
    let reason = match apart {
        Apart::Lengths => "their intervals are not equally long, so give all runs one --interval",
        Apart::Missing => "not all of them have rows",
        Apart::Unknown => "it is not known when all of them began",
        Apart::Broken => "the histogram of a row cannot be used",
    };
    Doubt {
        code: "intervals_apart".to_owned(),
        outcome: Outcome::Valid,
        message: format!("There are no rows of all runs together: {reason}."),
        measured: 1.0,
        limit: 0.0,
        unit: "reasons".to_owned(),
    }
}

/// The windows of all runs have at least so much of the longest in common.
const OVERLAP_PERCENT: f64 = 50.0;
