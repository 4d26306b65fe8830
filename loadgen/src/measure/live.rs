//! What a progress display may read while a run lasts, without a lock and without slowing it.
//!
//! Each thread writes a [`Live`] of its own, by plain loads and stores; anybody may read it. A
//! reader may see one counter before another, so sums can be off by what is in flight. Counts
//! and quantiles cover the warm-up too, and none of them goes into a result.

use std::array;
use std::iter;
use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of one thread.
#[derive(Debug)]
pub struct Live {
    sent: AtomicU64,
    answered: AtomicU64,
    lost: AtomicU64,
    round_trips: Box<[AtomicU64; BUCKETS]>,
}

impl Live {
    /// All counters at zero.
    #[must_use]
    pub fn new() -> Self {
        Self {
            sent: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            round_trips: Box::new(array::from_fn(|_| AtomicU64::new(0))),
        }
    }

    /// Counts a probe that was sent. Like all writers here: one thread alone may call it.
    pub fn sent(&self) {
        add(&self.sent, 1);
    }

    /// Counts an answer in time, `nanos` nanoseconds after its probe was due.
    pub fn answered(&self, nanos: u64) {
        add(&self.answered, 1);
        add(&self.round_trips[bucket(nanos)], 1);
    }

    /// Counts probes that got no answer in time.
    pub fn lost(&self, probes: u64) {
        if probes > 0 {
            add(&self.lost, probes);
        }
    }

    /// What the counters say now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        // Answers before probes: a reader never sees more answers than probes.
        let round_trips = self.round_trips.iter().map(read).collect();
        let (lost, answered) = (read(&self.lost), read(&self.answered));
        Snapshot {
            sent: read(&self.sent),
            answered,
            lost,
            round_trips,
        }
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

/// The counters of one thread, or of several added up, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Probes sent so far.
    pub sent: u64,
    /// Probes answered in time so far.
    pub answered: u64,
    /// Probes without an answer in time so far; some may yet turn out to be late.
    pub lost: u64,
    round_trips: Vec<u64>,
}

impl Snapshot {
    /// Nothing yet: what the snapshots of threads are added to.
    #[must_use]
    pub fn new() -> Self {
        Self {
            sent: 0,
            answered: 0,
            lost: 0,
            round_trips: vec![0; BUCKETS],
        }
    }

    /// Adds what another thread has done.
    pub fn merge(&mut self, other: &Self) {
        self.sent += other.sent;
        self.answered += other.answered;
        self.lost += other.lost;
        for (sum, count) in iter::zip(&mut self.round_trips, &other.round_trips) {
            *sum += count;
        }
    }

    /// The time in nanoseconds that `percent` (1 to 100) of the answers so far did not exceed,
    /// rounded up by at most a sixteenth; `None` if there is no answer, or if the rank falls
    /// among the lost.
    #[must_use]
    pub fn quantile(&self, percent: u8) -> Option<u64> {
        let answered: u64 = self.round_trips.iter().sum();
        let population = u128::from(answered + self.lost);
        let rank = (population * u128::from(percent)).div_ceil(100).max(1);
        let mut seen = 0;
        let found = self.round_trips.iter().position(|count| {
            seen += u128::from(*count);
            seen >= rank
        })?;
        Some(highest_in(found))
    }
}

impl Default for Snapshot {
    fn default() -> Self {
        Self::new()
    }
}

/// One writer a counter, so a load and a store do, and spare a locked instruction a probe.
fn add(counter: &AtomicU64, count: u64) {
    let sum = counter.load(Ordering::Relaxed) + count;
    counter.store(sum, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// The bucket of a value: itself below 16, then 16 buckets an octave; the last one holds
/// everything from its lower edge up.
pub(super) fn bucket(nanos: u64) -> usize {
    if nanos < 16 {
        return usize::try_from(nanos).expect("it is below 16");
    }
    let octave = nanos.ilog2() - 4;
    let bucket = u64::from(octave) * 16 + (nanos >> octave);
    usize::try_from(bucket).map_or(BUCKETS - 1, |bucket| bucket.min(BUCKETS - 1))
}

/// The highest value that lies in a bucket.
fn highest_in(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 16 {
        return bucket;
    }
    let octave = bucket / 16 - 1;
    ((bucket % 16 + 17) << octave) - 1
}

/// 16 exact values and 33 octaves: the last bucket begins at 133 s.
pub(super) const BUCKETS: usize = 16 + 33 * 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn threads_add_up() {
        let (left, right) = (Live::new(), Live::new());
        for nanos in 1..=10 {
            left.sent();
            left.answered(nanos);
        }
        right.sent();
        right.lost(1);
        let mut both = Snapshot::new();
        both.merge(&left.snapshot());
        both.merge(&right.snapshot());
        assert_eq!((both.sent, both.answered, both.lost), (11, 10, 1));
        assert_eq!(both.quantile(50), Some(6));
        assert_eq!(both.quantile(99), None);
    }

    #[test]
    fn before_the_first_answer_there_is_no_quantile() {
        assert_eq!(Snapshot::new().quantile(50), None);
    }

    #[test]
    fn a_value_over_the_top_is_in_the_last_bucket() {
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
        assert_eq!(bucket(133_143_986_176), BUCKETS - 1);
        assert_eq!(bucket(133_143_986_175), BUCKETS - 2);
    }

    proptest! {
        #[test]
        fn a_bucket_is_no_wider_than_a_sixteenth_of_its_values(nanos in 0..120_000_000_000_u64) {
            let highest = highest_in(bucket(nanos));
            prop_assert!(highest >= nanos && highest - nanos <= nanos / 16);
            prop_assert!(bucket(highest + 1) == bucket(nanos) + 1);
        }
    }
}
