//! One system call a datagram each way, through the standard library alone: the baseline that the
//! other ways are measured against.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use super::exchange::{Exchange, Reply};
use crate::udp::{RawAddress, Received, Socket};

/// One slot, for `recvfrom` and `sendto`.
pub(super) struct Single {
    buffer: Vec<u8>,
    peer: RawAddress,
    /// The same as the standard library has it.
    sender: SocketAddr,
    received: Received,
}

impl Single {
    pub(super) fn new() -> Self {
        Self {
            buffer: vec![0; BUFFER],
            peer: RawAddress::unset(),
            sender: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            received: Received::default(),
        }
    }
}

impl Exchange for Single {
    fn receive(&mut self, socket: &Socket) -> io::Result<usize> {
        let (length, peer) = socket.as_std().recv_from(&mut self.buffer)?;
        self.peer = RawAddress::from(peer);
        self.sender = peer;
        self.received.length = u32::try_from(length).expect("a datagram is under 64 KiB long");
        Ok(1)
    }

    fn capacity(&self) -> usize {
        1
    }

    fn received(&self) -> &[Received] {
        std::slice::from_ref(&self.received)
    }

    fn peer(&self, _slot: usize) -> &RawAddress {
        &self.peer
    }

    fn payload(&self, _slot: usize) -> &[u8] {
        &self.buffer[..self.received.length as usize]
    }

    fn overwrite(&mut self, _slot: usize, offset: usize, bytes: &[u8]) {
        self.buffer[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    fn send(&mut self, socket: &Socket, _replies: &[Reply]) -> io::Result<usize> {
        socket.as_std().send_to(self.payload(0), self.sender)?;
        Ok(1)
    }
}

/// No datagram is longer, so that none is ever cut.
const BUFFER: usize = 65_536;
