//! A test that runs in a namespace of a lab: it starts itself once more there.

use std::env;
use std::path::Path;
use std::process::Command;

use super::lab::Lab;
use super::program::{Ended, Program};

/// Names the test that runs inside, and the step that it is at.
const MARK: &str = "LOADGEN_TEST_INSIDE";

/// The step that this process is to do inside of a lab; `None` in the one that makes the lab.
pub(crate) fn step() -> Option<String> {
    env::var(MARK).ok()
}

/// Has the calling test do a step in the client's namespace of a lab, and end well.
#[track_caller]
pub(crate) fn run(lab: &Lab, test: &str, step: &str) {
    run_with(lab, test, step, None);
}

/// The same where the programs of a directory stand before all others, if one is named.
#[track_caller]
pub(crate) fn run_with(lab: &Lab, test: &str, step: &str, programs: Option<&Path>) {
    let ended = start(lab, test, step, programs);
    let is_well = ended.status.success() && ended.stdout.contains("1 passed");
    assert!(is_well, "{}{}", ended.stdout, ended.stderr);
}

#[track_caller]
fn start(lab: &Lab, test: &str, step: &str, programs: Option<&Path>) -> Ended {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &format!("{}-client", lab.name)]);
    command.arg(env::current_exe().expect("it runs"));
    command.args(["--exact", test, "--nocapture"]);
    command.env(MARK, step);
    if let Some(programs) = programs {
        let path = env::var_os("PATH").unwrap_or_default();
        let all = [programs.to_owned()]
            .into_iter()
            .chain(env::split_paths(&path));
        command.env(
            "PATH",
            env::join_paths(all).expect("none has a colon in it"),
        );
    }
    Program::start(command).end()
}
