//! What is still known of probes that were answered or given up.

use super::Answer;

/// For the last `horizon` probes that left the ring: was there an answer?
#[derive(Debug)]
pub(super) struct Retired {
    answered: Vec<u64>,
    horizon: u64,
}

impl Retired {
    pub(super) fn new(horizon: u64) -> Self {
        let words = usize::try_from(horizon / 64).expect("the horizon is far below 2^32");
        Self {
            answered: vec![0; words],
            horizon,
        }
    }

    /// Overwrites what was known of the sequence `horizon` before.
    pub(super) fn remember(&mut self, sequence: u64, answered: bool) {
        let (word, bit) = self.place(sequence);
        if answered {
            self.answered[word] |= bit;
        } else {
            self.answered[word] &= !bit;
        }
    }

    /// What an answer to a retired probe is; `first` is the oldest that is not retired.
    pub(super) fn answer(&mut self, sequence: u64, first: u64) -> Answer {
        if first - sequence > self.horizon {
            return Answer::Stale;
        }
        let (word, bit) = self.place(sequence);
        if self.answered[word] & bit != 0 {
            return Answer::Duplicate;
        }
        self.answered[word] |= bit;
        Answer::Late
    }

    fn place(&self, sequence: u64) -> (usize, u64) {
        let position = sequence % self.horizon;
        let word = usize::try_from(position / 64).expect("the horizon is far below 2^32");
        (word, 1 << (position % 64))
    }
}
