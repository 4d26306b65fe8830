//! Which variants of many tell most: regular fractions of two-level factorials.
//!
//! All combinations of some basic factors are run, and the level of every added factor follows from
//! theirs. What cannot be told apart by that is written in words: sets of factors of which an even
//! number is at the second level in every variant. The shorter the words, the worse: with one of three
//! factors an effect cannot be told from an interaction of two others. So the added factors are made
//! such that the shortest word is as long as can be (the highest resolution), and among these such
//! that there are as few as can be of the shortest, then of the next length, and so on (minimum
//! aberration: Fries and Hunter, Minimum aberration 2^(k-p) designs, Technometrics 22, 1980).

use super::{DesignError, Fraction, few_enough};
use crate::experiment::plan::takes_long;

/// A set of factors: bit 0 is the first one.
pub(super) type Word = u32;

/// The best fraction of factors with so many levels, halved so often.
pub(super) fn new(levels: &[usize], halvings: u32) -> Result<Fraction, DesignError> {
    let factors = levels.len();
    if let Some(factor) = levels.iter().position(|levels| *levels != 2) {
        let (factor, levels) = (factor + 1, levels[factor]);
        return Err(DesignError::NotTwoLevels { factor, levels });
    }
    if halvings == 0 {
        return Err(DesignError::NoHalving);
    }
    match most_halvings(factors) {
        0 => return Err(DesignError::FewFactors { factors }),
        most if halvings > most => {
            return Err(DesignError::ManyHalvings { factors, halvings });
        }
        _ => {}
    }
    let added = usize::try_from(halvings).unwrap_or(usize::MAX);
    let basic = factors - added;
    few_enough(1 << basic)?;
    if takes_long(factors, halvings) {
        return Err(DesignError::LongSearch { factors, halvings });
    }
    Ok(Search::best(basic, added))
}

/// How often the variants of so many factors can be halved with effects that can be told apart: n basic
/// factors have 2^n - 1 products.
pub(super) fn most_halvings(factors: usize) -> u32 {
    // As many bits as it takes to count them.
    let enough = usize::BITS - factors.leading_zeros();
    u32::try_from(factors)
        .unwrap_or(u32::MAX)
        .saturating_sub(enough)
}

impl Fraction {
    /// The levels of every variant. The first has the first level of all factors.
    pub(super) fn variants(&self, factors: usize) -> Vec<Vec<usize>> {
        let basic = factors - self.generators.len();
        let variants = (0..1_usize << basic).map(|number| {
            let mut levels: Vec<usize> = (0..basic).map(|factor| number >> factor & 1).collect();
            for (_added, of) in &self.generators {
                let second = of.iter().filter(|factor| levels[**factor] == 1).count();
                levels.push(second % 2);
            }
            levels
        });
        variants.collect()
    }

    /// All words, the empty one included.
    pub(super) fn words(&self) -> Vec<Word> {
        let mut words = vec![0];
        for (added, of) in &self.generators {
            let word = of
                .iter()
                .fold(1 << added, |word, factor| word | 1 << factor);
            words = with(&words, word);
        }
        words
    }

    /// `D = A B C` for each added factor; `D = - A B` where its signs are the opposite of the product's.
    pub(super) fn written(&self, names: &[&str]) -> Vec<String> {
        let generators = self.generators.iter().map(|(added, of)| {
            let product: Vec<&str> = of.iter().map(|factor| names[*factor]).collect();
            let opposite = if of.len() % 2 == 0 { "- " } else { "" };
            format!("{} = {opposite}{}", names[*added], product.join(" "))
        });
        generators.collect()
    }
}

/// The words that there are with another generator.
fn with(words: &[Word], generator: Word) -> Vec<Word> {
    let products = words.iter().map(|word| word ^ generator);
    words.iter().copied().chain(products).collect()
}

/// How many words there are of each length.
type Pattern = [usize; super::MOST_FACTORS + 1];

/// Goes through all ways to make added factors, but for those that are no better than the best one.
struct Search {
    basic: usize,
    added: usize,
    /// No word is shorter.
    resolution: usize,
    /// What added factors can be made of: sets of basic ones.
    candidates: Vec<Word>,
    best: Option<(Pattern, Vec<Word>)>,
}

