//! Control messages (`cmsg(3)`) as plain bytes: what the kernel says about a datagram, and what a
//! reply says to the kernel.
//!
//! A control message is a header of 16 bytes (length of header and data as a native 64-bit word,
//! level and type as 32-bit integers) and its data; the next one starts at the next multiple of 8.
//! This is the layout of 64-bit systems, the only ones that `sys` builds for.
//!
//! ```text
//!  0               8       12      16
//! +---------------+-------+-------+----------- - - -+
//! | length (16+n) | level | type  | n bytes of data |  padding to a multiple of 8
//! +---------------+-------+-------+----------- - - -+
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address that a datagram was sent to, and the interface that it came in by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LocalAddress {
    /// The address that a reply should leave from.
    pub ip: IpAddr,
    /// The index of the interface (`if_nametoindex(3)`).
    pub interface: u32,
}

impl LocalAddress {
    /// Whether the datagram came in over the loopback interface. The kernel gives that interface
    /// the index 1 in every network namespace (`LOOPBACK_IFINDEX` in `include/net/flow.h`).
    #[must_use]
    pub fn is_loopback_interface(&self) -> bool {
        self.interface == 1
    }
}

/// What the control messages of one received datagram said.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Control {
    /// From `IP_PKTINFO` or `IPV6_PKTINFO`.
    pub local: Option<LocalAddress>,
    /// From `UDP_GRO`: the bytes of each datagram of a train but the last, which may be shorter.
    /// Absent for a datagram that came alone.
    pub segment: Option<u16>,
    /// From `SO_TIMESTAMPNS`: when the kernel received it, in nanoseconds of `CLOCK_REALTIME`.
    pub stamp: Option<u64>,
}

/// Room for the control messages of one datagram, aligned as `struct cmsghdr` wants it.
///
/// 128 bytes hold everything that this crate asks for at one time: packet information (40), segment
/// size (24) and a receive stamp (32, or 64 of `SO_TIMESTAMPING`); from the error queue, stamps (64)
/// and what they belong to (64 over IPv6).
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug)]
pub struct Buffer(pub [u8; CAPACITY]);

impl Buffer {
    /// An empty buffer.
    #[must_use]
    pub fn zeroed() -> Self {
        Self([0; CAPACITY])
    }
}

/// The bytes of a [`Buffer`].
pub const CAPACITY: usize = 128;

/// Reads the control messages in `bytes`. What is unknown is passed over; what is cut short or
/// makes no sense ends the reading, so that no bytes can make it panic or loop.
#[must_use]
pub fn decode(bytes: &[u8]) -> Control {
    let mut control = Control::default();
    for_each(bytes, |level, kind, data| {
        note(&mut control, level, kind, data);
    });
    control
}

/// Writes the control messages of a reply into `buffer` and returns how many bytes they take: the
/// address to leave from, and the segment size if the payload is a train.
///
/// A multicast or unspecified `from` is left out, since nothing can leave from it.
pub fn encode(buffer: &mut Buffer, from: Option<LocalAddress>, segment: Option<u16>) -> usize {
    let mut length = 0;
    if let Some(local) = from.filter(|local| !local.ip.is_multicast() && !local.ip.is_unspecified())
    {
        length = match local.ip {
            IpAddr::V4(ip) => append(
                buffer,
                length,
                (libc::IPPROTO_IP, libc::IP_PKTINFO),
                &v4_source(ip),
            ),
            IpAddr::V6(ip) => append(
                buffer,
                length,
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO),
                &v6_source(ip, local.interface),
            ),
        };
    }
    if let Some(segment) = segment {
        let kind = (libc::SOL_UDP, libc::UDP_SEGMENT);
        // The kernel takes two bytes here and refuses four (`__udp_cmsg_send` in net/ipv4/udp.c).
        length = append(buffer, length, kind, &segment.to_ne_bytes());
    }
    length
}

/// Hands out level, type and data of each control message in `bytes`, up to one that makes no sense.
pub(super) fn for_each(bytes: &[u8], mut take: impl FnMut(i32, i32, &[u8])) {
    let mut rest = bytes;
    while let Some((header, _)) = rest.split_first_chunk::<HEADER>() {
        let (length, level, kind) = split_header(header);
        if length < HEADER || length > rest.len() {
            break;
        }
        take(level, kind, &rest[HEADER..length]);
        rest = rest.get(aligned(length)..).unwrap_or_default();
    }
}

fn note(control: &mut Control, level: i32, kind: i32, data: &[u8]) {
    match (level, kind) {
        (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
            if let Some(data) = data.first_chunk::<12>() {
                let [interface, source, _] = words(data);
                // The second word is the address to answer from: the one that the datagram was
                // sent to, or one of ours where it was sent to a broadcast address.
                control.local = Some(LocalAddress {
                    ip: IpAddr::V4(Ipv4Addr::from(source.to_ne_bytes())),
                    interface,
                });
            }
        }
        (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
            if let Some((ip, rest)) = data.split_first_chunk::<16>()
                && let Some(interface) = rest.first_chunk::<4>()
            {
                control.local = Some(LocalAddress {
                    ip: IpAddr::V6(Ipv6Addr::from(*ip)),
                    interface: u32::from_ne_bytes(*interface),
                });
            }
        }
        (libc::SOL_UDP, libc::UDP_GRO) => {
            if let Some(size) = data.first_chunk::<4>() {
                let size = u16::try_from(i32::from_ne_bytes(*size)).ok();
                control.segment = size.filter(|&size| size > 0);
            }
        }
        (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
            if let Some(data) = data.first_chunk::<16>() {
                let (seconds, nanos) = data.split_at(8);
                let word = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_ne_bytes);
                control.stamp = word(seconds)
                    .checked_mul(1_000_000_000)
                    .and_then(|whole| whole.checked_add(word(nanos)));
            }
        }
        _ => {}
    }
}

