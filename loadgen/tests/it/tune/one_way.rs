//! Settings that can be changed and not be put back: an experiment does not begin, or says so in the end.

use std::fs;

use super::Site;
use crate::rig::program::{Ended, LOADGEN, Program};

/// A plan that changes one setting, which stands for others.
const PLAN: &str = r#"
name = "no way back"
[load]
options = { rate = "1k", duration = "50ms", warmup = "0s", flows = 1 }
[server]
program = "REACTOR"
[design]
blocks = 7
pause = "0s"
[[factor]]
name = "it"
sysctl = "net.ipv4.ip_default_ttl"
levels = ["present", 1]
"#;

/// Runs the plan where the setting is another file, as the shell names it. The mount goes with the process.
fn run_on(site: &Site, file: &str) -> Ended {
    let plan = site.scratch.file("plan.toml");
    fs::write(&plan, site.filled(PLAN)).expect("it is our directory");
    let mut command = site.command("sh");
    let mounted =
        format!("mount --bind {file} /proc/sys/net/ipv4/ip_default_ttl && exec \"$0\" \"$@\"");
    command.args(["-c", &mounted, LOADGEN, "tune"]).arg(plan);
    for (flag, name) in [("--state", "state"), ("--dir", "tune")] {
        command.arg(flag).arg(site.scratch.file(name));
    }
    Program::start(command).end()
}

#[test]
fn a_value_of_several_lines_is_refused_before_anything_is_changed() {
    let Some(site) = Site::new("tune-lines") else {
        return;
    };
    let file = site.scratch.file("setting");
    fs::write(&file, "60\n61\n").expect("it is our directory");
    let ended = run_on(&site, &file.display().to_string());
    ended.assert_complaint(1, &["it:", "more than one line", "nothing was"]);
    let left = fs::read_to_string(&file).expect("it is ours");
    assert_eq!(left, "60\n61\n");
    assert!(!site.scratch.file("tune").exists());
    assert!(!site.scratch.file("state/tune.journal").exists());
}

#[test]
fn a_value_that_is_not_taken_in_the_form_in_which_it_is_shown_is_refused_before_it_is_varied() {
    let Some(site) = Site::new("tune-form") else {
        return;
    };
    // It is shown in hexadecimal, and a number that begins with a zero is read as octal.
    let ended = run_on(&site, "/proc/$$/coredump_filter");
    ended.assert_complaint(1, &["it:", "could not be put back", "nothing was varied"]);
    // The process has it no more, and the journal still says what it was.
    assert!(ended.stderr.contains("is left changed"), "{}", ended.stderr);
    assert!(site.scratch.file("state/tune.journal").exists());
    assert!(!site.scratch.file("tune").exists());
}

#[test]
fn a_revert_that_fails_is_run_once() {
    let Some(site) = Site::new("tune-stuck") else {
        return;
    };
    fs::write(site.scratch.file("value"), "found").expect("it is our directory");
    let factor = r#"
command = { read = ["cat", "SCRATCH/value"], apply = ["sh", "-c", "printf %s {level} > SCRATCH/value"], revert = ["sh", "-c", "echo {level} >> SCRATCH/tries; exit 1"] }
levels = ["one", "other"]
"#;
    let setting = "sysctl = \"net.ipv4.ip_default_ttl\"\nlevels = [\"present\", 1]\n";
    let ended = site.run(&PLAN.replace(setting, factor), "--quiet");
    ended.assert_complaint(1, &["is left changed", "--restore"]);
    let tries = fs::read_to_string(site.scratch.file("tries")).expect("it was tried");
    assert_eq!(tries.lines().count(), 1);
    assert!(site.scratch.file("state/tune.journal").exists());
}
