//! Made-up experiments for the tests of all that reads them.

mod made;
mod reckoned;
mod settings;

use self::made::{experiment, leave_out, run_all, runs_of};
use self::reckoned::reckon;
use self::settings::{busy_poll, coalescing, receive_buffer, workers};
use super::{
    Best, DesignKind, Experiment, ExperimentDesign, ExperimentEnd, ExperimentVariant, Finding,
};
use crate::experiment::design::Design;
use crate::experiment::effects::{Observed, analyse};
use crate::experiment::plan::Wanted;
use crate::measure::Quantile;
use crate::verdict::Outcome;

/// Two settings, each alone, in ten blocks: polling saves a fifth of the median, a larger buffer does
/// nothing.
pub(crate) fn one_factor() -> Experiment {
    let factors = vec![busy_poll(), receive_buffer()];
    let mut made = experiment("busy-poll", factors, &[[0, 0], [1, 0], [0, 1], [0, 0]]);
    made.question = Some("Does polling the device shorten round trips?".to_owned());
    made.known = Some("It saves the wake-up of the server, at the cost of a processor.".to_owned());
    run_all(
        &mut made,
        10,
        |levels| if levels[0] == 1 { -10_000 } else { 0 },
    );
    reckon(&mut made);
    won(
        &mut made,
        &[1, 0],
        Some(1),
        "busy_poll=50 is best: p99 -30.1 us, -25.1 %",
    );
    made
}

/// Polling and more workers help one by one, and together less than that, in twelve blocks; one run
/// was made again, one never came to be, and one variant was given up.
pub(crate) fn factorial() -> Experiment {
    let factors = vec![busy_poll(), workers()];
    let levels = [[0, 0], [1, 0], [0, 1], [1, 1], [0, 2], [1, 2], [0, 0]];
    let mut made = experiment("poll-and-workers", factors, &levels);
    made.design.kind = DesignKind::Factorial;
    made.question = Some("Do polling and more workers add up?".to_owned());
    run_all(&mut made, 12, |levels| match levels {
        [0, 0] => 0,
        [1, 0] => -10_000,
        [0, 1] => -8_000,
        [1, 1] => -11_000,
        _ => 15_000,
    });
    leave_out(
        &mut made,
        2,
        1,
        "its verdict is invalid: generator_late",
        true,
    );
    leave_out(
        &mut made,
        5,
        3,
        "the server did not listen within 5 s",
        false,
    );
    let stopped = "it lost more than half of the probes in 3 runs one after the other";
    made.variants[5].stopped = Some(stopped.to_owned());
    made.runs.retain(|run| run.variant != 5 || run.block < 3);
    reckon(&mut made);
    won(
        &mut made,
        &[1, 1],
        Some(3),
        "busy_poll=50 and workers=4 are best: p99 -33.0 us, -27.5 %",
    );
    made.warnings =
        vec!["the host was loaded by others in 3 of 12 blocks (load average 2.1)".to_owned()];
    made
}

/// Two settings that help one by one and cannot be had together.
pub(crate) fn torn() -> Experiment {
    let factors = vec![busy_poll(), workers()];
    let levels = [[0, 0], [1, 0], [0, 1], [1, 1], [0, 0]];
    let mut made = experiment("poll-or-workers", factors, &levels);
    for factor in &mut made.factors {
        factor.levels.truncate(2);
    }
    made.design.kind = DesignKind::Factorial;
    run_all(&mut made, 12, |levels| match levels {
        [1, 0] => -10_000,
        [0, 1] => -8_000,
        _ => 0,
    });
    made.variants[3].stopped = Some("the server ended by itself".to_owned());
    made.runs.retain(|run| run.variant != 3);
    let design = Design::new(Wanted::Factorial, &[2, 2]).expect("there are so many variants");
    analyse(&Observed::of(&design, &made)).write_to(&mut made);
    made
}

/// Half of the combinations of four settings.
pub(crate) fn fraction() -> Experiment {
    let factors = vec![busy_poll(), receive_buffer(), coalescing(), short_workers()];
    let levels = [
        [0, 0, 0, 0],
        [1, 0, 0, 1],
        [0, 1, 0, 1],
        [1, 1, 0, 0],
        [0, 0, 1, 1],
        [1, 0, 1, 0],
        [0, 1, 1, 0],
        [1, 1, 1, 1],
        [0, 0, 0, 0],
    ];
    let mut made = experiment("four-at-once", factors, &levels);
    made.design = ExperimentDesign {
        kind: DesignKind::Fraction,
        resolution: Some(4),
        generators: vec!["workers = busy_poll rmem rx-usecs".to_owned()],
        aliases: vec![
            "busy_poll rmem = rx-usecs workers".to_owned(),
            "busy_poll rx-usecs = rmem workers".to_owned(),
            "busy_poll workers = rmem rx-usecs".to_owned(),
        ],
    };
    run_all(&mut made, 12, |levels| {
        let each = [-10_000, 0, -6_000, 400];
        levels
            .iter()
            .zip(each)
            .map(|(level, by)| i64::from(*level) * by)
            .sum()
    });
    reckon(&mut made);
    won(
        &mut made,
        &[1, 0, 1, 0],
        Some(5),
        "busy_poll=50 and rx-usecs=0 are best: p99 -47.9 us, -40.0 %",
    );
    made
}

