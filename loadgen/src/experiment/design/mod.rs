//! Which variants there are, in which order they run, and what they are compared for. Pure.

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
/// chapter on fractional factorial designs).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fraction {
    /// Factors in the shortest word of the defining relation.
    pub resolution: u32,
    /// What the added factors were made of, by the numbers of the factors: `(3, [0, 1, 2])` for D = ABC.
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
    /// How much more a level of one factor does at a level of another one than at its first.
    Interaction {
        /// Number of the first factor, and its level.
        first: (usize, usize),
        /// Number of the second factor, and its level.
        second: (usize, usize),
    },
    /// A whole variant, against the reference.
    Variant(usize),
}
