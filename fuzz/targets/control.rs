//! No control messages make their reader panic or loop, and what is written is read again.

#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use echo_reactor::udp::cmsg::{self, Buffer};
use echo_reactor::udp::{LocalAddress, stamps};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _control = cmsg::decode(bytes);
    let _stamps = stamps::decode(bytes);
    if let Some((numbers, rest)) = bytes.split_first_chunk::<16>() {
        there_and_back(*numbers, rest.first().is_some_and(|byte| byte % 2 == 0));
    }
});

/// Takes the bytes as the address and the segment size of a reply. The kernel reads what is written
/// here and writes what is read here, in layouts that differ but for their frames: so the messages
/// are known to be well formed if reading passes over them without a trace.
fn there_and_back(bytes: [u8; 16], old: bool) {
    let ip = if old {
        IpAddr::from(Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]))
    } else {
        IpAddr::from(Ipv6Addr::from(bytes))
    };
    let local = LocalAddress {
        ip,
        interface: u32::from(bytes[15]),
    };
    let segment = u16::from_be_bytes([bytes[13], bytes[14]]);
    let mut buffer = Buffer::zeroed();
    let length = cmsg::encode(&mut buffer, Some(local), Some(segment));
    assert!(length <= buffer.0.len());
    let control = cmsg::decode(&buffer.0[..length]);
    // `struct in6_pktinfo` reads as it is written; that of IPv4 has the address elsewhere.
    if ip.is_ipv6() && !ip.is_multicast() && !ip.is_unspecified() {
        assert_eq!(control.local.map(|read| read.ip), Some(ip));
    }
}
