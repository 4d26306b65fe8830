//! Whether the numbers of an experiment point into its own lists.

use crate::results::{
    Effect, EffectOf, Experiment, ExperimentFactor, ExperimentRun, ExperimentVariant, Recipe,
};

/// The first number that points nowhere, as the end of a sentence.
pub(super) fn astray(experiment: &Experiment) -> Result<(), String> {
    experiment.factors.iter().try_for_each(factor)?;
    for variant in &experiment.variants {
        levels(experiment, &variant.levels, &called(variant))?;
    }
    let mut runs = experiment.runs.iter().enumerate();
    runs.try_for_each(|(number, one)| run(experiment, number, one))?;
    for (list, all) in [
        ("noise", &experiment.noise),
        ("effects", &experiment.effects),
        ("interactions", &experiment.interactions),
        ("against_reference", &experiment.against_reference),
    ] {
        effects(experiment, list, all)?;
    }
    if let Some(best) = &experiment.best.levels {
        levels(experiment, best, "the best setting")?;
    }
    match experiment.best.variant {
        Some(variant) => within(variant, experiment.variants.len(), "its best variant"),
        None => Ok(()),
    }
}

fn called(variant: &ExperimentVariant) -> String {
    format!("variant {:?}", variant.name)
}

fn factor(factor: &ExperimentFactor) -> Result<(), String> {
    let name = &factor.name;
    if factor.levels.is_empty() {
        return Err(format!("factor {name:?} has no levels"));
    }
    match &factor.recipe {
        Some(Recipe::Shell(lines)) if lines.len() != factor.levels.len() => Err(format!(
            "factor {name:?} has {} levels and {} lines of shell",
            factor.levels.len(),
            lines.len()
        )),
        _ => Ok(()),
    }
}

/// One level of each factor.
fn levels(experiment: &Experiment, levels: &[u32], of: &str) -> Result<(), String> {
    let factors = &experiment.factors;
    if levels.len() != factors.len() {
        return Err(format!(
            "{of} has {} levels, where there are {} factors",
            levels.len(),
            factors.len()
        ));
    }
    let mut all = factors.iter().zip(levels);
    all.try_for_each(|(factor, level)| within(*level, factor.levels.len(), of))
}

fn run(experiment: &Experiment, number: usize, run: &ExperimentRun) -> Result<(), String> {
    let name = format!("run {number}");
    within(run.variant, experiment.variants.len(), &name)?;
    // Each block has a run at least, and each attempt is one.
    within(run.block, experiment.runs.len(), &name)?;
    within(run.attempt, experiment.runs.len(), &name)?;
    let (values, quantities) = (run.values.len(), experiment.quantities.len());
    if values == 0 || values == quantities {
        return Ok(());
    }
    Err(format!(
        "{name} has {values} values, where there are {quantities} quantities"
    ))
}

fn effects(experiment: &Experiment, list: &str, effects: &[Effect]) -> Result<(), String> {
    for (number, effect) in effects.iter().enumerate() {
        let name = format!("{list} {number}");
        let mut quantities = experiment.quantities.iter();
        if !quantities.any(|quantity| quantity.name == effect.quantity) {
            return Err(format!("{name} is of no quantity that there is"));
        }
        of(experiment, list, effect).map_or_else(
            || Err(format!("{name} is of something else")),
            |found| found.map_err(|_number| format!("{name} is of something that is not there")),
        )?;
    }
    Ok(())
}

/// Whether what an effect is of is there; nothing if it has no place in this list.
fn of(experiment: &Experiment, list: &str, effect: &Effect) -> Option<Result<(), String>> {
    let level = |factor: u32, level: u32| {
        let factor = experiment.factors.get(factor as usize);
        within(level, factor.map_or(0, |factor| factor.levels.len()), "")
    };
    match (list, &effect.of) {
        ("noise", EffectOf::Noise) => Some(Ok(())),
        ("effects", EffectOf::Level { factor, level: one }) => Some(level(*factor, *one)),
        (
            "interactions",
            EffectOf::Interaction {
                first,
                first_level,
                second,
                second_level,
            },
        ) => Some(level(*first, *first_level).and(level(*second, *second_level))),
        ("against_reference", EffectOf::Variant { variant }) => {
            Some(within(*variant, experiment.variants.len(), ""))
        }
        _ => None,
    }
}

