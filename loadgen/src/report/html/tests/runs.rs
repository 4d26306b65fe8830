//! The page of a run.

use std::collections::BTreeMap;

use serde_json::Value;

use super::examples::{page_of, rows};
use super::reading::{assert_in_file, charts, figures};
use crate::measure::Counts;
use crate::results::tests::{asked, doubted, run, time_split};

#[test]
fn the_verdict_comes_before_all_figures_and_charts() {
    let page = page_of(doubted(run()));
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text} in it"));
    let verdict = at("<strong class=\"word\">INVALID</strong>");
    let doubt = at("<li>rate_missed: Lower --rate.</li>");
    assert!(verdict < doubt && doubt < at("<table>") && doubt < at("<figure"));
}

#[test]
fn every_number_of_the_tables_is_that_of_its_place_in_the_file() {
    let mut run = asked();
    run.time_split = Some(time_split());
    let file = serde_json::to_value(&run).unwrap();
    let figures = figures(&page_of(run));
    assert!(figures.len() > 40, "{}", figures.len());
    assert_in_file(&file, figures);
}

#[test]
fn every_chart_of_a_run_has_its_data() {
    let mut run = run();
    run.intervals = rows(3);
    run.time_split = Some(time_split());
    let page = page_of(run);
    let charts = charts(&page);
    let names: Vec<&str> = charts.keys().map(String::as_str).collect();
    let expected = [
        "lateness",
        "losses",
        "percentiles",
        "rates",
        "round_trips",
        "time_split",
    ];
    assert_eq!(names, expected);
    assert_eq!(page.matches("<figcaption").count(), charts.len());
    let group = &charts["round_trips"]["groups"][0];
    let x = serde_json::json!([500_000_000, 1_500_000_000, 2_500_000_000_u64]);
    assert_eq!(group["x"], x);
    assert_eq!(
        group["curves"][0]["y"],
        serde_json::json!([20_000, 20_001, 20_002])
    );
    assert_eq!(
        group["curves"][2]["y"],
        serde_json::json!(["lost", "lost", "lost"])
    );
    let rates = &charts["rates"]["groups"][0]["curves"];
    let second: Vec<&Value> = (0..3).map(|curve| &rates[curve]["y"][1]).collect();
    assert_eq!(second, [10_000, 9_995, 9_990]);
    let losses = &charts["losses"]["groups"][0];
    // The last row holds what is given up until a timeout of a second has passed.
    let x = serde_json::json!([0, 1_000_000_000, 2_000_000_000, 4_000_000_000_u64]);
    assert_eq!(losses["x"], x);
    assert_eq!(losses["curves"][1]["y"][3], 0.0005);
    let lost = &charts["percentiles"]["groups"][0]["curves"][0]["beyond"];
    assert_eq!(lost, "no answer in time: 0.403 %");
}

#[test]
fn never_more_is_drawn_as_lost_than_was_sent() {
    let mut run = run();
    run.intervals = rows(2);
    for (row, lost) in run.intervals.iter_mut().zip([0, 19_990]) {
        (row.received, row.lost) = (0, lost);
    }
    let losses = &charts(&page_of(run))["losses"]["groups"][0]["curves"][0];
    assert_eq!(losses["y"], serde_json::json!([0.0, 0.0, 1.0]));
}

#[test]
fn a_run_without_an_answer_has_a_sentence_instead_of_empty_charts() {
    let mut run = run();
    (run.counts.received, run.counts.lost) = (0, run.counts.sent);
    run.intervals = rows(2);
    for row in &mut run.intervals {
        (row.received, row.lost) = (0, row.sent);
    }
    let page = page_of(run);
    assert!(page.contains("probes was answered in time, so that there are no round trips"));
    let charts = charts(&page);
    assert!(!charts.contains_key("percentiles") && !charts.contains_key("round_trips"));
    assert!(charts.contains_key("losses"));
}

#[test]
fn a_run_that_was_stopped_in_its_warm_up_measured_nothing() {
    let mut run = run();
    run.counts = Counts::default();
    run.intervals = Vec::new();
    let page = page_of(run);
    assert_eq!(page.matches("Nothing was measured.").count(), 2);
    assert!(!page.contains("not in the file") && !page.contains("no file has"));
}

#[test]
fn parts_of_a_file_that_are_empty_are_left_out() {
    assert!(!page_of(run()).contains("<summary>merged from"));
}

#[test]
fn a_run_without_rows_and_histograms_has_sentences_instead_of_charts() {
    let mut run = run();
    (run.intervals, run.histograms) = (Vec::new(), None);
    let page = page_of(run);
    assert_eq!(charts(&page), BTreeMap::new());
    assert!(page.contains("no file has rows of intervals"));
    assert!(page.contains("The whole distribution is not in the file."));
}

#[test]
fn an_hour_of_seconds_is_no_large_page() {
    let mut run = run();
    run.intervals = rows(3_600);
    let page = page_of(run);
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
}