/// `struct in_pktinfo`: interface 0, so that the routing table keeps its say.
fn v4_source(ip: Ipv4Addr) -> [u8; 12] {
    let mut data = [0; 12];
    data[4..8].copy_from_slice(&ip.octets());
    data
}

/// `struct in6_pktinfo`: interface 0 except for a link-local address, which means nothing without
/// its interface.
fn v6_source(ip: Ipv6Addr, interface: u32) -> [u8; 20] {
    let mut data = [0; 20];
    data[..16].copy_from_slice(&ip.octets());
    if ip.is_unicast_link_local() {
        data[16..].copy_from_slice(&interface.to_ne_bytes());
    }
    data
}

/// Writes a control message at `at`, a multiple of 8, and returns where the next one goes.
pub(super) fn append(
    buffer: &mut Buffer,
    at: usize,
    (level, kind): (i32, i32),
    data: &[u8],
) -> usize {
    let length = HEADER + data.len();
    let end = at + aligned(length);
    let target = &mut buffer.0[at..end];
    target.fill(0);
    target[..8].copy_from_slice(&(length as u64).to_ne_bytes());
    target[8..12].copy_from_slice(&level.to_ne_bytes());
    target[12..16].copy_from_slice(&kind.to_ne_bytes());
    target[HEADER..length].copy_from_slice(data);
    end
}

fn split_header(header: &[u8; HEADER]) -> (usize, i32, i32) {
    let [low, high, level, kind] = words(header);
    let mut length = [0; 8];
    length[..4].copy_from_slice(&low.to_ne_bytes());
    length[4..].copy_from_slice(&high.to_ne_bytes());
    let length = usize::try_from(u64::from_ne_bytes(length)).unwrap_or(usize::MAX);
    (length, level.cast_signed(), kind.cast_signed())
}

pub(super) fn words<const BYTES: usize, const WORDS: usize>(data: &[u8; BYTES]) -> [u32; WORDS] {
    const { assert!(BYTES == WORDS * 4) };
    let mut out = [0; WORDS];
    for (word, bytes) in out.iter_mut().zip(data.as_chunks::<4>().0) {
        *word = u32::from_ne_bytes(*bytes);
    }
    out
}

const fn aligned(length: usize) -> usize {
    length.saturating_add(7) & !7
}

const HEADER: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_layout_is_the_one_of_the_c_library() {
        assert_eq!(size_of::<libc::cmsghdr>(), HEADER);
        assert_eq!(size_of::<libc::in_pktinfo>(), 12);
        assert_eq!(size_of::<libc::in6_pktinfo>(), 20);
        let mut buffer = Buffer::zeroed();
        let from = LocalAddress {
            ip: IpAddr::from([127, 0, 0, 5]),
            interface: 1,
        };
        assert_eq!(encode(&mut buffer, Some(from), Some(1472)), 32 + 24);
    }

    #[test]
    fn a_reply_leaves_the_choice_of_the_interface_to_the_routing_table() {
        let mut buffer = Buffer::zeroed();
        let from = LocalAddress {
            ip: IpAddr::from([127, 0, 0, 5]),
            interface: 7,
        };
        let length = encode(&mut buffer, Some(from), None);
        let back = decode(&buffer.0[..length]).local;
        assert_eq!(
            back,
            Some(LocalAddress {
                interface: 0,
                ..from
            })
        );
    }

    #[test]
    fn nothing_leaves_from_a_multicast_address() {
        let from = LocalAddress {
            ip: "ff02::1".parse().unwrap(),
            interface: 2,
        };
        assert_eq!(encode(&mut Buffer::zeroed(), Some(from), None), 0);
    }

    #[test]
    fn a_train_without_a_size_is_no_train() {
        let mut buffer = Buffer::zeroed();
        let kind = (libc::SOL_UDP, libc::UDP_GRO);
        let length = append(&mut buffer, 0, kind, &0i32.to_ne_bytes());
        assert_eq!(decode(&buffer.0[..length]).segment, None);
        let length = append(&mut buffer, 0, kind, &1472i32.to_ne_bytes());
        assert_eq!(decode(&buffer.0[..length]).segment, Some(1472));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_loop(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            prop_assert_ne!(decode(&bytes).segment, Some(0));
        }

        #[test]
        fn a_cut_buffer_says_no_more_than_the_whole_one(
            ip in any::<[u8; 4]>(), segment in 1u16.., cut in 0usize..=56,
        ) {
            let mut buffer = Buffer::zeroed();
            let from = LocalAddress { ip: IpAddr::from(ip), interface: 3 };
            let length = encode(&mut buffer, Some(from), Some(segment));
            let whole = decode(&buffer.0[..length]);
            let part = decode(&buffer.0[..cut.min(length)]);
            prop_assert!(part.local.is_none() || part.local == whole.local);
        }
    }
}
