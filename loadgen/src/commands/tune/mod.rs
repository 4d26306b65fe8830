//! A tuning experiment, from its plan to the best setting.
//!
//! - `run`: everything is checked, run, put back and told;
//! - `restore`: puts back what an experiment that was killed has left changed;
//! - `dry_run`: what would be done;
//! - `needs`: what the plan needs of the host;
//! - `rights`: whether the host lets its settings be changed;
//! - `go_on`: how to go on with one that was broken off;
//! - `outputs`: where the answer goes; `show`: how it goes meanwhile.

mod dry_run;
mod go_on;
mod needs;
mod outputs;
mod restore;
mod rights;
mod run;
mod show;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use self::dry_run::{Begins, Seed};
use super::{Failure, failed, misused, print};
use crate::cli::tune::Arguments;
use crate::experiment::design::Design;
use crate::experiment::folder::Folder;
use crate::experiment::journal;
use crate::experiment::plan::Plan;

pub(super) fn tune(arguments: &Arguments) -> Result<u8, Failure> {
    let (Some(path), Some(directory)) = (&arguments.plan, arguments.directory()) else {
        return restore::restore(&state(arguments)?, arguments.quiet);
    };
    let plan = read(path, &arguments.set)?;
    let design = design(&plan)?;
    if arguments.dry_run {
        return dry_run(arguments, &directory, &plan, &design);
    }
    needs::check(&plan)?;
    check_replays(&plan, &design)?;
    run::run(arguments, &directory, &plan, &design)
}

/// Tells what would be done, and fails as the experiment would, as far as that can be known before.
fn dry_run(
    arguments: &Arguments,
    directory: &Path,
    plan: &Plan,
    design: &Design,
) -> Result<u8, Failure> {
    let begun = go_on::begun(arguments, directory, plan)?;
    let seed = match (&begun, arguments.seed.or(plan.seed)) {
        (Some(begun), _) => Seed::Kept(begun.seed),
        (None, Some(seed)) => Seed::Given(seed),
        (None, None) => Seed::Drawn(run::draw_seed()),
    };
    let begins = Begins {
        seed,
        directory,
        begun: begun.as_ref(),
    };
    let text = dry_run::text(plan, design, begins).map_err(misused)?;
    if !arguments.quiet {
        print(&text)?;
    }
    needs::check(plan)?;
    check_replays(plan, design)?;
    rights::check_without_commands(plan)?;
    if !arguments.resume {
        Folder::free(directory, plan).map_err(failed)?;
    }
    Ok(0)
}

/// Where journals are.
fn state(arguments: &Arguments) -> Result<PathBuf, Failure> {
    let named = arguments.state.clone();
    named.map_or_else(|| journal::default_state().map_err(failed), Ok)
}

/// The plan in a file.
fn read(path: &Path, variables: &[(String, String)]) -> Result<Plan, Failure> {
    let name = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| failed(format_args!("cannot read the plan {name}: {error}")))?;
    Plan::parse(&text, variables).map_err(|error| misused(format_args!("{name}: {error}")))
}

/// The variants that it wants.
fn design(plan: &Plan) -> Result<Design, Failure> {
    let levels: Vec<usize> = plan
        .factors
        .iter()
        .map(|factor| factor.levels.len())
        .collect();
    Design::new(plan.design, &levels).map_err(misused)
}

/// Whether the files that runs would replay are there and can be: the plan alone does not tell.
fn check_replays(plan: &Plan, design: &Design) -> Result<(), Failure> {
    let somewhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    for variant in &design.variants {
        let load = plan.load_at(&variant.levels);
        if load.path.is_none() {
            let arguments = load.understood().map_err(misused)?;
            arguments.choices(somewhere).map_err(misused)?;
        }
    }
    Ok(())
}
