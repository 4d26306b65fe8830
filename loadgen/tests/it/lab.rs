//! `scripts/lab`: two hosts on one machine, made, used and removed.

use std::fs;
use std::mem::ManuallyDrop;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use rustix::process::{Signal, getpid, set_child_subreaper};

use crate::rig::PATIENCE;
use crate::rig::inside;
use crate::rig::lab::{Lab, script};
use crate::rig::need::need;
use crate::rig::program::Program;
use crate::rig::scratch::Scratch;

#[test]
fn a_lab_runs_both_programs_each_in_a_namespace_of_its_own() {
    let Some(lab) = Lab::up("") else { return };
    let ended = lab.script("run --workers 2 -- --rate 1000 --duration 500ms --json -");
    ended.assert_code_unless_held_up(0);
    let result: serde_json::Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
    assert_eq!(result["counts"]["sent"], 500);
    assert_eq!(result["counts"]["received"], 500);
    assert_eq!(result["plan"]["target"], "10.89.0.2:50007");
    // The server told what it did when it was ended.
    assert!(ended.stderr.contains("echoed"), "{}", ended.stderr);
}

#[test]
fn a_lab_can_be_made_twice_and_removed_twice() {
    let Some(lab) = Lab::up("--mtu 1400") else {
        return;
    };
    lab.script("up --mtu 9000 --loss 0.5").assert_code(0);
    let status = lab.script("exec server cat /sys/class/net/eth0/mtu");
    assert_eq!(status.stdout.trim(), "9000");
    lab.script("down").assert_code(0);
    assert!(!lab.is_there());
    lab.script("down").assert_code(0);
    // Nothing is left to tell of.
    lab.script("status").assert_code(1);
}

#[test]
fn what_a_crash_left_half_made_is_made_anew() {
    let Some(lab) = Lab::up("") else { return };
    let deleted = Command::new("ip")
        .args(["netns", "delete", &format!("{}-client", lab.name)])
        .status();
    assert!(deleted.expect("there is ip").success());
    lab.script("status").assert_code(1);
    lab.script("up").assert_code(0);
    lab.script("status").assert_code(0);
}

#[test]
fn a_lab_loses_and_doubles_as_many_as_it_was_asked_to() {
    let Some(lab) = Lab::up("--loss 10 --duplicate 20%") else {
        return;
    };
    let ended = lab.script("run -- --rate 2k --duration 2s --json -");
    let result: serde_json::Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
    let count = |name: &str| result["counts"][name].as_u64().expect("it is a number");
    let lost = count("lost") + count("late");
    assert_eq!(count("sent"), 4_000);
    // A probe is lost on its way out (10 %), or else all of its answers are (8.2 %: one of 80 %, both
    // of 20 %): 695. There are 1.1664 answers a probe, 0.8262 of them first ones: 1,361 copies. The
    // bounds are six standard deviations away.
    assert!((550..840).contains(&lost), "{lost} lost");
    let doubled = count("duplicated");
    assert!((1_100..1_620).contains(&doubled), "{doubled} doubled");
}

#[test]
fn a_lab_has_the_offloads_that_were_asked_for_on_both_sides() {
    let Some(lab) = Lab::up("--offload gro=on --offload tso=off") else {
        return;
    };
    for side in ["server", "client"] {
        let features = lab.script(&format!("exec {side} ethtool -k eth0"));
        features.assert_code(0);
        for line in [
            "\ngeneric-receive-offload: on\n",
            "\ntcp-segmentation-offload: off\n",
        ] {
            assert!(
                features.stdout.contains(line),
                "{side}: {}",
                features.stdout
            );
        }
    }
    // What is not named stays.
    lab.script("up --offload gro=off").assert_code(0);
    let features = lab.script("exec client ethtool -k eth0").stdout;
    assert!(
        features.contains("\ngeneric-receive-offload: off\n"),
        "{features}"
    );
    assert!(
        features.contains("\ntcp-segmentation-offload: off\n"),
        "{features}"
    );
    let unknown = lab.script("up --offload no-such-one=on");
    unknown.assert_code(1);
    for part in [
        "--offload no-such-one=on",
        "ethtool -k eth0",
        "not as it was asked for",
    ] {
        assert!(unknown.stderr.contains(part), "{unknown:?}");
    }
}

