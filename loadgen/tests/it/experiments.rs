//! `loadgen report` of a tuning experiment that was kept, and where one has no place.

use std::fs;
use std::path::{Path, PathBuf};

use crate::rig::program::Program;
use crate::rig::scratch::Scratch;

fn sample(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    folder.join(name)
}

#[test]
fn an_experiment_is_told_as_text_table_and_page() {
    let scratch = Scratch::new("an_experiment_is_told");
    let kept = sample("tune-first.json");
    let kept = kept.display();
    let told = Program::loadgen(&format!("report {kept}")).end();
    told.assert_code(0);
    let first = "asked       poll-and-workers: Do polling and more workers add up?\nanswer  ";
    assert!(told.stdout.starts_with(first), "{told:?}");
    let table = Program::loadgen(&format!("report {kept} --csv -")).end();
    table.assert_code(0);
    assert!(
        table.stdout.starts_with("block,variant,factor_busy_poll,"),
        "{table:?}"
    );
    let effects = Program::loadgen(&format!("report {kept} --effects -")).end();
    effects.assert_code(0);
    let last = effects.stdout.lines().last().unwrap_or_default();
    assert!(
        effects.stdout.starts_with("of,variant,factor,level,") && last.starts_with("best,"),
        "{effects:?}"
    );
    let page = scratch.file("page.html");
    let shown = Program::loadgen(&format!("report {kept} --html {}", page.display())).end();
    shown.assert_code(0);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("<title>Experiment poll-and-workers</title>"));
}

/// One that was carried out in the lab while the host was busy with other things.
#[test]
fn an_experiment_of_an_earlier_build_is_told_as_ever() {
    let kept = sample("tune-offloads.json");
    let told = Program::loadgen(&format!("report {}", kept.display())).end();
    told.assert_code(0);
    for words in [
        "answer      no evidence that any of these helps",
        "warning     ",
        "udp segmentation=off against on (ethtool -K eth0 tx-udp-segmentation)",
        "runs        65, of which ",
    ] {
        assert!(told.stdout.contains(words), "{words} is not in {told:?}");
    }
}

#[test]
fn what_won_is_written_as_files_that_apply_it() {
    let scratch = Scratch::new("what_won_is_written");
    let (kept, kernel, script) = (
        sample("tune-first.json"),
        scratch.file("tuned.conf"),
        scratch.file("tuned.sh"),
    );
    let written = Program::loadgen(&format!(
        "report {} --sysctl {} --shell {}",
        kept.display(),
        kernel.display(),
        script.display()
    ))
    .end();
    written.assert_code(0);
    assert_eq!(written.stdout, "");
    let kernel = fs::read_to_string(kernel).unwrap();
    assert!(kernel.contains("\nnet.core.busy_poll = 50\n"), "{kernel}");
    let script = fs::read_to_string(script).unwrap();
    assert!(script.starts_with("#!/bin/sh\n"), "{script}");
    let printed = Program::loadgen(&format!("report {} --sysctl -", kept.display())).end();
    assert_eq!(printed.stdout, kernel);
}

#[test]
fn files_that_apply_what_won_take_one_experiment_and_spare_results() {
    let scratch = Scratch::new("files_that_apply");
    let (kept, run) = (sample("tune-first.json"), sample("run-first.json"));
    let (kept, run) = (kept.display(), run.display());
    let other = scratch.file("other.json");
    fs::write(&other, "{}").unwrap();
    for (arguments, words) in [
        (
            format!("report {run} --sysctl -"),
            &["--sysctl is for a tuning experiment", "a run"][..],
        ),
        (
            format!("report {run} --effects -"),
            &["--effects is for a tuning experiment", "a run"],
        ),
        (
            format!("report {kept} {kept} --shell -"),
            &["--shell takes one tuning experiment"],
        ),
        (
            format!("report {kept} --shell {}", other.display()),
            &["--shell", "may be a result"],
        ),
        (
            format!("report {kept} --shell - --sysctl -"),
            &["--shell", "--sysctl"],
        ),
        (format!("report {kept} --text --sysctl -"), &["--text"]),
        (
            format!("report {kept} --hgrm -"),
            &["--hgrm is for a run, and not for a tuning experiment"],
        ),
    ] {
        Program::loadgen(&arguments)
            .end()
            .assert_complaint(2, words);
    }
    assert_eq!(fs::read_to_string(other).unwrap(), "{}");
}

#[test]
fn an_experiment_is_no_run_to_compare_or_to_put_together() {
    let (kept, run) = (sample("tune-first.json"), sample("run-verdicts.json"));
    let (kept, run) = (kept.display(), run.display());
    for arguments in [
        format!("compare {run} --with {kept}"),
        format!("merge {run} {kept}"),
        format!("environment --diff {kept} {run}"),
    ] {
        let words = ["it holds a tuning experiment, where a run", "was expected"];
        Program::loadgen(&arguments)
            .end()
            .assert_complaint(1, &words);
    }
}
