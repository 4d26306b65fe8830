//! Stamps and sends what is due.

use std::io;

use echo_reactor::udp::{Message, Outbox};

use super::clock::Clock;
use super::flow::{BURST, Flow};
use crate::measure::{Reason, Recorder};
use crate::probe::{Probe, Sequence};
use crate::time::Offset;

/// The datagrams of one call, for all flows of a thread in turn.
pub(super) struct Sender {
    outbox: Outbox,
    datagrams: Vec<u8>,
    size: usize,
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
        }
    }

    /// Sends every probe that is due on `flow`, and accounts for each. Returns when the first call
    /// was made.
    pub(super) fn send(
        &mut self,
        flow: &mut Flow,
        index: usize,
        clock: Clock,
        recorder: &mut Recorder,
    ) -> Offset {
        let mut first = 0;
        let mut tried_again = false;
        let began = clock.now();
        let mut at = began;
        while first < flow.due.len() {
            self.encode(flow, first, recorder.next_sequence(index));
            match self.hand_over(flow, first, clock, &mut at) {
                Ok(taken) => {
                    let end = (first + taken).min(flow.due.len());
                    for &due in &flow.due[first..end] {
                        recorder.scheduled(index, due);
                        recorder.sent(index, due, at);
                    }
                    flow.in_flight += (end - first) as u64;
                    first = end;
                    tried_again = false;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The answer to an older probe, come back by ICMP: this one was not looked at.
                Err(error) if is_older(&error) && !tried_again => tried_again = true,
                Err(error) => {
                    let reason = Reason::Errno(error.raw_os_error().unwrap_or(0));
                    recorder.scheduled(index, flow.due[first]);
                    recorder.not_sent(index, flow.due[first], reason);
                    first += 1;
                    tried_again = false;
                }
            }
        }
        flow.due.clear();
        began
    }

    /// Writes the probes from `first` on into the datagrams, numbered from `sequence`.
    fn encode(&mut self, flow: &Flow, first: usize, sequence: Sequence) {
        let datagrams = self.datagrams.chunks_exact_mut(self.size);
        for ((number, &due), datagram) in (sequence.0..).zip(&flow.due[first..]).zip(datagrams) {
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
        first: usize,
        clock: Clock,
        at: &mut Offset,
    ) -> io::Result<usize> {
        let mut round = self.outbox.round();
        let waiting = flow.due.len() - first;
        for datagram in self.datagrams.chunks_exact(self.size).take(waiting) {
            if !round.push(&Message::default(), datagram) {
                break;
            }
        }
        *at = clock.now();
        round.send(&flow.socket)
    }
}

fn is_older(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
    )
}
