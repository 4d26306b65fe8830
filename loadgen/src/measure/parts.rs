//! The measured window in equal parts, by when probes were due: did the run stay the same from
//! beginning to end?
//!
//! A part is a few counts and a coarse histogram, so that ten of them take under 50 KiB however
//! long the run is.

use std::iter;
use std::time::Duration;

use super::Fraction;
use super::live::{BUCKETS, bucket, edges};
use crate::time::Offset;

/// Into how many parts a window is cut: enough to tell a trend from chance, and few enough for
/// each to have samples.
pub const PARTS: usize = 10;

/// The parts of a window, of which there are [`PARTS`], or up to twice as many if it lasts for longer
/// than was planned; none before [`Parts::of`] says where it lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    from: u64,
    duration: u64,
    cells: Vec<Cell>,
    /// The part that was looked up last, and its edges: mostly the next one too.
    last: (u64, u64, usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Cell {
    sent: u64,
    answered: u64,
    round_trips: Vec<u64>,
}

/// What one part came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Where it begins, after the beginning of the window.
    pub from: Duration,
    /// Where it ends, after the beginning of the window.
    pub to: Duration,
    /// Probes sent that were due in it.
    pub sent: u64,
    /// Those among them that were answered in time.
    pub answered: u64,
    /// The median of the round trips from due, in nanoseconds to a sixteenth, the unanswered in
    /// it; `None` if it falls among those, or without a probe.
    pub p50: Option<u64>,
    /// Likewise, the 99th percentile; `None` also with too few probes to know it.
    pub p99: Option<u64>,
}

impl Parts {
    /// The parts of the window that begins at `from` and lasts for `duration`. Should it last for
    /// longer, the parts get wider.
    #[must_use]
    pub fn of(from: Offset, duration: Duration) -> Self {
        let cell = Cell {
            sent: 0,
            answered: 0,
            round_trips: vec![0; BUCKETS],
        };
        Self {
            from: from.as_nanos(),
            duration: u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX),
            cells: vec![cell; 2 * PARTS],
            last: (0, 0, 0),
        }
    }

    /// A probe of the window was sent.
    pub fn sent(&mut self, due: Offset) {
        if let Some(cell) = self.cell(due) {
            cell.sent += 1;
        }
    }

    /// A probe of the window was answered in time, `nanos` nanoseconds after it was due.
    pub fn answered(&mut self, due: Offset, nanos: u64) {
        if let Some(cell) = self.cell(due) {
            cell.answered += 1;
            cell.round_trips[bucket(nanos)] += 1;
        }
    }

    /// Adds what another thread did in the same window.
    pub fn merge(&mut self, other: &Self) {
        if self.cells.is_empty() {
            self.clone_from(other);
            return;
        }
        let mut other = other.clone();
        while other.duration < self.duration && !other.cells.is_empty() {
            other.widen();
        }
        while self.duration < other.duration {
            self.widen();
        }
        for (cell, more) in iter::zip(&mut self.cells, &other.cells) {
            cell.add(more);
        }
    }

    /// What the parts came to that began before the window was over, which ended after `window`.
    #[must_use]
    pub fn within(&self, window: Duration) -> Vec<Part> {
        let cells = self.cells.iter().enumerate();
        let parts = cells.map(|(index, cell)| Part {
            from: Duration::from_nanos(self.edge(index)),
            to: Duration::from_nanos(self.edge(index + 1)).min(window),
            sent: cell.sent,
            answered: cell.answered,
            p50: cell.quantile(50, 1),
            p99: cell.quantile(99, Fraction::P99.smallest_population()),
        });
        parts.take_while(|part| part.from < window).collect()
    }

    fn cell(&mut self, due: Offset) -> Option<&mut Cell> {
        let after = due.as_nanos().checked_sub(self.from)?;
        let (from, to, index) = self.last;
        if (from..to).contains(&after) {
            return self.cells.get_mut(index);
        }
        if self.cells.is_empty() {
            return None;
        }
        while after / 2 >= self.duration {
            self.widen();
        }
        let index = u128::from(after) * PARTS as u128 / u128::from(self.duration);
        let index = usize::try_from(index).ok()?;
        self.last = (self.edge(index), self.edge(index + 1), index);
        self.cells.get_mut(index)
    }

    /// Makes room for a window of twice the length, by putting neighbours together. Takes no
    /// memory.
    fn widen(&mut self) {
        for index in 0..PARTS {
            let (front, back) = self.cells.split_at_mut(2 * index + 1);
            front[2 * index].add(&back[0]);
            back[0].clear();
            self.cells.swap(index, 2 * index);
        }
        self.duration = self.duration.saturating_mul(2).max(1);
        self.last = (0, 0, 0);
    }

    /// Where part `index` begins, in nanoseconds after the beginning of the window.
    fn edge(&self, index: usize) -> u64 {
        // Rounded up, since the first nanosecond of a part is the first that division puts there.
        let edge = (u128::from(self.duration) * index as u128).div_ceil(PARTS as u128);
        u64::try_from(edge).unwrap_or(u64::MAX)
    }
}