/// Nothing does anything.
pub(crate) fn no_evidence() -> Experiment {
    let mut made = experiment("buffers", vec![receive_buffer()], &[[0], [1], [0]]);
    run_all(&mut made, 10, |_levels| 0);
    reckon(&mut made);
    made
}

/// The second setting loses so much that its highest quantiles are lost; the reference's once.
pub(crate) fn lost() -> Experiment {
    let mut made = one_factor();
    for run in &mut made.runs {
        if run.variant == 2 || (run.variant == 0 && run.block == 4) {
            run.values[1] = Quantile::Lost;
            run.values[2] = Quantile::Value(31_000_000);
            run.verdict = Some(Outcome::Suspect);
            run.doubts = vec!["many_lost".to_owned()];
        }
    }
    reckon(&mut made);
    made
}

/// Broken off in its third block.
pub(crate) fn unfinished() -> Experiment {
    let mut made = one_factor();
    made.ended = ExperimentEnd::Unfinished;
    made.runs.truncate(2 * made.variants.len() + 2);
    made.blocks = 2;
    reckon(&mut made);
    for effect in made.noise.iter_mut().chain(&mut made.effects) {
        (effect.shift, effect.finding) = (None, Finding::TooFewBlocks);
        effect.reason = Some("2 blocks, and at least 4 are wanted".to_owned());
    }
    made.best = Best {
        levels: None,
        variant: None,
        sentence: "too few blocks to say anything: 2, and at least 4 are wanted".to_owned(),
    };
    made
}

/// Broken off before the first run.
pub(crate) fn empty() -> Experiment {
    let mut made = unfinished();
    (made.ended, made.began_unix_ns) = (ExperimentEnd::Failed, None);
    made.why = Some("the server did not listen within 5 s".to_owned());
    made.runs.clear();
    made.blocks = 0;
    for list in [&mut made.noise, &mut made.effects] {
        list.clear();
    }
    made
}

/// The same with this text in every place for one.
pub(crate) fn hostile(text: &str) -> Experiment {
    let mut made = factorial();
    let all = || text.to_owned();
    (made.name, made.plan, made.plan_hash, made.judge) = (all(), all(), all(), all());
    (made.question, made.known, made.why) = (Some(all()), Some(all()), Some(all()));
    made.design.generators = vec![all()];
    made.design.aliases = vec![all()];
    for factor in &mut made.factors {
        (factor.name, factor.what, factor.before) = (all(), all(), Some(all()));
        factor.levels.iter_mut().for_each(|level| *level = all());
        factor.levels[0] = "0".to_owned();
    }
    made.factors[0].recipe = Some(super::Recipe::Sysctl(all()));
    made.factors[1].recipe = Some(super::Recipe::Shell(vec![all(); 3]));
    for variant in &mut made.variants {
        variant.name = all();
        variant.stopped = variant.stopped.as_ref().map(|_| all());
    }
    made.quantities[0].name = all();
    for run in &mut made.runs {
        run.file = Some(all());
        run.doubts = vec![all()];
        run.left_out = run.left_out.as_ref().map(|_| all());
    }
    reckon(&mut made);
    for effect in &mut made.effects {
        effect.reason = Some(all());
    }
    made.best.sentence = all();
    made.warnings = vec![all()];
    made
}

fn short_workers() -> super::ExperimentFactor {
    let mut factor = workers();
    factor.levels.truncate(2);
    factor
}

fn won(made: &mut Experiment, levels: &[u32], variant: Option<u32>, sentence: &str) {
    made.best = Best {
        levels: Some(levels.to_vec()),
        variant,
        sentence: sentence.to_owned(),
    };
}

/// Whether a variant has the first level of everything.
fn is_reference(variant: &ExperimentVariant) -> bool {
    variant.levels.iter().all(|level| *level == 0)
}

/// Those that count of a variant in a block.
fn counted(experiment: &Experiment, variant: usize, block: u32) -> Option<&super::ExperimentRun> {
    runs_of(experiment, variant, block).find(|run| run.left_out.is_none())
}