impl Search {
    fn best(basic: usize, added: usize) -> Fraction {
        // The longest word there can be has all basic factors and an added one.
        let found = (3..=basic + 1).rev().find_map(|resolution| {
            let mut search = Self {
                basic,
                added,
                resolution,
                candidates: candidates(basic, resolution - 1),
                best: None,
            };
            search.descend(0, &mut Vec::new(), &[0], Pattern::default());
            search.best
        });
        let (pattern, made_of) = found.expect("with so few halvings all products are different");
        let shortest = pattern.iter().position(|words| *words > 0);
        let factors = |of: Word| (0..basic).filter(move |factor| of >> factor & 1 == 1);
        Fraction {
            resolution: shortest
                .and_then(|length| u32::try_from(length).ok())
                .unwrap_or(0),
            generators: (basic..)
                .zip(made_of)
                .map(|(added, of)| (added, factors(of).collect()))
                .collect(),
        }
    }

    /// Adds a factor made of one of the candidates from that place on, and then the next.
    fn descend(&mut self, from: usize, chosen: &mut Vec<Word>, words: &[Word], pattern: Pattern) {
        if chosen.len() == self.added {
            self.best = Some((pattern, chosen.clone()));
            return;
        }
        let left = self.added - chosen.len();
        for place in from..(self.candidates.len() + 1).saturating_sub(left) {
            let of = self.candidates[place];
            // Basic factors can change their names, so that of each size one is enough to begin with.
            if chosen.is_empty() && !is_first(of) {
                continue;
            }
            let words = with(words, of | 1 << (self.basic + chosen.len()));
            let Some(pattern) = self.more(pattern, &words[words.len() / 2..]) else {
                continue;
            };
            chosen.push(of);
            self.descend(place + 1, chosen, &words, pattern);
            chosen.pop();
        }
    }

    /// The pattern with more words; `None` if it can only lead to one that is no better than the best.
    fn more(&self, mut pattern: Pattern, words: &[Word]) -> Option<Pattern> {
        for word in words {
            let length = word.count_ones() as usize;
            if length < self.resolution {
                return None;
            }
            pattern[length] += 1;
        }
        // Words only ever come, so that it is never better than now.
        let better = self.best.as_ref().is_none_or(|(best, _)| pattern < *best);
        better.then_some(pattern)
    }
}

/// Sets of at least so many basic factors, the smaller ones first.
fn candidates(basic: usize, least: usize) -> Vec<Word> {
    let mut all: Vec<Word> = (1..1 << basic)
        .filter(|of: &Word| of.count_ones() as usize >= least)
        .collect();
    all.sort_by_key(|of| (of.count_ones(), *of));
    all
}

