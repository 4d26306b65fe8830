//! Opens the sockets of every worker, in the order of the workers, or takes those that are given.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::num::NonZeroU16;
use std::sync::Arc;

use crate::access::QuitPolicy;
use crate::config::{Config, EVERYWHERE, Io, Listen};
use crate::error::Error;
use crate::udp::socket::{Sharing, Stamping};
use crate::udp::{Socket, SocketOptions};

/// The sockets of one address, one a worker, in their order.
pub(crate) type Group = Vec<Arc<Socket>>;

/// A group of sockets for each address, and whether IPv6 was left out.
pub(crate) fn open_all(config: &Config) -> Result<(Vec<Group>, bool), Error> {
    let (addresses, optional_ipv6) = match &config.listen {
        Listen::Everywhere => (EVERYWHERE.to_vec(), true),
        Listen::On(addresses) => (addresses.clone(), false),
    };
    let mut tries = 0;
    loop {
        tries += 1;
        match open_each(config, &addresses, optional_ipv6) {
            // The port that the kernel chose for one address is taken on another: choose again.
            Err(Failure::ChosenPortTaken(_)) if tries < PORT_TRIES => {}
            Err(Failure::ChosenPortTaken(error) | Failure::Other(error)) => return Err(error),
            Ok(opened) => return Ok(opened),
        }
    }
}

enum Failure {
    ChosenPortTaken(Error),
    Other(Error),
}

fn open_each(
    config: &Config,
    addresses: &[SocketAddr],
    optional_ipv6: bool,
) -> Result<(Vec<Group>, bool), Failure> {
    let mut groups: Vec<Group> = Vec::with_capacity(addresses.len());
    let mut chosen_port = None;
    for &asked in addresses {
        let mut address = asked;
        if asked.port() == 0 {
            address.set_port(chosen_port.map_or(0, NonZeroU16::get));
        }
        match open_group(config, address) {
            Ok(group) => {
                if asked.port() == 0 {
                    chosen_port = NonZeroU16::new(group[0].local_address().port());
                }
                groups.push(group);
            }
            Err(Error::Socket { source, .. })
                if optional_ipv6 && address.is_ipv6() && lacks_ipv6(&source.source) =>
            {
                return Ok((groups, true));
            }
            Err(error) if asked != address && is_taken(&error) => {
                return Err(Failure::ChosenPortTaken(error));
            }
            Err(error) => return Err(Failure::Other(error)),
        }
    }
    Ok((groups, false))
}

fn is_taken(error: &Error) -> bool {
    matches!(error, Error::Socket { source, .. } if source.source.kind() == io::ErrorKind::AddrInUse)
}

/// The sockets of one address, bound in the order of the workers: the kernel numbers the members
/// of a group by the order in which they joined it.
fn open_group(config: &Config, mut address: SocketAddr) -> Result<Group, Error> {
    let mut group = Vec::with_capacity(config.workers);
    for worker in 0..config.workers {
        let options = options(config, address, worker);
        let socket =
            Socket::bind(address, &options).map_err(|source| Error::Socket { address, source })?;
        address = socket.local_address();
        group.push(Arc::new(socket));
    }
    Ok(group)
}

fn options(config: &Config, address: SocketAddr, worker: usize) -> SocketOptions {
    SocketOptions {
        sharing: match worker {
            _ if config.workers == 1 => Sharing::Alone,
            0 => Sharing::First,
            _ => Sharing::Join,
        },
        receive_buffer: Some(config.receive_buffer),
        send_buffer: config.send_buffer,
        packet_info: needs_packet_info(address, config.quit),
        receive_offload: config.io_in_force() == Io::Offload && config.receive_offload,
        stamps: if config.stamps() {
            Stamping::Receive
        } else {
            Stamping::Off
        },
        traffic_class: config.traffic_class,
        busy_poll: config.busy_poll,
    }
}

/// A group for each address that the given sockets are bound to, in their order.
pub(crate) fn adopt_all(config: &Config, given: Vec<UdpSocket>) -> Result<Vec<Group>, Error> {
    let mut groups: Vec<(SocketAddr, Group)> = Vec::new();
    for socket in given {
        let address = socket.local_addr().map_err(|source| Error::System {
            operation: "read the address of a socket that was handed over",
            source,
        })?;
        let known = groups.iter().position(|(other, _)| *other == address);
        let index = known.unwrap_or_else(|| {
            groups.push((address, Group::new()));
            groups.len() - 1
        });
        let group = &mut groups[index].1;
        let socket = Socket::adopt(socket, &options(config, address, group.len()))
            .map_err(|source| Error::Socket { address, source })?;
        group.push(Arc::new(socket));
    }
    let wrong = groups
        .iter()
        .find(|(_, group)| group.len() != config.workers);
    if let Some((address, group)) = wrong {
        return Err(Error::Usage(format!(
            "--workers {} takes as many sockets on {address}, but {} came from the service manager; repeat its ListenDatagram= with ReusePort=yes, or correct --workers",
            config.workers,
            group.len()
        )));
    }
    Ok(groups.into_iter().map(|(_, group)| group).collect())
}

/// A socket on every address must learn for each datagram which one to answer from; and `quit` may
/// depend on the interface.
fn needs_packet_info(address: SocketAddr, quit: QuitPolicy) -> bool {
    address.ip().is_unspecified() || quit.needs_interface(address.ip())
}

fn lacks_ipv6(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL)
    )
}

/// How often another port is chosen for several addresses before giving up.
const PORT_TRIES: usize = 16;
