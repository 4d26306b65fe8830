//! Where lost probes died: in our own sockets, in the server's, in the server, or on the path.
//!
//! [`table`] reads what the kernel tells of the sockets of this host.

pub mod table;

use std::net::{SocketAddr, UdpSocket};

use echo_reactor::server::Observer;
use echo_reactor::stats::account::Account;

/// Counts whose increase over the measured window says where probes died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// A server in this process, which tells all that it counts.
    Embedded {
        /// Datagrams that the kernel dropped because a receive buffer of the server was full.
        socket: u64,
        /// Datagrams that the server received and gave up (refused, not sendable, dropped), or
        /// that it dropped or corrupted because it was told to.
        discarded: u64,
    },
    /// A server in another process of this host.
    SameHost {
        /// Datagrams that the kernel dropped at the server's sockets.
        socket: u64,
    },
    /// A server of which nothing is known.
    Unknown,
}

/// Where the counts of the server come from.
#[derive(Clone)]
pub enum Source {
    /// From a server in this process.
    Embedded(Observer),
    /// From the kernel, which counts for the sockets at this address of this host.
    SameHost(SocketAddr),
    /// From nowhere.
    Unknown,
}

/// What became of the lost probes. The parts add up to the lost probes exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Losses {
    /// Answers that our own sockets had no room for.
    pub own_socket: u64,
    /// Probes that the server's sockets had no room for; `None` if nobody knows.
    pub server_socket: Option<u64>,
    /// Probes that the server received and did not answer, or not soundly; `None` if only the
    /// server knows.
    pub server: Option<u64>,
    /// All others: on the path between, or in a server of which nothing is known.
    pub path: u64,
    /// Drops of our own sockets as counted, duplicates and strangers' datagrams among them.
    pub own_drops: u64,
    /// Drops and discards of the server as counted, whosever datagrams they were.
    pub server_drops: Server,
}

impl Source {
    /// The best that there is for `target`.
    #[must_use]
    pub fn of(target: SocketAddr) -> Self {
        // Only an address of this host can be bound to.
        match UdpSocket::bind(any_port(target)) {
            Ok(_socket) => Self::SameHost(target),
            Err(_elsewhere) => Self::Unknown,
        }
    }

    /// What is counted up to now.
    #[must_use]
    pub fn read(&self) -> Server {
        match self {
            Self::Embedded(observer) => {
                let total = observer.summary().map(|summary| summary.total);
                Server::of(total.as_ref())
            }
            Self::SameHost(address) => table::drops_at(*address)
                .map_or(Server::Unknown, |socket| Server::SameHost { socket }),
            Self::Unknown => Server::Unknown,
        }
    }
}

impl Server {
    /// What a server in this process says of all its workers; unknown once it has ended.
    #[must_use]
    pub fn of(total: Option<&Account>) -> Self {
        total.map_or(Self::Unknown, |total| Self::Embedded {
            socket: total.kernel_drops,
            discarded: discarded(total),
        })
    }

    /// What was counted since `before`; unknown unless both come from one source.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        match (self, before) {
            (
                Self::Embedded { socket, discarded },
                Self::Embedded {
                    socket: socket_before,
                    discarded: discarded_before,
                },
            ) => Self::Embedded {
                socket: socket.saturating_sub(socket_before),
                discarded: discarded.saturating_sub(discarded_before),
            },
            (
                Self::SameHost { socket },
                Self::SameHost {
                    socket: socket_before,
                },
            ) => Self::SameHost {
                socket: socket.saturating_sub(socket_before),
            },
            _ => Self::Unknown,
        }
    }
}

impl Losses {
    /// Says of each of the `lost` probes where it died.
    ///
    /// Drop counts may exceed the loss, since they cover duplicates, what strangers send, and the
    /// last moments of the warm-up; so each takes no more than what those before it have left. They
    /// may also fall short of it, since a socket that takes trains as one (`UDP_GRO`) drops them as
    /// one and counts one. Next to an embedded server little else loses a datagram, so that of the
    /// rest as much as trains can explain is shared out to the sockets that drop; elsewhere it may
    /// have other causes.
    #[must_use]
    pub fn attribute(lost: u64, own_drops: u64, server_drops: Server) -> Self {
        let mut path = lost;
        let mut take = |drops: u64| {
            let taken = drops.min(path);
            path -= taken;
            taken
        };
        let mut own_socket = take(own_drops);
        let (mut server_socket, server) = match server_drops {
            Server::Embedded { socket, discarded } => (Some(take(socket)), Some(take(discarded))),
            Server::SameHost { socket } => (Some(take(socket)), None),
            Server::Unknown => (None, None),
        };
        if let Server::Embedded { socket, .. } = server_drops
            && let Some(drops) = own_drops.checked_add(socket).filter(|drops| *drops > 0)
        {
            let in_trains = path.min(drops.saturating_mul(LONGEST_TRAIN - 1));
            let own = u128::from(in_trains) * u128::from(own_drops) / u128::from(drops);
            let own = u64::try_from(own).unwrap_or(in_trains);
            own_socket += own;
            server_socket = server_socket.map(|probes| probes + (in_trains - own));
            path -= in_trains;
        }
        Self {
            own_socket,
            server_socket,
            server,
            path,
            own_drops,
            server_drops,
        }
    }
}

