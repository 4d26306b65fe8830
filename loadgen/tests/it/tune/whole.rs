//! Experiments that go through.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use super::{FOUR_FACTORS, LONG, SHORT, Site, script};
use crate::rig::program::Program;

/// An argument of the server, of two levels.
const ONE_FACTOR: &str = r#"
name = "one factor"
[load]
options = { rate = "1k", duration = "50ms", warmup = "0s", flows = 1 }
[server]
program = "REACTOR"
[design]
blocks = 6
pause = "0s"
retries = 0
[[factor]]
server_option = "workers"
levels = [1, 2]
"#;

#[test]
fn an_experiment_runs_to_its_end_and_leaves_the_host_as_it_was() {
    let Some(site) = Site::new("tune-whole") else {
        return;
    };
    let before = site.settings();
    let program = site.start(FOUR_FACTORS, "");
    site.until("both settings are changed", |site| {
        let settings = site.settings();
        before.iter().all(|(name, value)| settings[name] != *value)
    });
    let ended = program.end_within(LONG);
    ended.assert_code(0);
    assert_eq!(site.settings(), before);
    assert_eq!(site.processes(), Vec::<String>::new());

    let result = site.result().expect("it is kept");
    assert_eq!(result["ended"], "complete");
    assert_eq!(result["blocks"], 8);
    // The reference, its twin, and one for each other level.
    assert_eq!(result["variants"].as_array().map(Vec::len), Some(6));
    assert_eq!(
        result["factors"][0]["before"],
        before["ip_default_ttl"].as_str()
    );
    for block in 0..8 {
        for variant in 0..6 {
            let runs = result["runs"].as_array().expect("they are a list");
            let counted = runs.iter().filter(|run| {
                run["block"] == block && run["variant"] == variant && run["left_out"].is_null()
            });
            // A busy machine may spoil one, but none counts twice.
            assert!(counted.count() <= 1, "block {block}, variant {variant}");
        }
    }
    assert!(ended.stdout.contains("early demux"), "{}", ended.stdout);
}

#[test]
fn the_order_of_the_variants_is_another_one_in_each_block_and_the_same_again_by_its_seed() {
    let Some(site) = Site::new("tune-order") else {
        return;
    };
    // Three blocks of three variants tell enough.
    let orders = |directory: &str| -> Vec<Vec<u64>> {
        let path = site.scratch.file(directory);
        let arguments = format!("--seed 3 --quiet --dir {}", path.display());
        let program = site.start(ONE_FACTOR, &arguments);
        let runs = || site.result_in(directory)?["runs"].as_array().cloned();
        site.until("three blocks are run", |_site| {
            runs().is_some_and(|runs| runs.len() >= 9)
        });
        program.signal(Signal::INT);
        program.end_within(LONG).assert_code(3);
        let runs = runs().expect("it is kept");
        let variants = runs.iter().map(|run| run["variant"].as_u64());
        let variants: Option<Vec<u64>> = variants.collect();
        let variants = variants.expect("each run has its variant");
        variants.chunks(3).take(3).map(<[u64]>::to_vec).collect()
    };
    let first = orders("first");
    assert!(first.iter().any(|order| *order != first[0]), "{first:?}");
    assert_eq!(orders("again"), first);
}

