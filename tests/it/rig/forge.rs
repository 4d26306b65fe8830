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
        let mut packet = v4_header(*from.ip(), *to.ip()).to_vec();
        packet.extend(datagram);
        self.send(&packet, SocketAddrV4::new(*to.ip(), 0).into());
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

/// The kernel fills in length, identification and checksum.
fn v4_header(from: Ipv4Addr, to: Ipv4Addr) -> [u8; 20] {
    let mut header = [0; 20];
    header[0] = 0x45;
    header[8] = 64;
    header[9] = 17;
    header[12..16].copy_from_slice(&from.octets());
    header[16..20].copy_from_slice(&to.octets());
    header
}

fn udp(from: u16, to: u16, checksum: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).expect("it is short");
    let header = [from, to, length, checksum].map(u16::to_be_bytes);
    [header.as_flattened(), payload].concat()
}

/// Over a pseudo-header with `::1` twice (RFC 8200, section 8.1).
fn v6_checksum(datagram: &[u8]) -> u16 {
    let mut sum = 1 + 1 + 17 + datagram.len();
    for pair in datagram.chunks(2) {
        let low = pair.get(1).copied().unwrap_or(0);
        sum += usize::from(u16::from_be_bytes([pair[0], low]));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).expect("it was folded")
}
