//! How an experiment was made, and what to do with its result.

use crate::export::fragments;
use crate::report::html::page::Block;
use crate::report::tune::circumstances::factor;
use crate::report::tune::words::{design, ended, resolution};
use crate::results::Experiment;

pub(super) fn blocks(experiment: &Experiment) -> Vec<Block> {
    let entry = |label: &str, text: String| (label.to_owned(), text);
    let mut entries: Vec<(String, String)> = experiment
        .factors
        .iter()
        .map(|shown| entry("setting", factor(shown)))
        .collect();
    entries.push(entry("design", design(experiment)));
    entries.push(entry(
        "order",
        format!(
            "in each block every variant runs once, in an order from seed {}",
            experiment.seed
        ),
    ));
    entries.extend(resolution(experiment).map(|text| entry("resolution", text)));
    let made = &experiment.design;
    let made_of = made.generators.iter();
    entries.extend(made_of.map(|text| entry("made of", text.clone())));
    let aliases = made.aliases.iter();
    entries.extend(aliases.map(|text| entry("not told apart", text.clone())));
    entries.push(entry("ended", ended(experiment)));
    let mut blocks = vec![Block::List(entries)];
    let folded = |summary: &str, inside| Block::Folded {
        summary: summary.to_owned(),
        blocks: vec![inside],
    };
    let texts = [
        (
            "A file for sysctl.d that sets what won",
            fragments::sysctl(experiment),
        ),
        (
            "A shell script that sets what won",
            fragments::shell(experiment),
        ),
        ("The plan, as it was read", experiment.plan.clone()),
    ];
    blocks.extend(texts.map(|(summary, text)| folded(summary, Block::Preformatted(text))));
    if let Some(environment) = &experiment.environment {
        // It always has a form in JSON: it is read from one.
        let fields = serde_json::to_value(environment).unwrap_or_default();
        let summary = "The machine, before anything was changed";
        blocks.push(folded(summary, Block::Fields(fields)));
    }
    blocks
}
