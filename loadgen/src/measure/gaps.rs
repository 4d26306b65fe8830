//! How far apart probes left, beside how far apart they should have.

use std::time::Duration;

use super::latency::Distribution;
use crate::time::Offset;

/// The gaps between consecutive probes of one thread, or of several threads together, each with
/// the gaps between its own. All values in nanoseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gaps {
    /// Between the times at which probes were due.
    pub intended: Distribution,
    /// Between the times at which they were sent: 0 for probes that left by one call.
    pub achieved: Distribution,
}

impl Gaps {
    /// Adds what another thread recorded.
    pub fn merge(&mut self, other: &Self) {
        self.intended.merge(&other.intended);
        self.achieved.merge(&other.achieved);
    }

    /// How far off a gap may be before it counts in the [`distance`](Self::distance): a tenth of
    /// the mean intended gap, and a microsecond at least.
    #[must_use]
    pub fn tolerance(&self) -> Duration {
        let summary = self.intended.quantiles(0).summary;
        let mean = summary.map_or(0, |summary| summary.mean);
        Duration::from_nanos((mean / 10).max(LEAST_TOLERANCE))
    }

    /// How different the achieved gaps are from the intended ones, from 0 to 1; `None` if there are
    /// none of either.
    ///
    /// It is the distance of Kolmogorov and Smirnov with a tolerance e: for the distribution
    /// functions I of the intended and A of the achieved gaps, the largest of I(x) - A(x + e) and
    /// A(x) - I(x + e) over all x, or 0 if that is larger. So it is 0 if every gap is off by e at
    /// most, and no more than the fraction of gaps that are off by more. With e = 0 it would be
    /// the distance by itself, which is 1 for a constant rate and the least jitter.
    ///
    /// A value of a histogram stands for all that it cannot tell apart (a thousandth), and gets the
    /// benefit of the doubt.
    #[must_use]
    pub fn distance(&self) -> Option<f64> {
        if self.intended.count() == 0 || self.achieved.count() == 0 {
            return None;
        }
        let tolerance = u64::try_from(self.tolerance().as_nanos()).unwrap_or(u64::MAX);
        let early = excess(&self.achieved, &self.intended, tolerance);
        let late = excess(&self.intended, &self.achieved, tolerance);
        Some(early.max(late))
    }
}

/// The most by which the fraction of `gaps` up to some x is above that of `reference` up to
/// x + `tolerance`.
#[expect(
    clippy::cast_precision_loss,
    reason = "2^53 probes are beyond any run, and a fraction is rounded anyway"
)]
fn excess(gaps: &Distribution, reference: &Distribution, tolerance: u64) -> f64 {
    // Of all that a distribution holds: what is over the top of its histogram is never reached.
    let fraction = |count: u64, of: &Distribution| count as f64 / of.count() as f64;
    let (histogram, other) = (gaps.histogram(), reference.histogram());
    let mut buckets = other.iter_recorded().peekable();
    let (mut count, mut reached) = (0, 0);
    let mut most: f64 = 0.0;
    for bucket in histogram.iter_recorded() {
        count += bucket.count_since_last_iteration();
        let highest = histogram.highest_equivalent(bucket.value_iterated_to());
        let reach = highest.saturating_add(tolerance);
        while let Some(bucket) =
            buckets.next_if(|bucket| other.lowest_equivalent(bucket.value_iterated_to()) <= reach)
        {
            reached += bucket.count_since_last_iteration();
        }
        most = most.max(fraction(count, gaps) - fraction(reached, reference));
    }
    most
}

/// Takes down the gaps of one thread, in constant memory.
#[derive(Debug, Default)]
pub struct GapRecorder {
    intended: Series,
    achieved: Series,
}

impl GapRecorder {
    /// The schedule asked for its next probe.
    pub fn due(&mut self, due: Offset) {
        self.intended.note(due);
    }

    /// A probe was sent. Without a schedule there is nothing to compare with: nothing is kept.
    pub fn sent(&mut self, at: Offset) {
        if self.intended.last.is_some() {
            self.achieved.note(at);
        }
    }

    /// What was taken down.
    #[must_use]
    pub fn finish(self) -> Gaps {
        Gaps {
            intended: self.intended.finish(),
            achieved: self.achieved.finish(),
        }
    }
}

/// The gaps of one sequence of times. Most are equal to the one before (0 within a call, 1 / rate
/// in a schedule), so a gap waits until another comes, and goes into the histogram with its count.
#[derive(Debug, Default)]
struct Series {
    last: Option<Offset>,
    gap: u64,
    repeated: u64,
    gaps: Distribution,
}

impl Series {
    fn note(&mut self, at: Offset) {
        if let Some(last) = self.last {
            let gap = at.nanos_since(last);
            if gap != self.gap {
                self.gaps.record_many(self.gap, self.repeated);
                self.gap = gap;
                self.repeated = 0;
            }
            self.repeated += 1;
        }
        self.last = Some(at);
    }

    fn finish(mut self) -> Distribution {
        self.gaps.record_many(self.gap, self.repeated);
        self.gaps
    }
}

