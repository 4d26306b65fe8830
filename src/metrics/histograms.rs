//! How spreads read as histograms, classic and native.
//!
//! The classic form has the same buckets always, whatever came, so that rates of them can be taken. The
//! native form has those that are not empty alone, in schema 0: from each power of two to the next. Both
//! are the places of a [`Spread`](crate::stats::spread::Spread), counted once.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use prometheus_client::encoding::{
    MetricEncoder, NativeHistogram, NativeHistogramBuckets, NoLabelSet,
};

use crate::stats::spread::{TICKS_A_SECOND, nanos};

/// What a spread is of: which powers of two of the unit bound its places.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    /// Bounds of the classic buckets, as powers of two. Values above the last of them are in the bucket
    /// without end alone.
    classic: RangeInclusive<i32>,
    /// The power of the place that ends with 1.
    first: i32,
    /// What the sum counts, for one of the unit.
    parts: u32,
    /// The key of a place in the spread, by the ticks or pieces that it ends with.
    key: fn(u64) -> u64,
}

impl Scale {
    /// Of numbers of datagrams, up to so many.
    pub(super) fn datagrams(most: u32) -> Self {
        Self {
            classic: 0..=i32::try_from(most.ilog2()).unwrap_or(i32::MAX),
            first: 0,
            parts: 1,
            key: |highest| highest,
        }
    }

    /// Of times in seconds, whose spread is in nanoseconds: from a microsecond to 8 seconds.
    pub(super) fn seconds() -> Self {
        let ticks = TICKS_A_SECOND.ilog2();
        Self {
            classic: -20..=3,
            first: -i32::try_from(ticks).unwrap_or(i32::MAX),
            parts: 1_000_000_000,
            key: nanos,
        }
    }

    /// How many came in the place that ends with this power of two.
    fn at(&self, spread: &BTreeMap<u64, u64>, power: i32) -> u64 {
        let above_first = u32::try_from(power - self.first).unwrap_or(0);
        let key = (self.key)(1_u64.checked_shl(above_first).unwrap_or(u64::MAX));
        spread.get(&key).copied().unwrap_or(0)
    }

    /// The powers of all places but that of 0.
    fn powers(&self) -> impl Iterator<Item = i32> + use<> {
        self.first..self.first + PLACES
    }
}

/// Writes down a spread whose values have this sum.
pub(super) fn encode(
    encoder: &mut MetricEncoder<'_>,
    spread: &BTreeMap<u64, u64>,
    sum: u64,
    scale: &Scale,
) -> fmt::Result {
    let zeros = spread.get(&0).copied().unwrap_or(0);
    let counted = scale.powers().map(|power| (power, scale.at(spread, power)));
    let counted: Vec<(i32, u64)> = counted.collect();
    let all: u64 = spread.values().sum();
    let native = Native::new(&counted);
    encoder.encode_histogram_with_native::<NoLabelSet>(
        value(sum) / f64::from(scale.parts),
        all,
        &classic(&counted, zeros, all, scale.classic.clone()),
        None,
        NativeHistogram {
            schema: 0,
            zero_threshold: 0.0,
            zero_count: zeros,
            negative: NativeHistogramBuckets {
                spans: &[],
                deltas: &[],
            },
            positive: NativeHistogramBuckets {
                spans: &native.spans,
                deltas: &native.deltas,
            },
            created: None,
        },
    )
}

/// The bounds with what came between each and the one before.
fn classic(
    counted: &[(i32, u64)],
    zeros: u64,
    all: u64,
    bounds: RangeInclusive<i32>,
) -> Vec<(f64, u64)> {
    let mut told = 0;
    let mut buckets = Vec::with_capacity(bounds.clone().count() + 1);
    for bound in bounds {
        let below = counted.iter().filter(|(power, _)| *power <= bound);
        let below = zeros + below.map(|(_, number)| number).sum::<u64>();
        buckets.push((f64::from(bound).exp2(), below - told));
        told = below;
    }
    buckets.push((f64::INFINITY, all - told));
    buckets
}

/// Buckets as the protobuf form has them: runs of neighbours, each with the distance from the one before,
/// and of each bucket by how much it differs from the one before.
#[derive(Debug, Default)]
struct Native {
    spans: Vec<(i32, u32)>,
    deltas: Vec<i64>,
}

