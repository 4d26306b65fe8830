//! Experiments with runs that were never made.

use super::super::{
    Best, DesignKind, Experiment, ExperimentDesign, ExperimentEnd, ExperimentFactor,
    ExperimentQuantity, ExperimentRun, ExperimentSchema, ExperimentVariant, Unit,
};
use super::is_reference;
use crate::measure::Quantile;
use crate::verdict::Outcome;

/// An experiment without runs: the first of the variants is the reference, and so is the last.
pub(super) fn experiment<const FACTORS: usize>(
    name: &str,
    factors: Vec<ExperimentFactor>,
    levels: &[[u32; FACTORS]],
) -> Experiment {
    let quantity = |name: &str, unit| ExperimentQuantity {
        name: name.to_owned(),
        unit,
    };
    Experiment {
        schema: ExperimentSchema::Tune1,
        name: name.to_owned(),
        question: None,
        known: None,
        plan: format!("name = \"{name}\"\n\n[load]\nrate = \"50k\"\nduration = \"5s\"\n"),
        plan_hash: "5f".repeat(32),
        began_unix_ns: Some(BEGAN),
        ended: ExperimentEnd::Complete,
        why: None,
        seed: 42,
        design: ExperimentDesign {
            kind: DesignKind::OneFactor,
            resolution: None,
            generators: Vec::new(),
            aliases: Vec::new(),
        },
        variants: variants(&factors, levels),
        factors,
        blocks_planned: None,
        blocks: 0,
        quantities: vec![
            quantity("p50", Unit::Nanoseconds),
            quantity("p99", Unit::Nanoseconds),
            quantity("loss", Unit::Billionths),
            quantity("cpu", Unit::Nanoseconds),
        ],
        judge: "p99".to_owned(),
        runs: Vec::new(),
        noise: Vec::new(),
        effects: Vec::new(),
        interactions: Vec::new(),
        against_reference: Vec::new(),
        best: Best {
            levels: None,
            variant: None,
            sentence: "no evidence that anything helps".to_owned(),
        },
        warnings: Vec::new(),
        environment: None,
        spent_ns: None,
        programs: Vec::new(),
    }
}

fn variants<const FACTORS: usize>(
    factors: &[ExperimentFactor],
    levels: &[[u32; FACTORS]],
) -> Vec<ExperimentVariant> {
    let named = levels.iter().enumerate().map(|(number, levels)| {
        let differing = factors.iter().zip(levels).filter(|(_, level)| **level > 0);
        let differing = differing.map(|(factor, level)| {
            let level = &factor.levels[*level as usize];
            format!("{}={level}", factor.name)
        });
        let mut variant = ExperimentVariant {
            name: differing.collect::<Vec<_>>().join(" "),
            levels: levels.to_vec(),
            stopped: None,
        };
        if is_reference(&variant) {
            let again = if number > 0 { " again" } else { "" };
            variant.name = format!("reference{again}");
        }
        variant
    });
    named.collect()
}

/// Every variant once a block, in another order each, with what its levels do to the median in
/// nanoseconds: three times as much to p99.
pub(super) fn run_all(made: &mut Experiment, blocks: u32, by: impl Fn(&[u32]) -> i64) {
    (made.blocks, made.blocks_planned) = (blocks, Some(blocks));
    let mut noise = Noise(7);
    for block in 0..blocks {
        let variants = u32::try_from(made.variants.len()).expect("they are few");
        for turn in 0..variants {
            let step = if variants.is_multiple_of(5) { 7 } else { 5 };
            let variant = (turn * step + block * 3) % variants;
            let levels = &made.variants[variant as usize].levels;
            let by = by(levels);
            let polls = made.factors[0].name == "busy_poll" && levels[0] == 1;
            let polls = if polls { 420 } else { 0 };
            let values = [
                50_000 + by + noise.up_to(900),
                120_000 + 3 * by + noise.up_to(5_000),
                0,
                2_100 + polls + noise.up_to(40),
            ];
            let number = made.runs.len() as u64;
            made.runs.push(ExperimentRun {
                block,
                variant,
                attempt: 0,
                file: Some(format!("block-{block}-variant-{variant}.json")),
                began_unix_ns: Some(BEGAN + number * 7_000_000_000),
                verdict: Some(Outcome::Valid),
                doubts: Vec::new(),
                left_out: None,
                cpu_unknown: None,
                values: values
                    .map(|value| Quantile::Value(value.unsigned_abs()))
                    .into(),
            });
        }
    }
}

/// Says why a run does not count, and makes it again if that is wanted, else takes away what it
/// measured.
pub(super) fn leave_out(made: &mut Experiment, block: u32, variant: u32, why: &str, again: bool) {
    let is_meant = |run: &ExperimentRun| (run.block, run.variant) == (block, variant);
    let place = made.runs.iter().position(is_meant).expect("it is there");
    let second = ExperimentRun {
        attempt: 1,
        ..made.runs[place].clone()
    };
    let run = &mut made.runs[place];
    run.left_out = Some(why.to_owned());
    if again {
        run.verdict = Some(Outcome::Invalid);
        run.doubts = vec!["generator_late".to_owned()];
        run.values[1] = Quantile::Value(310_000);
        made.runs.insert(place + 1, second);
    } else {
        (run.file, run.began_unix_ns, run.verdict) = (None, None, None);
        run.values.clear();
    }
}

/// The runs of a variant in a block.
pub(super) fn runs_of(
    made: &Experiment,
    variant: usize,
    block: u32,
) -> impl Iterator<Item = &ExperimentRun> {
    let runs = made.runs.iter();
    runs.filter(move |run| run.variant as usize == variant && run.block == block)
}

/// Numbers that look random and are always the same.
struct Noise(u64);

impl Noise {
    /// At most so far from 0, mostly less.
    fn up_to(&mut self, most: i64) -> i64 {
        let mut one = || {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            i64::try_from(self.0 >> 40).expect("24 bits fit") % (most + 1)
        };
        (one() - one() + one() - one()) / 2
    }
}

/// A day in May.
const BEGAN: u64 = 1_778_000_000_000_000_000;
