//! A report on results that were kept.

use super::exports::{Outputs, refuse};
use super::{Failure, failed, misused, print, style};
use crate::cli::report::Arguments;
use crate::export::{Format, csv};
use crate::output::Output;
use crate::report;
use crate::results::read::{self, Document};

pub(super) fn report(arguments: &Arguments) -> Result<u8, Failure> {
    let documents = arguments.files.iter().map(|file| read::document(file));
    let documents = documents.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let exported = arguments.exports.wanted().next().is_some();
    if exported {
        export(arguments, &documents)?;
    }
    if !exported || arguments.text {
        for document in &documents {
            print(&text(document))?;
        }
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
        Document::Search(_) | Document::Selftest(_) => refuse(exports, document.kind(), &[]),
    }
}

fn text(document: &Document) -> String {
    match document {
        Document::Run(run) => report::text(run, style()),
        Document::Sweep(sweep) => report::sweep::text(sweep, style()),
        Document::Search(search) => report::search::text(search, style()),
        Document::Selftest(selftest) => report::selftest::text(selftest, style()),
    }
}
