//! How an experiment was made, what went wrong, and how it ended.

use super::words::{self, design, ended, resolution};
use crate::report::prose;
use crate::report::{Style, YELLOW, painted};
use crate::results::{Experiment, ExperimentEnd, ExperimentFactor, ExperimentRun};

/// Variants that were given up, runs that do not count, and warnings.
pub(super) fn troubles(experiment: &Experiment, style: Style) -> Vec<String> {
    let stopped = words::given_up(experiment).map(|(name, why)| format!("{name}: {why}"));
    let mut lines = listed("stopped", stopped);
    lines.extend(listed("left out", shortened(left_out(experiment))));
    lines.extend(listed("warning", experiment.warnings.iter().cloned()));
    if experiment.ended != ExperimentEnd::Complete {
        lines.extend(prose("ended", &ended(experiment)));
    }
    lines
        .iter()
        .map(|line| painted(line, YELLOW, style))
        .collect()
}

/// The first of many, and how many more there are: on a busy host most runs may be among them.
fn shortened(mut sentences: Vec<String>) -> impl Iterator<Item = String> {
    let more = sentences.len().saturating_sub(MOST_LEFT_OUT);
    if more > 1 {
        sentences.truncate(MOST_LEFT_OUT);
        sentences.push(format!(
            "and {more} more, which --json, --csv and --html have"
        ));
    }
    sentences.into_iter()
}

/// Which runs do not count, why, and whether they were made again.
pub(in crate::report) fn left_out(experiment: &Experiment) -> Vec<String> {
    let key = |run: &ExperimentRun| (run.block, run.variant, run.attempt);
    let mut attempts: Vec<_> = experiment.runs.iter().map(key).collect();
    attempts.sort_unstable();
    let mut sentences = Vec::new();
    for run in &experiment.runs {
        let Some(why) = &run.left_out else { continue };
        let after = attempts.partition_point(|other| *other <= key(run));
        let again = attempts
            .get(after)
            .is_some_and(|(block, variant, _)| (*block, *variant) == (run.block, run.variant));
        let again = if again {
            "made again"
        } else {
            "not made again"
        };
        sentences.push(format!("{}: {why}; {again}", words::run(experiment, run)));
    }
    sentences
}

/// What was varied, how variants were chosen, and in what order they ran.
pub(super) fn method(experiment: &Experiment) -> Vec<String> {
    let mut lines = listed("settings", experiment.factors.iter().map(factor));
    lines.extend(prose("design", &design(experiment)));
    let order = format!(
        "in each block every variant runs once, in an order from seed {}",
        experiment.seed
    );
    lines.extend(prose("", &order));
    if let Some(resolution) = resolution(experiment) {
        lines.extend(prose("resolution", &resolution));
    }
    let made = &experiment.design;
    lines.extend(listed("made of", made.generators.iter().cloned()));
    lines.extend(listed("not apart", made.aliases.iter().cloned()));
    lines.extend(prose("runs", &words::runs(experiment)));
    lines.extend(listed("doubts", words::doubts(experiment).into_iter()));
    if let Some(began) = words::began(experiment) {
        lines.extend(prose("began", &began));
    }
    if experiment.ended == ExperimentEnd::Complete {
        lines.extend(prose("ended", &ended(experiment)));
    }
    lines
}

/// A setting with all that was tried of it.
pub(in crate::report) fn factor(factor: &ExperimentFactor) -> String {
    let before = match &factor.before {
        Some(before) => format!("; was {before}"),
        None => String::new(),
    };
    format!(
        "{}, {}: {}{before}",
        factor.name,
        factor.what,
        factor.levels.join(", ")
    )
}

/// One below the other, with the label at the first.
pub(super) fn listed(label: &str, texts: impl Iterator<Item = String>) -> Vec<String> {
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    let lines = labels
        .zip(texts)
        .flat_map(|(label, text)| prose(label, &text));
    lines.collect()
}

/// Runs that are told one by one.
const MOST_LEFT_OUT: usize = 8;
