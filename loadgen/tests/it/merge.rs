//! `loadgen merge`: runs that were side by side, as one.

use std::fs;
use std::path::PathBuf;

use loadgen::results::Run;

use crate::rig::peer::Peer;
use crate::rig::program::Program;
use crate::rig::run::{assert_rows_add_up, doubts};
use crate::rig::scratch::Scratch;

const RUN: &str = "--rate 500 --duration 1s --warmup 0s --timeout 200ms --interval 100ms --quiet";

/// Two runs against one peer that were side by side, and their files.
fn side_by_side(scratch: &Scratch, arguments: &str) -> [PathBuf; 2] {
    let mut probes = 0_u64;
    let peer = Peer::start(move |seen, answers| {
        probes += 1;
        if !probes.is_multiple_of(50) {
            answers.echo(seen);
        }
    });
    let files = ["a.json", "b.json"].map(|name| scratch.file(name));
    let programs = files.each_ref().map(|file| {
        let target = peer.address();
        Program::loadgen(&format!(
            "--target {target} {arguments} --json {}",
            file.display()
        ))
    });
    for program in programs {
        program.end().assert_code_unless_held_up(0);
    }
    files
}

fn read(file: &PathBuf) -> Run {
    let text = fs::read_to_string(file).expect("it has been written");
    serde_json::from_str(&text).expect("it is a result")
}

#[test]
fn two_processes_are_one_generator() {
    let scratch = Scratch::new("two-processes");
    let files = side_by_side(&scratch, RUN);
    let [left, right] = files.each_ref().map(read);
    let merged = scratch.file("merged.json");
    let [a, b] = files.each_ref().map(|file| file.display());
    let ended = Program::loadgen(&format!("merge {b} {a} --json {}", merged.display())).end();
    ended.assert_code_unless_held_up(0);
    assert!(ended.stdout.starts_with("merged from "), "{ended:?}");
    let merged = read(&merged);
    let sum = |figure: fn(&Run) -> u64| figure(&left) + figure(&right);
    assert_eq!(merged.counts.sent, sum(|run| run.counts.sent));
    assert_eq!(merged.counts.received, sum(|run| run.counts.received));
    assert_eq!(merged.counts.lost, sum(|run| run.counts.lost));
    assert_eq!(merged.rate_pps.sent, sum(|run| run.rate_pps.sent));
    assert_eq!(merged.plan.rate.as_deref(), Some("1000"));
    assert_eq!((merged.plan.flows, merged.plan.threads), (16, 2));
    assert_eq!(merged.merged_from.len(), 2);
    let kernel = |run: &Run| {
        run.environment
            .as_ref()
            .map(|machine| machine.kernel.clone())
    };
    assert!(kernel(&left).is_some());
    assert_eq!(kernel(&merged), kernel(&left), "both ran on this machine");
    assert!(!doubts(&merged).contains(&"plans_differ"), "{merged:?}");
    // The processes began within half a second of each other, or the machine was held up.
    let began = [&left, &right].map(|run| run.began_unix_ns.unwrap());
    let apart = began[0].abs_diff(began[1]) > left.window_ns / 2;
    assert_eq!(doubts(&merged).contains(&"not_concurrent"), apart);
    let in_rows = merged.intervals.iter().map(|row| row.received);
    assert_eq!(in_rows.sum::<u64>(), merged.counts.received);
    let mut whole = merged.clone();
    // Where the windows do not cover each other, the rows go on beyond the longest.
    if let (Some(first), Some(last)) = (whole.intervals.first(), merged.intervals.last()) {
        assert_eq!(first.from_ns, 0);
        whole.window_ns = last.to_ns;
    }
    whole.intervals.iter_mut().fold(0, |end, row| {
        row.from_ns = end;
        row.to_ns
    });
    assert_rows_add_up(&whole);
}

#[test]
fn what_cannot_be_put_together_is_refused_with_a_sentence() {
    let scratch = Scratch::new("refused");
    let files = side_by_side(&scratch, RUN);
    let [a, b] = files.each_ref().map(|file| file.display());
    let copy = scratch.file("copy.json");
    fs::copy(&files[0], &copy).unwrap();
    let sweep = format!(
        "{}/tests/samples/sweep-verdicts.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let unfinished = scratch.file("unfinished.json");
    let mut file: serde_json::Value =
        serde_json::from_slice(&fs::read(&files[1]).expect("it is there")).expect("it is JSON");
    file["ended"] = "unfinished".into();
    fs::write(&unfinished, file.to_string()).expect("the directory is ours");
    let out = scratch.file("missing").join("merged.json");
    for (code, arguments, words) in [
        (2, format!("{a}"), "two results or more"),
        (
            2,
            format!("{a} {} {b}", copy.display()),
            "holds the same run as",
        ),
        (
            1,
            format!("{a} {sweep}"),
            "it holds a sweep, where a run was expected",
        ),
        (
            1,
            format!("{a} {}", unfinished.display()),
            "a run that had not ended",
        ),
        (1, format!("{a} {}", out.display()), "cannot read"),
        (1, format!("{a} {b} --json {}", out.display()), "--json"),
    ] {
        let ended = Program::loadgen(&format!("merge {arguments}")).end();
        ended.assert_complaint(code, &[words]);
    }
}

#[test]
fn runs_one_after_the_other_are_suspect() {
    let scratch = Scratch::new("one-after-the-other");
    let peer = Peer::faithful();
    let files = ["a.json", "b.json"].map(|name| scratch.file(name));
    for file in &files {
        let arguments = "--rate 200 --duration 100ms --warmup 0s --quiet";
        let target = peer.address();
        let arguments = format!("--target {target} {arguments} --json {}", file.display());
        Program::loadgen(&arguments).end();
    }
    let [a, b] = files.each_ref().map(|file| file.display());
    let ended = Program::loadgen(&format!("merge {a} {b}")).end();
    ended.assert_code_unless_held_up(0);
    assert!(ended.stdout.contains("not_concurrent: "), "{ended:?}");
}
