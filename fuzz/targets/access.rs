//! No list of networks and no message about a key makes a server panic; what is understood of a list
//! is judged as a plain search of it says; and nobody without the key ends anything.

#![no_main]

use std::net::{IpAddr, SocketAddr};
use std::sync::LazyLock;
use std::time::Duration;

use echo_reactor::access::keyed::{self, KeyedQuit, Meeting, QuitKey};
use echo_reactor::access::{Moment, Prefixes, Refusal, prefixes};
use echo_reactor::udp::RawAddress;
use ipnet::IpNet;
use libfuzzer_sys::fuzz_target;

static GUARD: LazyLock<KeyedQuit> = LazyLock::new(|| {
    let key = QuitKey::new(b"a key that nobody guesses").expect("it is long enough");
    KeyedQuit::new(key, &[7; keyed::BYTES])
});

fuzz_target!(|bytes: &[u8]| {
    knock(bytes);
    let text = String::from_utf8_lossy(bytes);
    let (allowed, denied) = text.split_once('!').unwrap_or((&text, ""));
    let lists = (prefixes::parse_list(allowed), prefixes::parse_list(denied));
    if let (Ok(allow), Ok(deny)) = lists {
        let restricted = !allow.is_empty();
        let compiled = Prefixes::new(&allow, &deny, restricted);
        for prefix in allow.iter().chain(&deny) {
            for ip in [prefix.network(), prefix.broadcast()] {
                let expected = match (longest(&allow, ip), longest(&deny, ip)) {
                    (allowed, Some(denied)) if allowed <= Some(denied) => Some(Refusal::Denied),
                    (None, _) if restricted => Some(Refusal::NotAllowed),
                    _ => None,
                };
                // An address of IPv4 in IPv6 is in prefixes of both kinds as they are written.
                if ip == ip.to_canonical() {
                    assert_eq!(compiled.judge(ip), expected, "{ip}");
                }
            }
        }
    }
});

fn knock(bytes: &[u8]) {
    let client = RawAddress::from(SocketAddr::from(([192, 0, 2, 1], 4_000)));
    // A nonce that is good for a while, and one that is not any more.
    let second = bytes.last().copied().unwrap_or_default();
    let now = Moment::after(Duration::from_secs(second.into()));
    let meeting = GUARD.meet(&client, bytes, now);
    assert!(!matches!(meeting, Meeting::Proven(_)));
    assert!(bytes == keyed::question() || !matches!(meeting, Meeting::Asked(_)));
}

/// Bits of the longest prefix of a list around an address, counted as those of its kind.
fn longest(list: &[IpNet], ip: IpAddr) -> Option<u8> {
    let around = list.iter().filter_map(|prefix| {
        if prefix.contains(&ip) {
            return Some(prefix.prefix_len());
        }
        // Written as IPv4 in IPv6.
        let IpAddr::V4(v4) = ip else { return None };
        let inside = prefix.contains(&IpAddr::V6(v4.to_ipv6_mapped()));
        prefix.prefix_len().checked_sub(96).filter(|_| inside)
    });
    around.max()
}
