//! Slips of whoever types: no result is lost by one, and no file of others moves the cursor.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::rig::program::Program;
use crate::rig::scratch::Scratch;

/// A result of a run, in a file of its own.
fn kept(scratch: &Scratch, name: &str) -> PathBuf {
    let sample =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/run-verdicts-lossy.json");
    let path = scratch.file(name);
    fs::copy(sample, &path).expect("the directory is ours");
    path
}

/// `arguments` are refused as wrong use, and leave `file` as it was.
#[track_caller]
fn spared(arguments: &str, file: &Path) {
    let before = fs::read(file).expect("it is there");
    let ended = Program::loadgen(arguments).end();
    ended.assert_code(2);
    assert!(ended.stderr.contains("name another file"), "{ended:?}");
    assert_eq!(fs::read(file).expect("it is still there"), before);
}

#[test]
fn a_result_is_not_replaced_by_what_is_made_of_it() {
    let scratch = Scratch::new("slips");
    let (one, other) = (kept(&scratch, "one.json"), kept(&scratch, "other.json"));
    let (one_name, other_name) = (one.display(), other.display());
    for flag in ["--csv", "--hgrm", "--hlog", "--prometheus-file"] {
        spared(&format!("report {flag} {one_name} {other_name}"), &one);
    }
    spared(&format!("--duration 100ms --csv {one_name}"), &one);
    let sweep = "sweep --from 100 --to 200 --steps 2 --duration 100ms";
    spared(&format!("{sweep} --csv {one_name}"), &one);
    spared(
        &format!("merge {one_name} {other_name} --json {one_name}"),
        &one,
    );
    let sides = format!("compare {one_name} --with {other_name}");
    spared(&format!("{sides} --json {other_name}"), &other);
    let third = kept(&scratch, "third.json");
    spared(&format!("{sides} --json {}", third.display()), &third);
}

#[test]
fn text_of_others_does_not_drive_the_terminal() {
    let scratch = Scratch::new("controls");
    let path = kept(&scratch, "one.json");
    let text = fs::read_to_string(&path).expect("it is there");
    let mut file: Value = serde_json::from_str(&text).expect("it is a result");
    file["plan"]["arrivals"] = json!("odd\u{1b}]0;title\u{7}\u{1b}[2J");
    fs::write(&path, file.to_string()).expect("the directory is ours");
    let ended = Program::loadgen(&format!("report {}", path.display())).end();
    ended.assert_code(0);
    assert!(ended.stdout.contains("]0;title"), "{ended:?}");
    let controls = |text: &str| {
        text.chars()
            .filter(|letter| *letter != '\n')
            .any(char::is_control)
    };
    assert!(!controls(&ended.stdout), "{ended:?}");
    file["schema"] = json!("\u{1b}]0;title\u{7}");
    fs::write(&path, file.to_string()).expect("the directory is ours");
    let ended = Program::loadgen(&format!("report {}", path.display())).end();
    ended.assert_code(1);
    assert!(!controls(&ended.stderr), "{ended:?}");
}
