//! An experiment of which the truth is known: one of its levels makes the server slower by so much.

use std::fs;
use std::path::Path;
use std::process::Command;

use loadgen::results::{Change, Effect, EffectOf, Experiment, Finding};

use crate::rig::program::{LOADGEN, reactor};

/// The plan: the server takes 20 us longer with each datagram at one level of a factor that is named
/// harmlessly, and nothing is different at the other factor's.
fn plan(reactor: &Path) -> String {
    format!(
        r#"
name = "one level hides a service of 20 us"

[load]
options = {{ rate = "5k", duration = "1s", warmup = "200ms", wait = "spin", pin = "1" }}

[server]
program = "{}"
options = {{ listen = "127.0.0.1:0", wait = "spin", pin = "0" }}

[design]
blocks = 10
seed = 1
pause = "50ms"

[[factor]]
name = "hidden"
server_option = "fault"
levels = ["service=fixed:1ns", "service=fixed:20us"]

[[factor]]
name = "no matter"
server_option = "stats-interval"
levels = ["1h", "2h"]
"#,
        reactor.display()
    )
}

fn median(experiment: &Experiment, factor: u32) -> &Effect {
    let of = |effect: &&Effect| {
        effect.quantity == "p50" && effect.of == EffectOf::Level { factor, level: 1 }
    };
    experiment
        .effects
        .iter()
        .find(of)
        .expect("each level has its effect")
}

fn nanos(change: Change) -> i64 {
    match change {
        Change::By(nanos) => nanos,
        other => panic!("{other:?} is no time"),
    }
}

/// How late a reply may leave that waits for a moment, at the median: what a turn of a loop that spins takes
/// with its clock and its calls, on a virtual machine.
const TURN_NS: i64 = 1_500;

#[test]
fn ten_blocks_find_a_service_of_twenty_microseconds() {
    let reactor = reactor().expect("the server can be built");
    let directory =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tune-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a build can write to its own directory");
    let file = directory.join("plan.toml");
    fs::write(&file, plan(&reactor)).expect("it is our directory");
    let status = Command::new(LOADGEN)
        .arg("tune")
        .arg(&file)
        .arg("--dir")
        .arg(directory.join("tune"))
        .arg("--state")
        .arg(directory.join("state"))
        .status()
        .expect("it can be started");
    let text = fs::read(directory.join("tune/tune.json"));
    fs::remove_dir_all(&directory).expect("it is our directory");
    assert_eq!(status.code(), Some(0));
    let experiment: Experiment =
        serde_json::from_slice(&text.expect("it is kept")).expect("it is a result");

    let hidden = median(&experiment, 0);
    assert_eq!(hidden.finding, Finding::Worse, "{hidden:?}");
    let shift = hidden.shift.expect("ten blocks are enough");
    let (low, high) = (nanos(shift.low), nanos(shift.high));
    println!("p50 {} ns, 95 % within {low} to {high} ns", nanos(shift.by));
    // One interval in twenty does not hold the truth; one of twice its width practically always does. The
    // truth is 20 us and what the fault takes besides: it is never early, and late by a turn of its loop.
    let half = (high - low) / 2;
    assert!(
        low - half <= 20_000 + TURN_NS && 20_000 <= high + half,
        "{low} to {high}"
    );
    assert!(nanos(shift.by) > 10_000);

    let other = median(&experiment, 1).shift.expect("ten blocks are enough");
    assert!(nanos(other.by).abs() < 10_000, "{other:?}");
}
