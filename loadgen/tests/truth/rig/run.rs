//! A run of the generator as its users start it.

use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};

use loadgen::measure::Quantile;
use loadgen::results::Run;

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) run: Run,
}

/// Starts the generator with `arguments`, which are separated by spaces.
pub(crate) fn start(target: SocketAddr, arguments: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["--target", &target.to_string(), "--json", "-"])
        .args(arguments.split_whitespace())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the generator can be started")
}

/// Waits for the end of a run, and reads its result, in which every sum adds up.
#[track_caller]
pub(crate) fn finish(child: Child) -> Ended {
    let output = child.wait_with_output().expect("it is our child");
    let Output { status, stdout, .. } = &output;
    let Ok(run) = serde_json::from_slice::<Run>(stdout) else {
        panic!("not a result: {output:?}");
    };
    run.counts.check().expect("the counts add up");
    Ended {
        code: status.code(),
        run,
    }
}

/// Measures `target` from beginning to end.
#[track_caller]
pub(crate) fn measure(target: SocketAddr, arguments: &str) -> Ended {
    finish(start(target, arguments))
}

/// A quantile in microseconds.
#[track_caller]
pub(crate) fn micros(quantile: Quantile) -> f64 {
    match quantile {
        #[expect(clippy::cast_precision_loss, reason = "two minutes are 2^37 ns")]
        Quantile::Value(nanos) => nanos as f64 / 1_000.0,
        Quantile::Lost | Quantile::TooFew => panic!("{quantile:?} is no time"),
    }
}

/// A quantile in milliseconds.
#[track_caller]
pub(crate) fn millis(quantile: Quantile) -> f64 {
    micros(quantile) / 1_000.0
}

/// The median of a figure over several runs.
pub(crate) fn median(runs: &[Run], figure: impl Fn(&Run) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(figure).collect();
    values.sort_by(f64::total_cmp);
    println!("rounds {values:.2?}");
    values[values.len() / 2]
}

/// `measured` is within `tolerance` of `expected`, all in one unit.
#[track_caller]
pub(crate) fn assert_within(what: &str, measured: f64, expected: f64, tolerance: f64) {
    println!("{what}: {measured:.2}, expected {expected:.2} +- {tolerance:.2}");
    assert!(
        (measured - expected).abs() <= tolerance,
        "{what}: {measured:.2} is not {expected:.2} +- {tolerance:.2}"
    );
}

/// The codes of a result's doubts.
pub(crate) fn doubts(run: &Run) -> Vec<&str> {
    let doubts = run.verdict.doubts.iter();
    doubts.map(|doubt| doubt.code.as_str()).collect()
}
