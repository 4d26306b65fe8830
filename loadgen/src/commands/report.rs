//! A report on results that were kept.

use super::{Failure, failed, print, style};
use crate::cli::report::Arguments;
use crate::report;
use crate::results::read::{self, Document};

pub(super) fn report(arguments: &Arguments) -> Result<u8, Failure> {
    let documents = arguments.files.iter().map(|file| read::document(file));
    let documents = documents.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    for document in &documents {
        print(&text(document))?;
    }
    Ok(0)
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
