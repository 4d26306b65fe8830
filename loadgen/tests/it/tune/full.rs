//! Answers that cannot be kept in the directory of the experiment.

use std::fs;

use serde_json::Value;

use super::broken::Mount;
use super::{FOUR_FACTORS, Site};
use crate::rig::need::need;

#[test]
fn an_answer_that_cannot_be_kept_is_told_and_written_elsewhere_all_the_same() {
    let Some(site) = Site::new("tune-unkept") else {
        return;
    };
    let disk = site.scratch.file("tune");
    fs::create_dir_all(&disk).expect("it is our directory");
    let Some(_mount) = need(Mount::small(&disk), "a file system of its own") else {
        return;
    };
    let (json, table) = (site.scratch.file("all.json"), site.scratch.file("runs.csv"));
    let places = format!("--json {} --csv {}", json.display(), table.display());
    let ended = site.run(FOUR_FACTORS, &places);
    ended.assert_code(1);
    let complaint = "No space left";
    assert_eq!(ended.stderr.matches(complaint).count(), 1, "{ended:?}");
    assert!(ended.stdout.starts_with("asked  "), "{ended:?}");
    let text = fs::read_to_string(json).expect("it is written");
    let all: Value = serde_json::from_str(&text).expect("it is whole");
    assert_eq!(all["ended"], "failed");
    // The run that was made when the disk was full already is among them.
    let kept = site.result().expect("it is from before");
    let runs = |result: &Value| result["runs"].as_array().expect("they are a list").len();
    assert!(runs(&all) > runs(&kept), "{all}");
    let table = fs::read_to_string(table).expect("it is written");
    assert_eq!(table.lines().count(), 1 + runs(&all));
}
