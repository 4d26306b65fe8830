//! `scripts/lab`: two hosts on one machine, made, used and removed.

use std::process::Command;

use crate::rig::lab::{Lab, script};
use crate::rig::need::need;
use crate::rig::program::Program;

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
