//! How many of what: sums that must agree with each other.

use std::collections::BTreeMap;

use echo_reactor::stats::errno;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What became of the probes of a window, and what the datagrams that came in were.
///
/// Probes: `scheduled = sent + not_sent` always, `sent = received + late + lost` once the run
/// has ended. Datagrams: see [`Counts::datagrams_in`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Probes the schedule asked for.
    pub scheduled: u64,
    /// Probes the kernel took.
    pub sent: u64,
    /// Probes it did not take, or for which there was no time; see [`NotSent`].
    pub not_sent: u64,
    /// Probes answered within the timeout.
    pub received: u64,
    /// Probes answered after the timeout, not counted as lost.
    pub late: u64,
    /// Probes not answered, as far as anybody can tell.
    pub lost: u64,
    /// Further copies of an answer that had arrived.
    pub duplicated: u64,
    /// Answers overtaken by the answer to a later probe (RFC 4737, type P-Reordered): part of
    /// `received` and `late`, not beside them.
    pub reordered: u64,
    /// Datagrams of this run that were changed on the way; their probes are lost.
    pub corrupted: u64,
    /// Datagrams that answer no probe of this flow.
    pub foreign: u64,
    /// Answers to probes so old that it is forgotten whether they had been answered.
    pub stale: u64,
}

impl Counts {
    /// Adds the counts of another thread, flow or window.
    pub fn merge(&mut self, other: &Self) {
        self.scheduled += other.scheduled;
        self.sent += other.sent;
        self.not_sent += other.not_sent;
        self.received += other.received;
        self.late += other.late;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
        self.corrupted += other.corrupted;
        self.foreign += other.foreign;
        self.stale += other.stale;
    }

    /// Probes sent of which nobody knew yet what becomes of them; none in a run that has ended.
    #[must_use]
    pub fn under_way(&self) -> u64 {
        let known = self
            .received
            .saturating_add(self.late)
            .saturating_add(self.lost);
        self.sent.saturating_sub(known)
    }

    /// Datagrams that came in, each counted under one name.
    #[must_use]
    pub fn datagrams_in(&self) -> u64 {
        self.received + self.late + self.duplicated + self.corrupted + self.foreign + self.stale
    }

    /// Checks that nothing went unaccounted for in a run that has ended.
    ///
    /// # Errors
    ///
    /// The first sum that does not add up.
    pub fn check(&self) -> Result<(), Imbalance> {
        let Self {
            scheduled,
            sent,
            not_sent,
            received,
            late,
            lost,
            reordered,
            ..
        } = *self;
        if scheduled != sent + not_sent {
            return Err(Imbalance::Schedule {
                scheduled,
                sent,
                not_sent,
            });
        }
        if sent != received + late + lost {
            return Err(Imbalance::Answers {
                sent,
                received,
                late,
                lost,
            });
        }
        if reordered > received + late {
            return Err(Imbalance::Order {
                reordered,
                received,
                late,
            });
        }
        Ok(())
    }
}

/// A sum that does not add up: a mistake of this program, never of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Imbalance {
    /// Probes vanished between the schedule and the socket.
    #[error("{scheduled} probes were scheduled, but {sent} sent and {not_sent} not sent")]
    #[expect(missing_docs, reason = "the fields are those of `Counts`")]
    Schedule {
        scheduled: u64,
        sent: u64,
        not_sent: u64,
    },
    /// Probes vanished between the socket and the result.
    #[error("{sent} probes were sent, but {received} answered, {late} late and {lost} lost")]
    #[expect(missing_docs, reason = "the fields are those of `Counts`")]
    Answers {
        sent: u64,
        received: u64,
        late: u64,
        lost: u64,
    },
    /// More answers were out of order than there were.
    #[error("{reordered} answers were reordered of {received} in time and {late} late")]
    #[expect(missing_docs, reason = "the fields are those of `Counts`")]
    Order {
        reordered: u64,
        received: u64,
        late: u64,
    },
}

/// Why a probe was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The generator was still behind its schedule when the run ended.
    Behind,
    /// The kernel refused it with this error number.
    Errno(i32),
}

/// How many probes were not sent for which reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotSent {
    /// A handful of pairs at most, so a search from the front beats a map.
    reasons: Vec<(Reason, u64)>,
}

impl NotSent {
    /// Counts `probes` more for `reason`. Allocates when a reason is new, and only then.
    pub fn add(&mut self, reason: Reason, probes: u64) {
        match self.reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += probes,
            None => self.reasons.push((reason, probes)),
        }
    }

    /// Adds the counts of another thread or flow.
    pub fn merge(&mut self, other: &Self) {
        for (reason, probes) in &other.reasons {
            self.add(*reason, *probes);
        }
    }

    /// All probes not sent, for whatever reason.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.reasons.iter().map(|(_, count)| count).sum()
    }

    /// The counts by name: `behind`, `EAGAIN`, and `errno 4095` for a number without a known name.
    #[must_use]
    pub fn by_name(&self) -> BTreeMap<String, u64> {
        let named = |(reason, count): &(Reason, u64)| match *reason {
            Reason::Behind => ("behind".to_owned(), *count),
            Reason::Errno(number) => (errno::name(number).into_owned(), *count),
        };
        self.reasons.iter().map(named).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: Counts = Counts {
        scheduled: 12,
        sent: 10,
        not_sent: 2,
        received: 6,
        late: 1,
        lost: 3,
        duplicated: 4,
        reordered: 5,
        corrupted: 6,
        foreign: 7,
        stale: 8,
    };

    #[test]
    fn a_probe_that_vanished_is_noticed() {
        assert_eq!(SOUND.check(), Ok(()));
        let unscheduled = Counts {
            scheduled: 13,
            ..SOUND
        };
        assert!(matches!(
            unscheduled.check(),
            Err(Imbalance::Schedule { .. })
        ));
        let vanished = Counts { lost: 2, ..SOUND };
        assert!(matches!(vanished.check(), Err(Imbalance::Answers { .. })));
        let invented = Counts {
            reordered: 8,
            ..SOUND
        };
        assert!(matches!(invented.check(), Err(Imbalance::Order { .. })));
    }

    #[test]
    fn merging_adds_every_count() {
        let mut sum = SOUND;
        sum.merge(&SOUND);
        let sum = serde_json::to_value(sum).unwrap();
        let one = serde_json::to_value(SOUND).unwrap();
        for (name, count) in one.as_object().unwrap() {
            assert_eq!(sum[name], count.as_u64().unwrap() * 2, "{name}");
        }
    }

    #[test]
    fn a_reordered_answer_is_one_datagram() {
        assert_eq!(SOUND.datagrams_in(), 6 + 1 + 4 + 6 + 7 + 8);
    }

    #[test]
    fn reasons_are_counted_by_name() {
        let mut not_sent = NotSent::default();
        not_sent.add(Reason::Errno(11), 2);
        not_sent.add(Reason::Behind, 1);
        not_sent.add(Reason::Errno(4095), 1);
        let mut sum = not_sent.clone();
        sum.merge(&not_sent);
        assert_eq!(sum.total(), 8);
        let names = [("EAGAIN", 4), ("behind", 2), ("errno 4095", 2)];
        let expected = names.map(|(name, count)| (name.to_owned(), count));
        assert_eq!(sum.by_name(), BTreeMap::from(expected));
    }
}
