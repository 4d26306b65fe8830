//! Files that earlier versions wrote, as they were: each kind is still read and reported.

use std::fs;
use std::path::{Path, PathBuf};

use loadgen::results::Run;
use loadgen::results::read::{self, Document};

use crate::rig::program::Program;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples")
}

fn run(name: &str) -> Run {
    read::run(&folder().join(name)).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_sample_is_read_and_reported() {
    let entries = fs::read_dir(folder()).expect("there are samples");
    let mut samples = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let document = read::document(&path).unwrap_or_else(|error| panic!("{error}"));
        let kind = match document {
            Document::Run(_) => "run-",
            Document::Sweep(_) => "sweep-",
            Document::Search(_) => "search-",
            Document::Selftest(_) => "selftest-",
            Document::Comparison(_) => "compare-",
            Document::Experiment(_) => "tune-",
        };
        assert!(name.starts_with(kind), "{name}");
        let reported = Program::loadgen(&format!("report {}", path.display())).end();
        reported.assert_code(0);
        assert!(reported.stdout.lines().count() > 5, "{reported:?}");
        samples += 1;
    }
    assert!(samples >= 14, "{samples}");
}

#[test]
fn what_came_later_is_unknown_and_nothing_is_made_up() {
    let first = run("run-first-lossy.json");
    assert_eq!((first.began_unix_ns, first.ended), (None, None));
    assert_eq!((first.own_drops, first.lost_by), (None, None));
    assert_eq!((first.gaps_ns, &first.histograms), (None, &None));
    assert_eq!(first.plan.target_name, None);
    assert!(first.intervals.is_empty() && first.parts.is_empty());
    assert_eq!(first.host.stolen_ns, None);
    assert_eq!(first.rtt_ns.from_due.intervals.p50, None);
    assert_eq!(first.counts.lost, 20);
    assert_eq!(first.plan.sizes, "64");
    assert_eq!(first.plan.largest_size_bytes, 64);
}

#[test]
fn the_first_format_is_reported_with_its_load_and_its_losses() {
    let path = folder().join("run-first-lossy.json");
    let reported = Program::loadgen(&format!("report {}", path.display())).end();
    for line in [
        "load        1,000 probes/s of 64 bytes for 200 ms after 20.0 ms of warm-up\n",
        "answers     180 in time (90 %), 0 late, 20 lost (10 %)\n",
        "host        unknown\n",
    ] {
        assert!(reported.stdout.contains(line), "no {line} in {reported:?}");
    }
    assert!(!reported.stdout.contains("lost at"), "{reported:?}");
}

#[test]
fn what_takes_histograms_is_refused_without_them() {
    let path = folder().join("run-first.json");
    let other = folder().join("run-trains.json");
    let (path, other) = (path.display(), other.display());
    for arguments in [
        format!("report --hgrm - {path}"),
        format!("report --hlog - {path}"),
        format!("merge {path} {other}"),
    ] {
        let ended = Program::loadgen(&arguments).end();
        ended.assert_complaint(1, &["no histograms", "measure again"]);
    }
    let table = Program::loadgen(&format!("report --csv - {path}")).end();
    table.assert_code(0);
    assert_eq!(table.stdout.lines().count(), 2);
}
