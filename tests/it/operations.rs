//! What is written for whoever runs the server, held against the server: no metric is left out, and
//! none is made up.

use std::collections::BTreeSet;
use std::path::Path;

use crate::rig::http::get;
use crate::rig::program::Program;

/// The families of a scrape, as `# TYPE` names them, each with its kind.
fn families() -> Vec<(String, String)> {
    let (mut program, _) = Program::listening(&["--metrics", "127.0.0.1:0"]);
    let line = program.line();
    let address = line
        .strip_prefix("metrics at http://")
        .and_then(|url| url.strip_suffix("/metrics"))
        .and_then(|address| address.parse().ok());
    let page = get(address.expect("it says where"), "/metrics").body;
    let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let families = types.filter_map(|line| line.split_once(' '));
    families
        .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
        .collect()
}

/// The families, and what a histogram has under names of its own.
fn names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (name, kind) in families() {
        if kind == "histogram" {
            names.extend(["bucket", "sum", "count"].map(|part| format!("{name}_{part}")));
        }
        names.insert(name);
    }
    names
}

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read_to_string(path).expect("it is part of the project")
}

/// The Rust files below a folder of the project.
fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("it is part of the project");
    let paths = entries.map(|entry| entry.expect("it can be listed").path());
    let files = paths.flat_map(|path| {
        if path.is_dir() {
            sources(&path)
        } else {
            vec![path]
        }
    });
    files
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect()
}

/// Every word of a text that looks like a metric of this program.
fn words(text: &str) -> BTreeSet<String> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| word.starts_with("echo_reactor_") || word.starts_with("process_"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_table_has_every_metric_and_no_other() {
    let text = read("docs/operations.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let told: BTreeSet<String> = rows
        .filter_map(|row| row.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .filter(|name| !name.starts_with('/'))
        .collect();
    let there: BTreeSet<String> = families().into_iter().map(|(name, _)| name).collect();
    assert_eq!(told, there);
}

#[test]
fn alerts_and_dashboard_use_only_metrics_that_there_are() {
    let there = names();
    for file in [
        "docs/alerts.yml",
        "docs/grafana-dashboard.json",
        "docs/operations.md",
    ] {
        let used = words(&read(file));
        assert!(used.len() > 5, "{file}: {used:?}");
        let made_up: Vec<_> = used.difference(&there).collect();
        assert!(made_up.is_empty(), "{file}: {made_up:?}");
    }
}

/// A claim is worth what holds it.
#[test]
fn every_test_that_the_security_policy_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files: Vec<_> = ["src", "tests/it"]
        .map(|folder| sources(&root.join(folder)))
        .concat();
    let policy = read("SECURITY.md");
    let names = policy.split('`').skip(1).step_by(2);
    let names: Vec<_> = names.filter_map(|name| name.split_once("::")).collect();
    assert!(names.len() > 20, "{names:?}");
    for (module, name) in names {
        let function = format!("fn {name}(");
        let mut modules = files
            .iter()
            .filter(|file| file.file_stem().is_some_and(|s| s == module));
        let found = modules.any(|file| {
            let text = std::fs::read_to_string(file).expect("it is part of the project");
            text.contains(&function)
        });
        assert!(found, "there is no {module}::{name}");
    }
}

/// The conventions of Prometheus: base units, and `_total` for what only ever grows.
#[test]
fn names_say_their_unit_and_their_kind() {
    for (name, kind) in families() {
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
        for unit in ["_ns", "_us", "_ms", "_nanoseconds", "_kilobytes"] {
            assert!(!name.contains(unit), "{name}");
        }
    }
}

#[test]
fn every_alert_is_tested_or_so_plain_that_it_needs_none() {
    let names = |text: &str, key: &str| -> BTreeSet<String> {
        let lines = text.lines().filter_map(|line| line.split_once(key));
        lines.map(|(_, name)| name.trim().to_owned()).collect()
    };
    let alerts = names(&read("docs/alerts.yml"), "- alert:");
    let tested = names(&read("scripts/scraped/alerts.test.yml"), "- alertname:");
    assert!(tested.is_subset(&alerts), "{tested:?}");
    assert!(tested.len() * 2 >= alerts.len(), "{tested:?}");
}
