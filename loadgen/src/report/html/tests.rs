use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::compare::compare;
use crate::compare::tests::{held_up, runs};
use crate::environment::Environment;
use crate::measure::{self, Compressed, Counts, Quantile};
use crate::results::tests::{asked, run};
use crate::results::{
    At, Clock, Comparison, Doubt, Encoded, Period, PeriodRoundTrips, Row, Run, Spread, Sweep,
    SweepTrial, TimeSplit,
};
use crate::sweep::Direction;
use crate::verdict::Outcome;

fn source(name: &str, run: Run) -> Source {
    Source {
        path: name.into(),
        document: Document::Run(Box::new(run)),
    }
}

fn page_of(run: Run) -> String {
    page(&[source("run.json", run)])
}

/// Seconds of 10,000 probes.
fn rows(seconds: u64) -> Vec<Period> {
    let spread = |nanos: u64| Spread {
        p50: Quantile::Value(nanos),
        p90: Quantile::Value(nanos * 2),
        p99: Quantile::Value(nanos * 3),
        p99_9: Quantile::TooFew,
        max: Quantile::Lost,
    };
    let mut histogram = measure::Distribution::new();
    histogram.record_many(20_000, 9_990);
    let row = |second: u64| Period {
        from_ns: second * 1_000_000_000,
        to_ns: (second + 1) * 1_000_000_000,
        sent: 9_995,
        not_sent: 5,
        received: 9_990,
        lost: 5,
        duplicated: 0,
        reordered: 0,
        corrupted: 0,
        foreign: 0,
        stale: 0,
        rtt_ns: PeriodRoundTrips {
            from_due: spread(20_000 + second),
            from_send: spread(19_000),
        },
        lateness_ns: spread(700),
        histogram: Encoded::from(&Compressed::of(histogram.histogram())),
    };
    (0..seconds).map(row).collect()
}

/// The data of the charts, by their names; of several with one name that of the last.
fn charts(page: &str) -> BTreeMap<String, Value> {
    let named = all_charts(page)
        .into_iter()
        .map(|chart| (chart["name"].as_str().unwrap().to_owned(), chart));
    named.collect()
}

fn all_charts(page: &str) -> Vec<Value> {
    let (_, from) = page
        .split_once("<script type=\"application/json\" id=\"charts\">")
        .unwrap();
    let (text, _) = from.split_once("</script>").unwrap();
    serde_json::from_str(text).unwrap()
}

/// What each cell of a table shows of which place of a file.
fn figures(page: &str) -> Vec<(String, String)> {
    let cells = page.split("data-name=\"").skip(1);
    let cell = |cell: &str| {
        let (name, rest) = cell.split_once('"').unwrap();
        let (_, raw) = rest.split_once("=\"").unwrap();
        (name.to_owned(), raw.split_once('"').unwrap().0.to_owned())
    };
    cells.map(cell).collect()
}

fn looked_up<'a>(file: &'a Value, path: &str) -> &'a Value {
    path.split('.')
        .fold(file, |value, name| match name.parse::<usize>() {
            Ok(place) => &value[place],
            Err(_not_a_place) => &value[name],
        })
}

#[test]
fn the_verdict_comes_before_all_figures_and_charts() {
    let mut run = run();
    run.verdict.outcome = Outcome::Invalid;
    run.verdict.doubts.push(Doubt {
        code: "rate_missed".to_owned(),
        message: "Lower --rate.".to_owned(),
        outcome: Outcome::Invalid,
        measured: 1.0,
        limit: 2.0,
        unit: "probes".to_owned(),
    });
    let page = page_of(run);
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text} in it"));
    let verdict = at("<strong class=\"word\">INVALID</strong>");
    let doubt = at("<li>rate_missed: Lower --rate.</li>");
    assert!(verdict < doubt && doubt < at("<table>") && doubt < at("<figure"));
}