/// Whether a set has the first of the factors and no others.
fn is_first(of: Word) -> bool {
    of & (of + 1) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn fraction(factors: usize, halvings: u32) -> Fraction {
        new(&vec![2; factors], halvings).unwrap()
    }

    /// The number of words of each length from 3 on.
    fn pattern(fraction: &Fraction) -> Vec<usize> {
        let words = fraction.words();
        let longest = words.iter().map(|word| word.count_ones()).max().unwrap();
        let of = |length| {
            words
                .iter()
                .filter(|word| word.count_ones() == length)
                .count()
        };
        (3..=longest).map(of).collect()
    }

    #[track_caller]
    fn assert_generators(factors: usize, halvings: u32, resolution: u32, expected: &[&str]) {
        let letters = ["A", "B", "C", "D", "E", "F", "G"];
        let fraction = fraction(factors, halvings);
        assert_eq!(fraction.resolution, resolution);
        let written = fraction.written(&letters[..factors]);
        let plain: Vec<String> = written.iter().map(|line| line.replace("- ", "")).collect();
        assert_eq!(plain, expected);
    }

    #[test]
    fn generators_are_those_of_the_tables() {
        // Box, Hunter and Hunter, chapter 6, but for their signs, which are free.
        assert_generators(3, 1, 3, &["C = A B"]);
        assert_generators(4, 1, 4, &["D = A B C"]);
        assert_generators(5, 1, 5, &["E = A B C D"]);
        assert_generators(6, 1, 6, &["F = A B C D E"]);
        assert_generators(5, 2, 3, &["D = A B", "E = A C"]);
        assert_generators(6, 3, 3, &["D = A B", "E = A C", "F = B C"]);
        assert_generators(7, 4, 3, &["D = A B", "E = A C", "F = B C", "G = A B C"]);
    }

    #[test]
    fn words_are_as_few_and_as_long_as_those_of_the_catalogue() {
        // Chen, Sun and Wu, A catalogue of two-level and three-level fractional factorial designs with
        // small runs (International Statistical Review 61, 1993), first design of each size.
        for (factors, halvings, expected) in [
            (5, 2, &[2, 1][..]),
            (6, 2, &[0, 3]),
            (7, 3, &[0, 7]),
            (8, 4, &[0, 14, 0, 0, 0, 1]),
            (9, 5, &[4, 14, 8, 0, 4, 1]),
            (7, 2, &[0, 1, 2]),
            (8, 3, &[0, 3, 4]),
            (9, 4, &[0, 6, 8, 0, 0, 1]),
            (10, 5, &[0, 10, 16, 0, 0, 5]),
            (8, 2, &[0, 0, 2, 1]),
            (9, 3, &[0, 1, 4, 2]),
            (10, 4, &[0, 2, 8, 4, 0, 1]),
            (11, 5, &[0, 4, 14, 8, 0, 3, 2]),
            (
                16,
                11,
                &[0, 140, 0, 448, 0, 870, 0, 448, 0, 140, 0, 0, 0, 1],
            ),
        ] {
            assert_eq!(
                pattern(&fraction(factors, halvings)),
                expected,
                "2^({factors}-{halvings})"
            );
        }
    }

    #[test]
    fn words_of_four_are_as_few_as_those_of_the_catalogue() {
        for (factors, halvings, fours) in [(11, 6, 25), (12, 7, 38), (13, 8, 55), (15, 10, 105)] {
            assert_eq!(pattern(&fraction(factors, halvings))[..2], [0, fours]);
        }
        assert_eq!(pattern(&fraction(12, 6))[..2], [0, 6]);
    }

    #[test]
    fn every_fraction_that_there_may_be_is_found() {
        for factors in 3..=12 {
            for halvings in 1..=most_halvings(factors) {
                match new(&vec![2; factors], halvings) {
                    Ok(found) => assert!(found.resolution >= 3, "2^({factors}-{halvings})"),
                    Err(error) => assert!(matches!(error, DesignError::ManyVariants { .. })),
                }
            }
        }
    }

    #[test]
    fn signs_make_the_reference_a_variant_and_are_told() {
        let names = ["A", "B", "C"];
        let third = fraction(3, 1);
        assert_eq!(third.written(&names), ["C = - A B"]);
        let variants = third.variants(3);
        assert_eq!(variants, [[0, 0, 0], [1, 0, 1], [0, 1, 1], [1, 1, 0]]);
    }

    #[test]
    fn what_cannot_be_is_told_why() {
        let complaint = |levels: &[usize], halvings| new(levels, halvings).unwrap_err().to_string();
        assert!(complaint(&[2, 3, 2], 1).starts_with("factor 2 has 3 levels, and in a fraction"));
        assert!(complaint(&[2; 4], 0).starts_with("a fraction halves the number"));
        assert!(complaint(&[2; 2], 1).starts_with("2 factors cannot be halved at all"));
        assert!(complaint(&[2; 4], 2).ends_with("told apart: halve 1 times at most"));
        assert!(complaint(&[2; 7], 5).ends_with("told apart: halve 4 times at most"));
        assert!(complaint(&[2; 7], u32::MAX).contains("halved 4294967295 times"));
        let long = complaint(&[2; 13], 7);
        assert!(
            long.ends_with("takes too long: halve them 8 times"),
            "{long}"
        );
        assert!(complaint(&[2; 12], 1).starts_with("2048 variants are too many"));
    }
}
