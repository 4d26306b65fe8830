//! Variants that cannot be run, among others that can.

use std::fs;

use super::{LONG, Site, script};
use crate::rig::program::{LOADGEN, Program};

/// Two settings of the server that it has not together.
const PLAN: &str = r#"
name = "not together"
[load]
options = { rate = "1k", duration = "50ms", warmup = "0s", flows = 1 }
[server]
ready_within = "5s"
options = { listen = "127.0.0.1:0" }
[design]
kind = "factorial"
blocks = 8
pause = "0s"
retries = 0
[[factor]]
name = "build"
server_program = true
levels = ["REACTOR", "SCRATCH/other-server"]
[[factor]]
server_option = "workers"
levels = [1, 2]
"#;

/// A server that cannot run with two workers.
fn with_other_server(site: &Site) {
    let reactor = site.reactor.display();
    let fails = "case \"$*\" in *workers=2*) echo not with two >&2; exit 9;; esac";
    let text = format!("{fails}\nexec {reactor} \"$@\"");
    script(&site.scratch.file("other-server"), &text);
}

#[test]
fn an_experiment_goes_on_though_nobody_hears_what_it_has_to_say() {
    let Some(site) = Site::new("tune-unheard") else {
        return;
    };
    with_other_server(&site);
    let file = |name: &str| site.scratch.file(name).display().to_string();
    fs::write(site.scratch.file("plan.toml"), site.filled(PLAN)).expect("it is our directory");
    let mut command = site.command("sh");
    // Standard error is a pipe whose reader has gone by the time that something is said.
    let unheard = format!(
        "exec 3>&1; {{ \"$@\" 2>&1 >&3; echo $? > {}; }} | :",
        file("code")
    );
    command.args(["-c", &unheard, "sh", LOADGEN, "tune", &file("plan.toml")]);
    command.args(["--state", &file("state"), "--dir", &file("tune")]);
    let ended = Program::start(command).end_within(LONG);
    let code = fs::read_to_string(file("code")).expect("it has ended");
    assert_eq!(code.trim(), "0", "{ended:?}");
    assert_eq!(site.result().expect("it is kept")["ended"], "complete");
    assert!(ended.stdout.starts_with("asked "), "{ended:?}");
}

#[test]
fn a_variant_that_cannot_be_run_leaves_what_the_others_tell() {
    let Some(site) = Site::new("tune-torn") else {
        return;
    };
    with_other_server(&site);
    let ended = site.run(PLAN, "");
    ended.assert_code(0);
    let result = site.result().expect("it is kept");
    assert!(!result["variants"][3]["stopped"].is_null());
    let name = result["variants"][3]["name"].as_str().expect("it has one");
    let why = format!("no block has all its runs, since {name} is not run any more");
    let of = |list: &str| result[list].as_array().expect("it is a list").clone();
    assert!(of("effects").iter().all(|one| one["reason"] == *why));
    let known = |one: &serde_json::Value| !one["shift"].is_null();
    assert!(of("against_reference").iter().any(known));
    let told = ended
        .stdout
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    for words in [
        "not with two",
        "Not all variants could be run",
        "what each level does by itself is not known",
    ] {
        assert!(told.contains(words), "no {words} in {told}");
    }
    for words in ["too few blocks", "blocks at least"] {
        assert!(!told.contains(words), "{words} in {told}");
    }
}
