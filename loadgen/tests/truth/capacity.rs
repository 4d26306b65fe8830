//! The search for the highest rate, against a server whose highest rate is known.

use std::process::{Command, Stdio};

use loadgen::results::Search;

use crate::rig::run::assert_within;
use crate::rig::server::faulty;

#[test]
fn the_search_finds_the_capacity_of_a_server_that_takes_50_microseconds() {
    let (server, target) = faulty("service=fixed:50us", |config| config);
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["search", "--target", &target.to_string(), "--json", "-"])
        .args(["--slo", "p50<2ms,loss<0.1%", "--from", "2k", "--to", "100k"])
        .args(["--duration", "2s", "--warmup", "1s", "--precision", "2%"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("the generator can be started");
    drop(server);
    let search: Search = serde_json::from_slice(&output.stdout).expect("it is a result");
    let met: f64 = search.met.expect("some rate meets it").parse().unwrap();
    let missed: f64 = search.missed.expect("some rate misses it").parse().unwrap();
    println!(
        "between {met} and {missed} in {} trials",
        search.trials.len()
    );
    assert_within("highest rate", met, 20_000.0, 1_000.0);
    assert!(missed <= met * 1.02 + 1.0, "{met} to {missed}");
}
