//! The selftest that users run on their own machines.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use loadgen::results::Selftest;

#[test]
fn the_selftest_passes_on_an_idle_machine_within_a_minute() {
    let begun = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["selftest", "--json", "-"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("the generator can be started");
    let selftest: Selftest = serde_json::from_slice(&output.stdout).expect("it is a result");
    for check in &selftest.checks {
        println!("{}: {}", check.name, check.found);
    }
    assert!(selftest.passed);
    assert_eq!(output.status.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(60));
}
