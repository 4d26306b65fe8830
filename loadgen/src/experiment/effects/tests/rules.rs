//! What holds of all experiments.

use proptest::prelude::*;

use super::*;

/// Small values, of which some are level and some are lost.
fn values() -> impl Strategy<Value = Vec<Vec<u64>>> {
    let value = prop_oneof![9 => 1_000..2_000_u64, 1 => Just(1_500), 1 => Just(u64::MAX)];
    prop::collection::vec(prop::collection::vec(value, 4), 6..9)
}

fn quantile(value: u64) -> Quantile {
    if value == u64::MAX {
        Quantile::Lost
    } else {
        Quantile::Value(value)
    }
}

fn of_values(
    values: &[Vec<u64>],
    variant: impl Fn(usize) -> usize,
    more: impl Fn(u32) -> u64,
) -> Made {
    let blocks = u32::try_from(values.len()).unwrap();
    Made::new(
        Wanted::Factorial,
        &[2, 2],
        (blocks, &["p50"]),
        |block, number, _| {
            let value = values[block as usize][variant(number % 4)];
            vec![quantile(value.saturating_add(more(block)))]
        },
    )
}

fn turned(change: Change) -> Change {
    match change {
        Change::By(by) => Change::By(-by),
        Change::ToLost => Change::FromLost,
        Change::FromLost => Change::ToLost,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn swapping_the_levels_of_a_factor_turns_its_effect_and_its_interactions(values in values()) {
        let there = of_values(&values, |variant| variant, |_| 0).analysis();
        // Bit 0 of the number of a variant is the level of the first factor.
        let back = of_values(&values, |variant| variant ^ 1, |_| 0).analysis();
        let all = |found: &Analysis| [found.effects[0].clone(), found.interactions[0].clone()];
        for (one, other) in all(&there).into_iter().zip(all(&back)) {
            let (one, other) = (one.shift.unwrap(), other.shift.unwrap());
            prop_assert_eq!(one.by, turned(other.by));
            prop_assert_eq!((one.low, one.high), (turned(other.high), turned(other.low)));
            prop_assert_eq!((one.p, one.p_corrected), (other.p, other.p_corrected));
        }
        let (one, other) = (there.effects[1].shift.unwrap(), back.effects[1].shift.unwrap());
        prop_assert_eq!((one.by, one.p), (other.by, other.p));
    }

    #[test]
    fn what_is_added_to_a_whole_block_changes_no_effect(
        values in values(), more in prop::collection::vec(0..1_000_000_u64, 9),
    ) {
        let changes = |found: Analysis| {
            let all = [found.noise, found.effects, found.interactions, found.against_reference].concat();
            all.into_iter().map(|effect| {
                let shift = effect.shift.unwrap();
                (effect.each, effect.finding, shift.by, shift.low, shift.high, shift.p_corrected)
            }).collect::<Vec<_>>()
        };
        let plain = changes(of_values(&values, |variant| variant, |_| 0).analysis());
        let raised = of_values(&values, |variant| variant, |block| more[block as usize]);
        prop_assert_eq!(plain, changes(raised.analysis()));
    }

    #[test]
    fn the_order_of_the_runs_tells_nothing(values in values(), seed: u64) {
        let made = of_values(&values, |variant| variant, |_| 0);
        let found = made.analysis();
        let order = crate::experiment::design::order::order(seed, 0, made.runs.len());
        let runs: Vec<ExperimentRun> = order.iter().map(|run| made.runs[*run].clone()).collect();
        prop_assert_eq!(found, Made { runs, ..made }.analysis());
    }
}