#[test]
fn every_number_of_the_tables_is_that_of_its_place_in_the_file() {
    let mut run = asked();
    run.time_split = Some(split());
    let file = serde_json::to_value(&run).unwrap();
    let figures = figures(&page_of(run));
    assert!(figures.len() > 40, "{}", figures.len());
    for (name, raw) in figures {
        let expected = match looked_up(&file, &name) {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        assert_eq!(raw, expected, "{name}");
    }
}

#[test]
fn text_from_a_file_is_never_markup() {
    const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
    let mut run = run();
    run.plan.sizes = HOSTILE.to_owned();
    run.plan.rate = Some(HOSTILE.to_owned());
    run.not_sent_by.insert(HOSTILE.to_owned(), 1);
    run.verdict.doubts.push(Doubt {
        code: HOSTILE.to_owned(),
        message: HOSTILE.to_owned(),
        outcome: Outcome::Suspect,
        measured: 1.0,
        limit: 2.0,
        unit: HOSTILE.to_owned(),
    });
    run.host
        .unreadable
        .insert(HOSTILE.to_owned(), HOSTILE.to_owned());
    run.time_split = Some(TimeSplit {
        withheld: Some(HOSTILE.to_owned()),
        ..split()
    });
    let hostile_path = format!("{HOSTILE}.json");
    let pages = [
        page(&[source(&hostile_path, run.clone())]),
        page(&[source(&hostile_path, run.clone()), source("b", run)]),
    ];
    for page in pages {
        assert!(!page.contains("<img") && !page.contains("<script>alert"));
        // The page's own: the data, the plotting library and the page's script.
        assert_eq!(page.matches("</script>").count(), 3);
        assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"));
    }
}

#[test]
fn every_chart_of_a_run_has_its_data() {
    let mut run = run();
    run.intervals = rows(3);
    run.time_split = Some(split());
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
fn several_runs_share_the_charts_with_a_colour_each() {
    let mut one = run();
    one.intervals = rows(2);
    let page = page(&[source("a/before.json", one.clone()), source("after", one)]);
    let charts = charts(&page);
    let groups = charts["rates"]["groups"].as_array().unwrap();
    let seen: Vec<_> = groups
        .iter()
        .map(|group| (&group["name"], &group["curves"][0]["colour"]))
        .collect();
    assert_eq!(
        seen,
        [(&"before".into(), &0.into()), (&"after".into(), &1.into())]
    );
    assert!(page.contains("<th scope=\"rowgroup\" colspan=\"9\">before</th>"));
}

#[test]
fn files_of_one_name_are_called_by_their_paths() {
    let sources = [source("a/run.json", run()), source("b/run.json", run())];
    assert_eq!(names(&sources), ["a/run.json", "b/run.json"]);
}

#[test]
fn a_file_that_is_given_twice_is_numbered() {
    let sources = [("a.json", run()), ("b.json", run()), ("a.json", run())]
        .map(|(name, run)| source(name, run));
    assert_eq!(names(&sources), ["a.json (1)", "b", "a.json (2)"]);
}

#[test]
fn several_results_are_listed_at_the_top_with_links() {
    let sweep = Source {
        path: "steps.json".into(),
        document: Document::Sweep(Box::new(Sweep::new(
            vec![trial(Direction::Up, "10000", 20_000)],
            1,
        ))),
    };
    let page = page(&[source("a.json", run()), sweep, source("b.json", run())]);
    assert!(page.contains("<title>a, steps, b</title>"));
    for label in ["Runs: a, b", "Sweep: steps"] {
        let (before, _) = page.split_once(&format!("\">{label}</a>")).unwrap();
        let (_, anchor) = before.rsplit_once("href=\"#").unwrap();
        assert!(page.contains(&format!("<section id=\"{anchor}\">")));
    }
    assert!(!page_of(run()).contains("<nav"));
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

#[test]
fn nothing_may_be_loaded_from_anywhere() {
    let page = page_of(run());
    let (_, policy) = page
        .split_once("http-equiv=\"Content-Security-Policy\" content=\"")
        .unwrap();
    assert!(
        policy.starts_with("default-src &#39;none&#39;;")
            || policy.starts_with("default-src 'none';")
    );
    assert!(!page.contains(" src=") && !page.contains("<link") && !page.contains(" style="));
    assert!(!page.contains(" onclick=") && !page.contains("unsafe-inline"));
}

fn trial(direction: Direction, rate: &str, median: u64) -> SweepTrial {
    let mut run = run();
    run.plan.rate = Some(rate.to_owned());
    run.rtt_ns.from_due.p50 = Quantile::Value(median);
    SweepTrial { direction, run }
}

fn swept(trials: Vec<SweepTrial>) -> String {
    let planned = trials.len();
    page(&[Source {
        path: "sweep.json".into(),
        document: Document::Sweep(Box::new(Sweep::new(trials, planned))),
    }])
}

#[test]
fn the_knee_of_a_sweep_is_told_and_marked() {
    let page = swept(vec![
        trial(Direction::Up, "10000", 20_000),
        trial(Direction::Up, "2000000", 25_000),
        trial(Direction::Down, "2000000", 900_000),
        trial(Direction::Down, "10000", 20_000),
    ]);
    assert!(page.contains("<strong class=\"word\">knee at 10,000/s</strong>"));
    let charts = charts(&page);
    let latency = &charts["latency"];
    let mark = serde_json::json!([{ "x": 10_000, "label": "knee: 10,000/s" }]);
    assert_eq!(latency["marks"], mark);
    let down = &latency["groups"][1];
    assert_eq!(
        (&down["name"], &down["x"][0]),
        (&"down".into(), &10_000.into())
    );
    assert_eq!(down["curves"][0]["y"], serde_json::json!([20_000, 900_000]));
    assert_eq!(
        down["curves"][0]["within"][0],
        serde_json::json!([21_000, 21_000])
    );
    let (place, raw) = &figures(&page)[0];
    assert_eq!(
        (place.as_str(), raw.as_str()),
        ("trials.0.run.rtt_ns.from_due.p50", "20000")
    );
}

#[test]
fn a_knee_that_may_lie_beyond_is_not_marked() {
    let page = swept(vec![
        trial(Direction::Up, "10000", 20_000),
        trial(Direction::Down, "10000", 20_000),
    ]);
    assert!(page.contains("no knee"));
    assert_eq!(charts(&page)["latency"]["marks"], serde_json::json!([]));
}

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
    for (name, raw) in figures {
        let expected = match looked_up(&file, &name) {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        assert_eq!(raw, expected, "{name}");
    }
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

fn split() -> TimeSplit {
    let row = |at, lag_ns| Row {
        at,
        samples: 40,
        lag_ns,
        send_ns: 2_000,
        device_ns: 0,
        path_ns: 30_000,
        read_ns: 4_000,
        total_ns: lag_ns + 36_000,
    };
    TimeSplit {
        clock: Clock::Software,
        sampled: 300,
        complete: 299,
        stepped: 0,
        negative: 0,
        skipped: 0,
        coverage_ppm: 996_666,
        rows: vec![row(At::P50, 500), row(At::P90, 1_000)],
        withheld: None,
    }
}
