//! A run at each of several rates, up and down again.

use std::sync::atomic::Ordering;

use super::subject::Subject;
use super::{Failure, NOT_TO_BE_TRUSTED, exit_code, failed, misused, print, style, watch_signals};
use crate::cli::sweep::Arguments;
use crate::output::Output;
use crate::plan::{Load, Plan};
use crate::report;
use crate::results::{Sweep, SweepTrial};
use crate::sweep::Steps;

pub(super) fn sweep(arguments: &Arguments) -> Result<u8, Failure> {
    let Arguments {
        from,
        to,
        steps,
        run,
    } = arguments;
    let steps = Steps::geometric(*from, *to, *steps).map_err(misused)?;
    let subject = Subject::of(run)?;
    let plans = plans(&subject, &steps, arguments)?;
    let mut output = Output::create(run.json.as_deref()).map_err(failed)?;
    let stop = watch_signals()?;
    let planned = plans.len();
    let mut trials = Vec::with_capacity(planned);
    for (number, ((direction, rate), plan)) in steps.trials().zip(plans).enumerate() {
        let label = format!("{} of {planned}, {rate}/s", number + 1);
        let session = subject.session(plan, &stop)?;
        let run = session.labelled(label).run(!run.quiet).map_err(failed)?;
        trials.push(SweepTrial { direction, run });
        output.keep(|| Sweep::new(trials.clone(), planned));
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    let sweep = Sweep::new(trials, planned);
    if !run.quiet && !output.is_stdout() {
        print(&report::sweep::text(&sweep, style()))?;
    }
    output.write(&sweep).map_err(failed)?;
    subject.stop()?;
    // A sweep goes where some runs must fail; it proves nothing only if all of them do.
    let codes = sweep.trials.iter().map(|trial| exit_code(&trial.run));
    let interrupted = sweep.trials.len() < planned;
    Ok(if interrupted {
        NOT_TO_BE_TRUSTED
    } else {
        codes.min().unwrap_or(0)
    })
}

/// Every run of the sweep, so that one that cannot be is known before the first begins.
fn plans(subject: &Subject, steps: &Steps, arguments: &Arguments) -> Result<Vec<Plan>, Failure> {
    let plan = |rate| subject.plan_with(&arguments.run, Load::Open(rate));
    steps.trials().map(|(_, rate)| plan(rate)).collect()
}
