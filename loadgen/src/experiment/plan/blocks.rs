//! How often, and in which combinations.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;

use super::typed::{self, Until};
use super::wrong::{Placed, Wrong, known, list};
use super::{Blocks, Factor, Wanted};
use crate::cli::units;
use crate::precision::Goal;

/// By what the best setting can be chosen.
pub const JUDGES: [&str; 6] = ["p50", "p90", "p99", "p99.9", "loss", "cpu"];

/// With fewer blocks, even what is the same in all of them could be chance, where so many levels are
/// compared with a first one: all signs are turned around in 2 of the 2^n ways to set them, and each
/// comparison is a try.
#[must_use]
pub fn least_blocks(comparisons: usize) -> u32 {
    let tries = u64::try_from(comparisons).unwrap_or(u64::MAX);
    let ways = tries.saturating_mul(2 * CHANCE);
    (1..u64::BITS)
        .find(|blocks| 1_u64 << blocks >= ways)
        .unwrap_or(u64::BITS)
}

/// With so many factors of which every combination is run, any number of added ones is tried in
/// hundredths of a second.
const WELL_SEARCHED: usize = 5;
/// Of so many factors the best fraction is found in tenths of a second also where more of them are run in
/// every combination. For one more it takes ten times as long, and half as many variants are of the same
/// resolution there.
const MOST_SEARCHED: usize = 12;

/// Whether nobody would wait until the best fraction of so many factors, halved so often, is found.
#[must_use]
pub fn takes_long(factors: usize, halvings: u32) -> bool {
    let added = usize::try_from(halvings).unwrap_or(usize::MAX);
    factors > MOST_SEARCHED && factors.saturating_sub(added) > WELL_SEARCHED
}

/// How an experiment is laid out, as far as it is not about its factors.
pub(super) struct Layout {
    pub(super) design: Wanted,
    pub(super) blocks: Blocks,
    pub(super) seed: Option<u64>,
    pub(super) pause: Duration,
    pub(super) retries: u32,
    pub(super) judge: String,
}

/// What `[design]` means for these factors.
pub(super) fn layout(typed: &typed::Design, factors: &[Factor]) -> Result<Layout, Wrong> {
    let design = design(typed, factors)?;
    few_enough(typed, design, factors)?;
    let compared = factors.iter().map(|factor| factor.levels.len() - 1);
    let comparisons = compared.sum();
    Ok(Layout {
        design,
        blocks: match &typed.blocks {
            Some(blocks) => self::blocks(blocks, comparisons)?,
            None => Blocks::Fixed(BLOCKS.max(least_blocks(comparisons))),
        },
        seed: match &typed.seed {
            Some(seed) => Some(number(seed, "a seed", &(0..=i64::MAX.unsigned_abs()))?),
            None => None,
        },
        pause: match &typed.pause {
            Some(pause) => duration(pause, "pause")?,
            None => PAUSE,
        },
        retries: match &typed.retries {
            Some(retries) => number(retries, "a number of retries", &(0..=MOST_RETRIES))?,
            None => RETRIES,
        },
        judge: match &typed.judge {
            Some(judge) => self::judge(judge)?,
            None => JUDGES[0].to_owned(),
        },
    })
}

fn design(typed: &typed::Design, factors: &[Factor]) -> Result<Wanted, Wrong> {
    let kind = typed
        .kind
        .as_ref()
        .map(|kind| (kind.get_ref().as_str(), kind));
    let fraction = typed.fraction.as_ref();
    let wanted = match (kind, fraction) {
        (None | Some(("one-factor", _)), None) => return Ok(Wanted::OneFactor),
        (Some(("factorial", _)), None) => return Ok(Wanted::Factorial),
        (Some(("fraction", _)), Some(fraction)) => halvings(fraction, factors)?,
        (Some(("fraction", kind)), None) => {
            return Err(kind.wrong("a fraction of what size? Write fraction = \"1/2\" beside it"));
        }
        (None | Some(("one-factor" | "factorial", _)), Some(fraction)) => {
            return Err(fraction.wrong("fraction goes with kind = \"fraction\" alone"));
        }
        (Some((typed, kind)), _) => {
            return Err(kind.wrong(format_args!(
                "'{typed}' is no kind of design: {}",
                known(typed, &["one-factor", "factorial", "fraction"])
            )));
        }
    };
    Ok(wanted)
}

/// `1/4` halves twice. What is left must be enough to give each factor that is added a column of its
/// own: a combination of two or more of the others.
fn halvings(fraction: &Spanned<String>, factors: &[Factor]) -> Result<Wanted, Wrong> {
    let typed = fraction.get_ref();
    let part = typed.strip_prefix("1/").and_then(|part| part.parse().ok());
    let Some(part) = part.filter(|part: &u64| *part > 1 && part.is_power_of_two()) else {
        return Err(fraction.wrong(format_args!(
            "'{typed}' is no fraction of a design: there are 1/2, 1/4, 1/8 and so on"
        )));
    };
    if let Some(factor) = factors.iter().find(|factor| factor.levels.len() != 2) {
        return Err(fraction.wrong(format_args!(
            "a fraction takes factors with two levels each, but '{}' has {}: leave some out, or take \
             kind = \"factorial\"",
            factor.name,
            factor.levels.len()
        )));
    }
    let halvings = part.trailing_zeros();
    let count = u32::try_from(factors.len()).unwrap_or(u32::MAX);
    if takes_long(factors.len(), halvings) {
        return Err(fraction.wrong(format_args!(
            "to find the best {typed} of {count} factors takes too long: take 1/{}, or vary \
             {MOST_SEARCHED} factors at most",
            part.saturating_mul(2)
        )));
    }
    let base = count.saturating_sub(halvings);
    let columns = 2_u64
        .saturating_pow(base)
        .saturating_sub(1 + u64::from(base));
    if columns < u64::from(halvings) {
        return Err(fraction.wrong(format_args!(
            "{typed} of all combinations is too few to tell the factors apart: take a larger part"
        )));
    }
    Ok(Wanted::Fraction { halvings })
}

