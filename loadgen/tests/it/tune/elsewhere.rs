//! Experiments with a server that runs already, and with no setting of the host.

use rustix::process::Signal;

use super::{LONG, Site};
use crate::rig::program::Program;

/// Some blocks of two levels of the load.
fn plan(blocks: u32) -> String {
    format!(
        r#"
name = "elsewhere"
[load]
options = {{ rate = "1k", duration = "50ms", warmup = "0s", flows = 1, timeout = "100ms" }}
[server]
target = "127.0.0.1:50007"
[design]
blocks = {blocks}
pause = "0s"
[[factor]]
load_option = "size"
levels = [64, 128]
"#
    )
}

/// A server at the target.
fn server(site: &Site) -> Program {
    let mut command = site.command(&site.reactor.display().to_string());
    command.args(["--listen", "127.0.0.1:50007"]);
    let server = Program::start(command);
    assert!(server.line().contains("listening"));
    server
}

#[test]
fn a_target_at_which_nobody_answers_ends_an_experiment_until_somebody_does() {
    let Some(site) = Site::new("tune-silent") else {
        return;
    };
    let ended = site.run(&plan(6), "--quiet");
    let words = ["block 1", "nobody listens there"];
    ended.assert_complaint(1, &words);
    // Each variant has had its try, and none has had two.
    assert_eq!(site.runs(), 3);
    let _server = server(&site);
    site.run(&plan(6), "--quiet --resume").assert_code(0);
    assert_eq!(site.result().expect("it is kept")["ended"], "complete");
    assert!(site.runs() >= 18);
}

#[test]
fn whoever_ends_an_experiment_is_told_once_how_to_go_on() {
    let Some(site) = Site::new("tune-told") else {
        return;
    };
    let _server = server(&site);
    let program = site.start(&plan(200), "");
    site.until("some runs are made", |site| site.runs() >= 2);
    program.signal(Signal::INT);
    let ended = program.end_within(LONG);
    ended.assert_code(3);
    let last = ended.stderr.lines().last().unwrap_or_default();
    assert!(
        last.contains("`loadgen tune ") && last.ends_with("--resume` goes on with it"),
        "{ended:?}"
    );
    assert_eq!(ended.stdout.matches("a signal ended it").count(), 1);

    // What is left of it is what a dry run tells, from the seed that it began with.
    let result = site.result().expect("it is kept");
    let told = site.run(&plan(200), "--dry-run --resume");
    told.assert_code(0);
    let seed = format!("from seed {}, with which it began", result["seed"]);
    assert!(told.stdout.contains(&seed), "no {seed} in {told:?}");
    let loads = told.stdout.lines();
    let loads = loads.filter(|line| line.starts_with("  load "));
    let runs = result["runs"].as_array().expect("it is a list").iter();
    let counting = runs.filter(|run| run["left_out"].is_null());
    assert_eq!(loads.count(), 200 * 3 - counting.count());
    let refused = site.run(&plan(200), "--dry-run --resume --seed 1");
    refused.assert_complaint(2, &["--seed 1"]);
}
