//! Proves on the user's own machine that the numbers can be believed, and finds the floor that
//! they should be read against.
//!
//! - `pure`: the histogram, without a network;
//! - `faults`: the books and the clocks, against a server whose faults are known;
//! - `floor`: what this machine can do at best;
//! - `trial`: one run against a server inside this process.

mod faults;
mod floor;
mod pure;
mod trial;

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::Ordering;

use self::trial::Stage;
use super::{Failure, NOT_TO_BE_TRUSTED, failed, print, style, watch_signals};
use crate::cli::selftest::Arguments;
use crate::output::Output;
use crate::report;
use crate::results::{Check, Selftest};

/// One of the checks, by its name.
type Step = (&'static str, fn(&Stage) -> Result<Check, Failure>);

const STEPS: [Step; 6] = [
    ("histogram", pure::histogram),
    ("accounting", faults::accounting),
    ("losses", faults::losses),
    ("lateness", faults::late_is_not_lost),
    ("stall", faults::stall),
    ("delay", faults::delay),
];

pub(super) fn selftest(arguments: &Arguments) -> Result<u8, Failure> {
    let mut output = Output::create("--json", arguments.json.as_deref()).map_err(failed)?;
    let stage = Stage {
        stop: watch_signals()?,
    };
    let mut checks = Vec::with_capacity(STEPS.len());
    for (name, step) in STEPS {
        tell(arguments, name);
        checks.push(step(&stage)?);
        interrupted(&stage)?;
    }
    tell(arguments, "floor");
    let floor = floor::measure(&stage)?;
    interrupted(&stage)?;
    tell(arguments, "");
    let result = Selftest::new(checks, floor);
    if !arguments.quiet && !output.is_stdout() {
        print(&report::selftest::text(&result, style()))?;
    }
    output.write(&result).map_err(failed)?;
    Ok(if result.passed { 0 } else { NOT_TO_BE_TRUSTED })
}

/// Says on a terminal what is being done; an empty name wipes it out.
fn tell(arguments: &Arguments, name: &str) {
    let mut terminal = io::stderr();
    if !arguments.quiet && terminal.is_terminal() {
        let text = if name.is_empty() {
            String::new()
        } else {
            format!("checking: {name} ...")
        };
        // Without a terminal to tell it to, there is nobody to tell.
        let _told: io::Result<()> =
            write!(terminal, "\r\x1b[K{text}").and_then(|()| terminal.flush());
    }
}

fn interrupted(stage: &Stage) -> Result<(), Failure> {
    if stage.stop.load(Ordering::Relaxed) {
        return Err(failed("the selftest was interrupted, and proves nothing"));
    }
    Ok(())
}
