//! How to go on with an experiment that was broken off.

use std::path::Path;

use crate::cli::tune::Arguments;
use crate::commands::{Failure, failed, misused};
use crate::experiment::folder::Folder;
use crate::experiment::knob::shell;
use crate::experiment::plan::Plan;
use crate::experiment::record;
use crate::results::Experiment;

/// The experiment in the directory, as far as the command line and the plan tell that it may go on.
pub(super) fn open(
    arguments: &Arguments,
    path: &Path,
    plan: &Plan,
) -> Result<(Folder, Experiment), Failure> {
    let (folder, begun) = Folder::open(path, plan).map_err(failed)?;
    if let Some(seed) = arguments.seed.filter(|seed| *seed != begun.seed) {
        return Err(misused(format_args!(
            "--seed {seed} is another one than that of the experiment in {}, {}: leave it out",
            path.display(),
            begun.seed
        )));
    }
    Ok((folder, begun))
}

/// The same as it stands when it goes on; nothing unless that is wanted.
pub(super) fn begun(
    arguments: &Arguments,
    path: &Path,
    plan: &Plan,
) -> Result<Option<Experiment>, Failure> {
    if !arguments.resume {
        return Ok(None);
    }
    let (_folder, mut begun) = open(arguments, path, plan)?;
    record::go_on(&mut begun);
    Ok(Some(begun))
}

/// What a person types, as a line for a shell: the directory, the values and the state must be the same again,
/// and places for the answer are theirs to name anew.
pub(super) fn command(arguments: &Arguments) -> String {
    let mut words = vec!["loadgen".to_owned(), "tune".to_owned()];
    words.extend(arguments.plan.iter().map(|plan| plan.display().to_string()));
    for (flag, path) in [("--dir", &arguments.dir), ("--state", &arguments.state)] {
        let path = path.iter();
        words.extend(path.flat_map(|path| [flag.to_owned(), path.display().to_string()]));
    }
    for (name, value) in &arguments.set {
        words.extend(["--set".to_owned(), format!("{name}={value}")]);
    }
    words.push("--resume".to_owned());
    shell::line(words)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    #[test]
    fn what_must_be_the_same_again_is_in_the_line_and_nothing_else() {
        let typed = [
            "loadgen",
            "tune",
            "a plan.toml",
            "--seed",
            "3",
            "--set",
            "a=b c",
            "--dir",
            "there",
            "--quiet",
            "--json",
            "x.json",
        ];
        let Some(Command::Tune(arguments)) = Cli::parse_from(typed).command else {
            panic!("it is another command");
        };
        let line = "loadgen tune 'a plan.toml' --dir there --set 'a=b c' --resume";
        assert_eq!(command(&arguments), line);
    }
}
