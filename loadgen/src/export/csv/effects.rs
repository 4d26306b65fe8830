//! A row an effect of a tuning experiment, and the answer in the last one.

use super::record::text;
use crate::results::{Best, Change, Effect, EffectOf, Experiment, Finding, Unit};

/// The noise, the effects of levels, interactions, variants against the reference, and then the best
/// setting; each effect has a row for each quantity. Numbers of variants count from 0, as in the file of the
/// experiment.
#[must_use]
pub fn effects(experiment: &Experiment) -> String {
    let all = [
        &experiment.noise,
        &experiment.effects,
        &experiment.interactions,
        &experiment.against_reference,
    ];
    let rows = all.into_iter().flatten();
    let mut rows: Vec<Vec<String>> = rows.map(|effect| row(experiment, effect)).collect();
    rows.push(best(experiment));
    text(&HEADER.map(str::to_owned), &rows)
}

const HEADER: [&str; 20] = [
    "of",
    "variant",
    "factor",
    "level",
    "with_factor",
    "with_level",
    "quantity",
    "unit",
    "blocks",
    "by",
    "low",
    "high",
    "part",
    "part_low",
    "part_high",
    "p",
    "p_corrected",
    "finding",
    "best",
    "reason",
];

fn row(experiment: &Experiment, effect: &Effect) -> Vec<String> {
    let mut row = of(experiment, &effect.of);
    let unit = match effect.unit {
        Unit::Nanoseconds => "ns",
        Unit::Billionths => "ppb",
    };
    row.extend([effect.quantity.clone(), unit.to_owned()]);
    row.push(effect.each.iter().flatten().count().to_string());
    if let Some(shift) = &effect.shift {
        row.extend([shift.by, shift.low, shift.high].map(change));
        let parts = shift.relative.unwrap_or_default();
        row.extend(parts.map(|part| part.map_or_else(String::new, |part| part.to_string())));
        row.extend([shift.p, shift.p_corrected].map(|chance| chance.to_string()));
    } else {
        row.extend(std::iter::repeat_n(String::new(), 8));
    }
    let is_best = if is_best(&experiment.best, &effect.of) {
        "yes"
    } else {
        ""
    };
    row.push(finding(effect.finding).to_owned());
    row.push(is_best.to_owned());
    row.push(effect.reason.clone().unwrap_or_default());
    row
}

/// What it is the effect of, and where that is: the first six columns.
fn of(experiment: &Experiment, of: &EffectOf) -> Vec<String> {
    let level = |factor: u32, level: u32| {
        let factor = experiment.factors.get(factor as usize);
        let level = factor.and_then(|factor| factor.levels.get(level as usize));
        let name = factor.map(|factor| factor.name.clone());
        [name.unwrap_or_default(), level.cloned().unwrap_or_default()]
    };
    let none = || [String::new(), String::new()];
    let (kind, variant, one, other) = match *of {
        EffectOf::Noise => ("noise", String::new(), none(), none()),
        EffectOf::Level {
            factor,
            level: number,
        } => ("level", String::new(), level(factor, number), none()),
        EffectOf::Interaction {
            first,
            first_level,
            second,
            second_level,
        } => (
            "interaction",
            String::new(),
            level(first, first_level),
            level(second, second_level),
        ),
        EffectOf::Variant { variant } => ("variant", variant.to_string(), none(), none()),
    };
    let columns = [kind.to_owned(), variant].into_iter();
    columns.chain(one).chain(other).collect()
}

/// The quantity that judges, and the answer in its own words.
fn best(experiment: &Experiment) -> Vec<String> {
    let Best {
        variant, sentence, ..
    } = &experiment.best;
    let variant = variant.map(|variant| variant.to_string());
    let mut row = vec!["best".to_owned(), variant.unwrap_or_default()];
    row.resize(HEADER.len(), String::new());
    row[JUDGE].clone_from(&experiment.judge);
    row[SENTENCE].clone_from(sentence);
    row
}

/// The columns of the answer.
const JUDGE: usize = 6;
const SENTENCE: usize = HEADER.len() - 1;

