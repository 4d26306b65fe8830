//! How far one set of values lies from another.

use std::cmp::Ordering;

use super::real;

/// The difference between every value of one side and every value of the other, in order.
///
/// Their median is the shift of Hodges and Lehmann (Estimates of location based on rank tests,
/// Annals of Mathematical Statistics 34, 1963): how much longer a run of the second side is than
/// one of the first in half of all pairs. Up to 29 % of the runs of either side may be as far off as
/// they like without taking it along, and if there is no such run it is nearly as exact as the
/// difference of the means (95 % as good where runs are normally distributed), which the
/// difference of the medians is not (64 %).
#[derive(Clone, Debug)]
pub struct Differences {
    /// By value.
    pairs: Vec<Pair>,
    from: usize,
    to: usize,
}

#[derive(Clone, Copy, Debug)]
struct Pair {
    value: f64,
    from: usize,
    to: usize,
}

impl Differences {
    /// The differences that lead from each value of `from` to each of `to`; neither is empty.
    #[must_use]
    pub fn new(from: &[f64], to: &[f64]) -> Self {
        let mut pairs = Vec::with_capacity(from.len() * to.len());
        for (first, start) in from.iter().enumerate() {
            pairs.extend(to.iter().enumerate().map(|(second, end)| Pair {
                value: difference(*start, *end),
                from: first,
                to: second,
            }));
        }
        pairs.sort_by(|left, right| left.value.total_cmp(&right.value));
        Self {
            pairs,
            from: from.len(),
            to: to.len(),
        }
    }

    /// Values of each side.
    #[must_use]
    pub fn sides(&self) -> (usize, usize) {
        (self.from, self.to)
    }

    /// Their median: the shift from the first side to the second.
    #[must_use]
    pub fn shift(&self) -> f64 {
        self.shift_of(&vec![1; self.from], &vec![1; self.to])
    }

    /// Whether more of them lead up than down.
    #[must_use]
    pub fn direction(&self) -> Ordering {
        let down = self.pairs.partition_point(|pair| pair.value < 0.0);
        let level = self.pairs.partition_point(|pair| pair.value <= 0.0);
        (self.pairs.len() - level).cmp(&down)
    }

    /// The shift of sides in which the i-th value occurs so many times; neither is empty.
    pub(super) fn shift_of(&self, from: &[usize], to: &[usize]) -> f64 {
        let all = from.iter().sum::<usize>() * to.iter().sum::<usize>();
        let (mut before, mut lower) = (0, None);
        for pair in &self.pairs {
            before += from[pair.from] * to[pair.to];
            match lower {
                None if 2 * before > all => return pair.value,
                None if 2 * before == all => lower = Some(pair.value),
                Some(lower) if 2 * before > all => return midpoint(lower, pair.value),
                _ => {}
            }
        }
        lower.unwrap_or(0.0)
    }
}

/// The middle one of some values, or what lies between the middle two; `None` if there are none.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    match sorted.len() % 2 {
        1 => Some(upper),
        _ => Some(midpoint(sorted[sorted.len() / 2 - 1], upper)),
    }
}

/// What is lost on both sides is no different.
pub(crate) fn difference(from: f64, to: f64) -> f64 {
    // Exactly the same, infinite or not: they may be the same run.
    #[expect(clippy::float_cmp, reason = "what is meant is the very same value")]
    if from == to { 0.0 } else { to - from }
}

/// Nothing lies between minus and plus infinity, as far as one can tell.
pub(super) fn midpoint(low: f64, high: f64) -> f64 {
    if low.is_infinite() && high.is_infinite() && low.signum() * high.signum() < 0.0 {
        0.0
    } else {
        low.midpoint(high)
    }
}

/// The median of how far values lie from their median; `None` if that is infinite or there are
/// none.
pub(super) fn spread(values: &[f64]) -> Option<(f64, f64)> {
    let middle = median(values).filter(|middle| middle.is_finite())?;
    let apart: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    let spread = median(&apart).filter(|spread| spread.is_finite())?;
    Some((middle, spread))
}

/// The mean of some values, of which there is one at least.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / real(values.len())
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these numbers are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOST: f64 = f64::INFINITY;

    fn shift(from: &[f64], to: &[f64]) -> f64 {
        Differences::new(from, to).shift()
    }

    #[test]
    fn the_shift_is_the_median_of_all_differences() {
        // 4 5 7, 2 3 5 and 0 1 3 in order: 0 1 2 3 3 4 5 5 7.
        assert_eq!(shift(&[1.0, 3.0, 5.0], &[5.0, 6.0, 8.0]), 3.0);
        // 1 2 2 3: between the middle two.
        assert_eq!(shift(&[0.0, 1.0], &[2.0, 3.0]), 2.0);
        assert_eq!(shift(&[0.0, 1.0], &[2.0, 4.0]), 2.5);
    }

    #[test]
    fn what_is_lost_lies_above_everything_and_level_with_its_like() {
        assert_eq!(shift(&[1.0, 2.0], &[LOST, LOST]), LOST);
        assert_eq!(shift(&[LOST, LOST], &[1.0, 2.0]), -LOST);
        assert_eq!(shift(&[LOST, LOST], &[LOST, LOST]), 0.0);
        assert_eq!(shift(&[1.0, LOST], &[1.0, LOST]), 0.0);
        assert_eq!(shift(&[1.0, 1.0, 1.0, LOST], &[3.0, 3.0, 3.0, 3.0]), 2.0);
    }

    #[test]
    fn most_differences_decide_the_direction_even_where_the_shift_is_nothing() {
        let direction = |from: &[f64], to: &[f64]| Differences::new(from, to).direction();
        assert_eq!(
            direction(&[0.0; 4], &[0.0, 0.0, 0.0, 1.0]),
            Ordering::Greater
        );
        assert_eq!(direction(&[0.0, LOST], &[0.0, 0.0]), Ordering::Less);
        assert_eq!(direction(&[0.0, 1.0], &[0.0, 1.0]), Ordering::Equal);
    }

    #[test]
    fn a_run_that_is_far_off_does_not_take_the_shift_along() {
        let far = shift(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0, 3.0, 4.0, 5.0, 1e9]);
        assert_eq!(far, 1.0);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, LOST]), Some(3.0));
        assert_eq!(median(&[1.0, LOST]), Some(LOST));
    }

    fn values() -> impl Strategy<Value = Vec<f64>> {
        let value = prop_oneof![9 => (0..1_000_i32).prop_map(f64::from), 1 => Just(LOST)];
        prop::collection::vec(value, 1..12)
    }

    proptest! {
        #[test]
        fn the_way_back_is_as_long(from in values(), to in values()) {
            prop_assert_eq!(shift(&from, &to), -shift(&to, &from));
        }

        #[test]
        fn nothing_lies_between_a_side_and_itself(side in values()) {
            prop_assert_eq!(shift(&side, &side), 0.0);
        }

        #[test]
        fn a_value_twice_is_as_two_values(from in values(), to in values()) {
            let twice: Vec<f64> = from.iter().chain(&from[..1]).copied().collect();
            let mut counts = vec![1; from.len()];
            counts[0] = 2;
            let counted = Differences::new(&from, &to).shift_of(&counts, &vec![1; to.len()]);
            prop_assert_eq!(counted, shift(&twice, &to));
        }
    }
}
