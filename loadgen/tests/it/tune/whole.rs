//! Experiments that go through.

use std::fs;

use super::{FOUR_FACTORS, LONG, Site};

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
    let orders = |directory: &str| -> Vec<Vec<u64>> {
        let path = site.scratch.file(directory);
        let arguments = format!("--seed 3 --quiet --dir {}", path.display());
        site.run(ONE_FACTOR, &arguments).assert_code(0);
        let text = fs::read_to_string(path.join("tune.json")).expect("it is kept");
        let result: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let runs = result["runs"].as_array().expect("they are a list").clone();
        let of = |block: u64| {
            let runs = runs
                .iter()
                .filter(|run| run["block"] == block && run["attempt"] == 0);
            runs.filter_map(|run| run["variant"].as_u64()).collect()
        };
        (0..6).map(of).collect()
    };
    let first = orders("first");
    assert!(first.iter().any(|order| *order != first[0]), "{first:?}");
    assert_eq!(orders("again"), first);
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
blocks = 6
pause = "0s"
retries = 0
[[factor]]
name = "a file"
command = {{ read = ["cat", "{file}"], apply = ["sh", "-c", "echo $0 > {file}", "{{level}}"], revert = ["sh", "-c", "echo $0 > {file}", "{{level}}"] }}
levels = ["present", "two"]
"#,
        file = file.display()
    );
    site.run(&plan, "--quiet").assert_code(0);
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "one\n");
    let result = site.result().expect("it is kept");
    assert_eq!(result["factors"][0]["before"], "one");
}
