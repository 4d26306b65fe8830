//! Results as one page for a browser, which needs nothing but the page.
//!
//! - `runs`, `sweep`, `search`, `compare`, `selftest`, `tune`: what a page says of results of each
//!   kind; `percentiles`, `over_time` and `time_split` draw runs, `sides` draws comparisons.
//! - `page`, `table`, `chart`, `forest`: pages as data. A new kind of result is another list of sections, a
//!   new chart another `chart::Chart`.
//! - `render`, with `fields`: that data as HTML; `assets`: the script and the styles, and what may
//!   run at all.
//!
//! What stands in a result file is somebody else's text: it is escaped wherever it goes.

mod assets;
mod chart;
mod compare;
mod fields;
mod forest;
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
mod tune;

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
    let (mut contents, mut sections) = (Vec::new(), Vec::new());
    if !runs.is_empty() {
        let called: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
        contents.push((labelled("Run", "Runs", &called), sections.len()));
        sections.extend(runs::sections(&runs));
    }
    for (file, (source, name)) in sources.iter().zip(&names).enumerate() {
        let kind = match &source.document {
            Document::Run(_) => continue,
            Document::Comparison(_) => "Comparison",
            Document::Sweep(_) => "Sweep",
            Document::Search(_) => "Search",
            Document::Selftest(_) => "Selftest",
            Document::Experiment(_) => "Experiment",
        };
        contents.push((labelled(kind, kind, &[name]), sections.len()));
        sections.extend(others(name, file, &source.document));
    }
    if sources.len() == 1 {
        contents.clear();
    }
    render::render(&Page {
        title: title(sources, &names),
        contents,
        sections,
    })
}

fn others(name: &str, file: usize, document: &Document) -> Vec<Section> {
    match document {
        Document::Run(_) => Vec::new(),
        Document::Experiment(experiment) => tune::sections(name, file, experiment),
        Document::Comparison(comparison) => compare::sections(name, file, comparison),
        Document::Sweep(sweep) => sweep::sections(name, file, sweep),
        Document::Search(search) => search::sections(name, file, search),
        Document::Selftest(selftest) => selftest::sections(name, selftest),
    }
}

/// One kind of result, with the names of all that are of it.
fn labelled(one: &str, several: &str, names: &[&str]) -> String {
    let kind = if names.len() == 1 { one } else { several };
    format!("{kind}: {}", names.join(", "))
}

/// What each result is called: as short as is clear, and not at all if there is but one. Files that
/// are given several times are numbered.
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
    let names: Vec<String> = sources.iter().map(name).collect();
    let numbered = names.iter().enumerate().map(|(place, name)| {
        let alike = |names: &[String]| names.iter().filter(|other| *other == name).count();
        match alike(&names) {
            1 => name.clone(),
            _ => format!("{name} ({})", alike(&names[..=place])),
        }
    });
    numbered.collect()
}

fn title(sources: &[Source], names: &[String]) -> String {
    let [source] = sources else {
        return match names {
            [] => "No results of loadgen".to_owned(),
            few if few.len() <= MOST_IN_A_TITLE => few.join(", "),
            many => format!("{} results of loadgen", many.len()),
        };
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
        Document::Experiment(experiment) => format!("Experiment {}", experiment.name),
    }
}

/// Of more results, a title tells the number alone.
const MOST_IN_A_TITLE: usize = 4;
