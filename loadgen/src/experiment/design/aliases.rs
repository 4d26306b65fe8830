//! What a fraction cannot tell apart.

use super::fraction::Word;
use super::{Design, Fraction};

/// Effects of single factors and interactions of two that come out as one number, in the order of
/// their factors, single ones first. There are two of them at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasSet {
    /// The numbers of the factors: one for an effect, two for an interaction.
    pub of: Vec<Vec<usize>>,
}

impl AliasSet {
    /// `A = - B C = - D E`: a minus stands before what comes out with the opposite sign.
    #[must_use]
    pub fn written(&self, names: &[&str]) -> String {
        let first = self.of.first().map_or(0, Vec::len);
        let terms = self.of.iter().map(|term| {
            let product: Vec<&str> = term.iter().map(|factor| names[*factor]).collect();
            // The word between them is odd, and the product of its signs is minus where all factors
            // are at their first level.
            let opposite = if (term.len() + first) % 2 == 1 {
                "- "
            } else {
                ""
            };
            format!("{opposite}{}", product.join(" "))
        });
        terms.collect::<Vec<_>>().join(" = ")
    }
}

impl Design {
    /// What cannot be told apart; empty unless it is a fraction.
    #[must_use]
    pub fn aliases(&self) -> Vec<AliasSet> {
        let Some(fraction) = &self.fraction else {
            return Vec::new();
        };
        let mut sets = sets(fraction, self.factors.len());
        sets.retain(|set| set.of.len() > 1);
        sets
    }

    /// The pairs of factors of which an interaction is told: all but those that cannot be told from the
    /// effect of a single factor, and of those that cannot be told from each other the first.
    pub(super) fn pairs(&self) -> Vec<(usize, usize)> {
        let factors = self.factors.len();
        let of_sets = |fraction| {
            let sets = sets(fraction, factors).into_iter();
            sets.filter_map(|set| set.of.into_iter().next()).collect()
        };
        let told: Vec<Vec<usize>> = self
            .fraction
            .as_ref()
            .map_or_else(|| terms(factors), of_sets);
        let pairs = told.iter().filter_map(|term| match term[..] {
            [first, second] => Some((first, second)),
            _ => None,
        });
        pairs.collect()
    }
}

/// All sets, also those of one member.
fn sets(fraction: &Fraction, factors: usize) -> Vec<AliasSet> {
    let words = fraction.words();
    let mut sets: Vec<(Word, AliasSet)> = Vec::new();
    for term in terms(factors) {
        let word = term.iter().fold(0, |word: Word, factor| word | 1 << factor);
        // The smallest of the products with all words is the same for all of a set.
        let smallest = words.iter().map(|other| word ^ other).min().unwrap_or(word);
        match sets.iter_mut().find(|(of, _)| *of == smallest) {
            Some((_, set)) => set.of.push(term),
            None => sets.push((smallest, AliasSet { of: vec![term] })),
        }
    }
    sets.into_iter().map(|(_, set)| set).collect()
}

/// Each factor, and then each pair.
fn terms(factors: usize) -> Vec<Vec<usize>> {
    let singles = (0..factors).map(|factor| vec![factor]);
    let pairs =
        (0..factors).flat_map(|first| (first + 1..factors).map(move |second| vec![first, second]));
    singles.chain(pairs).collect()
}
