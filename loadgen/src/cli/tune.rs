//! A tuning experiment, as it was typed.

use std::path::{Path, PathBuf};

use clap::Args;

/// The flags of `loadgen tune`.
#[derive(Args, Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own, and none but --restore excludes others"
)]
pub struct Arguments {
    /// What is wanted, as a file in TOML
    #[arg(required_unless_present = "restore")]
    pub plan: Option<PathBuf>,

    /// Keep the result of every run in this directory [default: the plan's name with .tune]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,

    /// Go on where an experiment in that directory was broken off
    #[arg(long)]
    pub resume: bool,

    /// Check the plan, and tell what would be done and how long it takes, without doing it; with --quiet
    /// check it alone
    #[arg(long, conflicts_with_all = ["json", "csv", "effects", "html", "sysctl", "shell"])]
    pub dry_run: bool,

    /// Give a variable of the plan another value; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub set: Vec<(String, String)>,

    /// Where the order of the runs starts from, instead of what the plan says [default: another one each
    /// time]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Put back what an experiment that was killed has left changed on this host
    #[arg(long, conflicts_with_all = ["plan", "dir", "resume", "dry_run", "set", "seed", "json", "csv", "effects", "html", "sysctl", "shell"])]
    pub restore: bool,

    /// Where journals are, which tell what must be put back [default: /var/lib/loadgen of root,
    /// ~/.local/state/loadgen of others]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// Write the result as JSON to this file; `-` is standard output, instead of the report
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub json: Option<PathBuf>,

    /// Write a row a run as comma-separated values to this file; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub csv: Option<PathBuf>,

    /// Write a row an effect, and the answer, as comma-separated values to this file; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub effects: Option<PathBuf>,

    /// Write a page for a browser: one file, no network
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub html: Option<PathBuf>,

    /// Write the best setting as a file for /etc/sysctl.d
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub sysctl: Option<PathBuf>,

    /// Write the best setting as a script for a shell
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub shell: Option<PathBuf>,

    /// Print no report and show no progress
    #[arg(long, help_heading = OUTPUT)]
    pub quiet: bool,
}

impl Arguments {
    /// Where the runs are kept, if there is a plan: by default in a directory that is called as the plan's
    /// file is, with `.tune` for `.toml`.
    #[must_use]
    pub fn directory(&self) -> Option<PathBuf> {
        let plan = self.plan.as_ref()?;
        let named_after = || {
            let name = plan.file_name().unwrap_or(plan.as_os_str());
            let name = Path::new(name);
            let is_toml = name.extension().is_some_and(|end| end == "toml");
            let stem = if is_toml {
                name.with_extension("")
            } else {
                name.to_owned()
            };
            let mut directory = stem.into_os_string();
            directory.push(".tune");
            PathBuf::from(directory)
        };
        Some(self.dir.clone().unwrap_or_else(named_after))
    }
}

fn variable(typed: &str) -> Result<(String, String), String> {
    match typed.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it is no variable with a value, as in interface=ens5".to_owned()),
    }
}

const OUTPUT: &str = "Output";

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn typed(line: &str) -> Result<Arguments, clap::Error> {
        match Cli::try_parse_from(line.split_whitespace())?.command {
            Some(Command::Tune(arguments)) => Ok(arguments),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_runs_are_kept_in_a_directory_named_after_the_plan() {
        for (line, directory) in [
            ("loadgen tune a/plan.toml", "plan.tune"),
            ("loadgen tune a/plan.v2.toml", "plan.v2.tune"),
            ("loadgen tune a/plan.v2", "plan.v2.tune"),
            ("loadgen tune a/plan.toml --dir there", "there"),
        ] {
            assert_eq!(typed(line).unwrap().directory(), Some(directory.into()));
        }
        assert_eq!(typed("loadgen tune --restore").unwrap().directory(), None);
    }

    #[test]
    fn a_variable_has_a_name_and_any_value() {
        let set = |value: &str| typed(&format!("loadgen tune a.toml --set {value}"));
        let pair = |name: &str, value: &str| [(name.to_owned(), value.to_owned())];
        assert_eq!(set("a=b=c").unwrap().set, pair("a", "b=c"));
        assert_eq!(set("a=").unwrap().set, pair("a", ""));
        for wrong in ["a", "=b"] {
            assert!(set(wrong).unwrap_err().to_string().contains("--set"));
        }
    }

    #[test]
    fn there_is_a_plan_or_something_to_put_back_and_never_both() {
        assert!(typed("loadgen tune").is_err());
        assert!(typed("loadgen tune a.toml --restore").is_err());
        assert!(typed("loadgen tune --restore --seed 1").is_err());
        assert!(typed("loadgen tune --restore --state there").is_ok());
    }

    #[test]
    fn what_is_not_done_has_no_answer_to_write() {
        for flag in ["json", "csv", "effects", "html", "sysctl", "shell"] {
            let line = format!("loadgen tune a.toml --dry-run --{flag} b");
            let refused = typed(&line).unwrap_err().to_string();
            assert!(refused.contains(&format!("--{flag}")), "{refused}");
        }
        assert!(typed("loadgen tune a.toml --dry-run --quiet").is_ok());
    }
}
