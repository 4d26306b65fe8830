//! The schemas in `docs/schema` say what result files hold, and nothing else.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use jsonschema::Validator;
use loadgen::results::{Experiment, Selftest};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::rig::PATIENCE;
use crate::rig::peer::Peer;
use crate::rig::program::{Ended, Program};
use crate::rig::scratch::Scratch;

/// The schema that stands in the documentation.
fn documented(kind: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema");
    let text = fs::read_to_string(folder.join(format!("{kind}.schema.json")));
    serde_json::from_str(&text.expect("it is there")).expect("it is JSON")
}

fn validator(kind: &str) -> Validator {
    jsonschema::draft202012::new(&documented(kind)).expect("it is a schema")
}

#[track_caller]
fn assert_valid(kind: &str, file: &Value) {
    let validator = validator(kind);
    let errors = validator.iter_errors(file);
    let errors: Vec<String> = errors
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert_eq!(errors, [""; 0], "{file}");
}

#[track_caller]
fn result(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("no result: {ended:?}"))
}

/// The result of a run against `target`.
#[track_caller]
fn measured(target: SocketAddr, arguments: &str) -> Value {
    let arguments = format!("--target {target} --json - --timeout 200ms {arguments}");
    result(&Program::loadgen(&arguments).end())
}

const SHORT: &str = "--rate 500 --duration 300ms --warmup 20ms";

#[test]
fn the_documented_schemas_are_those_of_the_types() {
    for kind in [
        "run",
        "sweep",
        "search",
        "selftest",
        "compare",
        "tune",
        "host",
        "environment",
        "environment-difference",
    ] {
        let printed = Program::loadgen(&format!("schema {kind}")).end();
        printed.assert_code(0);
        // To renew one: loadgen schema run > docs/schema/run.schema.json
        assert!(result(&printed) == documented(kind), "{kind} is outdated");
    }
}

#[test]
fn settings_of_a_host_are_as_documented() {
    let shown = Program::loadgen("host --json -").end();
    shown.assert_code(0);
    assert_valid("host", &result(&shown));
}

#[test]
fn runs_of_every_kind_are_as_documented() {
    let peer = Peer::faithful();
    for arguments in [
        SHORT,
        "--rate 500 --arrivals poisson --size imix --duration 300ms --warmup 20ms",
        "--closed-loop 2 --flows 2 --duration 100ms --warmup 20ms",
        "--rate 2000 --duration 400ms --warmup 20ms --timestamps kernel",
        "--rate 500 --duration 300ms --warmup 20ms --slo p50<1m,max<1m,loss<50%,p99.99<1m",
        "--rate 500 --duration 100ms --warmup 20ms --until p50+-100%",
        "--rate 500 --duration 300ms --warmup 20ms --gso off --pin 0 --wait sleep",
    ] {
        assert_valid("run", &measured(peer.address(), arguments));
    }
}

#[test]
fn a_run_with_losses_is_as_documented() {
    let mut probes = 0_u64;
    let peer = Peer::start(move |seen, answers| {
        probes += 1;
        if !probes.is_multiple_of(5) {
            answers.echo(seen);
        }
    });
    let file = measured(
        peer.address(),
        &format!("{SHORT} --slo loss<1% --timestamps kernel"),
    );
    assert_eq!(file["rtt_ns"]["from_due"]["max"], "lost");
    assert_valid("run", &file);
    let silent = Peer::start(|_seen, _answers| {});
    let file = measured(silent.address(), SHORT);
    assert_eq!(file["counts"]["received"], 0);
    assert_valid("run", &file);
}

#[test]
fn a_run_that_is_under_way_or_cut_short_is_as_documented() {
    let scratch = Scratch::new("schema-under-way");
    let path = scratch.file("run.json");
    let peer = Peer::faithful();
    let program = Program::loadgen(&format!(
        "--target {} --rate 500 --duration 60s --warmup 0s --interval 100ms --quiet --json {}",
        peer.address(),
        path.display()
    ));
    let give_up = Instant::now() + PATIENCE;
    while !path.exists() {
        assert!(Instant::now() < give_up, "no result was written");
        thread::sleep(Duration::from_millis(5));
    }
    let read = || -> Value {
        let text = fs::read_to_string(&path).expect("it is there");
        serde_json::from_str(&text).expect("it is whole at any time")
    };
    let under_way = read();
    assert_eq!(under_way["ended"], "unfinished");
    assert_valid("run", &under_way);
    program.signal(Signal::INT);
    program.end();
    let stopped = read();
    assert_eq!(stopped["ended"], "stopped");
    assert_valid("run", &stopped);
}

