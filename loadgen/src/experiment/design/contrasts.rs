//! What is compared with what.
//!
//! Both groups of a comparison always have as many variants. If what lies between them does nothing,
//! then the labels of the two could as well be swapped in any block, and the difference have the other
//! sign: this is what makes the test exact, and is why the reference's twin is compared with the
//! reference alone and strengthens no other side.

use super::{Contrast, Design, Difference};

impl Design {
    /// All comparisons: first the noise, then every level against the first one of its factor, then
    /// interactions, then every variant against the reference. The last two are left out where factors
    /// were not crossed, since there are no interactions and the levels say the rest.
    #[must_use]
    pub fn contrasts(&self) -> Vec<Contrast> {
        let mut all = vec![Contrast {
            of: Difference::Noise,
            plus: vec![self.twin()],
            minus: vec![0],
        }];
        for (factor, levels) in self.factors.iter().enumerate() {
            all.extend((1..*levels).map(|level| self.level(factor, level)));
        }
        if !self.crossed {
            return all;
        }
        for (first, second) in self.pairs() {
            for level in 1..self.factors[first] {
                let others = 1..self.factors[second];
                all.extend(others.map(|other| self.interaction((first, level), (second, other))));
            }
        }
        all.extend((1..self.twin()).map(|variant| Contrast {
            of: Difference::Variant(variant),
            plus: vec![variant],
            minus: vec![0],
        }));
        all
    }

    fn level(&self, factor: usize, level: usize) -> Contrast {
        let alone = |levels: &[usize]| {
            let mut others = levels.iter().enumerate();
            others.all(|(other, level)| other == factor || *level == 0)
        };
        let with = |wanted: usize| {
            self.those(|levels| levels[factor] == wanted && (self.crossed || alone(levels)))
        };
        Contrast {
            of: Difference::Level { factor, level },
            plus: with(level),
            minus: with(0),
        }
    }

    /// The mean of the variants in which both factors are at these levels or both at their first, less
    /// that of the variants in which one is and the other is not.
    fn interaction(&self, first: (usize, usize), second: (usize, usize)) -> Contrast {
        let at = |levels: &[usize], one: bool, other: bool| {
            let wanted = |(_, level): (usize, usize), there: bool| if there { level } else { 0 };
            levels[first.0] == wanted(first, one) && levels[second.0] == wanted(second, other)
        };
        Contrast {
            of: Difference::Interaction { first, second },
            plus: self.those(|levels| at(levels, true, true) || at(levels, false, false)),
            minus: self.those(|levels| at(levels, true, false) || at(levels, false, true)),
        }
    }

    /// The numbers of the variants with such levels, without the reference's twin.
    fn those(&self, wanted: impl Fn(&[usize]) -> bool) -> Vec<usize> {
        let variants = self.variants[..self.twin()].iter().enumerate();
        let those = variants.filter(|(_, variant)| wanted(&variant.levels));
        those.map(|(number, _)| number).collect()
    }
}
