//! Addresses and ports that are never answered, since no client asks from there. Pure.
//!
//! A sender's address can be forged. A server that answered any would be made to talk to itself, or
//! to another service that answers, for ever (CERT CA-1996-01, CVE-2024-2169), or to a whole
//! network at once.
//!
//! An address that is the broadcast address of some network, as 192.0.2.255 may be, cannot be told
//! from a host's. The kernel knows those of its own networks, and sends nothing there from a socket
//! that did not ask for it (`EACCES`); a router knows its own, and forwards nothing to it
//! (RFC 2644).

use std::net::{IpAddr, SocketAddr};

use super::Refusal;
use crate::udp::RawAddress;

/// Which ports a datagram may come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum SourcePorts {
    /// Those that clients have: 1024 and up, but none that this server answers on
    Client,
    /// All but 0: for test networks only, since below 1024 there may be services that answer
    Any,
}

/// Tells clients from what nobody shall be answered as.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The lowest port that a datagram may come from.
    lowest_port: u16,
    /// Ports that nobody may come from whose address may be the server's own: one, as most servers
    /// have; 0 for none.
    first_guarded: u16,
    /// The others.
    more_guarded: Vec<u16>,
    ports: SourcePorts,
    /// Where the server answers.
    own: Vec<SocketAddr>,
}

impl Sources {
    /// Guards a server that answers at these addresses.
    #[must_use]
    pub fn new(ports: SourcePorts, own: &[SocketAddr]) -> Self {
        let mut guarded: Vec<u16> = own.iter().map(SocketAddr::port).collect();
        guarded.sort_unstable();
        guarded.dedup();
        Self {
            lowest_port: match ports {
                SourcePorts::Client => PRIVILEGED_END,
                SourcePorts::Any => 1,
            },
            first_guarded: guarded.pop().unwrap_or(0),
            more_guarded: guarded,
            ports,
            own: own.to_vec(),
        }
    }

    /// Why whoever has this address gets no answer; `None` for a client.
    #[inline]
    #[must_use]
    pub fn judge(&self, peer: &RawAddress) -> Option<Refusal> {
        let (port, plain) = peer.glance();
        let free = plain && port >= self.lowest_port && port != self.first_guarded;
        if free && (self.more_guarded.is_empty() || !self.more_guarded.contains(&port)) {
            return None;
        }
        self.look_closer(peer)
    }

    #[cold]
    fn look_closer(&self, peer: &RawAddress) -> Option<Refusal> {
        let port = peer.port();
        let (Some(ip), 1..) = (peer.ip(), port) else {
            return Some(Refusal::SourcePortZero);
        };
        let ip = ip.to_canonical();
        if ip.is_unspecified() {
            Some(Refusal::Unspecified)
        } else if ip.is_multicast() {
            Some(Refusal::Multicast)
        } else if is_broadcast(ip) {
            Some(Refusal::Broadcast)
        } else if self.is_own(ip, port) {
            Some(Refusal::OwnAddress)
        } else if port < self.lowest_port {
            Some(Refusal::ServicePort)
        } else if self.guards(ip, port) {
            Some(Refusal::OwnPort)
        } else {
            None
        }
    }

    /// Whether the server answers there. In which zone an address is that has one (RFC 4007), the
    /// datagram alone says, and a reply goes back to that zone.
    fn is_own(&self, ip: IpAddr, port: u16) -> bool {
        let mut own = self.own.iter();
        own.any(|own| own.ip().to_canonical() == ip && own.port() == port)
    }

    /// Whether the server answers on this port, and may have this address. One that listens on
    /// every address does not know which ones those are, so that all of them may be.
    fn guards(&self, ip: IpAddr, port: u16) -> bool {
        let everywhere = |own: &SocketAddr| {
            own.port() == port && own.ip().is_unspecified() && own.is_ipv4() == ip.is_ipv4()
        };
        self.own.iter().any(|own| own.port() == port)
            && (self.ports == SourcePorts::Client || self.own.iter().any(everywhere))
    }
}

fn is_broadcast(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V4(v4) if v4.is_broadcast())
}

