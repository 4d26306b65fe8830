//! Result files of which a part is not what it was: whoever reads them says so, or makes the best of
//! it, and never gives up in the middle.

use std::fs;
use std::path::Path;

use loadgen::export::{Format, csv, fragments};
use loadgen::merge::{self, Source};
use loadgen::report::{self, Style, html};
use loadgen::results::read::{self, Document};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::rig::peer::Peer;
use crate::rig::program::Program;

/// The places of everything in a file that is neither an object nor a list.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    let below = |key: &dyn std::fmt::Display| format!("{here}/{key}");
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                places(value, &below(&name.replace('/', "~1")), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                places(value, &below(&index), found);
            }
        }
        _ => found.push(here.to_owned()),
    }
}

fn strange() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<u64>().prop_map(Value::from),
        (0..70_000_u64).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("lost")),
        Just(json!(u64::MAX)),
        Just(json!("340282366920938463463374607431768211455")),
        Just(Value::Null),
        Just(json!([])),
        Just(json!({})),
    ]
}

/// Does with a file all that can be done with one.
fn use_in_every_way(file: &Value, other: &Value) {
    let read = |file: &Value| read::parse(file.to_string().as_bytes());
    let Ok(Document::Run(run)) = read(file) else {
        return;
    };
    assert!(!report::text(&run, Style::Plain).is_empty());
    for format in [Format::Csv, Format::Hgrm, Format::Hlog, Format::Prometheus] {
        // Some of them need a whole histogram.
        let _text: Result<String, _> = format.text(&run);
    }
    let Ok(Document::Run(other)) = read(other) else {
        panic!("the other one is sound");
    };
    let page = html::page(&[html::Source {
        path: "a.json".into(),
        document: Document::Run(run.clone()),
    }]);
    assert!(!page.is_empty());
    let sources = [("a", run), ("b", other)].map(|(file, run)| Source {
        file: file.to_owned(),
        run: *run,
    });
    if let Ok(merged) = merge::merge(sources.into()) {
        assert!(!report::text(&merged, Style::Plain).is_empty());
    }
}

#[test]
fn nothing_in_a_file_stops_a_reader() {
    let mut probes = 0_u64;
    let peer = Peer::start(move |seen, answers| {
        probes += 1;
        if !probes.is_multiple_of(10) {
            answers.echo(seen);
        }
    });
    let measured = || -> Value {
        let asked = "--slo p50<1ms,loss<1% --until p50+-100% --timestamps kernel";
        let run = "--rate 1000 --duration 300ms --warmup 0s --timeout 100ms --json -";
        let arguments = format!("--target {} {run} {asked}", peer.address());
        let ended = Program::loadgen(&arguments).end();
        serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("no result: {ended:?}"))
    };
    let (sound, other) = (measured(), measured());
    let mut all = Vec::new();
    places(&sound, "", &mut all);
    // Rather elsewhere than among the settings of the kernel, of which there are hundreds.
    all.retain(|place| !place.starts_with("/environment"));
    assert!(all.len() > 300, "{}", all.len());
    let damaged = (proptest::sample::select(all), strange());
    let outcome = TestRunner::default().run(&damaged, |(place, value)| {
        let mut file = sound.clone();
        *file.pointer_mut(&place).expect("it is there") = value;
        use_in_every_way(&file, &other);
        Ok(())
    });
    outcome.unwrap();
}

/// The same with an experiment; says whether it could be read.
fn use_experiment(file: &Value) -> bool {
    let Ok(document) = read::parse(file.to_string().as_bytes()) else {
        return false;
    };
    let Document::Experiment(experiment) = &document else {
        panic!("it says that it is one");
    };
    assert!(!report::tune::text(experiment, Style::Plain).is_empty());
    assert!(!csv::experiment(experiment).is_empty());
    assert!(!csv::effects(experiment).is_empty());
    assert!(!fragments::sysctl(experiment).is_empty());
    assert!(!fragments::shell(experiment).is_empty());
    let page = html::page(&[html::Source {
        path: "a.json".into(),
        document,
    }]);
    assert!(!page.is_empty());
    true
}

#[test]
fn nothing_in_an_experiment_stops_a_reader() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/tune-first-lossy.json");
    let sound: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert!(use_experiment(&sound));
    let mut all = Vec::new();
    places(&sound, "", &mut all);
    all.retain(|place| place != "/schema");
    let damaged = (proptest::sample::select(all), strange());
    let outcome = TestRunner::default().run(&damaged, |(place, value)| {
        let mut file = sound.clone();
        *file.pointer_mut(&place).expect("it is there") = value;
        use_experiment(&file);
        Ok(())
    });
    outcome.unwrap();
}
