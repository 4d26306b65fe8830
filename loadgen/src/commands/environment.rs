//! What there is to know about this machine, or where two results differ in it.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde::Deserialize;

use super::{Failure, failed, misused, print};
use crate::cli::address;
use crate::cli::environment::Arguments;
use crate::environment::Environment;
use crate::environment::build::Builds;
use crate::environment::difference::{self, Side};
use crate::output::Output;
use crate::report;
use crate::results::{
    DifferenceFile, DifferenceSchema, EnvironmentFile, EnvironmentSchema, Schema,
};

pub(super) fn environment(arguments: &Arguments) -> Result<u8, Failure> {
    match arguments.diff.as_deref() {
        Some([a, b]) => compare(a, b, arguments.json.as_deref()),
        _ => show(arguments),
    }
}

fn show(arguments: &Arguments) -> Result<u8, Failure> {
    let target = arguments.target.as_deref();
    let target = target.map(address::resolve).transpose().map_err(misused)?;
    let mut output = Output::create(arguments.json.as_deref()).map_err(failed)?;
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
    let (one, other) = (Kept::read(a)?, Kept::read(b)?);
    let mut output = Output::create(json).map_err(failed)?;
    let result = DifferenceFile {
        schema: DifferenceSchema::Difference1,
        a: a.display().to_string(),
        b: b.display().to_string(),
        differences: difference::between(one.side(), other.side()),
    };
    if !output.is_stdout() {
        print(&report::environment::differences(&result))?;
    }
    output.write(&result).map_err(failed)?;
    Ok(0)
}

/// What a file keeps of the environment.
struct Kept {
    environment: Environment,
    builds: Option<Builds>,
}

/// The part of a file that matters here: of a run, or of an environment alone.
#[derive(Deserialize)]
struct Written {
    #[serde(rename = "schema")]
    _schema: Kind,
    environment: Option<Environment>,
    builds: Option<Builds>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "the schema is neither that of a run nor of an environment"
)]
enum Kind {
    Run(Schema),
    Environment(EnvironmentSchema),
}

impl Kept {
    fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let bytes = fs::read(path)
            .map_err(|error| failed(format_args!("cannot read {name} (--diff): {error}")))?;
        let written: Written = serde_json::from_slice(&bytes).map_err(|error| {
            failed(format_args!(
                "{name} is no result of `loadgen environment` or of a run (--diff): {error}"
            ))
        })?;
        let environment = written.environment.ok_or_else(|| {
            failed(format_args!(
                "{name} holds no environment (--diff): an older loadgen has written it, so \
                 measure again"
            ))
        })?;
        Ok(Self {
            environment,
            builds: written.builds,
        })
    }

    fn side(&self) -> Side<'_> {
        Side {
            environment: &self.environment,
            builds: self.builds.as_ref(),
        }
    }
}

/// Time in which to see how busy the processors are: ten steps of the kernel's count.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
