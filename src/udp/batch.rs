//! Slots that one call fills with what is queued.

use std::fmt;
use std::io;
use std::os::fd::AsFd;

use super::address::RawAddress;
use super::memory::Layout;
use super::message::{Received, split};
use super::stamps::{self, Stamps};
use super::sys;

/// Slots for datagrams, allocated once and reused for every call.
pub struct RecvBatch {
    table: sys::RecvTable,
}

impl RecvBatch {
    /// Allocates the slots; their pages are touched when datagrams come.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        Self {
            table: sys::RecvTable::new(layout),
        }
    }

    /// Takes what is queued on `socket`, at most one datagram a slot, without waiting; returns how
    /// many slots were filled. What the slots held before is gone, also after an error.
    ///
    /// # Errors
    /// `WouldBlock` if nothing is queued; otherwise what the kernel said.
    pub fn receive(&mut self, socket: &impl AsFd) -> io::Result<usize> {
        self.table.receive(socket.as_fd())
    }

    /// How many slots there are.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.table.layout().slots
    }

    /// What the last call received, slot by slot.
    #[must_use]
    pub fn received(&self) -> &[Received] {
        self.table.received()
    }

    /// Who sent the datagram in `slot`.
    #[must_use]
    pub fn peer(&self, slot: usize) -> &RawAddress {
        self.table.peer(slot)
    }

    /// The datagrams in `slot`: one, or those of a train in their order.
    ///
    /// # Panics
    /// If the last call did not fill `slot`.
    pub fn datagrams(&self, slot: usize) -> impl Iterator<Item = &[u8]> {
        split(self.payload(slot), self.received()[slot].segment)
    }

    /// When the kernel and the device received what is in `slot`, on a socket with
    /// [`Stamping::BothWays`](super::Stamping::BothWays).
    ///
    /// # Panics
    /// If the last call did not fill `slot`.
    #[must_use]
    pub fn stamps(&self, slot: usize) -> Stamps {
        stamps::decode(self.table.control(slot))
    }

    /// Puts other bytes in the place of some of the payload in `slot`, from `offset` on.
    ///
    /// # Panics
    /// If the payload has no such place, or the last call did not fill `slot`.
    pub fn overwrite(&mut self, slot: usize, offset: usize, bytes: &[u8]) {
        self.table.overwrite(slot, offset, bytes);
    }

    /// The payload in `slot`.
    ///
    /// # Panics
    /// If the last call did not fill `slot`.
    #[must_use]
    pub fn payload(&self, slot: usize) -> &[u8] {
        self.table.payload(slot)
    }
}

impl fmt::Debug for RecvBatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_list()
            .entries(self.table.received())
            .finish()
    }
}

/// Takes send stamps off the error queue of a socket; allocated once.
pub struct StampBatch {
    table: sys::RecvTable,
}

impl StampBatch {
    /// Room for the stamps of one call.
    #[must_use]
    pub fn new() -> Self {
        Self {
            table: sys::RecvTable::new(Layout::whole_datagrams(STAMPS)),
        }
    }

    /// Takes what waits on the error queue of `socket`, without waiting, as much of it as one call
    /// can; returns whether there may be more. What was taken before is gone, also after an error.
    ///
    /// # Errors
    /// `WouldBlock` if nothing waits; otherwise what the kernel said. An error of the socket itself
    /// is neither told nor taken away: it comes with the next call that sends or receives.
    pub fn receive(&mut self, socket: &impl AsFd) -> io::Result<bool> {
        let taken = self.table.receive_errors(socket.as_fd())?;
        Ok(taken == STAMPS)
    }

    /// What the last call took, oldest first. Entries that are no send stamps have no message.
    pub fn stamps(&self) -> impl Iterator<Item = Stamps> {
        let taken = self.table.received().len();
        (0..taken).map(|slot| stamps::decode(self.table.control(slot)))
    }
}

impl Default for StampBatch {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for StampBatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.stamps()).finish()
    }
}

