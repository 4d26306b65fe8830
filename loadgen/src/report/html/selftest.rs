//! What a machine can measure.

use super::page::{Block, Judgement, Section, Tone};
use crate::report::selftest::floor_sentences;
use crate::results::{Check, Selftest};

/// Everything about a selftest.
pub(super) fn sections(name: &str, selftest: &Selftest) -> Vec<Section> {
    let of = match name {
        "" => String::new(),
        name => format!(" of {name}"),
    };
    let (word, tone) = if selftest.passed {
        ("passed", Tone::Good)
    } else {
        ("FAILED", Tone::Bad)
    };
    let verdict = Judgement {
        subject: name.to_owned(),
        word: word.to_owned(),
        tone,
        sentences: floor_sentences(&selftest.floor, selftest.passed).into(),
    };
    let check = |check: &Check| {
        let word = if check.passed { "ok" } else { "FAILED" };
        (check.name.clone(), format!("{word}: {}", check.found))
    };
    vec![
        Section::new(format!("Selftest{of}"), vec![Block::Judgement(verdict)]),
        Section::new(
            format!("Checks{of}"),
            vec![Block::List(selftest.checks.iter().map(check).collect())],
        ),
    ]
}
