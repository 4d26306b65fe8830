//! Stamps and sends what is due.

use std::io;
use std::ops::Range;

use echo_reactor::udp::errors::{Step, step};
use echo_reactor::udp::{MAX_TRAIN, Message, Outbox, offload};

use super::clock::Clock;
use super::flow::{BURST, Due, Flow};
use super::sampling::{Sampling, Stretch};
use crate::measure::{Reason, Recorder};
use crate::plan::Plan;
use crate::probe::{Probe, Sequence};
use crate::time::{Offset, Realtime};

/// The datagrams of one call, for all flows of a thread in turn.
pub(super) struct Sender {
    outbox: Outbox,
    /// One datagram behind the other, so that those of one size can leave as a train.
    datagrams: Vec<u8>,
    /// Whether all have one size, so that nobody has to look for where the next begins.
    one_size: bool,
    /// Times that the answer to an older probe was that nobody is there.
    pub(super) unreachable: u64,
    /// Messages of more than one probe that were sent.
    pub(super) trains: u64,
    /// Probes in the longest of them.
    pub(super) longest_train: u64,
}

impl Sender {
    /// Room for the probes of `plan`.
    pub(super) fn new(plan: &Plan) -> Self {
        let (smallest, largest) = plan.size_bounds();
        Self {
            outbox: Outbox::new(BURST, BURST),
            // A pattern rather than zeros, which a fault in memory or on a link could leave as
            // they are.
            datagrams: (0..=250)
                .cycle()
                .take(usize::from(largest) * BURST)
                .collect(),
            one_size: smallest == largest,
            unreachable: 0,
            trains: 0,
            longest_train: 0,
        }
    }

    /// Sends every probe that is due on `flow`, and accounts for each. Returns when the last call
    /// was made. Without `sampling` no probe is stamped.
    pub(super) fn send(
        &mut self,
        flow: &mut Flow,
        index: usize,
        clock: Clock,
        recorder: &mut Recorder,
        mut sampling: Option<&mut Sampling>,
    ) -> Offset {
        let mut first = 0;
        let mut tried_again = false;
        let mut call = Call::default();
        while first < flow.due.len() {
            let (sequence, waiting) = (recorder.next_sequence(index), flow.due.len() - first);
            let stretch = match &mut sampling {
                Some(sampling) => sampling.stretch(index, sequence, waiting),
                None => Stretch::unsampled(waiting),
            };
            let last = first + stretch.probes;
            self.encode(flow, first..last, sequence);
            let handed = self.hand_over(flow, first..last, clock, stretch.sampled, &mut call);
            if let (Some(sampling), Some(called)) = (&mut sampling, call.called) {
                match &handed {
                    Ok(_one) => sampling.sent(index, sequence, call.at, called),
                    Err(_refusal) => sampling.refused(index, sequence),
                }
            }
            match handed {
                Ok(messages) => {
                    let sent = self.count_probes(flow, first..last, messages);
                    for due in &flow.due[first..first + sent] {
                        recorder.scheduled(index, due.at);
                        recorder.sent(index, due.at, call.at);
                    }
                    flow.in_flight += sent as u64;
                    first += sent;
                    tried_again = false;
                }
                // A device that cannot cut trains, or a path too narrow for a probe in one piece.
                Err(error) if flow.segments > 1 && offload::is_refusal(&error) => flow.segments = 1,
                Err(error) => match step(&error) {
                    Step::Again => {}
                    Step::AgainOnce if !tried_again => {
                        self.unreachable += 1;
                        tried_again = true;
                    }
                    // A probe that has to wait is no open loop's: it counts as not sent.
                    Step::AgainOnce | Step::Wait | Step::Skip | Step::Broken => {
                        let reason = Reason::Errno(error.raw_os_error().unwrap_or(0));
                        recorder.scheduled(index, flow.due[first].at);
                        recorder.not_sent(index, flow.due[first].at, reason);
                        first += 1;
                        tried_again = false;
                    }
                },
            }
        }
        flow.due.clear();
        call.at
    }

    /// Writes `probes` into the datagrams, numbered from `sequence`.
    fn encode(&mut self, flow: &Flow, probes: Range<usize>, sequence: Sequence) {
        let mut room = self.datagrams.as_mut_slice();
        for (number, due) in (sequence.0..).zip(&flow.due[probes]) {
            let probe = Probe {
                run: flow.expected.run,
                flow: flow.expected.flow,
                sequence: Sequence(number),
                due: due.at,
            };
            let (datagram, rest) = room.split_at_mut(due.size.into());
            probe.encode(datagram);
            room = rest;
        }
    }

