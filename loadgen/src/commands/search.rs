//! The highest rate that meets an objective.

use std::sync::atomic::Ordering;

use super::subject::Subject;
use super::{Failure, NOT_TO_BE_TRUSTED, failed, misused, print, style, watch_signals};
use crate::cli::search::Arguments;
use crate::output::Output;
use crate::plan::{Load, Plan};
use crate::report;
use crate::results::{self, Run, SearchOutcome, SearchTrial};
use crate::search::{Next, Search, Terms, Trial};
use crate::slo::{self, Slo};

pub(super) fn search(arguments: &Arguments) -> Result<u8, Failure> {
    let Arguments { from, to, run, .. } = arguments;
    let terms =
        Terms::new(*from, *to, arguments.precision.value(), arguments.repeats).map_err(misused)?;
    if run.rate.is_some() || run.closed_loop.is_some() {
        return Err(misused(
            "a search chooses the rates, between --from and --to: leave out --rate and --closed-loop",
        ));
    }
    let slo = run.slo.clone().ok_or_else(|| {
        misused("a search needs --slo, as in --slo 'p99<200us,loss<0.1%': what shall be met?")
    })?;
    let subject = Subject::of(run)?;
    let lowest = subject.plan_with(run, Load::Open(*from))?;
    enough_probes(&slo, &lowest)?;
    let mut output = Output::create(run.json.as_deref()).map_err(failed)?;
    let stop = watch_signals()?;
    let mut search = Search::new(terms);
    let mut trials = Vec::new();
    let answer = loop {
        let rate = match search.next() {
            Next::Done(answer) => break Some(answer),
            Next::Try(rate) => rate,
        };
        let plan = subject.plan_with(run, Load::Open(rate))?;
        let session = subject.session(plan, &stop)?;
        let label = format!("trial {}, {rate}/s", trials.len() + 1);
        let measured = session.labelled(label).run(!run.quiet).map_err(failed)?;
        if stop.load(Ordering::Relaxed) {
            // A trial that was cut short says nothing, and without it there is no answer.
            break None;
        }
        let outcome = outcome(&measured);
        search.note(rate, outcome);
        trials.push(SearchTrial {
            outcome,
            run: measured,
        });
        output.keep(|| results::Search::new(&slo, None, search.bounds(), trials.clone()));
    };
    let result = results::Search::new(&slo, answer, search.bounds(), trials);
    if !run.quiet && !output.is_stdout() {
        print(&report::search::text(&result, style()))?;
    }
    output.write(&result).map_err(failed)?;
    subject.stop()?;
    Ok(exit_code(&result))
}

/// A search that was interrupted has no answer, one of which no trial can be trusted has none that
/// counts, and one that even the lowest rate fails has a bad one.
fn exit_code(result: &results::Search) -> u8 {
    match result.outcome {
        SearchOutcome::Found | SearchOutcome::GeneratorLimited | SearchOutcome::AboveRange => 0,
        SearchOutcome::BelowRange => super::OBJECTIVE_MISSED,
        SearchOutcome::Interrupted | SearchOutcome::Untrusted => NOT_TO_BE_TRUSTED,
    }
}

/// What a run says of its rate. An interval that straddles its limit is common close to the
/// boundary, where trials are repeated: there the estimate itself decides.
///
/// Where the generator did not send enough, lost answers of its own, or misses the objectives by the
/// times at which probes were due and not by those at which they were sent, it is the generator that
/// gave in.
fn outcome(run: &Run) -> Trial {
    let doubted = |codes: &[&str]| {
        let doubts = &run.verdict.doubts;
        doubts
            .iter()
            .any(|doubt| codes.contains(&doubt.code.as_str()))
    };
    let Some(slo) = &run.slo else {
        return Trial::Missed;
    };
    if doubted(&["rate_missed"]) {
        return Trial::OutOfReach;
    }
    if slo
        .objectives
        .iter()
        .all(results::Objective::is_met_as_estimated)
    {
        Trial::Met
    } else if slo.outcome_from_send == slo::Outcome::Met || doubted(&["own_drops"]) {
        Trial::OutOfReach
    } else {
        Trial::Missed
    }
}

/// Whether a trial at the lowest rate has the probes that the objectives take.
fn enough_probes(slo: &Slo, plan: &Plan) -> Result<(), Failure> {
    let probes = match (plan.probes_due(), plan.load()) {
        (Some(probes), _) => probes,
        // About so many.
        (None, Load::Open(rate)) => rate.probes_within(plan.duration()),
        (None, Load::Closed(_)) => u64::MAX,
    };
    let needed = slo.smallest_population();
    if probes < needed {
        return Err(misused(format_args!(
            "--slo {slo} needs {needed} probes a trial, and at the lowest rate there are {probes}: \
             raise --duration or --from"
        )));
    }
    Ok(())
}
