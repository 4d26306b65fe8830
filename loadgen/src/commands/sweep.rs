//! A run at each of several rates, up and down again.

use std::sync::atomic::Ordering;

use super::exports::{self, one_place_each, refuse};
use super::subject::Subject;
use super::{Failure, NOT_TO_BE_TRUSTED, exit_code, failed, misused, print, style, watch_signals};
use crate::cli::run;
use crate::cli::sweep::Arguments;
use crate::export::{Format, csv};
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
    let mut outputs = Outputs::create(run)?;
    let stop = watch_signals()?;
    let planned = plans.len();
    let mut trials = Vec::with_capacity(planned);
    for (number, ((direction, rate), plan)) in steps.trials().zip(plans).enumerate() {
        let label = format!("{} of {planned}, {rate}/s", number + 1);
        let session = subject.session(plan, &stop)?;
        let run = session.labelled(label).run(!run.quiet).map_err(failed)?;
        trials.push(SweepTrial { direction, run });
        outputs.json.keep(|| Sweep::new(trials.clone(), planned));
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    let sweep = Sweep::new(trials, planned);
    if !run.quiet && !outputs.take_stdout() {
        print(&report::sweep::text(&sweep, style()))?;
    }
    outputs.write(&sweep)?;
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

/// Where the result of a sweep goes.
struct Outputs {
    json: Output,
    csv: Output,
}

impl Outputs {
    fn create(run: &run::Arguments) -> Result<Self, Failure> {
        let run::Arguments {
            json,
            exports: wanted,
            ..
        } = run;
        refuse(wanted, "a sweep", &[Format::Csv])?;
        one_place_each(&[("--json", json.as_deref())], wanted)?;
        Ok(Self {
            json: Output::create("--json", json.as_deref()).map_err(failed)?,
            csv: exports::open(Format::Csv, wanted.csv.as_deref())?,
        })
    }

    fn take_stdout(&self) -> bool {
        self.json.is_stdout() || self.csv.is_stdout()
    }

    fn write(&mut self, sweep: &Sweep) -> Result<(), Failure> {
        let json = self.json.write(sweep).map_err(failed);
        let csv = self.csv.write_text(&csv::sweep(sweep)).map_err(failed);
        json.and(csv)
    }
}

/// Every run of the sweep, so that one that cannot be is known before the first begins.
fn plans(subject: &Subject, steps: &Steps, arguments: &Arguments) -> Result<Vec<Plan>, Failure> {
    let plan = |rate| subject.plan_with(&arguments.run, Load::Open(rate));
    steps.trials().map(|(_, rate)| plan(rate)).collect()
}