/// In nanoseconds: clocks and calls take about as long.
const LEAST_TOLERANCE: u64 = 1_000;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::measure::Quantile;

    fn distribution(values: &[u64]) -> Distribution {
        let mut distribution = Distribution::new();
        for value in values {
            distribution.record(*value);
        }
        distribution
    }

    fn gaps(intended: &[u64], achieved: &[u64]) -> Gaps {
        Gaps {
            intended: distribution(intended),
            achieved: distribution(achieved),
        }
    }

    #[track_caller]
    fn assert_distance(intended: &[u64], achieved: &[u64], expected: f64) {
        let distance = gaps(intended, achieved).distance().unwrap();
        assert!((distance - expected).abs() < 1e-9, "{distance}");
    }

    #[test]
    fn a_little_jitter_is_no_distance() {
        assert_distance(&[10_000; 100], &[10_000; 100], 0.0);
        assert_distance(&[10_000; 2], &[9_010, 10_990], 0.0);
        assert_distance(&[1_000_000; 2], &[905_000, 1_095_000], 0.0);
    }

    #[test]
    fn what_is_off_by_more_counts_with_its_fraction() {
        assert_distance(&[10_000; 4], &[10_000, 10_000, 10_000, 12_000], 0.25);
        assert_distance(&[10_000; 4], &[0, 0, 0, 40_000], 0.75);
        assert_distance(&[10_000; 4], &[50_000; 4], 1.0);
        assert_distance(&[10_000; 4], &[0; 4], 1.0);
        assert_distance(&[10_000; 2], &[10_000, u64::MAX], 0.5);
    }

    #[test]
    fn bursts_are_not_mistaken_for_an_even_load() {
        let bursts = [vec![0; 31], vec![320_000]].concat();
        assert_distance(&bursts, &bursts, 0.0);
        assert_distance(&bursts, &[10_000; 32], 31.0 / 32.0);
    }

    #[test]
    fn what_a_histogram_cannot_tell_apart_is_no_distance() {
        // Neighbouring values 1,024 times the mean: they lie in buckets of half of it.
        assert_distance(
            &[vec![0; 999], vec![10_000_000]].concat(),
            &[vec![0; 999], vec![10_000_900]].concat(),
            0.0,
        );
    }

    #[test]
    fn without_gaps_there_is_no_distance() {
        assert_eq!(gaps(&[], &[1]).distance(), None);
        assert_eq!(gaps(&[1], &[]).distance(), None);
    }

    #[test]
    fn probes_that_leave_together_have_no_gap() {
        let mut recorder = GapRecorder::default();
        for (due, sent) in [(0, 50), (10, 50), (20, 50), (30, 80)] {
            recorder.due(Offset::from_nanos(due));
            recorder.sent(Offset::from_nanos(sent));
        }
        let gaps = recorder.finish();
        assert_eq!(gaps.intended, distribution(&[10, 10, 10]));
        assert_eq!(gaps.achieved, distribution(&[0, 0, 30]));
    }

    #[test]
    fn a_closed_loop_has_no_gaps() {
        let mut recorder = GapRecorder::default();
        recorder.sent(Offset::from_nanos(1));
        recorder.sent(Offset::from_nanos(2));
        assert_eq!(recorder.finish(), Gaps::default());
    }

    #[test]
    fn the_tolerance_is_a_tenth_of_the_mean_or_a_microsecond() {
        let tolerance = |gap| gaps(&[gap; 5], &[]).tolerance();
        assert_eq!(tolerance(1_000_000), Duration::from_micros(100));
        assert_eq!(tolerance(1_000), Duration::from_micros(1));
    }

    proptest! {
        #[test]
        fn the_distance_is_that_of_its_formula(
            intended in vec(0..2_000_u64, 1..40), achieved in vec(0..2_000_u64, 1..40),
        ) {
            // So small that every value has a bucket of its own, and the tolerance is 1,000.
            let up_to = |values: &[u64], x: u64| {
                let count = values.iter().filter(|value| **value <= x).count();
                f64::from(u32::try_from(count).unwrap()) / f64::from(u32::try_from(values.len()).unwrap())
            };
            let at = |x| {
                let late = up_to(&intended, x) - up_to(&achieved, x + 1_000);
                late.max(up_to(&achieved, x) - up_to(&intended, x + 1_000))
            };
            let expected = (0..4_000).map(at).fold(0.0, f64::max);
            let distance = gaps(&intended, &achieved).distance().unwrap();
            prop_assert!((distance - expected).abs() < 1e-9, "{} is not {}", distance, expected);
        }

        #[test]
        fn the_distance_is_a_probability_and_symmetric_but_for_the_tolerance(
            intended in vec(any::<u64>(), 1..40), achieved in vec(any::<u64>(), 1..40),
        ) {
            let distance = gaps(&intended, &achieved).distance().unwrap();
            prop_assert!((0.0..=1.0).contains(&distance));
            prop_assert_eq!(gaps(&intended, &intended).distance(), Some(0.0));
        }

        #[test]
        fn every_gap_is_taken_down_once(mut times in vec(0..1_000_u64, 1..100)) {
            times.sort_unstable();
            let mut recorder = GapRecorder::default();
            for time in &times {
                recorder.due(Offset::from_nanos(*time));
            }
            let expected: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let recorded = recorder.finish().intended;
            prop_assert_eq!(recorded.quantiles(0).p50 == Quantile::TooFew, expected.len() < 5);
            prop_assert_eq!(recorded, distribution(&expected));
        }
    }
}