#[test]
fn a_lab_that_is_up_takes_no_other_number_of_queues() {
    let Some(lab) = Lab::up("--queues 2") else {
        return;
    };
    let refused = lab.script("up --queues 3");
    refused.assert_complaint(1, &["has 2 queues", "scripts/lab down"]);
    for same in ["up --queues 2", "up"] {
        lab.script(same).assert_code(0);
        let status = lab.script("status").stdout;
        assert_eq!(status.matches("eth0: mtu 1500, 2 queues").count(), 2);
    }
}

#[test]
fn the_plan_of_the_document_is_understood_in_a_lab() {
    let Some(lab) = Lab::up("") else { return };
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/lab.md");
    let document = fs::read_to_string(path).expect("it is there");
    let plan = document.split_once("```toml\n").expect("it has a plan").1;
    let (plan, _) = plan.split_once("```").expect("it ends");
    let scratch = Scratch::new("lab-plan");
    let file = scratch.file("plan.toml");
    fs::write(&file, plan).expect("it is a directory of the build");
    let line = format!("exec server loadgen tune {} --dry-run", file.display());
    let shown = lab.script(&line);
    shown.assert_code(0);
    assert!(shown.stdout.contains("udp_early_demux"), "{shown:?}");
}

#[test]
fn a_command_in_a_lab_finds_the_programs_by_their_names() {
    let Some(lab) = Lab::up("") else { return };
    let version = lab.script("exec client loadgen --version");
    version.assert_code(0);
    let unknown = lab.script("exec server no-such-program");
    unknown.assert_complaint(1, &["there is no program no-such-program"]);
}

#[test]
fn a_command_in_a_lab_gets_the_very_files_that_are_named() {
    let Some(lab) = Lab::up("") else { return };
    let scratches = ["lab-load", "lab-echo"].map(Scratch::new);
    let place = |folder: usize, name: &str, says: &str| {
        let file = scratches[folder].file(name);
        fs::write(&file, format!("#!/bin/sh\necho {says}\n")).expect("it is our directory");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it is our file");
        file
    };
    let loadgen = place(0, "loadgen-new", "load");
    let reactor = place(1, "echo-reactor", "echo");
    for (folder, neighbour) in [(0, "loadgen"), (0, "echo-reactor"), (1, "loadgen")] {
        place(folder, neighbour, "neighbour");
    }
    let run = |command: &[&str], loadgen: &Path| {
        let mut script = Command::new(script());
        script.args(["--name", &lab.name, "exec", "server"]);
        script.args(command).env("LOADGEN", loadgen);
        script.env("ECHO_REACTOR", &reactor);
        Program::start(script).end()
    };
    for (command, says) in [
        (&["loadgen"][..], "load\n"),
        (&["echo-reactor"], "echo\n"),
        (&["sh", "-c", "loadgen; echo-reactor"], "load\necho\n"),
    ] {
        assert_eq!(run(command, &loadgen).stdout, says);
    }
    let none = run(&["loadgen"], &scratches[0].file("none"));
    none.assert_complaint(1, &["LOADGEN names", "which is no program"]);
    lab.script("down").assert_code(0);
    let links = format!("/run/{}-programs", lab.name);
    assert!(!Path::new(&links).exists());
}

#[test]
fn wrong_use_of_the_load_generator_is_the_last_that_is_said() {
    let Some(lab) = Lab::up("") else { return };
    let ended = lab.script("run -- --rat 1k");
    ended.assert_code(2);
    assert!(ended.stderr.contains("--rat"), "{ended:?}");
    assert!(!ended.stderr.contains("echoed"), "{ended:?}");
}

