//! Which variants there are, in which order they run, and what they are compared for. Pure.
//!
//! - `fraction`: which variants of many tell most;
//! - `aliases`: what such a part cannot tell apart;
//! - `contrasts`: what is compared with what;
//! - [`order`]: in which order the variants of a block run.
//!
//! The variants are made for comparing runs side by side: each of them runs once in every block, and
//! the reference runs twice, as two variants that are alike.

mod aliases;
mod contrasts;
mod fraction;
pub mod order;

use thiserror::Error;

pub use self::aliases::AliasSet;
use super::plan::Wanted;
use crate::results::{DesignKind, ExperimentDesign};

/// The variants of an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Design {
    /// How many levels each factor has.
    pub factors: Vec<usize>,
    /// The first is the reference: the first level of every factor. The last is the same once more,
    /// so that what lies between the two is noise.
    pub variants: Vec<Variant>,
    /// What is told apart from what; `None` where everything is.
    pub fraction: Option<Fraction>,
    /// Whether factors were varied together, so that interactions can be told.
    pub crossed: bool,
}

/// A combination of levels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    /// The number of the level of each factor, from 0.
    pub levels: Vec<usize>,
}

/// A regular fraction of a two-level factorial (Box, Hunter and Hunter, Statistics for Experimenters,
/// second edition, 2005, chapter 6). The reference is always a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fraction {
    /// Factors in the shortest word of the defining relation.
    pub resolution: u32,
    /// What the added factors were made of, by the numbers of the factors: `(3, [0, 1, 2])` for D = ABC.
    /// An added factor is at its second level where an odd number of these are, so that the column of
    /// signs is that product where their number is odd, and its opposite where it is even.
    pub generators: Vec<(usize, Vec<usize>)>,
}

/// A comparison of two groups of variants: the mean of the one less the mean of the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contrast {
    /// What lies between them.
    pub of: Difference,
    /// Whose mean counts up.
    pub plus: Vec<usize>,
    /// Whose mean counts down.
    pub minus: Vec<usize>,
}

/// What lies between two groups of variants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Difference {
    /// Nothing: the reference and its twin.
    Noise,
    /// A level of a factor, against its first level.
    Level {
        /// The number of the factor.
        factor: usize,
        /// The number of the level.
        level: usize,
    },
    /// Half of how much more a level of one factor does at a level of another one than at its first.
    Interaction {
        /// Number of the first factor, and its level.
        first: (usize, usize),
        /// Number of the second factor, and its level.
        second: (usize, usize),
    },
    /// A whole variant, against the reference.
    Variant(usize),
}

impl Design {
    /// The variants that are wanted of factors with so many levels each.
    pub fn new(wanted: Wanted, factors: &[usize]) -> Result<Self, DesignError> {
        check(factors)?;
        let (levels, fraction) = match wanted {
            Wanted::OneFactor => (one_factor(factors)?, None),
            Wanted::Factorial => (factorial(factors)?, None),
            Wanted::Fraction { halvings } => {
                let fraction = fraction::new(factors, halvings)?;
                (fraction.variants(factors.len()), Some(fraction))
            }
        };
        let mut variants: Vec<Variant> = levels
            .into_iter()
            .map(|levels| Variant { levels })
            .collect();
        let twin = variants[0].clone();
        variants.push(twin);
        Ok(Self {
            factors: factors.to_vec(),
            variants,
            fraction,
            // One factor alone is crossed with nothing.
            crossed: wanted != Wanted::OneFactor && factors.len() > 1,
        })
    }

    /// The number of the reference's twin.
    #[must_use]
    pub fn twin(&self) -> usize {
        self.variants.len() - 1
    }

    /// The number of the variant that has these levels, if it is one.
    #[must_use]
    pub fn variant(&self, levels: &[usize]) -> Option<usize> {
        self.variants
            .iter()
            .position(|variant| variant.levels == levels)
    }