impl Cell {
    fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.answered += other.answered;
        for (sum, count) in iter::zip(&mut self.round_trips, &other.round_trips) {
            *sum += count;
        }
    }

    fn clear(&mut self) {
        self.sent = 0;
        self.answered = 0;
        self.round_trips.fill(0);
    }

    fn quantile(&self, percent: u64, fewest: u64) -> Option<u64> {
        if self.sent < fewest {
            return None;
        }
        let rank = u128::from(self.sent) * u128::from(percent);
        let rank = u64::try_from(rank.div_ceil(100)).ok()?;
        let mut before = 0;
        for (bucket, count) in self.round_trips.iter().enumerate() {
            if before + count >= rank {
                // As if the values of a bucket were spread evenly, so that a slow change shows
                // before it has crossed a whole bucket.
                let (lowest, highest) = edges(bucket);
                let inside = u128::from(highest - lowest) * u128::from(rank - before);
                let inside = inside / u128::from((*count).max(1));
                return Some(lowest + u64::try_from(inside).unwrap_or(0));
            }
            before += count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_window_that_lasts_for_longer_has_wider_parts() {
        let mut parts = Parts::of(Offset::START, Duration::from_nanos(100));
        let mut other = parts.clone();
        for due in 0..250 {
            parts.sent(Offset::from_nanos(due));
        }
        other.sent(Offset::from_nanos(5));
        parts.merge(&other);
        other.merge(&parts);
        for both in [parts, other] {
            let sent: Vec<u64> = both
                .within(Duration::from_nanos(250))
                .iter()
                .map(|part| part.sent)
                .collect();
            assert_eq!(sent.len(), 13);
            assert_eq!(sent[1..12], [20; 11]);
            assert_eq!(sent[12], 10);
        }
    }

    const WINDOW: Duration = Duration::from_nanos(1_003);

    fn filled(probes: &[(u64, Option<u64>)]) -> Parts {
        let mut parts = Parts::of(Offset::from_nanos(500), WINDOW);
        for (due, answer) in probes {
            let due = Offset::from_nanos(*due);
            parts.sent(due);
            if let Some(nanos) = answer {
                parts.answered(due, *nanos);
            }
        }
        parts
    }

    #[test]
    fn a_probe_is_in_the_part_in_which_it_was_due() {
        let parts = filled(&[(499, None), (500, Some(7)), (1_502, None)]);
        let parts = parts.within(WINDOW);
        let sent: Vec<u64> = parts.iter().map(|part| part.sent).collect();
        assert_eq!(sent, [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!((parts[0].answered, parts[0].p50), (1, Some(7)));
        assert_eq!((parts[9].answered, parts[9].p50), (0, None));
    }

    #[test]
    fn a_window_that_was_cut_short_has_no_parts_after_its_end() {
        let parts = filled(&[(500, Some(7))]).within(Duration::from_nanos(250));
        assert_eq!(parts.len(), 3);
        assert_eq!(parts[2].to, Duration::from_nanos(250));
    }

    #[test]
    fn a_median_among_the_unanswered_is_unknown() {
        let parts = filled(&[(500, Some(7)), (501, None), (502, None)]);
        assert_eq!(parts.within(WINDOW)[0].p50, None);
    }

    #[test]
    fn nothing_is_kept_of_a_window_that_nobody_named() {
        let mut parts = Parts::default();
        parts.sent(Offset::START);
        assert_eq!(parts.within(WINDOW), []);
    }

    proptest! {
        #[test]
        fn parts_follow_each_other_and_hold_every_probe(
            nanos in 1..100_000_000_000_u64, probes in vec(0.0..1.0_f64, 0..100),
        ) {
            let window = Duration::from_nanos(nanos);
            let mut parts = Parts::of(Offset::START, window);
            let mut expected = [0_u64; PARTS];
            for place in &probes {
                let due = Duration::from_secs_f64(window.as_secs_f64() * place).min(window);
                let due = u64::try_from(due.as_nanos()).unwrap().min(nanos - 1);
                parts.sent(Offset::from_nanos(due));
                expected[usize::try_from(due * 10 / nanos).unwrap()] += 1;
            }
            let parts = parts.within(window);
            for (part, expected) in iter::zip(&parts, expected) {
                prop_assert_eq!(part.sent, expected);
            }
            for pair in parts.windows(2) {
                prop_assert_eq!(pair[0].to, pair[1].from);
            }
            prop_assert_eq!(parts.iter().map(|part| part.sent).sum::<u64>(), probes.len() as u64);
        }

        #[test]
        fn merging_equals_counting_in_one_place(
            left in vec((400..1_600_u64, proptest::option::of(0..1_000_000_u64)), 0..50),
            right in vec((400..1_600_u64, proptest::option::of(0..1_000_000_u64)), 0..50),
        ) {
            let mut merged = Parts::default();
            merged.merge(&filled(&left));
            merged.merge(&filled(&right));
            let all = filled(&[left, right].concat());
            prop_assert_eq!(merged.within(WINDOW), all.within(WINDOW));
        }

        #[test]
        fn a_median_is_right_to_a_sixteenth(mut trips in vec(0..1_000_000_000_u64, 1..50)) {
            let probes: Vec<_> = trips.iter().map(|nanos| (500, Some(*nanos))).collect();
            let median = filled(&probes).within(WINDOW)[0].p50.unwrap();
            trips.sort_unstable();
            let exact = trips[trips.len().div_ceil(2) - 1];
            prop_assert!(median.abs_diff(exact) <= exact / 16, "{median} for {exact}");
        }
    }
}