#[test]
fn settings_are_tried_on_a_server_that_runs_anyway_until_enough_is_known() {
    let Some(site) = Site::new("tune-anyway") else {
        return;
    };
    let before = site.settings();
    let mut command = site.command(&site.reactor.display().to_string());
    // Beside so much, what a busy machine adds is little.
    command.args(["--listen", "127.0.0.1:0", "--fault", "delay=20ms"]);
    let mut server = Program::start(command);
    let listening = server.line();
    let address = listening
        .split_whitespace()
        .find(|word| word.starts_with("127.0.0.1:"));
    let address = address.unwrap_or_else(|| panic!("{listening}"));
    let address = address.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let plan = ONE_FACTOR
        .replace("program = \"REACTOR\"", &format!("target = \"{address}\""))
        .replace(
            "blocks = 6",
            "blocks = { until = \"p50+-100%\", within = \"5m\", least = 6 }",
        )
        .replace(
            "server_option = \"workers\"",
            "sysctl = \"net.ipv4.ip_default_ttl\"",
        )
        .replace("levels = [1, 2]", "levels = [66, 70]");
    site.run(&plan, "--quiet").assert_code(0);
    // It is nobody's to end.
    assert!(server.is_running());
    assert_eq!(site.settings(), before);
    let result = site.result().expect("it is kept");
    assert_eq!(result["ended"], "complete", "{}", result["why"]);
    let effects = result["effects"].as_array().expect("they are a list");
    let finding = |quantity: &str| {
        let effect = effects.iter().find(|effect| effect["quantity"] == quantity);
        effect.expect("it is compared")["finding"].clone()
    };
    assert_ne!(finding("p50"), "not_measured");
    // Nobody can tell what a server uses that was started by somebody else.
    assert_eq!(finding("cpu"), "not_measured");
}

#[test]
fn a_run_that_proves_nothing_is_left_out_and_made_again() {
    let Some(site) = Site::new("tune-again") else {
        return;
    };
    // The first time it answers nothing at all.
    let reactor = site.reactor.display();
    let text = format!(
        "mkdir {} 2>&- && exec {reactor} \"$@\" --fault drop=100%\nexec {reactor} \"$@\"",
        site.scratch.file("was-there").display()
    );
    script(&site.scratch.file("server"), &text);
    let plan = ONE_FACTOR
        .replace("REACTOR", "SCRATCH/server")
        .replace("flows = 1", "flows = 1, timeout = \"100ms\"")
        .replace("blocks = 6", SHORT)
        .replace("retries = 0", "retries = 1");
    let ended = site.run(&plan, "");
    ended.assert_code(0);
    let result = site.result().expect("it is kept");
    let runs = result["runs"].as_array().expect("they are a list");
    let first = &runs[0];
    assert_eq!(first["verdict"], "invalid", "{first}");
    let reason = first["left_out"].as_str().expect("it does not count");
    assert!(reason.contains("no_answers"), "{reason}");
    assert!(ended.stderr.contains(reason), "{}", ended.stderr);
    let of_first = |run: &&Value| {
        ["block", "variant"]
            .iter()
            .all(|name| run[name] == first[name])
    };
    let all: Vec<&Value> = runs.iter().filter(of_first).collect();
    // At once would be in the same state of the host: it waits until the others of its block have run.
    assert_eq!(all.len(), 2);
    assert_eq!(all[1]["attempt"], 1);
    assert!(runs[1]["variant"] != first["variant"], "{}", runs[1]);
    let name = all[1]["file"].as_str().expect("it has a result");
    assert!(name.ends_with("-again-1.json"), "{name}");
    assert!(site.scratch.file("tune").join(name).exists());
}

#[test]
fn a_program_that_commands_set_is_a_factor_like_any_other() {
    let Some(site) = Site::new("tune-commands") else {
        return;
    };
    let file = site.scratch.file("knob");
    fs::write(&file, "one\n").expect("it is our directory");
    let plan = format!(
        r#"
name = "commands"
[load]
options = {{ rate = "1k", duration = "50ms", warmup = "0s", flows = 1 }}
[server]
program = "REACTOR"
[design]
{SHORT}
pause = "0s"
retries = 0
[[factor]]
name = "a file"
command = {{ read = ["cat", "{file}"], apply = ["sh", "-c", "echo $0 > {file}", "{{level}}"], revert = ["sh", "-c", "echo $0 > {file}", "{{level}}"] }}
levels = ["two", "three"]
"#,
        file = file.display()
    );
    site.run(&plan, "--quiet").assert_code(0);
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "one\n");
    let result = site.result().expect("it is kept");
    assert_eq!(result["factors"][0]["before"], "one");
}
