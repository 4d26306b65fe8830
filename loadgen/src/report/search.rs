//! A search as text: a line a trial, and the answer.

use super::setting::{target, warmup};
use super::table::cell;
use super::{BOLD, GREEN, RED, Style, YELLOW, labelled, painted, verdict_word};
use crate::figures::{self, percent, time};
use crate::results::{Run, Search, SearchOutcome, SearchTrial};
use crate::search::Trial;

/// The report of a search. Ends with a line break.
#[must_use]
pub fn text(search: &Search, style: Style) -> String {
    let mut lines = Vec::new();
    if let Some(SearchTrial { run, .. }) = search.trials.first() {
        lines.push(labelled("target", &target(&run.plan)));
        lines.push(labelled("load", &load(search, run)));
    }
    lines.push(labelled("objective", &search.slo));
    lines.push(String::new());
    let heading = format!(
        "{:<14}     p50      p99     lost  verdict  objective",
        "rate"
    );
    lines.push(painted(&heading, BOLD, style));
    lines.extend(search.trials.iter().map(|trial| row(trial, style)));
    lines.push(String::new());
    lines.push(labelled("answer", &painted(&answer(search), BOLD, style)));
    lines.join("\n") + "\n"
}

pub(super) fn load(search: &Search, first: &Run) -> String {
    format!(
        "{} trials of {} each after {}",
        search.trials.len(),
        time(first.plan.duration_ns),
        warmup(&first.plan)
    )
}

fn row(trial: &SearchTrial, style: Style) -> String {
    let SearchTrial { outcome, run } = trial;
    let (word, colour) = outcome_word(*outcome);
    let (verdict, doubt) = verdict_word(run.verdict.outcome);
    format!(
        "{:<14}{:>8}{:>9}{:>9}  {}  {}",
        format!("{}/s", written(run.plan.rate.as_deref())),
        cell(run.rtt_ns.from_due.p50),
        cell(run.rtt_ns.from_due.p99),
        percent(run.counts.lost + run.counts.late, run.counts.sent),
        painted(&format!("{verdict:<7}"), doubt, style),
        painted(word, colour, style)
    )
}

/// What a trial said of its rate.
pub(super) fn outcome_word(outcome: Trial) -> (&'static str, &'static str) {
    match outcome {
        Trial::Met => ("met", GREEN),
        Trial::Missed => ("missed", RED),
        Trial::OutOfReach => ("the generator gave in", YELLOW),
    }
}

pub(super) fn answer(search: &Search) -> String {
    let met = written(search.met.as_deref());
    let missed = written(search.missed.as_deref());
    match search.outcome {
        SearchOutcome::Found => {
            format!("{met}/s meets the objective, {missed}/s does not")
        }
        SearchOutcome::GeneratorLimited => format!(
            "{met}/s meets the objective; at {missed}/s the generator could not keep up, so the \
             server may be able to do more (raise --threads, or use another machine)"
        ),
        SearchOutcome::AboveRange => {
            format!("{met}/s meets the objective, and nothing above was tried: raise --to")
        }
        SearchOutcome::BelowRange => {
            format!("not even {missed}/s meets the objective: lower --from, or ask for less")
        }
        SearchOutcome::Untrusted => {
            "none: no trial can be trusted (`loadgen` at one of the rates says why)".to_owned()
        }
        SearchOutcome::Interrupted => match (&search.met, &search.missed) {
            (Some(_), Some(_)) => format!(
                "none: interrupted when {met}/s had met the objective and {missed}/s had not"
            ),
            (Some(_), None) => format!("none: interrupted when {met}/s had met the objective"),
            (None, Some(_)) => {
                format!("none: interrupted when {missed}/s had missed the objective")
            }
            (None, None) => "none: it was interrupted".to_owned(),
        },
    }
}

fn written(rate: Option<&str>) -> String {
    let rate = rate.unwrap_or_default();
    rate.parse()
        .map_or_else(|_not_a_rate| rate.to_owned(), figures::rate)
}
