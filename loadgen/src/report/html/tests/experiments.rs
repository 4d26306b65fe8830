//! The page of a tuning experiment.

use serde_json::{Value, json};

use super::reading::{all_charts, assert_in_file, charts, figures};
use crate::report::html::{Source, page};
use crate::results::examples::{
    empty, factorial, fraction, hostile, lost, no_evidence, one_factor, torn, unfinished,
};
use crate::results::read::Document;
use crate::results::{Experiment, Finding};

fn page_of(experiment: Experiment) -> String {
    page(&[Source {
        path: "tuned.json".into(),
        document: Document::Experiment(Box::new(experiment)),
    }])
}

#[test]
fn the_answer_and_what_it_costs_come_before_all_figures() {
    let page = page_of(factorial());
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text} in it"));
    let answer = at("<strong class=\"word\">a better setting</strong>");
    let first = at("<figure");
    assert!(answer < at("<li>busy_poll=50: cpu +418 ns, +19.8 %</li>"));
    for text in [
        "worse than the reference</strong>",
        "<li>busy_poll=50 workers=64 was given up: it lost more than half",
        "<li>left out: block 3, busy_poll=50: its verdict is invalid: generator_late; made again",
        "<li>the host was loaded by others",
    ] {
        assert!(answer < at(text) && at(text) < first, "{text}");
    }
    assert!(page.contains("<title>Experiment poll-and-workers</title>"));
}

#[test]
fn every_number_of_the_tables_is_that_of_its_place_in_the_file() {
    for made in [factorial(), fraction(), lost()] {
        let file = serde_json::to_value(&made).unwrap();
        let runs = made.runs.len();
        let figures = figures(&page_of(made));
        assert!(figures.len() > 3 * runs, "{}", figures.len());
        assert_in_file(&file, figures);
    }
}

#[test]
fn each_setting_has_a_row_in_the_plot_of_each_quantity() {
    let page = page_of(one_factor());
    // Nothing was lost, so that there is no plot of that.
    for title in ["p50", "p99", "cpu"] {
        let (_, plot) = page.split_once(&format!("<h3>{title}</h3>")).unwrap();
        let (plot, _) = plot.split_once("</figure>").unwrap();
        for name in ["busy_poll=50", "rmem=8388608"] {
            assert_eq!(plot.matches(&format!(">{name}</span>")).count(), 1);
        }
        assert!(plot.contains("class=\"band\"") && plot.contains("class=\"zero\""));
    }
    assert_eq!(page.matches("<figure class=\"forest\">").count(), 3);
    assert!(page.contains("<li class=\"better\"><span class=\"name\">busy_poll=50</span>"));
    assert!(page.contains("-10.0 us, -19.9 %: better"));
}

#[test]
fn a_quantile_that_is_lost_on_one_side_is_a_triangle_at_the_edge() {
    let page = page_of(lost());
    assert!(page.contains("<svg x=\"100.00%\" y=\"11\" overflow=\"visible\"><polygon"));
    assert!(page.contains(">+lost: worse</span>"));
    let strip = all_charts(&page);
    let p99 = strip.iter().find(|chart| chart["name"] == "strip").unwrap();
    let of = |number: usize| &p99["groups"][number]["curves"][0];
    assert_eq!(of(2)["name"], "rmem=8388608");
    assert_eq!(of(2)["y"], json!(vec!["lost"; 10]));
    assert_eq!(of(0)["y"][4], "lost");
}

#[test]
fn every_run_is_in_the_chart_of_a_quantity_and_those_that_do_not_count_are_crosses() {
    let made = factorial();
    let page = page_of(made.clone());
    let strips: Vec<Value> = all_charts(&page);
    // What was asked comes first.
    let p99 = &strips[0];
    let groups = p99["groups"].as_array().unwrap();
    let points = groups
        .iter()
        .map(|group| group["x"].as_array().unwrap().len());
    let measured = made.runs.iter().filter(|run| !run.values.is_empty());
    assert_eq!(points.sum::<usize>(), measured.count());
    let curve = |number: usize| &groups[number]["curves"][0];
    assert_eq!(curve(0)["name"], "reference");
    assert_eq!(curve(3)["name"], "busy_poll=50 workers=4 (the best)");
    let last = curve(groups.len() - 1);
    assert_eq!(
        (&last["shape"], &last["y"]),
        (&json!("crosses"), &json!([310_000]))
    );
    let x = groups.last().unwrap()["x"][0].as_f64().unwrap();
    assert!(x > 2.5 && x < 3.5, "{x}");
    let twin = curve(groups.len() - 2);
    assert_eq!(
        (&twin["shape"], &twin["colour"]),
        (&json!("rings"), &curve(0)["colour"])
    );
}

#[test]
fn what_was_crossed_has_plots_of_pairs_and_of_whole_variants() {
    let page = page_of(fraction());
    for heading in [
        "What settings do together",
        "Each variant against the reference",
        "not told apart</dt><dd>busy_poll rmem = rx-usecs workers",
    ] {
        assert!(page.contains(heading), "{heading}");
    }
    let alone = page_of(one_factor());
    assert!(!alone.contains("together</h2>") && !alone.contains("Each variant"));
}

#[test]
fn an_experiment_without_an_answer_says_why() {
    for (made, word, sentence) in [
        (
            no_evidence(),
            "no evidence",
            "no evidence that anything helps",
        ),
        (
            unfinished(),
            "too few blocks",
            "Not known: 2 blocks, and at least 4 are wanted.",
        ),
        (empty(), "not measured", "No run was made."),
    ] {
        let page = page_of(made);
        assert!(
            page.contains(&format!("<strong class=\"word\">{word}</strong>")),
            "{word}"
        );
        assert!(page.contains(sentence), "{sentence}");
    }
    let mut torn = torn();
    assert!(page_of(torn.clone()).contains("Each variant against the reference</h2>"));
    torn.best.levels = None;
    assert!(page_of(torn).contains(">no evidence</strong>"));
    let mut unknown = no_evidence();
    for effect in &mut unknown.effects {
        effect.finding = Finding::NotMeasured;
    }
    assert!(page_of(unknown).contains(">not measured</strong>"));
    assert!(charts(&page_of(empty())).is_empty());
}

#[test]
fn what_won_and_the_plan_can_be_copied() {
    let page = page_of(one_factor());
    for text in [
        "\nnet.core.busy_poll = 50\n</pre>",
        "\nsysctl -w 'net.core.busy_poll=50'\n</pre>",
        "[load]\nrate = &quot;50k&quot;\n",
    ] {
        assert!(page.contains(text), "no {text} in it");
    }
}

#[test]
fn text_from_an_experiment_is_never_markup() {
    const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
    let page = page_of(hostile(HOSTILE));
    assert!(!page.contains("<img") && !page.contains("<script>alert"));
    assert_eq!(page.matches("</script>").count(), 3);
    assert!(!page.contains(" style=") && !page.contains(" onclick="));
}