/// The address of `target`, its zone (`%eth0`) included, with a port that is free.
fn any_port(mut target: SocketAddr) -> SocketAddr {
    target.set_port(0);
    target
}

fn discarded(total: &Account) -> u64 {
    let refused: u64 = total.refused.values().sum();
    let failed: u64 = total.failed.values().sum();
    let on_purpose = total.faults.map_or(0, |faults| {
        // A probe that comes back with a flipped bit has no sound answer.
        faults.dropped_by_fault + faults.corrupted
    });
    refused + failed + total.dropped + on_purpose
}

/// The most datagrams that one counted drop can stand for: `UDP_MAX_SEGMENTS`
/// (`include/linux/udp.h`), 64 before Linux 6.9. Over loopback a train arrives as it was sent.
const LONGEST_TRAIN: u64 = 128;

#[cfg(test)]
mod tests {
    use echo_reactor::stats::faults::FaultAccount;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn drops_beyond_the_loss_are_kept_raw_and_never_make_the_path_negative() {
        let server = Server::SameHost { socket: 9 };
        let losses = Losses::attribute(10, 4, server);
        assert_eq!((losses.own_socket, losses.server_socket), (4, Some(6)));
        assert_eq!((losses.path, losses.server_drops), (0, server));
    }

    #[test]
    fn trains_dropped_whole_are_the_sockets_that_dropped_them() {
        let embedded = |socket| Server::Embedded {
            socket,
            discarded: 5,
        };
        let losses = Losses::attribute(100, 10, embedded(0));
        assert_eq!((losses.own_socket, losses.server_socket), (95, Some(0)));
        let losses = Losses::attribute(100, 10, embedded(30));
        assert_eq!((losses.own_socket, losses.server_socket), (23, Some(72)));
        assert_eq!((losses.server, losses.path), (Some(5), 0));
        let without = Losses::attribute(100, 0, embedded(0));
        assert_eq!(without.path, 95);
    }

    #[test]
    fn no_drop_explains_more_than_the_longest_train() {
        let embedded = |socket| Server::Embedded {
            socket,
            discarded: 5,
        };
        let losses = Losses::attribute(1_000, 1, embedded(0));
        assert_eq!((losses.own_socket, losses.server_socket), (128, Some(0)));
        assert_eq!((losses.server, losses.path), (Some(5), 867));
        let losses = Losses::attribute(1_000, 2, embedded(1));
        assert_eq!((losses.own_socket, losses.server_socket), (256, Some(128)));
        assert_eq!(losses.path, 611);
        let losses = Losses::attribute(u64::MAX, u64::MAX - 9, embedded(2));
        assert_eq!(losses.path, 0);
    }

    #[test]
    fn what_a_server_does_wrong_on_purpose_is_its_own_doing() {
        let account = Account {
            dropped: 1,
            refused: [("blocked", 2)].into(),
            faults: Some(FaultAccount {
                dropped_by_fault: 30,
                corrupted: 400,
                duplicated: 5_000,
                ..FaultAccount::default()
            }),
            ..Account::default()
        };
        assert_eq!(discarded(&account), 433);
    }

    #[test]
    fn a_link_local_address_keeps_its_zone() {
        let target: SocketAddr = "[fe80::1%3]:7".parse().unwrap();
        assert_eq!(any_port(target), "[fe80::1%3]:0".parse().unwrap());
    }

    #[test]
    fn of_an_unknown_server_nothing_is_claimed() {
        let losses = Losses::attribute(10, 4, Server::Unknown);
        assert_eq!((losses.server_socket, losses.server), (None, None));
        assert_eq!(losses.path, 6);
    }

    #[test]
    fn a_server_that_began_to_be_known_late_is_unknown() {
        let known = Server::SameHost { socket: 9 };
        assert_eq!(known.since(Server::Unknown), Server::Unknown);
        let before = Server::SameHost { socket: 2 };
        assert_eq!(known.since(before), Server::SameHost { socket: 7 });
    }

    #[test]
    fn an_address_of_documentation_is_not_of_this_host() {
        let source = |address: &str| Source::of(address.parse().unwrap());
        assert!(matches!(source("192.0.2.1:7"), Source::Unknown));
        assert!(matches!(source("127.0.0.1:7"), Source::SameHost(_)));
    }

    fn server() -> impl Strategy<Value = Server> {
        let count = 0..100_u64;
        prop_oneof![
            (count.clone(), count.clone())
                .prop_map(|(socket, discarded)| Server::Embedded { socket, discarded }),
            count.prop_map(|socket| Server::SameHost { socket }),
            Just(Server::Unknown),
        ]
    }

    proptest! {
        #[test]
        fn the_parts_add_up_to_the_loss(lost in 0..200_u64, own in 0..100_u64, server in server()) {
            let Losses { own_socket, server_socket, server, path, .. } =
                Losses::attribute(lost, own, server);
            let named = own_socket + server_socket.unwrap_or(0) + server.unwrap_or(0);
            prop_assert_eq!(named + path, lost);
        }
    }
}
