//! What there is to know about this machine, or where two results differ in it.

use std::path::Path;
use std::thread;
use std::time::Duration;

use super::{Failure, failed, misused, print};
use crate::cli::address;
use crate::cli::environment::Arguments;
use crate::environment::Environment;
use crate::environment::build::Builds;
use crate::environment::difference::{self, Side};
use crate::output::Output;
use crate::report;
use crate::results::read::{self, Surroundings};
use crate::results::{DifferenceFile, DifferenceSchema, EnvironmentFile, EnvironmentSchema};

pub(super) fn environment(arguments: &Arguments) -> Result<u8, Failure> {
    match arguments.diff.as_deref() {
        Some([a, b]) => compare(a, b, arguments.json.as_deref()),
        _ => show(arguments),
    }
}

fn show(arguments: &Arguments) -> Result<u8, Failure> {
    let target = arguments.target.as_deref();
    let target = target.map(address::resolve).transpose().map_err(misused)?;
    let mut output = Output::create("--json", arguments.json.as_deref()).map_err(failed)?;
    let mut environment = Environment::read(target);
    thread::sleep(BETWEEN_LOOKS);
    environment.look_again();
    let result = EnvironmentFile {
        schema: EnvironmentSchema::Environment1,
        environment,
        builds: Builds::read(false),
    };
    if !output.is_stdout() {
        print(&report::environment::text(&result))?;
    }
    output.write(&result).map_err(failed)?;
    Ok(0)
}

fn compare(a: &Path, b: &Path, json: Option<&Path>) -> Result<u8, Failure> {
    let (one, other) = (read(a)?, read(b)?);
    let mut output = Output::create("--json", json).map_err(failed)?;
    let result = DifferenceFile {
        schema: DifferenceSchema::Difference1,
        a: a.display().to_string(),
        b: b.display().to_string(),
        differences: difference::between(side(&one), side(&other)),
    };
    if !output.is_stdout() {
        print(&report::environment::differences(&result))?;
    }
    output.write(&result).map_err(failed)?;
    Ok(0)
}

fn read(path: &Path) -> Result<Surroundings, Failure> {
    read::surroundings(path).map_err(|error| failed(format_args!("{error} (--diff)")))
}

fn side(kept: &Surroundings) -> Side<'_> {
    Side {
        environment: &kept.environment,
        builds: kept.builds.as_ref(),
    }
}

/// Time in which to see how busy the processors are: ten steps of the kernel's count.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