fn is_best(best: &Best, of: &EffectOf) -> bool {
    match *of {
        EffectOf::Level { factor, level } => {
            let levels = best.levels.as_ref();
            levels.and_then(|levels| levels.get(factor as usize)) == Some(&level)
        }
        EffectOf::Variant { variant } => best.variant == Some(variant),
        EffectOf::Noise | EffectOf::Interaction { .. } => false,
    }
}

/// As in the file of the experiment.
fn change(change: Change) -> String {
    match change {
        Change::By(by) => by.to_string(),
        Change::ToLost => "to lost".to_owned(),
        Change::FromLost => "from lost".to_owned(),
    }
}

/// As in the file of the experiment.
fn finding(finding: Finding) -> &'static str {
    match finding {
        Finding::Better => "better",
        Finding::Worse => "worse",
        Finding::NoEvidence => "no_evidence",
        Finding::TooFewBlocks => "too_few_blocks",
        Finding::NotMeasured => "not_measured",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::csv::record::read;
    use crate::results::examples::{empty, factorial, hostile, lost, one_factor, torn};

    fn rows(experiment: &Experiment) -> Vec<Vec<String>> {
        let text = effects(experiment);
        let rows: Vec<Vec<String>> = text.split_inclusive("\r\n").map(read).collect();
        assert!(rows.iter().all(|row| row.len() == HEADER.len()), "{text}");
        rows
    }

    /// The cells of the one row that begins so.
    #[track_caller]
    fn of(experiment: &Experiment, start: &str) -> String {
        let rows = rows(experiment).into_iter().map(|row| row.join(","));
        let found: Vec<String> = rows.filter(|row| row.starts_with(start)).collect();
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].clone()
    }

    #[test]
    fn an_effect_is_a_row_a_quantity_and_the_answer_comes_last() {
        let made = factorial();
        let all = [
            &made.noise,
            &made.effects,
            &made.interactions,
            &made.against_reference,
        ];
        let all: usize = all.iter().map(|effects| effects.len()).sum();
        let rows = rows(&made);
        assert_eq!(rows[0], HEADER);
        assert_eq!(rows.len(), 1 + all + 1);
        let last = rows.last().unwrap();
        assert_eq!((last[0].as_str(), last[1].as_str()), ("best", "3"));
        assert_eq!(last[JUDGE], "p99");
        assert_eq!(last[SENTENCE], made.best.sentence);
    }

    #[test]
    fn a_row_has_the_numbers_of_the_file() {
        let made = one_factor();
        let shift = made.effects[0].shift.unwrap();
        let [Change::By(by), Change::By(low), Change::By(high)] = [shift.by, shift.low, shift.high]
        else {
            panic!("{shift:?}");
        };
        let parts = shift.relative.unwrap().map(Option::unwrap);
        let row = format!(
            "level,,busy_poll,50,,,p50,ns,10,{by},{low},{high},{},{},{},{},{},better,yes,",
            parts[0], parts[1], parts[2], shift.p, shift.p_corrected
        );
        assert_eq!(of(&made, "level,,busy_poll,50,,,p50,"), row);
        let other = of(&made, "level,,rmem,8388608,,,p50,");
        assert!(other.ends_with(",no_evidence,,"), "{other}");
    }

    #[test]
    fn pairs_and_variants_have_their_own_columns() {
        let made = factorial();
        let pair = of(&made, "interaction,,busy_poll,50,workers,4,p50,");
        assert!(pair.contains(",worse,,"), "{pair}");
        let best = of(&made, "variant,3,,,,,p50,");
        assert!(best.ends_with(",better,yes,"), "{best}");
    }

    #[test]
    fn what_is_lost_or_not_known_says_so() {
        let row = of(&lost(), "level,,rmem,8388608,,,p99,");
        assert!(row.contains(",to lost,to lost,to lost,,,,"), "{row}");
        let row = of(&torn(), "level,,busy_poll,50,,,p50,");
        let unknown = "p50,ns,0,,,,,,,,,too_few_blocks,yes,no block has all its runs, since ";
        assert!(row.contains(unknown), "{row}");
    }

    #[test]
    fn any_text_stays_in_its_field() {
        rows(&hostile("a,\"b\"c"));
        assert_eq!(rows(&empty()).len(), 2 + empty().effects.len());
    }
}
