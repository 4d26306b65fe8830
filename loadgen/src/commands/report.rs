//! A report on results that were kept.

use super::exports::{self, Outputs, one_place_each, refuse};
use super::{Failure, failed, guard, misused, page, print, style};
use crate::cli::report::Arguments;
use crate::export::{Format, csv, fragments};
use crate::output::Output;
use crate::report::{self, html};
use crate::results::read::{self, Document};

pub(super) fn report(arguments: &Arguments) -> Result<u8, Failure> {
    let html = arguments.html.as_deref();
    let [effects, sysctl, shell] = arguments.of_experiment();
    let places = [("--html", html), effects, sysctl, shell];
    one_place_each(&places, &arguments.exports)?;
    if arguments.text && writes_to_stdout(arguments) {
        return Err(misused(
            "--text does not go with what else is written to standard output: name a file for that",
        ));
    }
    let mut output = page::create(html)?;
    let documents = arguments.files.iter().map(|file| read::document(file));
    let documents = documents.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let exported = arguments.exports.wanted().next().is_some();
    if exported {
        export(arguments, &documents)?;
    }
    let written = write_of_experiment(arguments, &documents)?;
    if arguments.text || !(exported || written || arguments.html.is_some()) {
        print(&texts(arguments, &documents))?;
    }
    if html.is_some() {
        let paths = arguments.files.iter().cloned();
        let sources = paths
            .zip(documents)
            .map(|(path, document)| html::Source { path, document });
        let page = html::page(&sources.collect::<Vec<_>>());
        output.write_text(&page).map_err(failed)?;
    }
    Ok(0)
}

fn writes_to_stdout(arguments: &Arguments) -> bool {
    let exports = arguments.exports.wanted().map(|(_, path)| path);
    let others = arguments.of_experiment().into_iter();
    let others = others.filter_map(|(_, path)| path);
    let mut all = exports.chain(others).chain(arguments.html.as_deref());
    all.any(|path| path.as_os_str() == "-")
}

fn export(arguments: &Arguments, documents: &[Document]) -> Result<(), Failure> {
    let [document] = documents else {
        return Err(misused(
            "--csv, --hgrm, --hlog and --prometheus-file take one result: put runs together with \
             loadgen merge first",
        ));
    };
    let wanted = &arguments.exports;
    match document {
        Document::Run(run) => Outputs::create(None, wanted)?.write(run),
        Document::Sweep(sweep) => {
            refuse(wanted, "a sweep", &[Format::Csv])?;
            let mut output = exports::open(Format::Csv, wanted.csv.as_deref())?;
            output.write_text(&csv::sweep(sweep)).map_err(failed)
        }
        Document::Experiment(experiment) => {
            refuse(wanted, document.kind(), &[Format::Csv])?;
            let mut output = exports::open(Format::Csv, wanted.csv.as_deref())?;
            let text = csv::experiment(experiment);
            output.write_text(&text).map_err(failed)
        }
        Document::Search(_) | Document::Selftest(_) | Document::Comparison(_) => {
            refuse(wanted, document.kind(), &[])
        }
    }
}

/// Writes the files that only an experiment has, and says whether any was asked for.
fn write_of_experiment(arguments: &Arguments, documents: &[Document]) -> Result<bool, Failure> {
    let texts = [csv::effects, fragments::sysctl, fragments::shell];
    let mut any = false;
    for ((flag, path), text) in arguments.of_experiment().into_iter().zip(texts) {
        let Some(path) = path else { continue };
        let experiment = match documents {
            [Document::Experiment(experiment)] => experiment,
            [other] => {
                return Err(misused(format_args!(
                    "{flag} is for a tuning experiment, and not for {}: leave it out",
                    other.kind()
                )));
            }
            _ => {
                return Err(misused(format_args!(
                    "{flag} takes one tuning experiment: name no other file"
                )));
            }
        };
        guard::spare_results(flag, path)?;
        let mut output = Output::create(flag, Some(path)).map_err(failed)?;
        output.write_text(&text(experiment)).map_err(failed)?;
        any = true;
    }
    Ok(any)
}

/// The reports one below the other, of several with the names of their files.
fn texts(arguments: &Arguments, documents: &[Document]) -> String {
    if let [document] = documents {
        return text(document);
    }
    let files = arguments.files.iter().zip(documents);
    let named = files.map(|(file, document)| {
        let title = report::title("file", &file.display().to_string(), style());
        format!("{title}{}", text(document))
    });
    named.collect::<Vec<_>>().join("\n")
}

fn text(document: &Document) -> String {
    match document {
        Document::Run(run) => report::text(run, style()),
        Document::Sweep(sweep) => report::sweep::text(sweep, style()),
        Document::Search(search) => report::search::text(search, style()),
        Document::Comparison(comparison) => report::compare::text(comparison, style()),
        Document::Selftest(selftest) => report::selftest::text(selftest, style()),
        Document::Experiment(experiment) => report::tune::text(experiment, style()),
    }
}
