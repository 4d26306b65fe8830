//! Stamps and sends what is due.

use std::io;
use std::ops::Range;

use echo_reactor::udp::errors::{Step, step};
use echo_reactor::udp::{Message, Outbox, offload};

use super::clock::Clock;
use super::flow::{BURST, Flow};
use super::sampling::{Sampling, Stretch};
use crate::measure::{Reason, Recorder};
use crate::probe::{Probe, Sequence};
use crate::time::{Offset, Realtime};

/// The datagrams of one call, for all flows of a thread in turn.
pub(super) struct Sender {
    outbox: Outbox,
    datagrams: Vec<u8>,
    size: usize,
    /// Times that the answer to an older probe was that nobody is there.
    pub(super) unreachable: u64,
    /// Messages of more than one probe that were sent.
    pub(super) trains: u64,
    /// Probes in the longest of them.
    pub(super) longest_train: u64,
}

impl Sender {
    /// Room for probes of `size` bytes.
    pub(super) fn new(size: usize) -> Self {
        Self {
            outbox: Outbox::new(BURST, BURST),
            // A pattern rather than zeros, which a fault in memory or on a link could leave as
            // they are.
            datagrams: (0..=250).cycle().take(size * BURST).collect(),
            size,
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
                    let end = (first + messages * flow.segments).min(last);
                    self.note_trains(end - first, flow.segments);
                    for &due in &flow.due[first..end] {
                        recorder.scheduled(index, due);
                        recorder.sent(index, due, call.at);
                    }
                    flow.in_flight += (end - first) as u64;
                    first = end;
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
                        recorder.scheduled(index, flow.due[first]);
                        recorder.not_sent(index, flow.due[first], reason);
                        first += 1;
                        tried_again = false;
                    }
                },
            }
        }
        flow.due.clear();
        call.at
    }

    /// Counts the trains among `probes` that left in messages of `segments`.
    fn note_trains(&mut self, probes: usize, segments: usize) {
        let whole = if segments > 1 { probes / segments } else { 0 };
        let rest = probes - whole * segments;
        let trains = whole + usize::from(segments > 1 && rest > 1);
        if trains > 0 {
            let longest = if whole > 0 { segments } else { rest };
            self.trains += trains as u64;
            self.longest_train = self.longest_train.max(longest as u64);
        }
    }

    /// Writes `probes` into the datagrams, numbered from `sequence`.
    fn encode(&mut self, flow: &Flow, probes: Range<usize>, sequence: Sequence) {
        let datagrams = self.datagrams.chunks_exact_mut(self.size);
        for ((number, &due), datagram) in (sequence.0..).zip(&flow.due[probes]).zip(datagrams) {
            let probe = Probe {
                run: flow.expected.run,
                flow: flow.expected.flow,
                sequence: Sequence(number),
                due,
            };
            probe.encode(datagram);
        }
    }

    fn hand_over(
        &mut self,
        flow: &Flow,
        probes: Range<usize>,
        clock: Clock,
        stamped: bool,
        call: &mut Call,
    ) -> io::Result<usize> {
        let mut round = self.outbox.round();
        let waiting = probes.len() * self.size;
        let segment = u16::try_from(self.size).ok();
        for train in self.datagrams[..waiting].chunks(flow.segments * self.size) {
            let message = Message {
                segment: segment.filter(|_| train.len() > self.size),
                stamped,
                ..Message::default()
            };
            if !round.push(&message, train) {
                break;
            }
        }
        call.at = clock.now();
        call.called = stamped.then(|| clock.realtime_at(call.at));
        round.send(&flow.socket)
    }
}

/// When a call was made.
#[derive(Clone, Copy, Debug, Default)]
struct Call {
    at: Offset,
    /// The same moment, if what it sent shall be stamped.
    called: Option<Realtime>,
}
