//! What the parts of an experiment are called, for text and page.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, UNIX_EPOCH};

use crate::compare::words::{change, relative};
use crate::results::{
    DesignKind, Effect, EffectOf, Experiment, ExperimentEnd, ExperimentFactor, ExperimentRun,
    Finding, Shift, Unit,
};
use crate::verdict::Outcome;
use crate::verdict::phrases::phrase;

/// What an effect is the effect of: `busy_poll=50 against 0`.
pub(in crate::report) fn of(experiment: &Experiment, of: &EffectOf) -> String {
    match *of {
        EffectOf::Noise => {
            let last = experiment.variants.len().saturating_sub(1);
            format!(
                "{} against {}",
                variant(experiment, last),
                variant(experiment, 0)
            )
        }
        EffectOf::Level { factor, level } => {
            let factors = experiment.factors.get(factor as usize);
            let first = factors.and_then(|factor| factor.levels.first());
            let first = first.map_or("?", String::as_str);
            format!("{} against {first}", set(experiment, factor, level))
        }
        EffectOf::Interaction {
            first,
            first_level,
            second,
            second_level,
        } => format!(
            "{} with {}",
            set(experiment, first, first_level),
            set(experiment, second, second_level)
        ),
        EffectOf::Variant { variant: number } => {
            let reference = variant(experiment, 0);
            format!(
                "{} against {reference}",
                variant(experiment, number as usize)
            )
        }
    }
}

/// The same without what it is compared with: `busy_poll=50`.
pub(in crate::report) fn short(experiment: &Experiment, what: &EffectOf) -> String {
    match *what {
        EffectOf::Noise => {
            variant(experiment, experiment.variants.len().saturating_sub(1)).to_owned()
        }
        EffectOf::Level { factor, level } => set(experiment, factor, level),
        EffectOf::Variant { variant: number } => variant(experiment, number as usize).to_owned(),
        EffectOf::Interaction { .. } => of(experiment, what),
    }
}

/// `busy_poll=50`.
fn set(experiment: &Experiment, factor: u32, level: u32) -> String {
    let factor = experiment.factors.get(factor as usize);
    let level = factor.and_then(|factor| factor.levels.get(level as usize));
    let name = factor.map_or("?", |factor| factor.name.as_str());
    format!("{name}={}", level.map_or("?", String::as_str))
}

/// Whether a setting is called by what it is, as plans do if they give it no name.
pub(in crate::report) fn names_itself(factor: &ExperimentFactor) -> bool {
    let rest = factor.what.strip_suffix(&factor.name);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with(' '))
}

/// What a variant is called.
pub(in crate::report) fn variant(experiment: &Experiment, number: usize) -> &str {
    let variant = experiment.variants.get(number);
    variant.map_or("?", |variant| variant.name.as_str())
}

/// Variants that were given up, with the reason; without the one that ended the experiment, which is told
/// with its end.
pub(in crate::report) fn given_up(experiment: &Experiment) -> impl Iterator<Item = (&str, &str)> {
    let end = experiment.why.as_deref().unwrap_or_default();
    experiment.variants.iter().filter_map(move |variant| {
        let why = variant.stopped.as_deref()?;
        let is_told = experiment.ended == ExperimentEnd::Failed && end.contains(why);
        (!is_told).then_some((variant.name.as_str(), why))
    })
}

/// The best setting, as far as it is not the reference; nothing if there is none.
pub(in crate::report) fn best(experiment: &Experiment) -> Option<String> {
    let levels = experiment.best.levels.as_ref()?;
    let others = (0_u32..).zip(levels).filter(|(_, level)| **level > 0);
    let others = others.map(|(factor, level)| set(experiment, factor, *level));
    let others: Vec<String> = others.collect();
    if others.is_empty() {
        return Some("that of the reference".to_owned());
    }
    let rest = if others.len() < levels.len() {
        ", the rest as in the reference"
    } else {
        ""
    };
    Some(format!("{}{rest}", others.join(", ")))
}

/// What is to be thought of an effect.
pub(in crate::report) fn finding(effect: &Effect) -> &'static str {
    match (effect.finding, &effect.of) {
        // They are alike, so that it can be neither.
        (Finding::Better | Finding::Worse, EffectOf::Noise) => "they differ",
        (Finding::Better, _) => "better",
        (Finding::Worse, _) => "worse",
        (Finding::NoEvidence, _) => "no evidence",
        (Finding::TooFewBlocks, _) => "too few",
        (Finding::NotMeasured, _) => "unknown",
    }
}

/// `p50 +20.1 us, +35.2 %`.
pub(in crate::report) fn found(name: &str, shift: &Shift, unit: Unit) -> String {
    let part = shift.part().map(relative);
    let part = part.map_or_else(String::new, |part| format!(", {part}"));
    format!("{name} {}{part}", change(shift.by, unit))
}

/// How an experiment ended, as a sentence.
pub(in crate::report) fn ended(experiment: &Experiment) -> String {
    let how = match experiment.ended {
        ExperimentEnd::Unfinished => "it is under way, or was broken off without a word",
        ExperimentEnd::Complete => "all blocks were run",
        ExperimentEnd::TimeUp => {
            "its time was up before the effects were known as well as they should be"
        }
        ExperimentEnd::Stopped => "a signal ended it",
        ExperimentEnd::Failed => "something went wrong",
    };
    match &experiment.why {
        // Earlier versions have said the same as a reason.
        Some(why) if why != how => format!("{how}: {why}"),
        _ => how.to_owned(),
    }
}

