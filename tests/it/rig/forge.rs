//! Datagrams that no plain socket sends: from port 0, or from somebody else's address.
//!
//! They are sent to addresses of this host alone. The UDP header as it is written here (RFC 768),
//! in network order:
//!
//! ```text
//!  0             2                  4        6          8
//! +-------------+------------------+--------+----------+- - - - -+
//! | source port | destination port | length | checksum | payload |
//! +-------------+------------------+--------+----------+- - - - -+
//! ```

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::need::need;

/// A raw socket, which takes `CAP_NET_RAW`.
pub(crate) struct Forger(Socket);

impl Forger {
    /// `None` where the test has to return, since it may not do this.
    pub(crate) fn v4() -> Option<Self> {
        // With this protocol the sender writes the IP header too (raw(7)).
        Self::new(Domain::IPV4, Protocol::from(libc::IPPROTO_RAW))
    }

    /// `None` where the test has to return, since it may not do this.
    pub(crate) fn v6() -> Option<Self> {
        Self::new(Domain::IPV6, Protocol::UDP)
    }

    fn new(domain: Domain, protocol: Protocol) -> Option<Self> {
        let socket = Socket::new(domain, Type::RAW, Some(protocol));
        need(socket, "raw sockets").map(Self)
    }

    /// Sends `payload` as if it came from `from`.
    #[track_caller]
    pub(crate) fn send_v4(&self, from: SocketAddrV4, to: SocketAddr, payload: &[u8]) {
        let SocketAddr::V4(to) = to else {
            panic!("{to} is not IPv4");
        };
        // Checksum 0: none was computed, which IPv4 allows.
        let datagram = udp(from.port(), to.port(), 0, payload);
        self.send_packet_v4(*from.ip(), *to.ip(), &Fragment::whole(&datagram));
    }

    /// Sends what is meant to be a part of a datagram, or a whole one, whatever its bytes are.
    #[track_caller]
    pub(crate) fn send_packet_v4(&self, from: Ipv4Addr, to: Ipv4Addr, part: &Fragment<'_>) {
        let mut packet = v4_header(from, to).to_vec();
        packet[4..6].copy_from_slice(&part.datagram.to_be_bytes());
        // In units of 8 bytes, behind three bits of which the last says that more will come.
        let place = (part.offset / 8) | (u16::from(part.more) << 13);
        packet[6..8].copy_from_slice(&place.to_be_bytes());
        packet.extend(part.bytes);
        self.send(&packet, SocketAddrV4::new(to, 0).into());
    }

    /// Sends `payload` from port 0 of `::1` to that address too.
    #[track_caller]
    pub(crate) fn send_v6_from_port_zero(&self, to: SocketAddr, payload: &[u8]) {
        let sum = v6_checksum(&udp(0, to.port(), 0, payload));
        let datagram = udp(0, to.port(), sum, payload);
        let to = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 0, 0, 0);
        self.send(&datagram, to.into());
    }

    #[track_caller]
    fn send(&self, packet: &[u8], to: SocketAddr) {
        let sent = self.0.send_to(packet, &SockAddr::from(to));
        assert_eq!(sent.expect("the kernel sends it"), packet.len());
    }
}

/// What one packet carries of a datagram.
pub(crate) struct Fragment<'bytes> {
    /// Which datagram it belongs to, of those under way between two addresses; the kernel chooses
    /// where it is 0.
    pub(crate) datagram: u16,
    /// Where in the datagram it begins: a multiple of 8.
    pub(crate) offset: u16,
    /// Whether others come behind it.
    pub(crate) more: bool,
    pub(crate) bytes: &'bytes [u8],
}

impl<'bytes> Fragment<'bytes> {
    /// All of it.
    pub(crate) fn whole(bytes: &'bytes [u8]) -> Self {
        Self {
            datagram: 0,
            offset: 0,
            more: false,
            bytes,
        }
    }
}

/// The kernel fills in length and checksum, and an identification where there is none.
fn v4_header(from: Ipv4Addr, to: Ipv4Addr) -> [u8; 20] {
    let mut header = [0; 20];
    header[0] = 0x45;
    header[8] = 64;
    header[9] = 17;
    header[12..16].copy_from_slice(&from.octets());
    header[16..20].copy_from_slice(&to.octets());
    header
}

/// A datagram with whatever checksum.
pub(crate) fn udp(from: u16, to: u16, checksum: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).expect("it is short");
    let header = [from, to, length, checksum].map(u16::to_be_bytes);
    [header.as_flattened(), payload].concat()
}

/// Over a pseudo-header with `::1` twice (RFC 8200, section 8.1).
fn v6_checksum(datagram: &[u8]) -> u16 {
    checksum(1 + 1, datagram)
}

/// Over a pseudo-header with these addresses (RFC 768), which lies 0 in the datagram as yet.
pub(crate) fn v4_checksum(from: Ipv4Addr, to: Ipv4Addr, datagram: &[u8]) -> u16 {
    let addresses = [from, to].map(|address| {
        let bits = u32::from(address);
        (bits >> 16) + (bits & 0xffff)
    });
    checksum(addresses[0] + addresses[1], datagram)
}

/// Continues the sum over the addresses of a pseudo-header with the rest of it and the datagram.
fn checksum(addresses: u32, datagram: &[u8]) -> u16 {
    let mut sum = addresses as usize + 17 + datagram.len();
    for pair in datagram.chunks(2) {
        let low = pair.get(1).copied().unwrap_or(0);
        sum += usize::from(u16::from_be_bytes([pair[0], low]));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).expect("it was folded")
}
