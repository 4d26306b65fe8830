//! A flow: one connected socket, and the probes that are due on it.

use std::sync::Arc;

use echo_reactor::udp::socket::SocketError;
use echo_reactor::udp::{Socket, SocketOptions, Stamping};

use crate::plan::{Plan, Timestamps};
use crate::probe::Expected;
use crate::time::Offset;

/// One connected socket. Its source port is its own, so that a server with several workers spreads
/// the flows over them.
#[derive(Debug)]
pub(super) struct Flow {
    /// Shared with whoever shows what the kernel drops at it while the run lasts.
    pub(super) socket: Arc<Socket>,
    pub(super) expected: Expected,
    /// Probes that are due and not sent yet.
    pub(super) due: Vec<Due>,
    /// Probes that may still be answered in time.
    pub(super) in_flight: u64,
    /// The most datagrams in one message: what the kernel takes, or 1 to send no trains.
    pub(super) segments: usize,
}

/// A probe that is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    /// Since when.
    pub(super) at: Offset,
    /// Bytes of its datagram.
    pub(super) size: u16,
}

impl Flow {
    pub(super) fn open(plan: &Plan, number: u16, segments: usize) -> Result<Self, SocketError> {
        let options = SocketOptions {
            receive_buffer: Some(plan.receive_buffer()),
            receive_offload: true,
            stamps: match plan.timestamps() {
                Timestamps::Off => Stamping::Off,
                Timestamps::Kernel => Stamping::BothWays,
            },
            ..SocketOptions::default()
        };
        Ok(Self {
            socket: Arc::new(Socket::connect(plan.target(), &options)?),
            expected: Expected {
                run: plan.run(),
                flow: number,
            },
            due: Vec::with_capacity(BURST),
            in_flight: 0,
            segments,
        })
    }
}

/// The most probes that leave a flow by one call.
pub(super) const BURST: usize = 256;