/// From here on ports take no privilege, so that no service of a host's own is there (RFC 6335
/// calls those below the system ports).
const PRIVILEGED_END: u16 = 1_024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn judged(ports: SourcePorts, own: &[&str], peer: &str) -> Option<Refusal> {
        let own: Vec<SocketAddr> = own.iter().map(|own| own.parse().unwrap()).collect();
        let peer: SocketAddr = peer.parse().unwrap();
        Sources::new(ports, &own).judge(&RawAddress::from(peer))
    }

    #[test]
    fn nobody_is_answered_whose_address_is_no_client_s() {
        let own = ["127.0.0.1:50007", "[::1]:50007", "[fe80::7%3]:50007"];
        for (peer, reason) in [
            ("10.0.0.1:0", Refusal::SourcePortZero),
            ("[fd00::1]:0", Refusal::SourcePortZero),
            ("0.0.0.0:4000", Refusal::Unspecified),
            ("[::]:4000", Refusal::Unspecified),
            ("224.0.0.1:4000", Refusal::Multicast),
            ("239.255.255.255:4000", Refusal::Multicast),
            ("[ff02::1]:4000", Refusal::Multicast),
            ("255.255.255.255:4000", Refusal::Broadcast),
            ("127.0.0.1:50007", Refusal::OwnAddress),
            ("[::1]:50007", Refusal::OwnAddress),
            ("[fe80::7%3]:50007", Refusal::OwnAddress),
            ("[fe80::7]:50007", Refusal::OwnAddress),
        ] {
            for ports in [SourcePorts::Client, SourcePorts::Any] {
                assert_eq!(judged(ports, &own, peer), Some(reason), "{peer}");
            }
        }
    }

    #[test]
    fn a_service_port_is_answered_in_a_test_network_alone() {
        for peer in ["10.0.0.1:7", "[fd00::1]:1023", "127.0.0.1:19"] {
            let refused = Some(Refusal::ServicePort);
            assert_eq!(judged(SourcePorts::Client, &[], peer), refused, "{peer}");
            assert_eq!(judged(SourcePorts::Any, &[], peer), None, "{peer}");
        }
        assert_eq!(judged(SourcePorts::Client, &[], "10.0.0.1:1024"), None);
    }

    #[test]
    fn the_port_of_the_server_is_answered_only_where_the_address_is_surely_another_s() {
        let (client, any) = (SourcePorts::Client, SourcePorts::Any);
        let refused = Some(Refusal::OwnPort);
        let one = ["10.0.0.1:50007"];
        assert_eq!(judged(client, &one, "10.0.0.2:50007"), refused);
        assert_eq!(judged(any, &one, "10.0.0.2:50007"), None);
        let all = ["0.0.0.0:50007", "[fd00::1]:50007"];
        assert_eq!(judged(any, &all, "10.0.0.2:50007"), refused);
        assert_eq!(judged(any, &all, "[fd00::2]:50007"), None);
        assert_eq!(judged(client, &all, "[fd00::2]:50007"), refused);
        assert_eq!(judged(client, &all, "[fd00::2]:50008"), None);
    }

    #[test]
    fn ipv4_in_ipv6_is_judged_as_ipv4() {
        for (peer, verdict) in [
            ("[::ffff:10.0.0.1]:4000", None),
            ("[::ffff:224.0.0.1]:4000", Some(Refusal::Multicast)),
            ("[::ffff:255.255.255.255]:4000", Some(Refusal::Broadcast)),
            ("[::ffff:0.0.0.0]:4000", Some(Refusal::Unspecified)),
            ("[::ffff:127.0.0.1]:50007", Some(Refusal::OwnAddress)),
        ] {
            let own = ["127.0.0.1:50007"];
            assert_eq!(judged(SourcePorts::Client, &own, peer), verdict, "{peer}");
        }
    }

    proptest! {
        #[test]
        fn the_short_look_says_what_the_closer_one_does(
            v6 in any::<bool>(), head in any::<u8>(), tail in any::<u128>(), port in any::<u16>(),
        ) {
            let bits = u128::from(head) << 120 | tail >> 8;
            let ip = if v6 {
                IpAddr::from(bits.to_be_bytes())
            } else {
                IpAddr::from(((bits >> 96) as u32).to_be_bytes())
            };
            let peer = RawAddress::from(SocketAddr::new(ip, port));
            let own = ["0.0.0.0:50007".parse().unwrap(), "[::]:50007".parse().unwrap()];
            for ports in [SourcePorts::Client, SourcePorts::Any] {
                let sources = Sources::new(ports, &own);
                prop_assert_eq!(sources.judge(&peer), sources.look_closer(&peer));
            }
        }
    }
}
