//! A flow: one connected socket, and the probes that are due on it.

use echo_reactor::udp::socket::SocketError;
use echo_reactor::udp::{Socket, SocketOptions};

use crate::plan::Plan;
use crate::probe::Expected;
use crate::time::Offset;

/// One connected socket. Its source port is its own, so that a server with several workers spreads
/// the flows over them.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) socket: Socket,
    pub(super) expected: Expected,
    /// Probes that are due and not sent yet.
    pub(super) due: Vec<Offset>,
    /// Probes that may still be answered in time.
    pub(super) in_flight: u64,
}

impl Flow {
    pub(super) fn open(plan: &Plan, number: u16) -> Result<Self, SocketError> {
        let options = SocketOptions {
            receive_buffer: Some(RECEIVE_BUFFER),
            ..SocketOptions::default()
        };
        Ok(Self {
            socket: Socket::connect(plan.target(), &options)?,
            expected: Expected {
                run: plan.run(),
                flow: number,
                length: plan.size(),
            },
            due: Vec::with_capacity(BURST),
            in_flight: 0,
        })
    }
}

/// The most probes that leave a flow by one call.
pub(super) const BURST: usize = 64;

/// 4 MiB, which the kernel doubles: room for the small answers of a tenth of a second at 100,000 a
/// second on one flow, should the thread be held up.
const RECEIVE_BUFFER: usize = 4 << 20;