/// Whether people would live to see the end of it.
fn few_enough(typed: &typed::Design, design: Wanted, factors: &[Factor]) -> Result<(), Wrong> {
    let variants = variants(design, factors);
    if variants <= MOST_VARIANTS {
        return Ok(());
    }
    let sentence = format!(
        "there are {variants} variants in each block, and {MOST_VARIANTS} are possible: leave out \
         levels or factors, or take kind = \"one-factor\" or a fraction"
    );
    Err(match &typed.kind {
        Some(kind) => kind.wrong(sentence),
        None => Wrong::anywhere(sentence),
    })
}

/// How many variants there are in a block, without the reference's twin.
fn variants(design: Wanted, factors: &[Factor]) -> usize {
    let levels = factors.iter().map(|factor| factor.levels.len());
    let all = || levels.clone().fold(1, usize::saturating_mul);
    match design {
        Wanted::OneFactor => 1 + levels.clone().map(|levels| levels - 1).sum::<usize>(),
        Wanted::Factorial => all(),
        Wanted::Fraction { halvings } => all().checked_shr(halvings).unwrap_or(0),
    }
}

fn blocks(typed: &Spanned<typed::Blocks>, comparisons: usize) -> Result<Blocks, Wrong> {
    let until = match typed.get_ref() {
        typed::Blocks::Fixed(blocks) => {
            let blocks = Spanned::new(typed.span(), *blocks);
            return number_of_blocks(&blocks, comparisons).map(Blocks::Fixed);
        }
        typed::Blocks::Until(until) => until,
    };
    let least = match &until.least {
        Some(least) => number_of_blocks(least, comparisons)?,
        None => least_blocks(comparisons),
    };
    let within = duration(&until.within, "within")?;
    if within.is_zero() {
        return Err(until
            .within
            .wrong("within is no time at all: write how long, as in \"2h\""));
    }
    Ok(Blocks::Until {
        goal: goal(until)?,
        within,
        least,
    })
}

/// A quantile that is compared, and how well it shall be known.
fn goal(until: &Until) -> Result<Goal, Wrong> {
    let goal: Goal = until
        .goal
        .get_ref()
        .parse()
        .map_err(|error| until.goal.wrong(format_args!("until: {error}")))?;
    let quantile = goal.fraction().to_string();
    let quantiles = &JUDGES[..4];
    if quantiles.contains(&quantile.as_str()) {
        return Ok(goal);
    }
    Err(until.goal.wrong(format_args!(
        "until: {quantile} is not compared: there are {}",
        list(quantiles)
    )))
}

fn number_of_blocks(typed: &Spanned<i64>, comparisons: usize) -> Result<u32, Wrong> {
    let least = least_blocks(comparisons);
    let blocks = number(typed, "a number of blocks", &(0..=MOST_BLOCKS))?;
    if blocks >= least {
        return Ok(blocks);
    }
    let compared = match comparisons {
        1 => "one level is".to_owned(),
        levels => format!("{levels} levels are"),
    };
    Err(typed.wrong(format_args!(
        "{blocks} blocks are too few, since even what is the same in all of them could be chance: it \
         takes {least} where {compared} compared with a first one"
    )))
}

fn judge(typed: &Spanned<String>) -> Result<String, Wrong> {
    let judge = typed.get_ref();
    if JUDGES.contains(&judge.as_str()) {
        return Ok(judge.clone());
    }
    Err(typed.wrong(format_args!(
        "judge: '{judge}' is not compared: there are {}",
        list(&JUDGES)
    )))
}

/// A time that was typed.
pub(super) fn duration(typed: &Spanned<typed::Time>, key: &str) -> Result<Duration, Wrong> {
    units::duration(&typed.get_ref().0).map_err(|error| typed.wrong(format_args!("{key}: {error}")))
}

fn number<T>(typed: &Spanned<i64>, what: &str, range: &RangeInclusive<T>) -> Result<T, Wrong>
where
    T: TryFrom<i64> + PartialOrd + Display,
{
    match T::try_from(*typed.get_ref()) {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(typed.wrong(format_args!(
            "{} is not {what}: {} to {} are possible",
            typed.get_ref(),
            range.start(),
            range.end()
        ))),
    }
}

/// One try in so many may find something where there is nothing.
const CHANCE: u64 = 20;
const BLOCKS: u32 = 10;
const MOST_BLOCKS: u32 = 10_000;
/// What designs can tell of.
pub(super) const MOST_VARIANTS: usize = 64;
const PAUSE: Duration = Duration::from_millis(500);
const RETRIES: u32 = 2;
const MOST_RETRIES: u32 = 100;