#[test]
fn runs_that_were_put_together_are_as_documented() {
    let scratch = Scratch::new("schema-merged");
    let peer = Peer::faithful();
    let files = ["a.json", "b.json"].map(|name| scratch.file(name));
    for file in &files {
        let target = peer.address();
        let arguments = format!(
            "--target {target} {SHORT} --quiet --json {}",
            file.display()
        );
        Program::loadgen(&arguments).end();
    }
    let [left, right] = files.each_ref().map(|file| file.display());
    let merged = Program::loadgen(&format!("merge {left} {right} --json -")).end();
    assert_valid("run", &result(&merged));
}

#[test]
fn sweeps_and_searches_are_as_documented() {
    let peer = Peer::faithful();
    let target = peer.address();
    let each = "--duration 100ms --warmup 0s --timeout 1s --json -";
    let arguments = format!("sweep --target {target} --from 100 --to 200 --steps 2 {each}");
    assert_valid("sweep", &result(&Program::loadgen(&arguments).end()));
    let range = "--slo p50<1m --from 100 --to 200 --repeats 1 --precision 50%";
    let arguments = format!("search --target {target} {range} {each}");
    assert_valid("search", &result(&Program::loadgen(&arguments).end()));
}

#[test]
fn environments_and_their_differences_are_as_documented() {
    let scratch = Scratch::new("schema-environment");
    let path = scratch.file("environment.json");
    let seen = Program::loadgen(&format!("environment --json {}", path.display())).end();
    seen.assert_code(0);
    let text = fs::read_to_string(&path).unwrap();
    let mut file: Value = serde_json::from_str(&text).unwrap();
    assert_valid("environment", &file);
    let other = scratch.file("other.json");
    file["environment"]["kernel"]["release"] = json!("1.0");
    fs::write(&other, file.to_string()).unwrap();
    let (path, other) = (path.display(), other.display());
    let arguments = format!("environment --diff {path} {other} --json -");
    let differences = result(&Program::loadgen(&arguments).end());
    assert_ne!(differences["differences"], json!([]));
    assert_valid("environment-difference", &differences);
}

#[test]
fn a_selftest_is_as_documented() {
    // One that was carried out some time ago; another would take half a minute.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/selftest-verdicts.json");
    let kept: Selftest = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let written = Selftest::new(kept.checks, kept.floor);
    assert_valid("selftest", &serde_json::to_value(written).unwrap());
}

#[test]
fn an_experiment_is_as_documented() {
    for name in ["tune-first", "tune-first-lossy", "tune-offloads"] {
        let path = format!("tests/samples/{name}.json");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let kept: Experiment = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        assert_valid("tune", &serde_json::to_value(kept).unwrap());
    }
}

#[test]
fn a_comparison_is_as_documented() {
    let scratch = Scratch::new("schema-compare");
    let peer = Peer::faithful();
    let files: Vec<String> = (0..8)
        .map(|number| {
            let file = scratch.file(&format!("{number}.json"));
            let file = file.display().to_string();
            let run = "--rate 500 --duration 100ms --warmup 0s --quiet";
            let arguments = format!("--target {} {run} --json {file}", peer.address());
            Program::loadgen(&arguments).end();
            file
        })
        .collect();
    let (left, right) = files.split_at(4);
    for left in [left, &left[..1]] {
        let sides = format!("{} --with {}", left.join(" "), right.join(" "));
        let compared = Program::loadgen(&format!("compare {sides} --json -")).end();
        assert_valid("compare", &result(&compared));
    }
}

#[test]
fn a_field_that_is_not_documented_is_found() {
    let peer = Peer::faithful();
    let run = measured(peer.address(), SHORT);
    let with = |pointer: &str, name: &str, value: Value| {
        let mut file = run.clone();
        let object = file.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        object.insert(name.to_owned(), value);
        file
    };
    let validator = validator("run");
    assert!(validator.is_valid(&run));
    for place in [
        "",
        "/plan",
        "/flows/0",
        "/intervals/0/rtt_ns",
        "/rtt_ns/from_due",
    ] {
        assert!(
            !validator.is_valid(&with(place, "extra", json!(1))),
            "{place}"
        );
    }
    assert!(!validator.is_valid(&with("/rtt_ns/from_due", "p50", json!("gone"))));
    assert!(!validator.is_valid(&with("/counts", "lost", json!(-1))));
    let mut file = run.clone();
    file["counts"].as_object_mut().unwrap().remove("late");
    assert!(!validator.is_valid(&file));
}
