//! Whether this host lets its settings be read and changed: knob by knob, before anything is.

use rustix::process::geteuid;

use crate::commands::{Failure, failed};
use crate::experiment::host::knobs;
use crate::experiment::mark::Mark;
use crate::experiment::plan::Plan;

/// Looks at every setting that the plan varies; nothing is changed.
/// Commands that read one carry the mark.
pub(super) fn check(plan: &Plan, mark: &Mark) -> Result<(), Failure> {
    let refused = knobs(plan).filter_map(|(factor, knob)| {
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
    Err(failed(format_args!(
        "not all that the plan varies can be changed here, so nothing was{}:\n{}",
        remedy(geteuid().is_root()),
        refused.join("\n")
    )))
}

/// What to do about it, where anything is likely to help.
fn remedy(is_root: bool) -> &'static str {
    if is_root {
        // Whatever else it is, the kernel says it line by line.
        ""
    } else {
        "; run it as root, who alone may change most settings of a host"
    }
}
