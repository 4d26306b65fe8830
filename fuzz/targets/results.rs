//! Result files: no bytes make their reader panic, and whatever can be read can be shown, compared, put
//! together, and written again, in every form that there is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use loadgen::compare::{Bound, Named, compare};
use loadgen::export::{Format, csv, fragments};
use loadgen::merge::{MergeError, Source, merge};
use loadgen::report::{self, Style, html};
use loadgen::results::read::{self, Cause, Document};
use loadgen::results::{Answer, BoundOutcome, Experiment, Run};
use serde::Serialize;

fuzz_target!(|bytes: &[u8]| {
    let _read = read::parse_surroundings(bytes);
    let Ok(document) = read::parse(bytes) else {
        return;
    };
    let (text, written) = match &document {
        Document::Run(run) => {
            same_on_both_sides(run);
            export(run);
            put_together(run);
            (report::text(run, Style::Plain), json(run))
        }
        Document::Sweep(sweep) => {
            assert!(csv::sweep(sweep).ends_with('\n'));
            (report::sweep::text(sweep, Style::Plain), json(sweep))
        }
        Document::Search(search) => (report::search::text(search, Style::Plain), json(search)),
        Document::Selftest(test) => (report::selftest::text(test, Style::Plain), json(test)),
        Document::Comparison(one) => (report::compare::text(one, Style::Plain), json(one)),
        Document::Experiment(one) => {
            assert!(csv::experiment(one).ends_with('\n'));
            assert_one_line_each(one);
            (report::tune::text(one, Style::Plain), json(one))
        }
    };
    assert!(text.ends_with('\n'));
    assert_eq!(read::parse(&written).ok().as_ref(), Some(&document));
    let page = html::page(&[html::Source {
        path: "result.json".into(),
        document,
    }]);
    assert!(page.starts_with("<!DOCTYPE html>"));
});

fn json(result: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(result).expect("a result can be written")
}

/// Four runs that are alike, against themselves: never different, whatever is in them.
fn same_on_both_sides(run: &Run) {
    let side: Vec<Named> = (0..4)
        .map(|number| {
            let mut run = run.clone();
            run.plan.run = Some(number);
            let name = number.to_string();
            Named { name, run }
        })
        .collect();
    let bounds: [Bound; 2] = ["p50>+0%", "loss>+0%"].map(|typed| typed.parse().expect("a bound"));
    let comparison = compare(&side, &side, &bounds);
    let undecided = [Answer::NoEvidence, Answer::NotMeasured, Answer::TooFewRuns];
    assert!(undecided.contains(&comparison.answer));
    let mut judged = comparison.bounds.iter();
    assert!(judged.all(|bound| bound.outcome != BoundOutcome::Broken));
    let text = report::compare::text(&comparison, Style::Plain);
    assert!(text.starts_with("answer"));
    let written = json(&comparison);
    let read = read::parse(&written).expect("a comparison is read as it is written");
    assert_eq!(read, Document::Comparison(Box::new(comparison)));
}

/// What applies the best setting has no more lines that do something than there are settings.
fn assert_one_line_each(experiment: &Experiment) {
    for text in [fragments::sysctl(experiment), fragments::shell(experiment)] {
        assert!(text.ends_with('\n'));
        let lines = text.split(['\n', '\r', '\0']);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        assert!(lines.count() <= 1 + experiment.factors.len(), "{text}");
    }
}

/// In every form for other tools.
fn export(run: &Run) {
    for format in [Format::Csv, Format::Hgrm, Format::Hlog, Format::Prometheus] {
        if let Ok(text) = format.text(run) {
            assert!(text.ends_with('\n'), "{format:?}");
        }
    }
}

/// With itself as another run, which doubles it or says why not; and alone, which is refused.
fn put_together(run: &Run) {
    let source = |file: &str, run: Run| Source {
        file: file.to_owned(),
        run,
    };
    let alone = merge(vec![source("one", run.clone())]);
    assert_eq!(alone, Err(MergeError::TooFew));
    let mut other = run.clone();
    other.plan.run = Some(run.plan.run.unwrap_or_default().wrapping_add(1));
    other.merged_from.clear();
    let Ok(merged) = merge(vec![source("one", run.clone()), source("other", other)]) else {
        return;
    };
    assert_eq!(merged.counts.sent, 2 * run.counts.sent);
    export(&merged);
    assert!(report::text(&merged, Style::Plain).ends_with('\n'));
    let written = json(&merged);
    match read::parse(&written) {
        Ok(read) => assert_eq!(read, Document::Run(Box::new(merged))),
        // Twice as much as just passed for true.
        Err(error) => assert!(matches!(error, Cause::Counts), "{error}"),
    }
}
