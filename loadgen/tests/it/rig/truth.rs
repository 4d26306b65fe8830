//! What a peer did, as the generator should have counted it.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use loadgen::measure::Counts;
use loadgen::probe::Sequence;

use super::peer::Seen;

/// Everything that a peer received and sent, each in its order.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) seen: Vec<Seen>,
    pub(crate) given: Vec<Given>,
}

/// One datagram that a peer sent.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) to: SocketAddr,
    /// Of the probe that gave rise to it.
    pub(crate) sequence: Sequence,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Sound,
    Corrupted,
    Foreign,
}

impl Log {
    /// The generator counted the same. Only it knows what it had no time to send: a pause of the
    /// system at the end of a run is enough for that.
    #[track_caller]
    pub(crate) fn assert_counted(&self, counts: &Counts) {
        let expected = Counts {
            scheduled: counts.scheduled,
            not_sent: counts.not_sent,
            ..self.counts()
        };
        assert_eq!(*counts, expected);
    }

    /// What a generator counts that sent nothing else, lost nothing else, measured from the first
    /// probe on and waited for every answer.
    pub(crate) fn counts(&self) -> Counts {
        let probes = self.seen.len() as u64;
        let mut counts = Counts {
            scheduled: probes,
            sent: probes,
            ..Counts::default()
        };
        let mut flows: HashMap<SocketAddr, Flow> = HashMap::new();
        for given in &self.given {
            let flow = flows.entry(given.to).or_default();
            match given.kind {
                Kind::Sound => flow.answer(given.sequence, &mut counts),
                Kind::Corrupted => counts.corrupted += 1,
                Kind::Foreign => counts.foreign += 1,
            }
        }
        counts.lost = counts.sent - counts.received;
        counts
    }

    /// The number of source ports that probes came from.
    pub(crate) fn sources(&self) -> usize {
        let sources: HashSet<SocketAddr> = self.seen.iter().map(|seen| seen.from).collect();
        sources.len()
    }
}

#[derive(Default)]
struct Flow {
    answered: HashSet<Sequence>,
    highest: Option<Sequence>,
}

impl Flow {
    /// RFC 4737: an answer is reordered if it is to an earlier probe than one answered before.
    fn answer(&mut self, sequence: Sequence, counts: &mut Counts) {
        if !self.answered.insert(sequence) {
            counts.duplicated += 1;
            return;
        }
        counts.received += 1;
        counts.reordered += u64::from(Some(sequence) < self.highest);
        self.highest = self.highest.max(Some(sequence));
    }
}