/// By which rule variants were chosen, and how many there are.
pub(in crate::report) fn design(experiment: &Experiment) -> String {
    let rule = match experiment.design.kind {
        DesignKind::OneFactor => "each setting changed alone",
        DesignKind::Factorial => "every combination of the settings",
        DesignKind::Fraction => {
            "a part of the combinations of the settings, chosen so that each is \
                                 tried with each"
        }
    };
    let twins = match experiment.variants.len() {
        0 | 1 => String::new(),
        several => format!(
            ": {}, and the reference once more",
            counted(several - 1, "variant")
        ),
    };
    format!("{rule}{twins}")
}

/// What a fraction can tell apart, in words; nothing if it is none.
pub(in crate::report) fn resolution(experiment: &Experiment) -> Option<String> {
    let resolution = experiment.design.resolution?;
    let words = match resolution {
        0..=3 => "what one setting does cannot be told from what two others do together",
        4 => {
            "what one setting does is told apart, but not what some pairs do together from what \
             other pairs do"
        }
        _ => "what one setting does and what two do together are told apart",
    };
    Some(format!("{resolution}: {words}"))
}

/// How many runs there are, and how many of them count.
pub(in crate::report) fn runs(experiment: &Experiment) -> String {
    let made = experiment.runs.len();
    let left_out = experiment.runs.iter().filter(|run| run.left_out.is_some());
    let left_out = left_out.count();
    let counting = made - left_out;
    let is_suspect =
        |run: &&ExperimentRun| run.verdict == Some(Outcome::Suspect) && run.left_out.is_none();
    let suspect = match experiment.runs.iter().filter(is_suspect).count() {
        0 => String::new(),
        all if all == counting && all > 1 => ", all of them suspect".to_owned(),
        suspect => format!(", {suspect} of them suspect"),
    };
    let comma = if suspect.is_empty() { "" } else { "," };
    let counting = match (counting, left_out) {
        (1, 0) if suspect.is_empty() => "which counts".to_owned(),
        (1, 0) => "which counts and is suspect".to_owned(),
        (_, 0) => format!("of which all count{suspect}"),
        (_, 1) => format!(
            "of which {}{suspect}{comma} and 1 does not",
            count(counting)
        ),
        _ => format!(
            "of which {}{suspect}{comma} and {left_out} do not",
            count(counting)
        ),
    };
    let blocks = match experiment.blocks_planned {
        Some(planned) => format!(
            "{} of {} whole",
            whole(experiment),
            counted(planned as usize, "block")
        ),
        None => format!("{} whole", counted(whole(experiment), "block")),
    };
    if made == 0 {
        return format!("none; {blocks}");
    }
    format!("{made}, {counting}; {blocks}")
}

/// Of some runs.
fn count(runs: usize) -> String {
    match runs {
        0 => "none counts".to_owned(),
        1 => "1 counts".to_owned(),
        _ => format!("{runs} count"),
    }
}

/// What there is to be said against runs, whether they count or not, the most frequent first:
/// `time_stolen in 28 runs: the hypervisor stole time`.
pub(in crate::report) fn doubts(experiment: &Experiment) -> Vec<String> {
    let mut often: BTreeMap<&str, usize> = BTreeMap::new();
    for code in experiment.runs.iter().flat_map(|run| &run.doubts) {
        *often.entry(code).or_default() += 1;
    }
    let mut often: Vec<(&str, usize)> = often.into_iter().collect();
    often.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    let mut told: Vec<String> = Vec::new();
    for (code, times) in often {
        let phrase = phrase(code).map_or_else(String::new, |phrase| format!(": {phrase}"));
        told.push(format!("{code} in {}{phrase}", counted(times, "run")));
    }
    if !told.is_empty() {
        told.push("docs/verdict.md tells what each of them means".to_owned());
    }
    told
}

/// How many blocks have a run that counts of every variant, but for those that were given up.
fn whole(experiment: &Experiment) -> usize {
    let variants = experiment.variants.iter().zip(0_u32..);
    let wanted: Vec<u32> = variants
        .filter(|(variant, _)| variant.stopped.is_none())
        .map(|(_, number)| number)
        .collect();
    let counting = experiment.runs.iter().filter(|run| run.left_out.is_none());
    let there: HashSet<(u32, u32)> = counting.map(|run| (run.block, run.variant)).collect();
    let is_whole = |block: &u32| {
        wanted
            .iter()
            .all(|variant| there.contains(&(*block, *variant)))
    };
    (0..experiment.blocks).filter(is_whole).count()
}

/// Which run it is: `block 3, busy_poll=50`.
pub(in crate::report) fn run(experiment: &Experiment, run: &ExperimentRun) -> String {
    let name = variant(experiment, run.variant as usize);
    format!("block {}, {name}", u64::from(run.block) + 1)
}

/// When the first run began.
pub(in crate::report) fn began(experiment: &Experiment) -> Option<String> {
    let nanos = experiment.began_unix_ns?;
    let began = UNIX_EPOCH + Duration::from_nanos(nanos);
    Some(humantime::format_rfc3339_seconds(began).to_string())
}

fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
