//! Pages of several results.

use super::examples::{page_of, rows, source, trial};
use super::reading::charts;
use crate::report::html::{Source, names, page};
use crate::results::Sweep;
use crate::results::read::Document;
use crate::results::tests::run;
use crate::sweep::Direction;

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
