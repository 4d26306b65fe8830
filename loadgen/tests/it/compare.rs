//! `loadgen compare`: results that were kept, against each other.

use std::fs;
use std::path::Path;
use std::process::Command;

use loadgen::results::{Answer, BoundOutcome, Comparison};
use serde_json::{Value, json};

use crate::rig::peer::Peer;
use crate::rig::program::{Ended, LOADGEN, Program};
use crate::rig::scratch::Scratch;

/// The result of a real run, as JSON.
fn result() -> Value {
    let peer = Peer::faithful();
    let arguments = "--rate 20 --duration 300ms --warmup 50ms --timeout 10s --json -";
    let ended = Program::loadgen(&format!("--target {} {arguments}", peer.address())).end();
    ended.assert_code_unless_held_up(0);
    serde_json::from_str(&ended.stdout).expect("it is a result")
}

/// A file for each of these medians in microseconds, with other quantiles that are all alike. They
/// take turns with those of other sides.
fn write(scratch: &Scratch, side: &str, result: &Value, medians: &[u64]) {
    let letter = u64::from(side.as_bytes()[0]);
    for (number, median) in (1_u64..).zip(medians) {
        let mut run = result.clone();
        run["plan"]["run"] = json!(number * 1_000 + letter);
        run["began_unix_ns"] = json!(number * 1_000 + letter);
        run["verdict"] = json!({ "outcome": "valid", "doubts": [] });
        let times = &mut run["rtt_ns"]["from_due"];
        times["p50"] = json!(median * 1_000);
        for (name, tail) in [("p90", 200_000_u64), ("p99", 300_000), ("p99_9", 400_000)] {
            times[name] = json!(tail);
        }
        let path = scratch.file(&format!("{side}{number}.json"));
        fs::write(path, run.to_string()).expect("the directory is ours");
    }
}

const MEDIANS: [u64; 6] = [50, 53, 51, 54, 52, 55];

fn slower(by: u64) -> Vec<u64> {
    MEDIANS.iter().map(|median| median + by).collect()
}

/// Compares the first so many files of each of two sides.
#[track_caller]
fn compare(scratch: &Scratch, sides: [(&str, usize); 2], arguments: &[&str]) -> Ended {
    let [a, b] = sides.map(|(side, files)| {
        let names = (1..=files).map(|number| scratch.file(&format!("{side}{number}.json")));
        names.collect::<Vec<_>>()
    });
    let mut command = Command::new(LOADGEN);
    command.arg("compare").args(a).arg("--with").args(b);
    command.args(arguments);
    Program::start(command).end()
}

#[test]
fn a_slower_side_is_found_told_and_measured() {
    let scratch = Scratch::new("a_slower_side_is_found");
    let result = result();
    write(&scratch, "a", &result, &MEDIANS);
    write(&scratch, "b", &result, &slower(20));
    let text = compare(&scratch, [("a", 6), ("b", 6)], &[]);
    text.assert_code(0);
    assert!(
        text.stdout
            .starts_with("answer      B is slower: p50 +20.0 us"),
        "{text:?}"
    );
    let ended = compare(&scratch, [("a", 6), ("b", 6)], &["--json", "-"]);
    ended.assert_code(0);
    let comparison: Comparison = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(comparison.answer, Answer::Slower);
    assert_eq!(
        (&comparison.plan[..], &comparison.warnings[..]),
        (&[][..], &[][..])
    );
    // The same files give the same answer to the last digit.
    let again = compare(&scratch, [("a", 6), ("b", 6)], &["--json", "-"]);
    assert_eq!(again.stdout, ended.stdout);
}

