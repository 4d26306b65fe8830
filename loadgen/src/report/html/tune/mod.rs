//! A tuning experiment: the answer, what each setting does, and every run.
//!
//! - `effects`: differences as plots and as a table;
//! - `runs`: what each run measured;
//! - `method`: how the experiment was made, and what to do with its result.

mod effects;
mod method;
mod runs;

use super::page::{Block, Judgement, Section, Tone};
use super::table::Origin;
use crate::report::tune::circumstances::left_out;
use crate::report::tune::effects::worse_than_the_reference;
use crate::report::tune::{asked, words};
use crate::results::{Experiment, ExperimentEnd, Finding};

/// Everything about an experiment.
pub(super) fn sections(name: &str, file: usize, experiment: &Experiment) -> Vec<Section> {
    let of = match name {
        "" => String::new(),
        name => format!(" of {name}"),
    };
    let origin = Origin::of_file(file);
    let mut sections = vec![
        Section::new(format!("Answer{of}"), answer(name, experiment)),
        Section::new(
            format!("What each setting does{of}"),
            effects::levels(&origin, experiment),
        ),
    ];
    let more = [
        (
            "What settings do together",
            effects::interactions(&origin, experiment),
        ),
        (
            "Each variant against the reference",
            effects::variants(&origin, experiment),
        ),
    ];
    for (heading, blocks) in more {
        if !blocks.is_empty() {
            sections.push(Section::new(format!("{heading}{of}"), blocks));
        }
    }
    let runs = runs::blocks(&origin, experiment);
    sections.push(Section::new(format!("Every run{of}"), runs));
    let method = method::blocks(experiment);
    sections.push(Section::new(format!("How it was made{of}"), method));
    sections
}

fn answer(name: &str, experiment: &Experiment) -> Vec<Block> {
    let judgement = |word: &str, tone, sentences: Vec<String>| {
        Block::Judgement(Judgement {
            subject: name.to_owned(),
            word: word.to_owned(),
            tone,
            sentences,
        })
    };
    let (word, tone) = word(experiment);
    let mut blocks = vec![judgement(
        word,
        tone,
        vec![experiment.best.sentence.clone()],
    )];
    if experiment.ended != ExperimentEnd::Complete {
        let ended = words::ended(experiment);
        blocks.push(judgement("not all of it", Tone::Doubtful, vec![ended]));
    }
    let worse = worse_than_the_reference(experiment);
    if !worse.is_empty() {
        blocks.push(judgement("worse than the reference", Tone::Bad, worse));
    }
    let doubts = doubts(experiment);
    if !doubts.is_empty() {
        blocks.push(judgement("to be read with care", Tone::Doubtful, doubts));
    }
    let entry = |label: &str, text: String| (label.to_owned(), text);
    let mut entries = vec![entry("asked", asked(experiment))];
    entries.extend(words::best(experiment).map(|best| entry("best", best)));
    let known = experiment.known.clone();
    entries.extend(known.map(|known| entry("expected", known)));
    entries.push(entry("runs", words::runs(experiment)));
    let doubts = words::doubts(experiment);
    if !doubts.is_empty() {
        entries.push(entry("doubts", doubts.join("; ")));
    }
    entries.extend(words::began(experiment).map(|began| entry("began", began)));
    blocks.push(Block::List(entries));
    blocks
}

fn word(experiment: &Experiment) -> (&'static str, Tone) {
    if experiment.best.levels.is_some() {
        return ("a better setting", Tone::Good);
    }
    let judged = |finding| {
        let mut effects = experiment.effects.iter();
        effects.any(|effect| effect.quantity == experiment.judge && effect.finding == finding)
    };
    if experiment.runs.is_empty() {
        ("not measured", Tone::Doubtful)
    } else if judged(Finding::TooFewBlocks) && !variants_are_known(experiment) {
        ("too few blocks", Tone::Doubtful)
    } else if judged(Finding::NotMeasured) {
        ("not measured", Tone::Doubtful)
    } else {
        ("no evidence", Tone::Plain)
    }
}

/// Whether it is known what variants do, where it is not known what levels do.
fn variants_are_known(experiment: &Experiment) -> bool {
    let against = experiment.against_reference.iter();
    let mut judged = against.filter(|effect| effect.quantity == experiment.judge);
    judged.any(|effect| effect.shift.is_some())
}

/// What speaks against believing it, and what is missing.
fn doubts(experiment: &Experiment) -> Vec<String> {
    let mut doubts = experiment.warnings.clone();
    let given_up = words::given_up(experiment);
    doubts.extend(given_up.map(|(name, why)| format!("{name} was given up: {why}")));
    let left_out = left_out(experiment).into_iter();
    doubts.extend(left_out.map(|run| format!("left out: {run}")));
    doubts
}
