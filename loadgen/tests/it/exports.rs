//! Results for other tools.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use loadgen::export::Format;
use loadgen::measure::Quantile;
use loadgen::results::Run;

use crate::rig::peer::Peer;
use crate::rig::program::{Ended, Program};
use crate::rig::scratch::Scratch;

const RUN: &str = "--rate 500 --duration 600ms --warmup 0s --timeout 200ms --interval 200ms";

const FLAGS: [&str; 4] = ["--csv", "--hgrm", "--hlog", "--prometheus-file"];

/// It leaves every tenth probe unanswered.
fn lossy() -> Peer {
    let mut probes = 0_u64;
    Peer::start(move |seen, answers| {
        probes += 1;
        if !probes.is_multiple_of(10) {
            answers.echo(seen);
        }
    })
}

fn run(file: &Path) -> Run {
    let text = fs::read_to_string(file).expect("it has been written");
    serde_json::from_str(&text).expect("it is a result")
}

/// Measures a lossy peer into every kind of file.
fn everything(scratch: &Scratch) -> Run {
    let peer = lossy();
    let file = |name| scratch.file(name).display().to_string();
    let ended = Program::loadgen(&format!(
        "--target {} {RUN} --json {} --csv {} --hgrm {} --hlog {} --prometheus-file {}",
        peer.address(),
        file("run.json"),
        file("run.csv"),
        file("run.hgrm"),
        file("run.hlog"),
        file("run.prom"),
    ))
    .end();
    ended.assert_code_unless_held_up(0);
    assert!(ended.stdout.starts_with("target"), "{ended:?}");
    run(&scratch.file("run.json"))
}

#[test]
fn one_run_is_written_in_every_form() {
    let scratch = Scratch::new("every-form");
    let run = everything(&scratch);
    let names = ["run.csv", "run.hgrm", "run.hlog", "run.json", "run.prom"];
    assert_eq!(scratch.names(), names);
    let read = |name| fs::read_to_string(scratch.file(name)).unwrap();
    let table = read("run.csv");
    let rows: Vec<&str> = table.lines().skip(1).collect();
    assert_eq!(rows.len(), run.intervals.len());
    let column = |index| {
        let cells = rows.iter().map(|row| row.split(',').nth(index).unwrap());
        cells.map(|cell| cell.parse::<u64>().unwrap()).sum::<u64>()
    };
    assert_eq!(
        (column(2), column(4)),
        (run.counts.sent, run.counts.received)
    );
    assert_eq!(column(5), run.counts.lost + run.counts.late);
    assert_eq!(run.rtt_ns.from_due.max, Quantile::Lost);
    let lost = format!("#[Lost    = {:>12}", run.counts.lost + run.counts.late);
    assert!(read("run.hgrm").contains(&lost));
    let lines = read("run.hlog");
    let intervals = lines.lines().filter(|line| line.contains(",HISTF"));
    assert_eq!(intervals.count(), run.intervals.len());
    let state = format!("state=\"received\"}} {}\n", run.counts.received);
    assert!(read("run.prom").contains(&state));
}

#[test]
fn a_kept_result_is_written_in_the_same_forms() {
    let scratch = Scratch::new("kept");
    let run = everything(&scratch);
    let json = scratch.file("run.json");
    for (format, name) in [
        (Format::Csv, "run.csv"),
        (Format::Hgrm, "run.hgrm"),
        (Format::Hlog, "run.hlog"),
        (Format::Prometheus, "run.prom"),
    ] {
        let written = fs::read_to_string(scratch.file(name)).unwrap();
        assert_eq!(format.text(&run).unwrap(), written);
        let arguments = format!("report {} {} -", json.display(), format.flag());
        let printed = Program::loadgen(&arguments).end();
        printed.assert_code(0);
        // Line by line, with any end.
        assert_eq!(printed.stdout, written, "{name}");
    }
}