/// Stamps that one call takes. Their slots are never written to, since stamps have no payload.
const STAMPS: usize = 16;

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::{Duration, Instant};

    use super::super::{Message, Outbox, Socket, SocketOptions, Stamping};
    use super::*;

    fn stamping(peer: SocketAddr) -> Socket {
        let options = SocketOptions {
            stamps: Stamping::BothWays,
            ..SocketOptions::default()
        };
        let socket = Socket::connect(peer, &options).unwrap();
        let effect = socket.effects().stamps.as_ref().unwrap();
        assert!(effect.applied().is_some(), "{effect}");
        socket
    }

    fn send(socket: &Socket, payload: &[u8], segment: Option<u16>, stamped: bool) {
        let message = Message {
            segment,
            stamped,
            ..Message::default()
        };
        let mut outbox = Outbox::new(1, 1);
        let mut round = outbox.round();
        assert!(round.push(&message, payload));
        assert_eq!(round.send(socket).unwrap(), 1);
    }

    fn taken(socket: &Socket) -> Vec<Stamps> {
        let mut batch = StampBatch::new();
        let mut taken = Vec::new();
        // Loopback stamps within the call that sends.
        while let Ok(more) = batch.receive(socket) {
            taken.extend(batch.stamps());
            if !more {
                break;
            }
        }
        taken
    }

    #[test]
    fn only_messages_that_ask_are_stamped_and_numbered_whatever_their_length() {
        for loopback in ["127.0.0.1:0", "[::1]:0"] {
            let own = loopback.parse().unwrap();
            let Ok(target) = Socket::bind(own, &SocketOptions::default()) else {
                continue;
            };
            let socket = stamping(target.local_address());
            send(&socket, b"unasked", None, false);
            assert_eq!(taken(&socket), []);
            for _ in 0..20 {
                send(&socket, b"asked", None, true);
                send(&socket, b"unasked", None, false);
            }
            send(&socket, b"train", Some(1), true);
            let stamps = taken(&socket);
            let numbers: Vec<_> = stamps.iter().map(|stamps| stamps.message).collect();
            let expected: Vec<_> = (0..21).map(Some).collect();
            assert_eq!(numbers, expected);
            let times: Vec<_> = stamps.iter().map(|stamps| stamps.software).collect();
            assert!(times.is_sorted() && times[0].is_some(), "{times:?}");
        }
    }

    #[test]
    fn a_message_comes_no_earlier_than_it_left() {
        let own = SocketAddr::from(([127, 0, 0, 1], 0));
        let echo = std::net::UdpSocket::bind(own).unwrap();
        echo.set_nonblocking(true).unwrap();
        let socket = stamping(echo.local_addr().unwrap());
        let mut batch = RecvBatch::new(Layout::whole_datagrams(1));
        let mut payload = [0; 8];
        let mut both = 0;
        // The whole host begins to stamp what it receives a moment after the first socket asks.
        let give_up = Instant::now() + Duration::from_secs(20);
        while both < 20 {
            assert!(Instant::now() < give_up, "only {both} receive stamps");
            send(&socket, b"x", None, true);
            // Loopback delivers within the call that sends.
            let (length, from) = echo.recv_from(&mut payload).unwrap();
            echo.send_to(&payload[..length], from).unwrap();
            assert_eq!(batch.receive(&socket).unwrap(), 1);
            let left = taken(&socket)[0].software.unwrap();
            let came = batch.stamps(0);
            assert_eq!((came.message, came.hardware), (None, None));
            if let Some(came) = came.software {
                assert!(left <= came, "{left} {came}");
                both += 1;
            }
        }
    }

    #[test]
    fn taking_stamps_leaves_a_refusal_where_it_is() {
        let own = SocketAddr::from(([127, 0, 0, 1], 0));
        let target = Socket::bind(own, &SocketOptions::default()).unwrap();
        let socket = stamping(target.local_address());
        drop(target);
        send(&socket, b"x", None, true);
        assert_eq!(taken(&socket).len(), 1);
        let error = socket.as_std().recv(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
