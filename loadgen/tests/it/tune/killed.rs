//! What goes on after an experiment was killed, and who has to wait until it is put right.

use std::fs;

use rustix::process::Signal;

use super::{LONG, Site, script};

/// A plan of one setting, which commands read and write: it is applied as `apply` says.
fn plan(site: &Site, apply: &str) -> String {
    format!(
        r#"
name = "commands"
[load]
options = {{ rate = "1k", duration = "50ms", warmup = "0s", flows = 1 }}
[server]
program = "REACTOR"
[design]
blocks = 6
pause = "0s"
retries = 0
[[factor]]
name = "a file"
command = {{ read = ["cat", "{file}"], apply = ["sh", "-c", "{apply}", "{file}", "{{level}}"], revert = ["sh", "-c", "echo $1 > $0", "{file}", "{{level}}"] }}
levels = ["present", "two"]
"#,
        file = site.scratch.file("knob").display()
    )
}

fn knob(site: &Site) -> String {
    let text = fs::read_to_string(site.scratch.file("knob")).expect("it is there");
    text.trim().to_owned()
}

#[test]
fn a_command_that_outlives_its_experiment_is_ended_before_anything_is_put_back() {
    let Some(site) = Site::new("tune-outlived") else {
        return;
    };
    fs::write(site.scratch.file("knob"), "one\n").expect("it is our directory");
    // It kills the experiment, and would go on with what it was told to do as soon as it may.
    let apply =
        "kill -9 $PPID; while ! [ -e $0-go ]; do sleep 0.01; done; echo $1 > $0; echo > $0-done";
    let plan = plan(&site, apply);
    let killed = site.run(&plan, "--quiet");
    assert_eq!(killed.status.code(), None, "{killed:?}");
    assert_eq!(knob(&site), "one");
    let refused = site.run(&plan, "--resume");
    refused.assert_complaint(1, &["1 changed setting and", "--restore"]);

    let restored = site.restore();
    restored.assert_code(0);
    assert!(restored.stdout.contains("was ended"), "{restored:?}");
    fs::write(site.scratch.file("knob-go"), "").expect("it is our directory");
    assert_eq!(site.processes(), Vec::<String>::new());
    assert_eq!(knob(&site), "one");
    assert!(!site.scratch.file("knob-done").exists());
}

#[test]
fn a_server_that_nobody_could_write_down_any_more_is_ended() {
    let Some(site) = Site::new("tune-unknown") else {
        return;
    };
    // Its parent is killed as soon as it runs, whatever that has done by then.
    script(
        &site.scratch.file("server"),
        "kill -9 $PPID\nexec sleep 600",
    );
    let plan = plan(&site, "echo $1 > $0").replace("REACTOR", "SCRATCH/server");
    fs::write(site.scratch.file("knob"), "one\n").expect("it is our directory");
    let killed = site.run(&plan, "--quiet");
    assert_eq!(killed.status.code(), None, "{killed:?}");
    assert_eq!(site.processes().len(), 1);
    let restored = site.restore();
    restored.assert_code(0);
    assert!(restored.stdout.contains("was ended"), "{restored:?}");
    assert_eq!(site.processes(), Vec::<String>::new());
}

#[test]
fn an_experiment_elsewhere_waits_until_one_that_was_killed_is_put_right() {
    let Some(site) = Site::new("tune-elsewhere") else {
        return;
    };
    fs::write(site.scratch.file("knob"), "one\n").expect("it is our directory");
    let killing = plan(&site, "echo $1 > $0; kill -9 $PPID");
    let killed = site.run(&killing, "--quiet");
    assert_eq!(killed.status.code(), None, "{killed:?}");
    assert_eq!(knob(&site), "two");

    let other = format!(
        "--quiet --state {} --dir {}",
        site.scratch.file("other-state").display(),
        site.scratch.file("other").display()
    );
    let whole = plan(&site, "echo $1 > $0");
    let restore = format!(
        "loadgen tune --restore --state {}",
        site.scratch.file("state").display()
    );
    site.run(&whole, &other)
        .assert_complaint(1, &["commands (process ", "tune.journal", &restore]);
    assert_eq!(knob(&site), "two");

    site.restore().assert_code(0);
    assert_eq!(knob(&site), "one");
    let program = site.start(&whole, &other);
    site.until("the setting is changed", |site| knob(site) == "two");
    program.signal(Signal::INT);
    program.end_within(LONG).assert_code(3);
    assert_eq!(knob(&site), "one");
}

#[test]
fn two_experiments_do_not_turn_the_same_setting() {
    let Some(site) = Site::new("tune-two") else {
        return;
    };
    fs::write(site.scratch.file("knob"), "one\n").expect("it is our directory");
    let plan = plan(&site, "echo $1 > $0");
    let first = site.start(&plan, "--quiet");
    site.until("the setting is changed", |site| knob(site) == "two");
    let other = format!(
        "--state {} --dir {}",
        site.scratch.file("other-state").display(),
        site.scratch.file("other").display()
    );
    let refused = site.run(&plan, &other);
    let journal = site.scratch.file("state/tune.journal");
    refused.assert_complaint(
        1,
        &[
            "(process ",
            &journal.display().to_string(),
            "one experiment at a time",
        ],
    );
    drop(first);
    site.restore().assert_code(0);
    assert_eq!(knob(&site), "one");
}
