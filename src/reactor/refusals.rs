//! What the kernel would not cut into datagrams, so that it is not asked again and again. Pure.

use std::io;
use std::net::IpAddr;

use crate::udp::RawAddress;

/// What is known of the trains of one socket.
pub(super) struct Refusals {
    /// Datagrams in one message: what the kernel takes, or 1 to send no trains.
    segments: u32,
    /// Hosts to which trains of a size do not go, each in the place that its address hashes to.
    hosts: [Option<Host>; HOSTS],
    any: bool,
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
            hosts: [None; HOSTS],
            any: false,
        }
    }

    /// How many datagrams of `unit` bytes a message to `peer` may have.
    pub(super) fn most_segments(&mut self, peer: &RawAddress, unit: u32) -> u32 {
        if !self.any {
            return self.segments;
        }
        let Some(ip) = peer.decode().map(|address| address.ip()) else {
            return 1;
        };
        let place = &mut self.hosts[place(ip)];
        match place {
            Some(host) if host.ip == ip && unit >= host.unit => {
                host.patience -= 1;
                if host.patience == 0 {
                    *place = None;
                }
                1
            }
            _ => self.segments,
        }
    }

    /// Remembers that a train of `unit` bytes to `peer` was refused.
    pub(super) fn note(&mut self, error: &io::Error, peer: &RawAddress, unit: u32) {
        if error.raw_os_error() == Some(libc::EIO) {
            // The device or the socket cannot do it at all.
            self.segments = 1;
        } else if let Some(address) = peer.decode() {
            let ip = address.ip();
            self.any = true;
            self.hosts[place(ip)] = Some(Host {
                ip,
                unit,
                patience: PATIENCE,
            });
        }
    }
}

fn place(ip: IpAddr) -> usize {
    let bits = match ip {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    };
    usize::try_from(bits % HOSTS as u128).unwrap_or(0)
}

/// A prime, so that neighbouring addresses and those of one subnet spread out.
const HOSTS: usize = 61;

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
