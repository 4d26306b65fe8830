//! Reads answers, stamps them, and hands them to the books.

use std::io;

use echo_reactor::udp::{Layout, RecvBatch};

use super::clock::Clock;
use super::flow::Flow;
use super::sampling::Sampling;
use crate::measure::{Answer, Recorder};
use crate::probe::{Decoded, Probe};
use crate::time::Offset;

/// The slots of one thread.
pub(super) struct Receiver {
    batch: RecvBatch,
    /// Times that the target's host said that nobody listens there.
    pub(super) unreachable: u64,
    /// Receive calls that failed otherwise.
    pub(super) errors: u64,
    /// When the last answer came that came after its timeout.
    pub(super) last_late: Offset,
}

impl Receiver {
    pub(super) fn new() -> Self {
        Self {
            batch: RecvBatch::new(Layout::whole_datagrams(SLOTS)),
            unreachable: 0,
            errors: 0,
            last_late: Offset::START,
        }
    }

    /// Reads one batch of what is queued on `flow`; true if there may be more.
    pub(super) fn receive(
        &mut self,
        flow: &mut Flow,
        index: usize,
        clock: Clock,
        recorder: &mut Recorder,
        mut sampling: Option<&mut Sampling>,
    ) -> bool {
        let received = match self.batch.receive(&flow.socket) {
            Ok(received) => received,
            Err(error) => return self.after_error(&error),
        };
        // One stamp for the batch: its datagrams were all there when the call returned.
        let at = clock.now();
        let read = sampling.is_some().then(|| clock.realtime_at(at));
        for slot in 0..received {
            for datagram in self.batch.datagrams(slot) {
                match Probe::decode(datagram, &flow.expected) {
                    Decoded::Probe(probe) => match recorder.answered(index, probe.sequence, at) {
                        Answer::InTime(trip) => {
                            flow.in_flight = flow.in_flight.saturating_sub(1);
                            if let (Some(sampling), Some(read)) = (&mut sampling, read) {
                                let stamps = || self.batch.stamps(slot);
                                sampling.answered(index, probe.sequence, trip, read, stamps);
                            }
                        }
                        Answer::Late => self.last_late = at,
                        Answer::Duplicate | Answer::Stale | Answer::Foreign => {}
                    },
                    Decoded::Corrupted => recorder.corrupted(index, at),
                    Decoded::Foreign => recorder.foreign(index, at),
                }
            }
        }
        received == self.batch.capacity()
    }

    fn after_error(&mut self, error: &io::Error) -> bool {
        match error.kind() {
            io::ErrorKind::WouldBlock => false,
            io::ErrorKind::Interrupted => true,
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable => {
                self.unreachable += 1;
                true
            }
            _ => {
                self.errors += 1;
                false
            }
        }
    }
}

const SLOTS: usize = 64;
