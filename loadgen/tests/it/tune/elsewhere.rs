//! Experiments with a server that runs already, and no setting of the host: they run anywhere.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::rig::peer::Peer;
use crate::rig::program::{Ended, Program};
use crate::rig::scratch::Scratch;

use super::LONG;

/// A factor of the load alone, of the server at `target`.
fn plan(scratch: &Scratch, target: &str, blocks: u32) {
    let text = format!(
        r#"
name = "elsewhere"
[load]
options = {{ rate = "1k", duration = "50ms", warmup = "0s", flows = 1, timeout = "100ms" }}
[server]
target = "{target}"
[design]
blocks = {blocks}
pause = "0s"
[[factor]]
load_option = "size"
levels = [64, 128]
"#
    );
    std::fs::write(scratch.file("plan.toml"), text).expect("it is our directory");
}

fn start(scratch: &Scratch, more: &str) -> Program {
    let file = |name: &str| scratch.file(name).display().to_string();
    Program::loadgen(&format!(
        "tune {} --state {} --dir {} {more}",
        file("plan.toml"),
        file("state"),
        file("tune")
    ))
}

fn run(scratch: &Scratch, more: &str) -> Ended {
    start(scratch, more).end_within(LONG)
}

fn result(scratch: &Scratch) -> serde_json::Value {
    let text = std::fs::read_to_string(scratch.file("tune/tune.json")).expect("it is kept");
    serde_json::from_str(&text).expect("it is put in place whole")
}

#[test]
fn a_target_at_which_nobody_answers_ends_an_experiment_until_somebody_does() {
    let scratch = Scratch::new("tune-silent");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("the host has a loopback");
    let target = socket.local_addr().expect("it is bound").to_string();
    plan(&scratch, &target, 6);
    let ended = run(&scratch, "--quiet");
    let words = ["block 1", "check that a UDP echo server listens"];
    ended.assert_complaint(1, &words);
    // Each variant has had its try, and none has had two.
    let runs = |result: &serde_json::Value| result["runs"].as_array().map(Vec::len);
    assert_eq!(runs(&result(&scratch)), Some(3));
    let _peer = Peer::on(socket, |seen, answers| answers.echo(seen));
    run(&scratch, "--quiet --resume").assert_code(0);
    let result = result(&scratch);
    assert_eq!(result["ended"], "complete");
    assert!(runs(&result).is_some_and(|runs| runs >= 18), "{result}");
}

#[test]
fn whoever_ends_an_experiment_is_told_once_how_to_go_on() {
    let scratch = Scratch::new("tune-told");
    let peer = Peer::faithful();
    plan(&scratch, &peer.address().to_string(), 200);
    let program = start(&scratch, "");
    // A first run is kept.
    let deadline = Instant::now() + LONG;
    while !scratch.file("tune/tune.json").exists() {
        assert!(Instant::now() < deadline, "no run was ever kept");
        std::thread::sleep(Duration::from_millis(5));
    }
    program.signal(Signal::INT);
    let ended = program.end_within(LONG);
    ended.assert_code(3);
    let last = ended.stderr.lines().last().unwrap_or_default();
    assert!(
        last.contains("`loadgen tune ") && last.ends_with("--resume` goes on with it"),
        "{ended:?}"
    );
    assert_eq!(ended.stdout.matches("a signal ended it").count(), 1);
}
