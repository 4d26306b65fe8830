//! A report on results that were kept.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::exports::{Outputs, refuse};
use super::{Failure, failed, misused, print, style};
use crate::cli::report::Arguments;
use crate::export::{Format, csv};
use crate::output::Output;
use crate::report::{self, html};
use crate::results::read::{self, Document};

pub(super) fn report(arguments: &Arguments) -> Result<u8, Failure> {
    if let Some(path) = &arguments.html {
        refuse_to_replace(path)?;
    }
    let documents = arguments.files.iter().map(|file| read::document(file));
    let documents = documents.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let exported = arguments.exports.wanted().next().is_some();
    if exported {
        export(arguments, &documents)?;
    }
    if arguments.text || !(exported || arguments.html.is_some()) {
        for document in &documents {
            print(&text(document))?;
        }
    }
    if let Some(path) = &arguments.html {
        let paths = arguments.files.iter().cloned();
        let sources = paths
            .zip(documents)
            .map(|(path, document)| html::Source { path, document });
        let page = html::page(&sources.collect::<Vec<_>>());
        let mut output = Output::create("--html", Some(path)).map_err(failed)?;
        output.write_text(&page).map_err(failed)?;
    }
    Ok(0)
}

fn export(arguments: &Arguments, documents: &[Document]) -> Result<(), Failure> {
    let [document] = documents else {
        return Err(misused(
            "--csv, --hgrm, --hlog and --prometheus-file take one result: put runs together with \
             loadgen merge first",
        ));
    };
    let exports = &arguments.exports;
    match document {
        Document::Run(run) => Outputs::create(None, exports)?.write(run),
        Document::Sweep(sweep) => {
            refuse(exports, "a sweep", &[Format::Csv])?;
            let mut output = Output::create("--csv", exports.csv.as_deref()).map_err(failed)?;
            output.write_text(&csv::sweep(sweep)).map_err(failed)
        }
        Document::Search(_) | Document::Selftest(_) | Document::Comparison(_) => {
            refuse(exports, document.kind(), &[])
        }
    }
}

fn text(document: &Document) -> String {
    match document {
        Document::Run(run) => report::text(run, style()),
        Document::Sweep(sweep) => report::sweep::text(sweep, style()),
        Document::Search(search) => report::search::text(search, style()),
        Document::Comparison(comparison) => report::compare::text(comparison, style()),
        Document::Selftest(selftest) => report::selftest::text(selftest, style()),
    }
}

/// A result where a page was to go is a slip (`--html` before the files) that would cost a
/// measurement.
fn refuse_to_replace(path: &Path) -> Result<(), Failure> {
    let is_file = fs::metadata(path).is_ok_and(|there| there.is_file());
    if is_file && !is_page(path).unwrap_or(false) {
        return Err(misused(format_args!(
            "--html {} would replace a file that is no page: name the page first, then the results",
            path.display()
        )));
    }
    Ok(())
}

/// Whether a file may be written over: an empty one, or one that begins like a page.
fn is_page(path: &Path) -> io::Result<bool> {
    let mut beginning = String::new();
    let mut file = File::open(path)?.take(BEGINNING.len() as u64);
    file.read_to_string(&mut beginning)?;
    Ok(beginning.is_empty() || beginning.eq_ignore_ascii_case(BEGINNING))
}

const BEGINNING: &str = "<!doctype html>";
