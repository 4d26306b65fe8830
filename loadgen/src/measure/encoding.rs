//! Histograms as other tools of the `HdrHistogram` family read them.

use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use thiserror::Error;

use super::latency::HIGHEST_NANOS;

/// A histogram in the compressed form of version 2 (V2 with a zlib stream around its counts).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compressed(Vec<u8>);

impl Compressed {
    /// The compressed form of a histogram of this program.
    ///
    /// # Panics
    ///
    /// Never: memory does not refuse to be written to, and the counts of a run are below 2^63.
    #[must_use]
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(histogram, &mut bytes)
            .expect("counts below 2^63 can be written to memory");
        Self(bytes)
    }

    /// Bytes that came from elsewhere; whether they are sound, [`histogram`](Self::histogram) tells.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes of the compressed form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The histogram, with the bounds that all histograms of this program have.
    ///
    /// # Errors
    ///
    /// [`BadHistogram`] if it is none, or holds values that no run records.
    pub fn histogram(&self) -> Result<Histogram<u64>, BadHistogram> {
        if self.0.len() > LARGEST {
            return Err(BadHistogram::Large(self.0.len()));
        }
        let found: Histogram<u64> = Deserializer::new()
            .deserialize(&mut self.0.as_slice())
            .map_err(|error| BadHistogram::Form(error.to_string()))?;
        if found.max() > HIGHEST_NANOS.saturating_mul(2) {
            return Err(BadHistogram::Range(found.max()));
        }
        let mut histogram = Histogram::new_with_bounds(1, HIGHEST_NANOS, 3)
            .map_err(|error| BadHistogram::Form(error.to_string()))?;
        histogram
            .add(&found)
            .map_err(|error| BadHistogram::Form(error.to_string()))?;
        Ok(histogram)
    }
}

/// Bytes that are no histogram of a run. Displays as the end of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadHistogram {
    /// They are no compressed histogram at all.
    #[error("it is no compressed HdrHistogram of version 2: {0}")]
    Form(String),
    /// Longer than any histogram of a run can be.
    #[error("it has {0} bytes, more than any histogram of a run")]
    Large(usize),
    /// It holds values over the highest that a run records.
    #[error("it holds {0} ns, more than a run records")]
    Range(u64),
}

/// Bytes that no histogram of a run exceeds: 28,672 counts of up to 9 bytes each, incompressible.
const LARGEST: usize = 1 << 19;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn empty() -> Histogram<u64> {
        Histogram::new_with_bounds(1, HIGHEST_NANOS, 3).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_read_back_is_what_was_written(
            values in vec((0..=HIGHEST_NANOS, 1..1_000_000_u64), 0..50),
        ) {
            let mut histogram = empty();
            for (value, count) in values {
                histogram.record_n(value, count).unwrap();
            }
            let back = Compressed::of(&histogram).histogram().unwrap();
            prop_assert_eq!(back, histogram);
        }

        #[test]
        fn bytes_that_are_no_histogram_are_refused(bytes in vec(any::<u8>(), 0..100)) {
            prop_assert!(Compressed::from_bytes(bytes).histogram().is_err());
        }
    }
}