fn within(number: u32, length: usize, of: &str) -> Result<(), String> {
    if (number as usize) < length {
        return Ok(());
    }
    Err(format!(
        "{of} has the number {number}, where there are {length}, counted from 0"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::examples::{
        empty, factorial, fraction, lost, no_evidence, one_factor, unfinished,
    };
    use crate::results::read::{Document, parse};

    fn refusal(experiment: &Experiment) -> String {
        let text = serde_json::to_vec(experiment).unwrap();
        parse(&text).unwrap_err().to_string()
    }

    #[test]
    fn experiments_are_read_as_they_were_written() {
        for made in [
            one_factor(),
            factorial(),
            fraction(),
            no_evidence(),
            lost(),
            unfinished(),
            empty(),
        ] {
            let text = serde_json::to_vec(&made).unwrap();
            assert_eq!(parse(&text).unwrap(), Document::Experiment(Box::new(made)));
        }
    }

    /// What is wrong with an experiment, and what is said of it.
    type Damage = (fn(&mut Experiment), &'static str);

    #[track_caller]
    fn refused(damages: &[Damage]) {
        for (damage, words) in damages {
            let mut made = factorial();
            damage(&mut made);
            let refused = refusal(&made);
            assert!(
                refused.starts_with("its lists do not fit together: "),
                "{refused}"
            );
            assert!(refused.contains(words), "no {words} in {refused}");
        }
    }

    #[test]
    fn a_number_that_points_nowhere_is_named() {
        refused(&[
            (
                |it| it.factors[1].levels.clear(),
                "factor \"workers\" has no levels",
            ),
            (
                |it| it.variants[3].levels[1] = 3,
                "has the number 3, where there are 3, counted from 0",
            ),
            (
                |it| it.variants[3].levels.push(0),
                "has 3 levels, where there are 2 factors",
            ),
            (
                |it| it.runs[4].variant = 7,
                "run 4 has the number 7, where there are 7",
            ),
            (
                |it| it.runs[4].block = u32::MAX,
                "run 4 has the number 4294967295",
            ),
            (
                |it| it.runs[4].attempt = u32::MAX,
                "run 4 has the number 4294967295",
            ),
            (
                |it| it.runs[4].values.truncate(2),
                "run 4 has 2 values, where there are 4",
            ),
        ]);
    }

    #[test]
    fn an_effect_of_what_is_not_there_is_named() {
        refused(&[
            (
                |it| it.noise[0].of = EffectOf::Variant { variant: 1 },
                "noise 0 is of something else",
            ),
            (
                |it| {
                    it.effects[0].of = EffectOf::Level {
                        factor: 2,
                        level: 0,
                    }
                },
                "effects 0 is of something that is not there",
            ),
            (
                |it| it.effects[1].quantity = "p42".to_owned(),
                "effects 1 is of no quantity",
            ),
            (
                |it| {
                    it.interactions[0].of = EffectOf::Interaction {
                        first: 0,
                        first_level: 1,
                        second: 1,
                        second_level: 9,
                    }
                },
                "interactions 0 is of something that is not there",
            ),
            (
                |it| it.against_reference[0].of = EffectOf::Variant { variant: 9 },
                "against_reference 0 is of something that is not there",
            ),
            (
                |it| it.best.levels = Some(vec![0]),
                "the best setting has 1 levels",
            ),
            (
                |it| it.best.variant = Some(7),
                "its best variant has the number 7",
            ),
        ]);
    }

    #[test]
    fn a_level_without_a_line_of_shell_is_found() {
        let mut made = fraction();
        made.factors[2].recipe = Some(Recipe::Shell(Vec::new()));
        assert!(refusal(&made).contains("2 levels and 0 lines of shell"));
    }
}