#[test]
fn a_lab_that_is_set_up_anew_loses_as_the_last_time_says() {
    let Some(lab) = Lab::up("--loss 10") else {
        return;
    };
    let rules = |words: &str| lab.script("status").stdout.matches(words).count();
    assert_eq!(rules("  lost: 10 % of UDP"), 2);
    assert_eq!(rules("doubled"), 0);
    lab.script("up --loss 20.05 --duplicate 1").assert_code(0);
    assert_eq!(rules("  lost: 20.05 % of UDP"), 2);
    assert_eq!(rules("  doubled: 1 % of UDP"), 2);
    lab.script("up").assert_code(0);
    assert_eq!(rules("of UDP"), 0);
}

/// The process of a lab that was started with these words.
fn running(lab: &Lab, words: &str) -> Option<String> {
    let status = lab.script("status").stdout;
    let mut lines = status.lines().filter(|line| line.contains(words));
    let line = lines.find_map(|line| line.trim().strip_prefix("runs: "))?;
    line.split_whitespace().next().map(str::to_owned)
}

#[test]
fn what_a_killed_run_has_left_is_ended_by_the_next_and_what_goes_on_is_not() {
    // Whoever asks for it becomes the parent of what is left, as the manager of a session does.
    let Some(name) = inside::step() else {
        if let Some(lab) = Lab::up("") {
            let test =
                "lab::what_a_killed_run_has_left_is_ended_by_the_next_and_what_goes_on_is_not";
            inside::run(&lab, test, &lab.name);
        }
        return;
    };
    set_child_subreaper(Some(getpid())).expect("everybody may");
    let lab = ManuallyDrop::new(Lab { name });
    let first = lab.start("run -- --rate 100 --duration 10m");
    let deadline = Instant::now() + PATIENCE;
    let (server, client) = loop {
        let both = running(&lab, "--listen ").zip(running(&lab, "--target "));
        if let Some(both) = both {
            break both;
        }
        assert!(Instant::now() < deadline, "{:?}", lab.script("status"));
    };

    let second = lab.script("run -- --rate 1k --duration 100ms --json -");
    second.assert_code_unless_held_up(0);
    let both = running(&lab, "--listen ").zip(running(&lab, "--target "));
    assert_eq!(both.as_ref(), Some(&(server.clone(), client.clone())));

    first.signal(Signal::KILL);
    drop(first);
    let parent = fs::read_to_string(format!("/proc/{server}/status")).expect("it runs");
    let ours = format!("PPid:\t{}\n", std::process::id());
    assert!(parent.contains(&ours), "{parent}");
    let third = lab.script("run -- --rate 1k --duration 100ms --json -");
    third.assert_code_unless_held_up(0);
    for left in [&server, &client] {
        assert!(third.stderr.contains(&format!("({left})")), "{third:?}");
    }
    assert_eq!(
        (running(&lab, "--listen "), running(&lab, "--target ")),
        (None, None)
    );
}

#[test]
fn whoever_is_not_root_is_told_so() {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    // Nobody in particular may not be let into the directory that it is in.
    let text = fs::read_to_string(script()).expect("it is there");
    command.args(["bash", "-c", &text, "lab", "up"]);
    let ended = Program::start(command).end();
    if ended.stderr.starts_with("setpriv") {
        need(Err::<(), _>(ended.stderr), "root, to be somebody else");
        return;
    }
    ended.assert_complaint(1, &["needs root", "sudo scripts/lab up"]);
}

#[test]
fn misuse_of_a_lab_is_told_in_a_sentence() {
    for (arguments, part) in [
        ("", "usage:"),
        ("down now", "takes no options"),
        ("up --mtu 12", "1280"),
        ("up --loss 101", "100 percent"),
        ("up --loss x", "--loss x"),
        ("up --offload gro=maybe", "gro=maybe"),
        ("run --workers 2", "--"),
        ("exec nobody true", "server or client"),
        ("--name ../x status", "--name"),
        ("fly", "fly"),
    ] {
        let mut command = Command::new(script());
        command.args(arguments.split_whitespace());
        let ended = Program::start(command).end();
        if ended.stderr.contains("needs root") {
            need(Err::<(), _>(ended.stderr), "root");
            return;
        }
        ended.assert_code(2);
        assert!(ended.stderr.contains(part), "{arguments}: {}", ended.stderr);
    }
}
