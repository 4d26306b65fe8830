//! Experiments that are made up, and what is found in them.

mod best;
mod found;
mod published;
mod rules;
mod simulation;
mod stopped;
mod warned;

use rand::Rng;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use super::*;
use crate::experiment::plan::Wanted;
use crate::measure::Quantile;
use crate::results::{Change, EffectOf, Finding, Unit};

/// Factors called A, B, ... with levels called 0, 1, ....
fn factors(design: &Design) -> Vec<ExperimentFactor> {
    let named = design.factors.iter().zip(["A", "B", "C", "D", "E"]);
    let named = named.map(|(levels, name)| ExperimentFactor {
        name: name.to_owned(),
        what: format!("--{name} of the server"),
        levels: (0..*levels).map(|level| level.to_string()).collect(),
        before: None,
        recipe: None,
    });
    named.collect()
}

/// Called as their levels, in the order of the factors: `A1B0`.
fn variants(design: &Design) -> Vec<ExperimentVariant> {
    let named = design.variants.iter().map(|variant| {
        let levels = variant.levels.iter().zip(["A", "B", "C", "D", "E"]);
        let levels: Vec<String> = levels
            .map(|(level, name)| format!("{name}{level}"))
            .collect();
        ExperimentVariant {
            name: levels.concat(),
            levels: variant
                .levels
                .iter()
                .map(|level| family::small(*level))
                .collect(),
            stopped: None,
        }
    });
    named.collect()
}

fn quantities(names: &[&str]) -> Vec<ExperimentQuantity> {
    let all = names.iter().map(|name| ExperimentQuantity {
        name: (*name).to_owned(),
        unit: if *name == "loss" {
            Unit::Billionths
        } else {
            Unit::Nanoseconds
        },
    });
    all.collect()
}

fn run(block: u32, variant: u32, values: Vec<Quantile>) -> ExperimentRun {
    ExperimentRun {
        block,
        variant,
        attempt: 0,
        file: None,
        began_unix_ns: None,
        verdict: None,
        doubts: Vec::new(),
        left_out: None,
        values,
        cpu_unknown: None,
    }
}

/// An experiment whose runs have these values.
struct Made {
    design: Design,
    variants: Vec<ExperimentVariant>,
    factors: Vec<ExperimentFactor>,
    quantities: Vec<ExperimentQuantity>,
    runs: Vec<ExperimentRun>,
}

impl Made {
    fn new(
        wanted: Wanted,
        levels: &[usize],
        (blocks, names): (u32, &[&str]),
        mut values: impl FnMut(u32, usize, &[usize]) -> Vec<Quantile>,
    ) -> Self {
        let design = Design::new(wanted, levels).unwrap();
        let mut runs = Vec::new();
        for block in 0..blocks {
            for (number, variant) in design.variants.iter().enumerate() {
                let values = values(block, number, &variant.levels);
                runs.push(run(block, u32::try_from(number).unwrap(), values));
            }
        }
        let (factors, quantities) = (factors(&design), quantities(names));
        Self {
            variants: variants(&design),
            design,
            factors,
            quantities,
            runs,
        }
    }

    /// Gives a variant up from a block on.
    fn stop(&mut self, variant: usize, from: u32) {
        self.variants[variant].stopped = Some("it fell over".to_owned());
        self.runs
            .retain(|run| run.variant as usize != variant || run.block < from);
    }

    fn analysis(&self) -> Analysis {
        self.judged("p50")
    }

    fn judged(&self, judge: &str) -> Analysis {
        analyse(&Observed {
            design: &self.design,
            variants: &self.variants,
            factors: &self.factors,
            quantities: &self.quantities,
            judge,
            runs: &self.runs,
        })
    }
}

/// Luck of a run in nanoseconds, from 0 to 1999: none like any other one.
fn luck(block: u32, variant: usize) -> u64 {
    let run = u64::from(block) << 8 | variant as u64;
    Xoshiro256PlusPlus::seed_from_u64(run).next_u64() % 2_000
}

/// A p50, a p99 that is always the same, and no loss.
fn usual(p50: u64) -> Vec<Quantile> {
    vec![
        Quantile::Value(p50),
        Quantile::Value(900_000),
        Quantile::Value(0),
    ]
}

const USUAL: [&str; 3] = ["p50", "p99", "loss"];

fn level(factor: u32, level: u32) -> EffectOf {
    EffectOf::Level { factor, level }
}

#[track_caller]
fn effect<'a>(among: &'a [Effect], of: &EffectOf, quantity: &str) -> &'a Effect {
    let mut all = among.iter();
    all.find(|effect| effect.of == *of && effect.quantity == quantity)
        .unwrap()
}

#[track_caller]
fn by(among: &[Effect], of: &EffectOf) -> i64 {
    match effect(among, of, "p50").shift.unwrap().by {
        Change::By(by) => by,
        other => panic!("{other:?}"),
    }
}
