//! Whether this host lets its settings be read and changed: knob by knob, before anything is.

use rustix::process::geteuid;

use crate::commands::{AS_ROOT, Failure, failed};
use crate::experiment::host::{Host, knobs};
use crate::experiment::knob::Knob;
use crate::experiment::mark::Mark;
use crate::experiment::plan::Plan;

/// Whether each setting takes the value that it was found with, so that it can be put back.
pub(super) fn check_way_back(plan: &Plan, host: &Host) -> Result<(), Failure> {
    let refused = host.rehearse().into_iter().map(|(factor, error)| {
        let name = &plan.factors[factor].name;
        format!("  {name}: {error}")
    });
    let refused: Vec<String> = refused.collect();
    if refused.is_empty() {
        return Ok(());
    }
    Err(failed(format_args!(
        "not all that the plan varies could be put back as it was found, so nothing was varied:\n{}",
        refused.join("\n")
    )))
}

/// Looks at every setting that the plan varies; nothing is changed.
/// Commands that read one carry the mark.
pub(super) fn check(plan: &Plan, mark: &Mark) -> Result<(), Failure> {
    look(plan, knobs(plan), mark)
}

/// The same without running the commands of the plan, of which nobody knows what they do.
pub(super) fn check_without_commands(plan: &Plan) -> Result<(), Failure> {
    let known = knobs(plan).filter(|(_, knob)| !matches!(knob, Knob::Command { .. }));
    look(plan, known, &Mark::draw())
}

fn look<'a>(
    plan: &Plan,
    knobs: impl Iterator<Item = (usize, &'a Knob)>,
    mark: &Mark,
) -> Result<(), Failure> {
    let refused = knobs.filter_map(|(factor, knob)| {
        let name = &plan.factors[factor].name;
        let looked = knob
            .may_change()
            .and_then(|()| knob.marked(mark).read().map(drop));
        looked.err().map(|error| format!("  {name}: {error}"))
    });
    let refused: Vec<String> = refused.collect();
    if refused.is_empty() {
        return Ok(());
    }
    let remedy = if geteuid().is_root() {
        // Whatever else it is, the kernel says it line by line.
        String::new()
    } else {
        format!("; {AS_ROOT}")
    };
    Err(failed(format_args!(
        "not all that the plan varies can be changed here, so nothing was{remedy}:\n{}",
        refused.join("\n")
    )))
}
