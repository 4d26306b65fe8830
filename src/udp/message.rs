//! What is known of a message: of one that came, and of one that shall go.

use std::net::IpAddr;

use super::address::RawAddress;
use super::cmsg::LocalAddress;

/// What the kernel said about a received datagram, its peer and payload apart.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Received {
    /// Bytes of payload in the slot, 0 to the size of the slot.
    pub length: u32,
    /// Whether the datagram or its control messages did not fit into the slot.
    pub truncated: bool,
    /// Where it was sent to, if the socket has packet information.
    pub local: Option<LocalAddress>,
    /// The size of its datagrams, if it is a train of more than one.
    pub segment: Option<u16>,
    /// When the kernel received it, in nanoseconds of `CLOCK_REALTIME`, if the socket stamps.
    pub stamp: Option<u64>,
}

impl Received {
    /// How many datagrams it is: more than one for a train.
    #[must_use]
    pub fn datagrams(&self) -> u32 {
        match self.segment {
            Some(segment) => self.length.div_ceil(u32::from(segment).max(1)).max(1),
            None => 1,
        }
    }

    /// The address that a reply must name as its source on a socket bound to `bound`: none where
    /// that is a single address, since a reply leaves from that one anyway.
    #[must_use]
    pub fn reply_source(&self, bound: IpAddr) -> Option<LocalAddress> {
        self.local.filter(|_| bound.is_unspecified())
    }
}

/// Where a message goes and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Message<'a> {
    /// The receiver; `None` on a connected socket.
    pub to: Option<&'a RawAddress>,
    /// The address to leave from; `None` lets the route choose.
    pub from: Option<LocalAddress>,
    /// Cuts the payload into datagrams of so many bytes, the last of which may be shorter
    /// (`UDP_SEGMENT`); `None` sends it as one datagram.
    pub segment: Option<u16>,
    /// Whether the kernel shall tell when it left, on a socket that can
    /// ([`Stamping::BothWays`](super::Stamping::BothWays)); a train has one stamp.
    pub stamped: bool,
}

/// The datagrams of a payload that came as a train of `segment` bytes each, or alone.
pub fn split(payload: &[u8], segment: Option<u16>) -> impl Iterator<Item = &[u8]> {
    // An empty datagram has no chunk, but is one.
    let empty = payload.is_empty().then_some(payload);
    let unit = segment.map_or(payload.len(), usize::from).max(1);
    empty.into_iter().chain(payload.chunks(unit))
}
