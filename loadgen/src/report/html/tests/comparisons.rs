//! The page of a comparison.

use serde_json::Value;

use super::reading::{all_charts, assert_in_file, charts, figures};
use crate::compare::compare;
use crate::compare::tests::{held_up, runs};
use crate::environment::Environment;
use crate::report::html::{Source, page};
use crate::results::Comparison;
use crate::results::read::Document;
use crate::verdict::Outcome;

fn compared(comparison: Comparison) -> String {
    page(&[Source {
        path: "comparison.json".into(),
        document: Document::Comparison(Box::new(comparison)),
    }])
}

#[test]
fn a_comparison_has_its_answer_first_and_all_numbers_of_the_file() {
    let bounds = ["p50>+5%", "p99>+1ms"].map(|typed| typed.parse().unwrap());
    let (mut a, b) = (runs("a", 6, 50_000), runs("b", 5, 70_000));
    a[1].run.verdict.outcome = Outcome::Invalid;
    a[1].name = "<b>".to_owned();
    let comparison = compare(&a, &b, &bounds);
    let page = compared(comparison.clone());
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text} in it"));
    let word = at("<strong class=\"word\">slower</strong>");
    assert!(word < at(&comparison.message) && at(&comparison.message) < at("<table>"));
    at("<strong class=\"word\">a bound is BROKEN</strong>");
    at("<li>p50&gt;+5%: BROKEN");
    at("<li>A without &lt;b&gt;: its verdict is invalid</li>");
    at("<summary>A: 5 of 6 runs count</summary>");
    let file = serde_json::to_value(&comparison).unwrap();
    let figures = figures(&page);
    // Both medians with their ranges, all that is known of differences, and each run.
    assert_eq!(figures.len(), 5 * 6 + (5 * 5 + 4 * 3) + 5 * 10);
    assert_in_file(&file, figures);
}

#[test]
fn a_comparison_is_drawn_by_quantity_and_by_run() {
    let comparison = compare(&runs("a", 4, 50_000), &runs("b", 4, 70_000), &[]);
    let page = compared(comparison.clone());
    let differences = &charts(&page)["differences"];
    let names = serde_json::json!(["p50", "p90", "p99", "p99.9", "loss"]);
    assert_eq!(differences["x"]["names"], names);
    let [slower, none] = [0, 1].map(|group| &differences["groups"][group]);
    assert_eq!(slower["curves"][0]["name"], "B is slower or loses more");
    assert_eq!(slower["x"], serde_json::json!([0]));
    assert_eq!(none["x"], serde_json::json!([1, 2, 3, 4]));
    let relative = comparison.quantities[0].difference.unwrap().relative;
    let [by, low, high] = relative.unwrap();
    assert_eq!(slower["curves"][0]["y"], serde_json::json!([by]));
    let within = serde_json::json!([[low, high]]);
    assert_eq!(slower["curves"][0]["within"], within);
    let every = all_charts(&page);
    let runs: Vec<&Value> = every.iter().filter(|one| one["name"] == "runs").collect();
    // Loss too: these runs have some.
    assert_eq!(runs.len(), 5);
    let [dots, median] = [0, 1].map(|group| &runs[0]["groups"][group]["curves"][0]["y"]);
    let p50 = &comparison.quantities[0].a;
    assert_eq!(*dots, serde_json::to_value(&p50.each).unwrap());
    assert_eq!(*median, serde_json::json!([p50.median, p50.median]));
}

#[test]
fn what_is_lost_on_one_side_is_drawn_beyond_all_numbers() {
    let (sound, lost) = (runs("a", 5, 50_000), held_up("b", 5));
    for (comparison, word, side) in [
        (compare(&sound, &lost, &[]), "lost", "B"),
        (compare(&lost, &sound, &[]), "from lost", "A"),
    ] {
        let page = compared(comparison.clone());
        let differences = &charts(&page)["differences"];
        let curve = &differences["groups"][0]["curves"][0];
        assert_eq!(curve["y"][0], word);
        assert_eq!(curve["within"][0], serde_json::json!([word, word]));
        let every = all_charts(&page);
        let p50 = every.iter().find(|chart| chart["name"] == "runs").unwrap();
        let groups = p50["groups"].as_array().unwrap();
        // The runs of both, and the median of the one that has one.
        assert_eq!(groups.len(), 3);
        let group = groups.iter().find(|group| group["name"] == side).unwrap();
        assert_eq!(group["curves"][0]["y"], serde_json::json!(vec!["lost"; 5]));
    }
}

#[test]
fn a_comparison_that_was_refused_says_so_and_shows_the_runs_there_are() {
    let page = compared(compare(
        &runs("a", 3, 50_000),
        &runs("b", 2, 70_000),
        &["p50>+5%".parse().unwrap()],
    ));
    for text in [
        "<strong class=\"word\">too few runs</strong>",
        "at least 4 a side are wanted",
        "a bound is UNKNOWN",
    ] {
        assert!(page.contains(text), "no {text} in it");
    }
    assert!(!charts(&page).contains_key("differences"));
    assert!(charts(&page).contains_key("runs"));
    // Nothing at all was given.
    assert!(compared(compare(&[], &[], &[])).contains("too few runs"));
}

#[test]
fn warnings_of_a_comparison_come_before_its_figures() {
    let (mut a, mut b) = (runs("a", 5, 50_000), runs("b", 5, 50_000));
    let here = Environment::read(None);
    for named in &mut a {
        named.run.environment = Some(here.clone());
    }
    for named in &mut b {
        named.run.plan.flows = 64;
        let mut elsewhere = here.clone();
        elsewhere.kernel.release = Some("1.2.3".to_owned());
        named.run.environment = Some(elsewhere);
        named.run.began_unix_ns = named.run.began_unix_ns.map(|began| began + 1_000_000);
    }
    let page = compared(compare(&a, &b, &[]));
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text} in it"));
    let figures = at("<table>");
    assert!(at("<strong class=\"word\">no evidence</strong>") < figures);
    assert!(at("<li>plan: flows: A 2, B 64</li>") < figures);
    assert!(at("<li>all runs of A were made before those of B") < figures);
    at("<th scope=\"row\">flows</th><td>2</td><td>64</td>");
    at("<th scope=\"row\">kernel.release</th>");
}
