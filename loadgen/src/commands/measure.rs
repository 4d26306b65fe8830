//! One run, from beginning to end.

use super::exports::Outputs;
use super::subject::Subject;
use super::{Failure, exit_code, failed, print, style, watch_signals};
use crate::cli::run::Arguments;
use crate::report;

pub(super) fn measure(arguments: &Arguments) -> Result<u8, Failure> {
    let subject = Subject::of(arguments)?;
    let plan = subject.plan(arguments)?;
    let mut outputs = Outputs::create(arguments.json.as_deref(), &arguments.exports)?;
    let stop = watch_signals()?;
    let session = subject.session(plan, &stop)?;
    let run = session
        .run_and_keep(!arguments.quiet, |known| {
            outputs.json().keep(|| known.run());
        })
        .map_err(failed)?;
    if !arguments.quiet && !outputs.take_stdout() {
        print(&report::text(&run, style()))?;
    }
    // Last, so that a full disk does not cost the report too.
    outputs.write(&run)?;
    subject.stop()?;
    Ok(exit_code(&run))
}
