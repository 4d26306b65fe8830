//! What the kernel would not cut into datagrams, so that it is not asked again and again. Pure.

use std::io;
use std::net::IpAddr;

use crate::udp::RawAddress;

/// What is known of the trains of one socket.
pub(super) struct Refusals {
    /// Datagrams in one message: what the kernel takes, or 1 to send no trains.
    segments: u32,
    /// Hosts to which trains of a size do not go: [`WAYS`] places for each value that an address
    /// hashes to. Empty until the first refusal, which on most hosts never comes.
    hosts: Vec<Option<Host>>,
    /// The way that gives its place to the next host where all are taken.
    next_way: usize,
}

#[derive(Clone, Copy)]
struct Host {
    ip: IpAddr,
    /// The smallest size that was refused.
    unit: u32,
    /// Messages until it is tried again: a route may have changed.
    patience: u32,
}

impl Refusals {
    pub(super) fn new(segments: u32) -> Self {
        Self {
            segments,
            hosts: Vec::new(),
            next_way: 0,
        }
    }

    /// How many datagrams of `unit` bytes a message to `peer` may have.
    pub(super) fn most_segments(&mut self, peer: &RawAddress, unit: u32) -> u32 {
        if self.hosts.is_empty() {
            return self.segments;
        }
        let Some(ip) = peer.decode().map(|address| address.ip()) else {
            return 1;
        };
        for place in self.places(ip) {
            if let Some(host) = place
                && host.ip == ip
            {
                if unit < host.unit {
                    return self.segments;
                }
                host.patience -= 1;
                if host.patience == 0 {
                    *place = None;
                }
                return 1;
            }
        }
        self.segments
    }

    /// Remembers that a train of `unit` bytes to `peer` was refused.
    pub(super) fn note(&mut self, error: &io::Error, peer: &RawAddress, unit: u32) {
        if error.raw_os_error() == Some(libc::EIO) {
            // The device or the socket cannot do it at all.
            self.segments = 1;
        } else if let Some(address) = peer.decode() {
            self.remember(Host {
                ip: address.ip(),
                unit,
                patience: PATIENCE,
            });
        }
    }

    fn remember(&mut self, host: Host) {
        if self.hosts.is_empty() {
            self.hosts = vec![None; SETS * WAYS];
        }
        let way = self.next_way;
        let places = self.places(host.ip);
        let same = |place: &Option<Host>| place.is_none_or(|known| known.ip == host.ip);
        let own = places.iter().position(same);
        places[own.unwrap_or(way)] = Some(host);
        if own.is_none() {
            self.next_way = (way + 1) % WAYS;
        }
    }

    /// The places that may hold a host.
    fn places(&mut self, ip: IpAddr) -> &mut [Option<Host>] {
        let first = set(ip) * WAYS;
        &mut self.hosts[first..first + WAYS]
    }
}

fn set(ip: IpAddr) -> usize {
    let bits = match ip {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    };
    usize::try_from(bits % SETS as u128).unwrap_or(0)
}

/// A prime, so that neighbouring addresses and those of one subnet spread out.
const SETS: usize = 251;

/// Hosts of one hash that are remembered at a time.
const WAYS: usize = 4;

/// Slots until a refused train is tried again: seconds at a low rate, and one call in thousands at
/// a high one.
const PATIENCE: u32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    fn peer(last: u8) -> RawAddress {
        RawAddress::from(SocketAddr::from(([10, 0, 0, last], 9)))
    }

    fn error(errno: i32) -> io::Error {
        io::Error::from_raw_os_error(errno)
    }

    #[test]
    fn a_refused_size_goes_to_that_host_one_by_one() {
        let mut refusals = Refusals::new(64);
        refusals.note(&error(libc::EMSGSIZE), &peer(1), 1_400);
        assert_eq!(refusals.most_segments(&peer(1), 1_400), 1);
        assert_eq!(refusals.most_segments(&peer(1), 1_399), 64);
        assert_eq!(refusals.most_segments(&peer(2), 1_400), 64);
    }

    #[test]
    fn a_thousand_hosts_of_one_network_are_remembered() {
        let mut refusals = Refusals::new(64);
        let hosts: Vec<_> = (0..1_000_u16)
            .map(|number| {
                let [high, low] = number.to_be_bytes();
                RawAddress::from(SocketAddr::from(([10, 0, high, low], 9)))
            })
            .collect();
        for host in &hosts {
            refusals.note(&error(libc::EMSGSIZE), host, 1_400);
        }
        for host in &hosts {
            assert_eq!(refusals.most_segments(host, 1_400), 1);
        }
    }

    #[test]
    fn a_refusal_is_forgotten_after_a_while() {
        let mut refusals = Refusals::new(64);
        refusals.note(&error(libc::EINVAL), &peer(1), 1_400);
        for _ in 0..PATIENCE {
            assert_eq!(refusals.most_segments(&peer(1), 1_400), 1);
        }
        assert_eq!(refusals.most_segments(&peer(1), 1_400), 64);
    }

    #[test]
    fn a_device_that_cannot_cut_gets_no_trains_any_more() {
        let mut refusals = Refusals::new(64);
        refusals.note(&error(libc::EIO), &peer(1), 64);
        assert_eq!(refusals.most_segments(&peer(2), 1), 1);
    }
}
