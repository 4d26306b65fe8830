//! Socket addresses in the layout that the kernel reads and writes.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// A peer's address as the kernel wrote it, at most 28 bytes (`struct sockaddr_in6`).
///
/// Kept raw so that a reply can name its peer without a conversion, and so that two peers compare
/// as bytes. [`RawAddress::decode`] gives the readable form.
#[repr(C, align(4))]
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct RawAddress {
    bytes: [u8; RawAddress::CAPACITY],
    length: u32,
}

impl RawAddress {
    /// The size of `struct sockaddr_in6`, the largest address that a UDP socket meets.
    pub const CAPACITY: usize = 28;

    /// No address yet: what a slot holds before its first datagram.
    #[must_use]
    pub fn unset() -> Self {
        Self {
            bytes: [0; Self::CAPACITY],
            length: 0,
        }
    }

    /// Takes the bytes that the kernel wrote; more than [`Self::CAPACITY`] of them are ignored.
    #[must_use]
    pub fn from_bytes(address: &[u8]) -> Self {
        let mut raw = Self::unset();
        let length = address.len().min(Self::CAPACITY);
        raw.bytes[..length].copy_from_slice(&address[..length]);
        raw.set_len(length);
        raw
    }

    /// The valid bytes, ready to be named in a send.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len()]
    }

    /// The peer's port; 0 for an address that is unset or of a foreign family.
    #[must_use]
    pub fn port(&self) -> u16 {
        match self.family() {
            Some(Family::V4 | Family::V6) => u16::from_be_bytes([self.bytes[2], self.bytes[3]]),
            None => 0,
        }
    }

    /// The peer's address without its port; `None` where [`Self::decode`] gives none.
    #[inline]
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self.family()? {
            Family::V4 => Some(Ipv4Addr::from(self.array::<4>(4)).into()),
            Family::V6 => Some(Ipv6Addr::from(self.array::<16>(8)).into()),
        }
    }

    /// The port, and whether the first byte alone tells that the address is a single host's: it is
    /// not 0, with which unspecified addresses and some others of IPv6 begin, nor that of a group.
    #[inline]
    #[must_use]
    pub fn glance(&self) -> (u16, bool) {
        let plain = match self.family() {
            Some(Family::V4) => (1..V4_GROUPS).contains(&self.bytes[4]),
            Some(Family::V6) => (1..V6_GROUPS).contains(&self.bytes[8]),
            None => return (0, false),
        };
        (u16::from_be_bytes([self.bytes[2], self.bytes[3]]), plain)
    }

    /// The readable form, or `None` for an address that is unset, cut short, or neither IPv4 nor
    /// IPv6.
    #[must_use]
    pub fn decode(&self) -> Option<SocketAddr> {
        match self.family()? {
            Family::V4 => Some(SocketAddr::V4(SocketAddrV4::new(
                Ipv4Addr::from(self.array::<4>(4)),
                self.port(),
            ))),
            Family::V6 => Some(SocketAddr::V6(SocketAddrV6::new(
                Ipv6Addr::from(self.array::<16>(8)),
                self.port(),
                // `SocketAddrV6` holds the flow label as the kernel has it, in network order.
                u32::from_be_bytes(self.array(4)),
                u32::from_ne_bytes(self.array(24)),
            ))),
        }
    }

    /// Where the kernel writes an address, with the room it has there.
    pub(super) fn buffer(&mut self) -> &mut [u8; Self::CAPACITY] {
        &mut self.bytes
    }

    /// Says how many bytes the kernel wrote into [`Self::buffer`].
    pub(super) fn set_len(&mut self, length: usize) {
        let length = length.min(Self::CAPACITY);
        self.length = u32::try_from(length).expect("an address is at most 28 bytes long");
        // What lies behind the address must not make two equal peers differ.
        self.bytes[length..].fill(0);
    }

    fn len(&self) -> usize {
        self.length as usize
    }

    fn family(&self) -> Option<Family> {
        let family = i32::from(u16::from_ne_bytes([self.bytes[0], self.bytes[1]]));
        match (family, self.len()) {
            (libc::AF_INET, V4_LENGTH..) => Some(Family::V4),
            (libc::AF_INET6, Self::CAPACITY..) => Some(Family::V6),
            _ => None,
        }
    }

    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut out = [0; N];
        out.copy_from_slice(&self.bytes[at..at + N]);
        out
    }
}

impl From<SocketAddr> for RawAddress {
    fn from(address: SocketAddr) -> Self {
        let mut raw = Self::unset();
        let family = match address.ip() {
            IpAddr::V4(_) => libc::AF_INET,
            IpAddr::V6(_) => libc::AF_INET6,
        };
        let family = u16::try_from(family).expect("address families are small numbers");
        raw.bytes[..2].copy_from_slice(&family.to_ne_bytes());
        raw.bytes[2..4].copy_from_slice(&address.port().to_be_bytes());
        match address {
            SocketAddr::V4(v4) => {
                raw.bytes[4..8].copy_from_slice(&v4.ip().octets());
                raw.set_len(V4_LENGTH);
            }
            SocketAddr::V6(v6) => {
                raw.bytes[4..8].copy_from_slice(&v6.flowinfo().to_be_bytes());
                raw.bytes[8..24].copy_from_slice(&v6.ip().octets());
                raw.bytes[24..28].copy_from_slice(&v6.scope_id().to_ne_bytes());
                raw.set_len(Self::CAPACITY);
            }
        }
        raw
    }
}

impl fmt::Debug for RawAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.decode() {
            Some(address) => write!(formatter, "{address}"),
            None => formatter.write_str("no address"),
        }
    }
}

enum Family {
    V4,
    V6,
}

/// What the first multicast address of IPv4 begins with; broadcast lies behind it.
const V4_GROUPS: u8 = 224;

/// What multicast addresses of IPv6 begin with.
const V6_GROUPS: u8 = 0xff;

/// The size of `struct sockaddr_in`.
const V4_LENGTH: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_address_survives_the_round_trip(
            v6 in any::<bool>(), ip in any::<u128>(), port in any::<u16>(), scope in any::<u32>(),
        ) {
            let address = if v6 {
                SocketAddr::V6(SocketAddrV6::new(Ipv6Addr::from(ip), port, 0, scope))
            } else {
                let octets = ip.to_be_bytes();
                let v4 = [octets[0], octets[1], octets[2], octets[3]];
                SocketAddr::from((v4, port))
            };
            let raw = RawAddress::from(address);
            prop_assert_eq!(raw.decode(), Some(address));
            prop_assert_eq!(raw.port(), port);
            prop_assert_eq!(raw.ip(), Some(address.ip()));
            prop_assert_eq!(RawAddress::from_bytes(raw.as_bytes()), raw);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let raw = RawAddress::from_bytes(&bytes);
            prop_assert!(raw.decode().is_none_or(|address| address.port() == raw.port()));
        }
    }

    #[test]
    fn the_layout_is_the_one_that_the_kernel_uses() {
        let raw = RawAddress::from(SocketAddr::from(([127, 0, 0, 5], 50_007)));
        assert_eq!(&raw.as_bytes()[2..8], &[0xc3, 0x57, 127, 0, 0, 5]);
        assert_eq!(raw.as_bytes().len(), size_of::<libc::sockaddr_in>());
        assert_eq!(RawAddress::CAPACITY, size_of::<libc::sockaddr_in6>());
    }
}
