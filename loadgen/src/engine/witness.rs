//! What the kernel did to a thread and its sockets in the measured window.

use std::time::Duration;

use super::flow::Flow;
use crate::host::thread::{Scheduling, Watch};
use crate::time::Offset;

/// Looks once before the window and once after it, and never between.
pub(super) struct Witness {
    watch: Watch,
    window_begins: Offset,
    before: Option<(Scheduling, Vec<Option<u32>>)>,
    after: Option<Scheduling>,
}

impl Witness {
    /// Of the calling thread; the window begins at `window_begins`.
    pub(super) fn new(window_begins: Offset) -> Self {
        Self {
            watch: Watch::this_thread(),
            window_begins,
            before: None,
            after: None,
        }
    }

    /// Takes the first look when the window is about to begin. Looking takes some ten microseconds,
    /// which probes of the warm-up may be charged with, but none of the window.
    pub(super) fn look_before(&mut self, now: Offset, flows: &[Flow]) {
        if self.before.is_none() && now + LEAD >= self.window_begins {
            self.before = Some((self.watch.read(), drops(flows)));
        }
    }

    /// Takes the last look; call it when nothing more will be sent and answers are not expected.
    pub(super) fn look_after(&mut self) {
        if self.after.is_none() {
            self.after = Some(self.watch.read());
        }
    }

    /// What came about in the window.
    pub(super) fn scheduling(&self) -> Scheduling {
        match (&self.before, &self.after) {
            (Some((before, _)), Some(after)) => after.since(before),
            _ => Scheduling::unknown("the run ended before its measured window"),
        }
    }

    /// Datagrams that the kernel dropped at the sockets of `flows` since the window began, and
    /// since they were opened. A socket that could not be read counts nothing.
    pub(super) fn drops(&self, flows: &[Flow]) -> (u64, u64) {
        let all = drops(flows);
        let before = self.before.as_ref();
        let window = before.map_or(0, |(_, before)| increase(before, &all));
        (window, all.into_iter().flatten().map(u64::from).sum())
    }
}

/// What the kernel counts for each socket; `None` for those that cannot be read.
fn drops(flows: &[Flow]) -> Vec<Option<u32>> {
    let memory = flows.iter().map(|flow| flow.socket.memory().ok());
    memory.map(|memory| Some(memory?.drops)).collect()
}

/// By how much the counts of all sockets rose, of those that were read both times. The kernel's
/// counts have 32 bits and begin again at 0.
fn increase(before: &[Option<u32>], after: &[Option<u32>]) -> u64 {
    let sockets = before.iter().zip(after);
    let rises = sockets.filter_map(|(before, after)| Some((*after)?.wrapping_sub((*before)?)));
    rises.map(u64::from).sum()
}

/// How long before the window the first look is taken: enough for it to be over in time, with
/// thousands of flows and a housekeeping that is a millisecond late.
const LEAD: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use echo_reactor::udp::{Socket, SocketOptions};

    use super::*;
    use crate::probe::Expected;

    const WINDOW: Offset = Offset::from_nanos(1_000_000_000);

    /// A flow whose buffer has next to no room, and the socket that it hears.
    fn narrow() -> (Flow, UdpSocket) {
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        let options = SocketOptions {
            receive_buffer: Some(1),
            ..SocketOptions::default()
        };
        let flow = Flow {
            socket: Socket::connect(peer.local_addr().unwrap(), &options)
                .unwrap()
                .into(),
            expected: Expected { run: 1, flow: 0 },
            due: Vec::new(),
            in_flight: 0,
            segments: 1,
        };
        (flow, peer)
    }

    fn flood(flow: &Flow, peer: &UdpSocket) {
        for _ in 0..100 {
            peer.send_to(b"x", flow.socket.local_address()).unwrap();
        }
    }

    #[test]
    fn drops_of_the_warm_up_are_told_from_those_of_the_window() {
        let (flow, peer) = narrow();
        let flows = [flow];
        let mut witness = Witness::new(WINDOW);
        witness.look_before(Offset::START, &flows);
        flood(&flows[0], &peer);
        let warmup = witness.drops(&flows).1;
        witness.look_before(WINDOW, &flows);
        flood(&flows[0], &peer);
        witness.look_after();
        // Nothing was read, so that the second flood found no room at all.
        assert!(warmup > 0);
        assert_eq!(witness.drops(&flows), (100, warmup + 100));
    }

    #[test]
    fn a_count_that_begins_again_or_cannot_be_read_takes_nothing_from_the_others() {
        let before = [Some(u32::MAX), Some(5), None, Some(7)];
        let after = [Some(1), None, Some(100), Some(9)];
        assert_eq!(increase(&before, &after), 2 + 2);
    }

    #[test]
    fn a_run_that_ends_in_its_warm_up_has_no_window() {
        let (flow, peer) = narrow();
        let flows = [flow];
        let mut witness = Witness::new(WINDOW);
        witness.look_before(Offset::START, &flows);
        flood(&flows[0], &peer);
        witness.look_after();
        assert_eq!(witness.drops(&flows).0, 0);
        let reason = witness.scheduling().run_queue_wait.unwrap_err();
        assert!(reason.contains("before its measured window"), "{reason}");
    }
}