#[test]
fn the_metrics_are_for_everybody_to_read() {
    let scratch = Scratch::new("readable");
    everything(&scratch);
    let mode = fs::metadata(scratch.file("run.prom"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o644);
}

#[test]
fn standard_output_has_one_result_and_no_report() {
    let peer = Peer::faithful();
    let arguments = format!("--target {} {RUN} --csv -", peer.address());
    let ended = Program::loadgen(&arguments).end();
    assert!(ended.stdout.starts_with("from_s,to_s,"), "{ended:?}");
    assert!(!ended.stdout.contains("verdict"), "{ended:?}");
    let peer = Peer::faithful();
    let arguments = format!("--target {} {RUN} --csv - --json -", peer.address());
    let ended = Program::loadgen(&arguments).end();
    ended.assert_complaint(2, &["--json -", "--csv -", "standard output"]);
    assert_eq!(peer.finish().seen.len(), 0);
}

#[test]
fn a_file_has_room_for_one_result() {
    let scratch = Scratch::new("room-for-one");
    let run = everything(&scratch);
    let before = scratch.names();
    let json = scratch.file("run.json").display().to_string();
    let folder = scratch.file("").display().to_string();
    // Once by two names of a file that is not there yet, once by one of a file that is.
    let pairs = [
        (scratch.file("new"), format!("{folder}/./new")),
        (scratch.file("run.csv"), format!("{folder}/run.csv")),
    ];
    for (one, other) in pairs {
        let one = one.display();
        for command in [
            format!("{RUN} --json {one} --csv {other}"),
            format!("merge {json} {json} --json {one} --csv {other}"),
            format!("sweep --from 100 --to 200 --steps 2 --json {one} --csv {other}"),
        ] {
            let ended = Program::loadgen(&command).end();
            ended.assert_complaint(2, &["--json and --csv", &other]);
        }
        let ended = Program::loadgen(&format!("report {json} --hgrm {one} --hlog {other}")).end();
        ended.assert_complaint(2, &["--hgrm and --hlog", &other]);
    }
    assert_eq!(scratch.names(), before);
    assert!(run.counts.sent > 0);
    let ended = Program::loadgen(&format!("report {json} --csv /dev/null --hgrm /dev/null")).end();
    ended.assert_code(0);
}

#[test]
fn a_file_that_cannot_be_created_fails_before_anything_is_sent() {
    let scratch = Scratch::new("cannot-be-created");
    let path = scratch.file("missing").join("file");
    for flag in FLAGS {
        let peer = Peer::faithful();
        let arguments = format!(
            "--target {} {RUN} {flag} {}",
            peer.address(),
            path.display()
        );
        let ended = Program::loadgen(&arguments).end();
        ended.assert_complaint(1, &[flag, path.to_str().unwrap()]);
        assert_eq!(peer.finish().seen.len(), 0);
    }
    assert_eq!(scratch.names(), [""; 0]);
}

#[test]
fn a_full_disk_is_one_sentence_and_costs_no_other_file() {
    let scratch = Scratch::new("full-disk");
    let json = scratch.file("run.json");
    let peer = Peer::faithful();
    for flag in FLAGS {
        let ended = Program::loadgen(&format!(
            "--target {} {RUN} --quiet {flag} /dev/full --json {}",
            peer.address(),
            json.display()
        ))
        .end();
        let sentence = format!("loadgen: cannot write the result to {flag} /dev/full: No space");
        ended.assert_complaint(1, &[&sentence]);
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        assert!(run(&json).counts.sent > 0);
        fs::remove_file(&json).unwrap();
    }
}

#[test]
fn a_sweep_is_a_table_and_nothing_else() {
    let each = "--from 100 --to 200 --steps 2 --duration 100ms --warmup 0s";
    let swept = Program::loadgen(&format!("sweep {each} --csv -")).end();
    let lines: Vec<&str> = swept.stdout.lines().collect();
    assert_eq!(lines.len(), 5, "{swept:?}");
    assert!(lines[0].starts_with("direction,rate_pps,"), "{swept:?}");
    assert!(lines[1].starts_with("up,100,"), "{swept:?}");
    assert!(lines[4].starts_with("down,100,"), "{swept:?}");
    let refused = Program::loadgen(&format!("sweep {each} --hgrm -")).end();
    refused.assert_complaint(2, &["--hgrm", "a sweep"]);
    let refused = Program::loadgen("search --slo p50<1m --csv -").end();
    refused.assert_complaint(2, &["--csv", "a search"]);
}

#[test]
fn a_kept_sweep_is_a_table_too() {
    let sweep = sample("sweep-verdicts.json");
    let table = Program::loadgen(&format!("report {sweep} --csv -")).end();
    table.assert_code(0);
    assert_eq!(table.stdout.lines().count(), 5);
    let refused = |arguments: &str, words: &[&str]| {
        let ended: Ended = Program::loadgen(&format!("report {arguments}")).end();
        ended.assert_complaint(2, words);
    };
    refused(&format!("{sweep} --hlog -"), &["--hlog", "a sweep"]);
    let search = sample("search-verdicts.json");
    refused(&format!("{search} --csv -"), &["--csv", "a search"]);
    let selftest = sample("selftest-verdicts.json");
    refused(&format!("{selftest} --csv -"), &["--csv", "a selftest"]);
    refused(&format!("{sweep} {sweep} --csv -"), &["loadgen merge"]);
}

fn sample(name: &str) -> String {
    format!("{}/tests/samples/{name}", env!("CARGO_MANIFEST_DIR"))
}
