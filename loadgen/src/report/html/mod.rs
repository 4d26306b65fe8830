//! Results as one page for a browser, which needs nothing but the page.
//!
//! - `runs`, `sweep`, `search`, `compare`, `selftest`: what a page says of results of each kind;
//!   `percentiles`, `over_time` and `time_split` draw runs, `sides` draws comparisons.
//! - `page`, `table`, `chart`: pages as data. A new kind of result is another list of sections, a
//!   new chart another `chart::Chart`.
//! - `render`, with `fields`: that data as HTML; `assets`: the script and the styles, and what may
//!   run at all.
//!
//! What stands in a result file is somebody else's text: it is escaped wherever it goes.

mod assets;
mod chart;
mod compare;
mod fields;
mod over_time;
mod page;
mod percentiles;
mod render;
mod runs;
mod search;
mod selftest;
mod sides;
mod sweep;
mod table;
#[cfg(test)]
mod tests;
mod time_split;

use std::path::{Path, PathBuf};

use self::page::{Page, Section};
use self::runs::Named;
use self::table::Origin;
use super::setting::target;
use crate::results::read::Document;

/// A result, and where it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The file.
    pub path: PathBuf,
    /// What it holds.
    pub document: Document,
}

/// The page of some results: runs overlay each other, results of other kinds follow one by one.
#[must_use]
pub fn page(sources: &[Source]) -> String {
    let names = names(sources);
    let runs: Vec<Named<'_>> = sources
        .iter()
        .zip(&names)
        .enumerate()
        .filter_map(|(file, (source, name))| match &source.document {
            Document::Run(run) => Some(Named {
                name: name.clone(),
                origin: Origin::of_file(file),
                run,
            }),
            _ => None,
        })
        .collect();
    let mut sections = Vec::new();
    if !runs.is_empty() {
        sections.extend(runs::sections(&runs));
    }
    for (file, (source, name)) in sources.iter().zip(&names).enumerate() {
        sections.extend(others(name, file, &source.document));
    }
    render::render(&Page {
        title: title(sources),
        sections,
    })
}

fn others(name: &str, file: usize, document: &Document) -> Vec<Section> {
    match document {
        Document::Run(_) => Vec::new(),
        Document::Comparison(comparison) => compare::sections(name, file, comparison),
        Document::Sweep(sweep) => sweep::sections(name, file, sweep),
        Document::Search(search) => search::sections(name, file, search),
        Document::Selftest(selftest) => selftest::sections(name, selftest),
    }
}

/// What each result is called: as short as is clear, and not at all if there is but one.
fn names(sources: &[Source]) -> Vec<String> {
    if sources.len() == 1 {
        return vec![String::new()];
    }
    let short = |path: &Path| {
        let stem = path.file_stem().unwrap_or(path.as_os_str());
        stem.to_string_lossy().into_owned()
    };
    let name = |source: &Source| {
        let name = short(&source.path);
        let alike = sources.iter().filter(|other| short(&other.path) == name);
        match alike.count() {
            1 => name,
            _ => source.path.display().to_string(),
        }
    };
    sources.iter().map(name).collect()
}

fn title(sources: &[Source]) -> String {
    let [source] = sources else {
        return format!("{} results of loadgen", sources.len());
    };
    let of = |what: &str, run: Option<&crate::results::Run>| {
        run.map_or_else(
            || what.to_owned(),
            |run| format!("{what} of {}", target(&run.plan)),
        )
    };
    match &source.document {
        Document::Run(run) => of("Run", Some(run)),
        Document::Sweep(sweep) => of("Sweep", sweep.trials.first().map(|trial| &trial.run)),
        Document::Search(search) => of("Search", search.trials.first().map(|trial| &trial.run)),
        Document::Selftest(_) => "Selftest".to_owned(),
        Document::Comparison(_) => "Comparison".to_owned(),
    }
}
