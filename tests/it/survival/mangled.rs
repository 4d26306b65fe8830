//! What comes in pieces is answered once it is whole; what is cut short or damaged never is, and
//! takes nothing from the others.

use std::net::{Ipv4Addr, SocketAddr};

use crate::rig::client::{Client, noise};
use crate::rig::forge::{Forger, Fragment, udp, v4_checksum};
use crate::rig::namespace::Namespace;
use crate::rig::server::{EACH_IO, on, started};

const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Where the datagrams come from that a client is there to get the replies of.
struct Sender<'forger> {
    forger: &'forger Forger,
    client: Client,
    server: SocketAddr,
}

impl Sender<'_> {
    /// A good datagram, but for some bits of its checksum that are flipped.
    fn datagram(&self, damage: u16, payload: &[u8]) -> Vec<u8> {
        let (from, to) = (self.client.address().port(), self.server.port());
        let sum = v4_checksum(HERE, HERE, &udp(from, to, 0, payload));
        let sum = match sum ^ damage {
            // That would mean that there is none.
            0 => !sum,
            sum => sum,
        };
        udp(from, to, sum, payload)
    }

    /// Sends this in the place of a datagram.
    fn send(&self, bytes: &[u8]) {
        self.forger
            .send_packet_v4(HERE, HERE, &Fragment::whole(bytes));
    }

    /// Sends parts of a datagram, each from an offset up to another, in this order.
    fn send_parts(&self, number: u16, bytes: &[u8], parts: &[(usize, usize)]) {
        for &(offset, end) in parts {
            let part = Fragment {
                datagram: number,
                offset: u16::try_from(offset).expect("it is in the datagram"),
                more: end < bytes.len(),
                bytes: &bytes[offset..end],
            };
            self.forger.send_packet_v4(HERE, HERE, &part);
        }
    }
}

/// Has a server in every way of reading, in a network of its own, get what `send` sends between two
/// good datagrams; it must answer `answered` of them besides. The kernel drops the others before they
/// are received; that some of the damaged ones count like those that found no room is its own choice.
#[track_caller]
fn between_good_ones(send: impl Fn(&Sender<'_>) + Sync, answered: &[Vec<u8>]) {
    let Some(namespace) = Namespace::fresh() else {
        return;
    };
    namespace.run(|| {
        let Some(forger) = Forger::v4() else { return };
        for io in EACH_IO {
            let (running, server) = started(&on("127.0.0.1:0").io(io));
            let sender = Sender {
                forger: &forger,
                client: Client::to(server),
                server,
            };
            sender.client.assert_echo(b"before");
            send(&sender);
            for payload in answered {
                assert!(sender.client.receive() == *payload, "{io:?}");
            }
            sender.client.assert_echo(b"after");
            sender.client.assert_nothing_queued();
            running.stopper().drain();
            let total = running.join().expect("it ends without a fault").total;
            assert_eq!(total.received, 2 + answered.len() as u64, "{io:?}");
            assert_eq!(total.echoed, total.received, "{io:?}");
        }
    });
}

#[test]
fn what_comes_in_pieces_is_answered_once_it_is_whole_in_whatever_order_they_come() {
    let payload = noise(3_992);
    let send = |sender: &Sender<'_>| {
        let bytes = sender.datagram(0, &payload);
        sender.send_parts(1, &bytes, &[(0, 1_480), (1_480, 2_960), (2_960, 4_000)]);
        sender.send_parts(2, &bytes, &[(2_960, 4_000), (0, 1_480), (1_480, 2_960)]);
        // The header of the datagram alone, and nothing of it.
        sender.send_parts(3, &bytes, &[(0, 8), (8, 4_000)]);
    };
    between_good_ones(send, &vec![payload.clone(); 3]);
}

#[test]
fn what_stays_in_pieces_is_never_answered() {
    let payload = noise(3_992);
    let send = |sender: &Sender<'_>| {
        let bytes = sender.datagram(0, &payload);
        // Neither beginning, nor middle, nor end may be missing, and no two may overlap.
        sender.send_parts(1, &bytes, &[(1_480, 2_960), (2_960, 4_000)]);
        sender.send_parts(2, &bytes, &[(0, 1_480), (2_960, 4_000)]);
        sender.send_parts(3, &bytes, &[(0, 1_480), (1_480, 2_960)]);
        sender.send_parts(4, &bytes, &[(0, 1_480), (1_400, 2_960), (2_960, 4_000)]);
        // As many as anybody likes.
        for number in 5..2_000 {
            sender.send_parts(number, &bytes, &[(0, 1_480)]);
        }
    };
    between_good_ones(send, &[]);
}

#[test]
fn what_is_shorter_than_it_says_is_never_answered() {
    let send = |sender: &Sender<'_>| {
        let whole = sender.datagram(0, &noise(100));
        for length in [0, 1, 7, 8, 107] {
            sender.send(&whole[..length]);
        }
        for said in [0_u16, 7] {
            let mut bytes = whole.clone();
            bytes[4..6].copy_from_slice(&said.to_be_bytes());
            // A length of 0 means a jumbogram of IPv6 alone (RFC 2675).
            sender.send(&bytes);
        }
    };
    between_good_ones(send, &[]);
}

/// The Ethernet pads short frames, so that this is no fault.
#[test]
fn what_lies_behind_the_end_of_a_datagram_does_not_come_back() {
    let send = |sender: &Sender<'_>| {
        let mut bytes = sender.datagram(0, b"all of it");
        bytes.extend(b"and padding");
        sender.send(&bytes);
    };
    between_good_ones(send, &[b"all of it".to_vec()]);
}

#[test]
fn what_was_damaged_on_its_way_is_never_answered() {
    let send = |sender: &Sender<'_>| {
        for damage in [0x8000, 0x0001, 0x0ff0] {
            for length in [0, 1, 60, 1_400, 60_000] {
                sender.send(&sender.datagram(damage, &noise(length)));
            }
        }
        sender.send(&sender.datagram(0, b"intact"));
    };
    between_good_ones(send, &[b"intact".to_vec()]);
}