impl Native {
    fn new(counted: &[(i32, u64)]) -> Self {
        let mut native = Self::default();
        let (mut next, mut last) = (0, 0);
        for (power, number) in counted.iter().filter(|(_, number)| *number > 0) {
            match native.spans.last_mut() {
                Some((_, length)) if *power == next => *length += 1,
                _ => native.spans.push((power - next, 1)),
            }
            let number = i64::try_from(*number).unwrap_or(i64::MAX);
            native.deltas.push(number - last);
            (next, last) = (power + 1, number);
        }
        if native.spans.is_empty() {
            // Without any, it would be taken for a histogram that is not native.
            native.spans.push((0, 0));
        }
        native
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the formats know no other number, and 53 bits of it are kept"
)]
fn value(number: u64) -> f64 {
    number as f64
}

/// As many as a spread has, without that of 0.
const PLACES: i32 = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::spread::{Delays, Spread};
    use proptest::prelude::*;

    #[test]
    fn neighbours_are_in_one_run_of_buckets() {
        let native = Native::new(&[(-2, 0), (-1, 4), (0, 3), (1, 0), (2, 9)]);
        assert_eq!(native.spans, [(-1, 2), (1, 1)]);
        assert_eq!(native.deltas, [4, -1, 6]);
    }

    #[test]
    fn what_never_came_is_an_empty_run() {
        assert_eq!(Native::new(&[(0, 0), (1, 0)]).spans, [(0, 0)]);
    }

    /// What a reader of the protobuf form makes of it.
    fn buckets(native: &Native) -> Vec<(i32, u64)> {
        let mut deltas = native.deltas.iter();
        let (mut index, mut number) = (0, 0_i64);
        let mut read = Vec::new();
        for (offset, length) in &native.spans {
            index += offset;
            for _ in 0..*length {
                number += deltas.next().unwrap();
                read.push((index, number.unsigned_abs()));
                index += 1;
            }
        }
        read
    }

    fn counted(scale: &Scale, spread: &BTreeMap<u64, u64>) -> Vec<(i32, u64)> {
        let powers = scale.powers();
        powers
            .map(|power| (power, scale.at(spread, power)))
            .collect()
    }

    proptest! {
           #[test]
           fn every_value_is_in_the_bucket_that_bounds_it(values in proptest::collection::vec(0..200_u64, 0..50)) {
               let spread = Spread::default();
               for value in &values {
    spread.note(*value);
    }
               let spread = spread.read().collect();
               let read = buckets(&Native::new(&counted(&Scale::datagrams(128), &spread)));
               let within = |power: i32| {
                   let (below, bound) = (f64::from(power - 1).exp2(), f64::from(power).exp2());
                   values.iter().filter(move |number| {
                       let number = value(**number);
                       below < number && number <= bound
                   })
               };
               for (power, number) in &read {
                   prop_assert_eq!(*number, within(*power).count() as u64);
               }
               let zeros = spread.get(&0).copied().unwrap_or(0);
               let all: u64 = read.iter().map(|(_, number)| number).sum();
               prop_assert_eq!(zeros + all, values.len() as u64);
           }

           #[test]
           fn buckets_of_both_kinds_hold_all_delays(
               delays in proptest::collection::vec(
                   prop_oneof![0..4_u64, 0..100_000_000_000_u64, Just(3_600_000_000_000_u64)], 0..50
               )
           ) {
               let noted = Delays::default();
               for delay in &delays {
    noted.note(*delay);
    }
               let spread: BTreeMap<u64, u64> = noted.read().collect();
               let scale = Scale::seconds();
               let counted = counted(&scale, &spread);
               let zeros = spread.get(&0).copied().unwrap_or(0);
               let all = delays.len() as u64;
               let native: u64 = buckets(&Native::new(&counted)).iter().map(|(_, number)| number).sum();
               prop_assert_eq!(zeros + native, all);
               let classic = classic(&counted, zeros, all, scale.classic);
               for (bound, upto) in &classic {
                   let below = delays.iter().filter(|delay| value(**delay) <= bound * 1e9).count() as u64;
                   let told: u64 = classic.iter().filter(|(other, _)| other <= bound).map(|(_, number)| number).sum();
                   prop_assert_eq!(told, below, "{} {}", bound, upto);
               }
           }
       }
}