#[test]
fn a_broken_bound_exits_with_4_and_one_that_is_kept_with_0() {
    let scratch = Scratch::new("a_broken_bound");
    let result = result();
    write(&scratch, "a", &result, &MEDIANS);
    write(&scratch, "b", &result, &slower(20));
    let sides = [("a", 6), ("b", 6)];
    let broken = compare(
        &scratch,
        sides,
        &["--fail-if", "p99>+1%", "--fail-if", "p50>+5%"],
    );
    broken.assert_code(4);
    assert!(broken.stdout.contains("p50>+5%: BROKEN"), "{broken:?}");
    compare(&scratch, sides, &["--fail-if", "p50>+30us", "--quiet"]).assert_code(0);
    compare(&scratch, [("b", 6), ("a", 6)], &["--fail-if", "p50>+5%"]).assert_code(0);
    let itself = compare(&scratch, [("a", 6), ("a", 6)], &["--fail-if", "p50>+0%"]);
    itself.assert_code(0);
    assert!(
        itself.stdout.contains("no evidence that B differs from A"),
        "{itself:?}"
    );
}

#[test]
fn a_wrong_bound_is_refused_with_the_part_that_is_wrong() {
    let program = Program::loadgen("compare a.json --with b.json --fail-if p95>+5%");
    program
        .end()
        .assert_complaint(2, &["--fail-if", "'p95' is not compared"]);
}

#[test]
fn too_few_runs_are_refused_with_the_number_that_is_wanted() {
    let scratch = Scratch::new("too_few_runs_are_refused");
    let result = result();
    write(&scratch, "a", &result, &MEDIANS);
    write(&scratch, "b", &result, &slower(20));
    let wanted = ["A has 3 and B has 6", "at least 4 a side"];
    let sides = [("a", 3), ("b", 6)];
    compare(&scratch, sides, &[]).assert_complaint(3, &wanted);
    compare(&scratch, sides, &["--fail-if", "p50>+5%"]).assert_complaint(3, &wanted);
    let path = scratch.file("comparison.json");
    compare(&scratch, sides, &["--json", path.to_str().unwrap()]).assert_complaint(3, &wanted);
    let comparison: Comparison = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(comparison.answer, Answer::TooFewRuns);
}

#[test]
fn a_bound_on_what_was_not_measured_is_not_kept() {
    let scratch = Scratch::new("a_bound_on_what_was_not_measured");
    let mut result = result();
    write(&scratch, "a", &result, &MEDIANS);
    result["counts"]["sent"] = json!(0);
    write(&scratch, "b", &result, &MEDIANS);
    let sides = [("a", 6), ("b", 6)];
    let ended = compare(&scratch, sides, &["--fail-if", "loss>+1%", "--json", "-"]);
    ended.assert_code(3);
    let comparison: Comparison = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(comparison.bounds[0].outcome, BoundOutcome::Unknown);
}

#[test]
fn a_comparison_that_was_kept_is_shown_again() {
    let scratch = Scratch::new("a_comparison_that_was_kept");
    let result = result();
    write(&scratch, "a", &result, &MEDIANS);
    write(&scratch, "b", &result, &slower(20));
    let path = scratch.file("comparison.json");
    let kept = compare(
        &scratch,
        [("a", 6), ("b", 6)],
        &["--json", path.to_str().unwrap()],
    );
    let shown = Program::loadgen(&format!("report {}", path.display())).end();
    shown.assert_code(0);
    assert_eq!(shown.stdout, kept.stdout);
}

#[test]
fn a_page_is_written_beside_the_report_and_again_from_what_was_kept() {
    let scratch = Scratch::new("a_page_of_a_comparison");
    let result = result();
    write(&scratch, "a", &result, &MEDIANS);
    write(&scratch, "b", &result, &slower(20));
    let [json, page, again] =
        ["kept.json", "page.html", "again.html"].map(|name| scratch.file(name));
    let [json, page, again] = [&json, &page, &again].map(|path| path.to_str().unwrap());
    let sides = [("a", 6), ("b", 6)];
    let ended = compare(&scratch, sides, &["--json", json, "--html", page]);
    ended.assert_code(0);
    assert!(ended.stdout.starts_with("answer "), "{ended:?}");
    let written = fs::read_to_string(page).unwrap();
    assert!(written.starts_with("<!DOCTYPE html>"));
    assert!(written.contains("B is slower: p50 +20.0 us"));
    let shown = Program::loadgen(&format!("report {json} --html {again}")).end();
    shown.assert_code(0);
    assert_eq!(fs::read_to_string(again).unwrap(), written);
    let stdout = compare(&scratch, sides, &["--html", "-"]);
    assert_eq!(stdout.stdout, written);
}

