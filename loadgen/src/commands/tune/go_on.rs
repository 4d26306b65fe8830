//! How to go on with an experiment that was broken off.

use crate::cli::tune::Arguments;
use crate::experiment::knob::shell;

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
            "loadgen", "tune", "a plan.toml", "--seed", "3", "--set", "a=b c", "--dir", "there",
            "--quiet", "--json", "x.json",
        ];
        let Some(Command::Tune(arguments)) = Cli::parse_from(typed).command else {
            panic!("it is another command");
        };
        let line = "loadgen tune 'a plan.toml' --dir there --set 'a=b c' --resume";
        assert_eq!(command(&arguments), line);
    }
}