    /// How the variants were chosen, as a result file says it, with the factors called so.
    #[must_use]
    pub fn described(&self, names: &[&str]) -> ExperimentDesign {
        let kind = match (&self.fraction, self.crossed) {
            (Some(_), _) => DesignKind::Fraction,
            (None, true) => DesignKind::Factorial,
            (None, false) => DesignKind::OneFactor,
        };
        let fraction = self.fraction.as_ref();
        ExperimentDesign {
            kind,
            resolution: fraction.map(|fraction| fraction.resolution),
            generators: fraction.map_or_else(Vec::new, |fraction| fraction.written(names)),
            aliases: self
                .aliases()
                .iter()
                .map(|set| set.written(names))
                .collect(),
        }
    }
}

/// Each level of each factor alone, after the first level of all.
fn one_factor(factors: &[usize]) -> Result<Vec<Vec<usize>>, DesignError> {
    let others = factors.iter().map(|levels| levels - 1);
    let variants = others.fold(1, usize::saturating_add);
    few_enough(variants)?;
    let reference = vec![0; factors.len()];
    let mut all = vec![reference.clone()];
    for (factor, levels) in factors.iter().enumerate() {
        all.extend((1..*levels).map(|level| {
            let mut levels = reference.clone();
            levels[factor] = level;
            levels
        }));
    }
    Ok(all)
}

/// Every combination; the level of the first factor changes fastest.
fn factorial(factors: &[usize]) -> Result<Vec<Vec<usize>>, DesignError> {
    let variants = factors.iter().copied().fold(1, usize::saturating_mul);
    few_enough(variants)?;
    let all = (0..variants).map(|number| {
        let mut rest = number;
        let level = |levels: &usize| {
            let level = rest % levels;
            rest /= levels;
            level
        };
        factors.iter().map(level).collect()
    });
    Ok(all.collect())
}

fn check(factors: &[usize]) -> Result<(), DesignError> {
    if factors.is_empty() {
        return Err(DesignError::NoFactors);
    }
    if factors.len() > MOST_FACTORS {
        let factors = factors.len();
        return Err(DesignError::ManyFactors { factors });
    }
    match factors.iter().position(|levels| *levels < 2) {
        Some(factor) => Err(DesignError::OneLevel { factor: factor + 1 }),
        None => Ok(()),
    }
}

fn few_enough(variants: usize) -> Result<(), DesignError> {
    if variants > MOST_VARIANTS {
        return Err(DesignError::ManyVariants { variants });
    }
    Ok(())
}

/// The most factors of an experiment.
pub const MOST_FACTORS: usize = 16;
/// The most variants of an experiment, its reference's twin not counted.
pub const MOST_VARIANTS: usize = 64;

/// Why there cannot be such variants. Factors are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum DesignError {
    /// Nothing to vary.
    #[error("an experiment needs a factor to vary: add a [[factor]]")]
    NoFactors,
    /// More than can be told.
    #[error("{factors} factors are too many: vary {MOST_FACTORS} at most in one experiment")]
    ManyFactors { factors: usize },
    /// A factor that does not vary.
    #[error("factor {factor} has one level: give it two at least, or take it out")]
    OneLevel { factor: usize },
    /// More than anybody waits for.
    #[error(
        "{variants} variants are too many, {MOST_VARIANTS} is the most: vary one factor at a time, \
         take a fraction, or fewer levels"
    )]
    ManyVariants { variants: usize },
    /// Fractions are of two-level factorials.
    #[error(
        "factor {factor} has {levels} levels, and in a fraction every factor has two: vary one \
         factor at a time, or every combination"
    )]
    NotTwoLevels { factor: usize, levels: usize },
    /// A fraction that is the whole.
    #[error("a fraction halves the number of variants once at least: or take every combination")]
    NoHalving,
    /// Effects that could not be told apart.
    #[error(
        "{factors} factors halved {halvings} times cannot be told apart: halve {} times at most",
        fraction::most_halvings(*factors)
    )]
    ManyHalvings { factors: usize, halvings: u32 },
    /// More ways to choose than can be gone through.
    #[error(
        "to find the best fraction of {factors} factors halved {halvings} times takes too long: halve \
         them {} times",
        halvings + 1
    )]
    LongSearch { factors: usize, halvings: u32 },
    /// More than there are variants for.
    #[error("{factors} factors cannot be halved at all: of so few, take every combination")]
    FewFactors { factors: usize },
}

#[cfg(test)]
mod tests;