    /// Returns how many messages the kernel took.
    fn hand_over(
        &mut self,
        flow: &Flow,
        probes: Range<usize>,
        clock: Clock,
        stamped: bool,
        call: &mut Call,
    ) -> io::Result<usize> {
        let mut round = self.outbox.round();
        let mut waiting = &flow.due[probes];
        let mut datagrams = self.datagrams.as_slice();
        while let Some(due) = waiting.first() {
            let together = in_one_message(waiting, flow.segments, self.one_size);
            let (payload, rest) = datagrams.split_at(together * usize::from(due.size));
            let message = Message {
                segment: (together > 1).then_some(due.size),
                stamped,
                ..Message::default()
            };
            if !round.push(&message, payload) {
                break;
            }
            waiting = &waiting[together..];
            datagrams = rest;
        }
        call.at = clock.now();
        call.called = stamped.then(|| clock.realtime_at(call.at));
        round.send(&flow.socket)
    }

    /// How many of `probes` the first `messages` held; notes the trains among them.
    fn count_probes(&mut self, flow: &Flow, probes: Range<usize>, messages: usize) -> usize {
        let waiting = &flow.due[probes];
        let mut count = 0;
        for _ in 0..messages {
            let together = in_one_message(&waiting[count..], flow.segments, self.one_size);
            if together > 1 {
                self.trains += 1;
                self.longest_train = self.longest_train.max(together as u64);
            }
            count += together;
        }
        count
    }
}

/// When a call was made.
#[derive(Clone, Copy, Debug, Default)]
struct Call {
    at: Offset,
    /// The same moment, if what it sent shall be stamped.
    called: Option<Realtime>,
}

/// How many of the probes that wait leave as one message: neighbours of one size, as many as the
/// kernel takes.
fn in_one_message(waiting: &[Due], segments: usize, one_size: bool) -> usize {
    let Some(first) = waiting.first() else {
        return 0;
    };
    if segments == 1 {
        return 1;
    }
    let most = segments.min(MAX_TRAIN / usize::from(first.size)).max(1);
    let reachable = &waiting[..most.min(waiting.len())];
    if one_size {
        return reachable.len();
    }
    let same = reachable.iter().take_while(|due| due.size == first.size);
    same.count()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn waiting(sizes: &[u16]) -> Vec<Due> {
        let due = sizes.iter().map(|&size| Due {
            at: Offset::START,
            size,
        });
        due.collect()
    }

    #[test]
    fn a_train_ends_where_the_size_changes() {
        let waiting = waiting(&[64, 64, 1_400, 64]);
        assert_eq!(in_one_message(&waiting, 128, false), 2);
        assert_eq!(in_one_message(&waiting[2..], 128, false), 1);
        assert_eq!(in_one_message(&waiting[3..], 128, false), 1);
        assert_eq!(in_one_message(&waiting, 1, false), 1);
    }

    #[test]
    fn a_train_holds_what_the_kernel_takes() {
        assert_eq!(in_one_message(&waiting(&[64; 200]), 128, true), 128);
        assert_eq!(in_one_message(&waiting(&[1_400; 200]), 128, true), 46);
        assert_eq!(in_one_message(&waiting(&[65_507; 2]), 128, true), 1);
        assert_eq!(in_one_message(&[], 128, true), 0);
    }

    proptest! {
        #[test]
        fn looking_for_one_size_finds_the_same(
            size in 40..=65_507_u16, probes in 1..300_usize, segments in 1..200_usize,
        ) {
            let waiting = waiting(&vec![size; probes]);
            let quick = in_one_message(&waiting, segments, true);
            prop_assert_eq!(in_one_message(&waiting, segments, false), quick);
        }

        #[test]
        fn every_probe_is_in_one_message(
            sizes in vec(prop::sample::select(vec![40_u16, 524, 1_472, 65_507]), 0..300),
            segments in 1..200_usize,
        ) {
            let waiting = waiting(&sizes);
            let mut rest = waiting.as_slice();
            while !rest.is_empty() {
                let probes = in_one_message(rest, segments, false);
                prop_assert!((1..=rest.len()).contains(&probes));
                let (message, behind) = rest.split_at(probes);
                prop_assert!(message.iter().all(|due| due.size == message[0].size));
                prop_assert!(probes == 1 || probes * usize::from(message[0].size) <= MAX_TRAIN);
                rest = behind;
            }
        }
    }
}
