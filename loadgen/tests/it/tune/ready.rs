//! The ready plans, in a hurry: shorter loads at lower rates.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::Site;
use crate::rig::need::need;
use crate::rig::program::Program;

/// The plan with loads that take a fortieth of the time.
fn hurried(name: &str) -> String {
    let file = format!("../scripts/tune/{name}.toml");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
    let mut text = text.expect("it is there");
    for (slow, fast) in [
        ("duration = \"2s\"", "duration = \"50ms\""),
        ("warmup = \"500ms\"", "warmup = \"0s\""),
        ("\"20k\"", "\"2k\""),
        ("\"50k\"", "\"2k\""),
        ("\"100k\"", "\"2k\""),
        ("blocks = 20", "blocks = 8"),
        ("[design]\n", "[design]\npause = \"0s\"\nretries = 0\n"),
    ] {
        text = text.replace(slow, fast);
    }
    assert!(text.contains("50ms") && text.contains("pause"), "{text}");
    text
}

/// Runs it to its end; nothing is left changed.
#[track_caller]
fn assert_runs(name: &str, with: &str, runs_of_a_block: usize) {
    let Some(site) = Site::in_lab(&format!("tune-ready-{name}"), "--queues 2") else {
        return;
    };
    let present = || {
        let mut command = site.command("sh");
        command.args([
            "-c",
            "cat /sys/class/net/eth0/queues/*/?ps_cpus; ethtool -k eth0",
        ]);
        Program::start(command).end().stdout
    };
    let before = present();
    let client = format!("{}-client", site.lab.name);
    let reactor = site.reactor.display().to_string();
    let with = with.replace("CLIENT", &client).replace("REACTOR", &reactor);
    let ended = site.run(&hurried(name), &format!("--quiet {with}"));
    ended.assert_code(0);
    let result = site.result().expect("it is kept");
    assert_eq!(result["ended"], "complete");
    let variants = result["variants"].as_array().expect("they are a list");
    assert_eq!(variants.len(), runs_of_a_block);
    for variant in variants {
        assert!(variant["stopped"].is_null(), "{variant}");
    }
    assert_eq!(present(), before);
}

#[test]
fn waiting_modes() {
    assert_runs("reactor-waiting", "", 4);
}

#[test]
fn io_modes() {
    assert_runs("reactor-io", "", 4);
}

#[test]
fn numbers_of_workers() {
    assert_runs("workers", "", 4);
}

#[test]
fn receive_buffers() {
    assert_runs("receive-buffers", "", 4);
}

#[test]
fn two_builds() {
    // One of them by another name: levels must differ.
    let builds = "--set old=REACTOR --set new=REACTOR";
    let other = builds.replacen("new=", "new=/proc/self/root", 1);
    assert_runs("two-builds", &other, 3);
}

#[test]
fn receive_steering_in_a_lab() {
    assert_runs("receive-steering", "--set namespace=CLIENT", 5);
}

#[test]
fn offloads_in_a_lab() {
    let found = Program::try_start(&mut Command::new("ethtool"));
    if need(found, "the program ethtool").is_some() {
        assert_runs("gro-gso", "--set namespace=CLIENT", 5);
    }
}

#[test]
fn a_buffer_that_the_kernel_would_cut_down_is_missed_before_anything_starts() {
    let Some(site) = Site::new("tune-cut-down") else {
        return;
    };
    let plan = site.scratch.file("plan.toml");
    fs::write(&plan, hurried("receive-buffers").replace("4Mi", "1000Mi")).expect("it is ours");
    // Root, but for the right to exceed what others get.
    let mut command = site.command("setpriv");
    command.args(["--bounding-set", "-net_admin", "--inh-caps", "-net_admin"]);
    command
        .arg(crate::rig::program::LOADGEN)
        .arg("tune")
        .arg(plan);
    for (flag, name) in [("--state", "state"), ("--dir", "tune")] {
        command.arg(flag).arg(site.scratch.file(name));
    }
    let ended = Program::start(command).end();
    ended.assert_complaint(1, &["receive-buffer:1000Mi: the kernel grants", "rmem_max"]);
    assert!(!site.scratch.file("tune").exists());
}
