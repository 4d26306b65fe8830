//! A comparison of results that were kept.

use std::path::PathBuf;

use super::exports::one_place_each;
use super::{
    Failure, NOT_TO_BE_TRUSTED, OBJECTIVE_MISSED, failed, guard, misused, page, print, style,
};
use crate::cli::compare::Arguments;
use crate::cli::exports::Exports;
use crate::compare::{MOST, Named, compare};
use crate::output::Output;
use crate::report;
use crate::results::read::{self, Document};
use crate::results::{BoundOutcome, Comparison};

pub(super) fn carry_out(arguments: &Arguments) -> Result<u8, Failure> {
    let (json, html) = (arguments.json.as_deref(), arguments.html.as_deref());
    one_place_each(&[("--json", json), ("--html", html)], &Exports::default())?;
    for inputs in [&arguments.files, &arguments.with] {
        guard::spare_inputs("--json", json, inputs)?;
    }
    guard::spare_all_but_comparisons(json)?;
    for (side, files) in [("A", &arguments.files), ("B", &arguments.with)] {
        if files.len() > MOST {
            return Err(misused(format_args!(
                "{side} has {} files, and {MOST} a side can be compared: leave some out",
                files.len()
            )));
        }
    }
    let (a, b) = (runs(&arguments.files)?, runs(&arguments.with)?);
    let mut output = Output::create("--json", json).map_err(failed)?;
    let mut page = page::create(html)?;
    let comparison = compare(&a, &b, &arguments.fail_if);
    output.write(&comparison).map_err(failed)?;
    if html.is_some() {
        page.write_text(&shown(&comparison)).map_err(failed)?;
    }
    if comparison.is_refused() {
        return Err(Failure {
            sentence: comparison.message,
            code: NOT_TO_BE_TRUSTED,
        });
    }
    if !(arguments.quiet || output.is_stdout() || page.is_stdout()) {
        print(&report::compare::text(&comparison, style()))?;
    }
    Ok(exit_code(&comparison))
}

fn runs(files: &[PathBuf]) -> Result<Vec<Named>, Failure> {
    let named = files.iter().map(|file| {
        Ok(Named {
            name: file.display().to_string(),
            run: read::run(file).map_err(failed)?,
        })
    });
    named.collect()
}

/// The comparison as a page.
fn shown(comparison: &Comparison) -> String {
    report::html::page(&[report::html::Source {
        path: "comparison".into(),
        document: Document::Comparison(Box::new(comparison.clone())),
    }])
}

/// A bound that is surely broken counts, whatever is not known of the others.
fn exit_code(comparison: &Comparison) -> u8 {
    let any = |outcome| {
        comparison
            .bounds
            .iter()
            .any(|bound| bound.outcome == outcome)
    };
    if any(BoundOutcome::Broken) {
        OBJECTIVE_MISSED
    } else if any(BoundOutcome::Unknown) {
        NOT_TO_BE_TRUSTED
    } else {
        0
    }
}
