//! The page of a sweep.

use super::examples::trial;
use super::reading::{charts, figures};
use crate::report::html::{Source, page};
use crate::results::read::Document;
use crate::results::{Sweep, SweepTrial};
use crate::sweep::Direction;

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