#[test]
fn a_page_never_replaces_a_result_and_does_not_share_standard_output() {
    let scratch = Scratch::new("a_page_never_replaces");
    write(&scratch, "a", &result(), &MEDIANS);
    let first = scratch.file("a1.json");
    let before = fs::read(&first).unwrap();
    let sides = [("a", 6), ("a", 6)];
    let slip = compare(&scratch, sides, &["--html", first.to_str().unwrap()]);
    slip.assert_complaint(2, &["--html", "a1.json", "no page"]);
    assert_eq!(fs::read(&first).unwrap(), before);
    compare(&scratch, sides, &["--html", "-", "--json", "-"])
        .assert_complaint(2, &["--json - and --html -"]);
}

#[test]
fn reports_of_several_files_are_told_apart_by_their_names() {
    let scratch = Scratch::new("reports_of_several_files");
    write(&scratch, "a", &result(), &MEDIANS);
    let [one, two] = ["a1.json", "a2.json"].map(|name| scratch.file(name).display().to_string());
    let alone = [&one, &two].map(|file| Program::loadgen(&format!("report {file}")).end().stdout);
    let both = Program::loadgen(&format!("report {one} {two}")).end();
    both.assert_code(0);
    let [first, second] = alone;
    let expected = format!("file        {one}\n{first}\nfile        {two}\n{second}");
    assert_eq!(both.stdout, expected);
}

#[test]
fn a_file_that_is_no_result_of_a_run_is_refused_with_its_name_and_what_is_wrong() {
    let scratch = Scratch::new("a_file_that_is_no_result");
    let result = result();
    write(&scratch, "a", &result, &MEDIANS);
    let whole = fs::read(scratch.file("a1.json")).unwrap();
    let newer = String::from_utf8_lossy(&whole).replace("loadgen/run/1", "loadgen/run/9");
    let nested = "[".repeat(100_000);
    let sweep = json!({ "schema": "loadgen/sweep/1", "knee": null, "planned": 0, "trials": [] })
        .to_string();
    let cases: [(&str, &[u8], &str); 9] = [
        ("empty", b"", "it is empty"),
        (
            "cut",
            &whole[..whole.len() / 2],
            "it ends too early, at line 1",
        ),
        (
            "text",
            b"hello",
            "line 1, column 1: it is no JSON there (expected value)",
        ),
        ("binary", &[0xff, 0xfe, 0, 1], "line 1, column 1"),
        (
            "foreign",
            br#"{"schema": "iperf/3"}"#,
            "its \"schema\" is \"iperf/3\"",
        ),
        ("array", b"[1, 2]", "it is JSON, but no object"),
        (
            "newer",
            newer.as_bytes(),
            "loadgen/run/9, which this version",
        ),
        ("nested", nested.as_bytes(), "it ends too early"),
        ("sweep", sweep.as_bytes(), "it holds a sweep, where a run"),
    ];
    for (name, content, words) in cases {
        fs::write(scratch.file(name), content).unwrap();
        refuses(&scratch.file(name), words);
    }
    refuses(&scratch.file("missing"), "No such file");
    refuses(&scratch.file("."), "directory");
}

/// Both sides want each of their files.
#[track_caller]
fn refuses(path: &Path, words: &str) {
    let path = path.to_str().expect("a build has a plain name");
    let program = Program::loadgen(&format!("compare {path} --with {path}"));
    program
        .end()
        .assert_complaint(1, &["cannot read", path, words]);
}
