//! `loadgen report --html`: results on a page for a browser.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::rig::program::{Ended, LOADGEN, Program};
use crate::rig::scratch::Scratch;

fn report(arguments: &[&Path]) -> Ended {
    let mut command = Command::new(LOADGEN);
    command.arg("report").args(arguments);
    Program::start(command).end()
}

/// The file of a short run.
fn measure(file: &Path) {
    let mut command = Command::new(LOADGEN);
    let run = "--rate 100 --duration 200ms --warmup 0s --timeout 10s --quiet --json";
    command.args(run.split(' ')).arg(file);
    Program::start(command).end();
}

#[test]
fn the_page_of_a_run_is_written_and_nothing_is_printed() {
    let scratch = Scratch::new("the_page_of_a_run");
    let (result, page) = (scratch.file("a <b> & c.json"), scratch.file("page.html"));
    measure(&result);
    // The second time it replaces the page of the first.
    for _ in 0..2 {
        let ended = report(&[&result, &result, "--html".as_ref(), &page]);
        ended.assert_code(0);
        assert_eq!(ended.stdout, "");
        let page = fs::read_to_string(&page).unwrap();
        assert!(page.starts_with("<!DOCTYPE html>"), "{}", &page[..40]);
        assert!(page.contains("a &lt;b&gt; &amp; c") && !page.contains("<b>"));
    }
}

#[test]
fn text_and_page_can_be_had_at_once() {
    let scratch = Scratch::new("text_and_page");
    let (result, page) = (scratch.file("run.json"), scratch.file("page.html"));
    measure(&result);
    let ended = report(&[&result, "--text".as_ref(), "--html".as_ref(), &page]);
    ended.assert_code(0);
    assert!(ended.stdout.contains("\nround trip "), "{ended:?}");
    assert!(page.exists());
}

#[test]
fn a_page_can_go_to_standard_output() {
    let scratch = Scratch::new("a_page_to_stdout");
    let result = scratch.file("run.json");
    measure(&result);
    let ended = report(&[&result, "--html".as_ref(), "-".as_ref()]);
    ended.assert_code(0);
    assert!(ended.stdout.starts_with("<!DOCTYPE html>"));
    assert_eq!(scratch.names(), ["run.json"]);
}

#[test]
fn a_result_is_never_replaced_by_a_page() {
    let scratch = Scratch::new("a_result_is_never_replaced");
    let (first, second) = (scratch.file("first.json"), scratch.file("second.json"));
    measure(&first);
    measure(&second);
    let before = fs::read(&first).unwrap();
    let ended = report(&["--html".as_ref(), &first, &second]);
    ended.assert_complaint(2, &["--html", "first.json", "no page"]);
    assert_eq!(fs::read(&first).unwrap(), before);
}

#[test]
fn a_page_that_cannot_be_written_is_told_with_its_name() {
    let scratch = Scratch::new("a_page_that_cannot_be_written");
    let result = scratch.file("run.json");
    measure(&result);
    let nowhere = scratch.file("missing/page.html");
    let ended = report(&[&result, "--html".as_ref(), &nowhere]);
    ended.assert_complaint(1, &["--html", "missing/page.html"]);
}
