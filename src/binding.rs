//! Opens the sockets of every worker, in the order of the workers, or takes those that are given by a
//! service manager or by a predecessor.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::num::NonZeroU16;
use std::sync::Arc;

use crate::access::QuitPolicy;
use crate::config::{Config, EVERYWHERE, Io, Listen};
use crate::error::Error;
use crate::steering::choose_among_first;
use crate::udp::socket::{Origin, Sharing, SocketError, Stamping};
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
        let options = options(config, address, group.len());
        let socket = Socket::adopt(socket, &options, Origin::Manager)
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

/// The sockets of an address that a predecessor has handed over, in their order, with what they have
/// been like.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) address: SocketAddr,
    pub(crate) receive_offload: bool,
    pub(crate) packet_info: bool,
    pub(crate) sockets: Vec<UdpSocket>,
}

/// Takes the sockets that are handed over, and opens more where there are fewer than workers: a group
/// for each address, and one of those that are too many, if there are such.
pub(crate) fn inherit_all(
    config: &Config,
    handed: Vec<Handed>,
    from_manager: bool,
) -> Result<(Vec<Group>, Vec<Group>), Error> {
    if !from_manager {
        same_addresses(config, &handed)?;
    }
    let (mut groups, mut surplus) = (Vec::new(), Vec::new());
    for one in handed {
        let wanted = config.workers;
        if from_manager && one.sockets.len() != wanted {
            return Err(Error::Usage(format!(
                "--workers {wanted} takes as many sockets on {}, and the service manager keeps {} open; restart it to change that",
                one.address,
                one.sockets.len()
            )));
        }
        let origin = if from_manager {
            Origin::Manager
        } else {
            Origin::Predecessor
        };
        let mut group = inherit(config, one, origin)?;
        if group.len() < wanted {
            join(config, &mut group)?;
        }
        let rest = group.split_off(wanted);
        if !rest.is_empty() {
            surplus.push(rest);
        }
        groups.push(group);
    }
    Ok((groups, surplus))
}

/// Fails if the flags name other addresses than those of the sockets.
fn same_addresses(config: &Config, handed: &[Handed]) -> Result<(), Error> {
    let (asked, optional_ipv6) = match &config.listen {
        Listen::Everywhere => (&EVERYWHERE[..], true),
        Listen::On(addresses) => (&addresses[..], false),
    };
    let fits = |asked: &SocketAddr, one: &Handed| {
        asked.ip() == one.address.ip() && [0, one.address.port()].contains(&asked.port())
    };
    let missing = |asked: &&SocketAddr| {
        !(handed.iter().any(|one| fits(asked, one)) || optional_ipv6 && asked.is_ipv6())
    };
    let unasked = |one: &&Handed| !asked.iter().any(|asked| fits(asked, one));
    let sentence = match (asked.iter().find(missing), handed.iter().find(unasked)) {
        (None, None) => return Ok(()),
        (Some(asked), _) => format!("--listen {asked} is new"),
        (None, Some(one)) => format!("{} is not among --listen any more", one.address),
    };
    Err(Error::Usage(format!(
        "{sentence}, but a successor listens where the server does that it takes over from; restart it to change that"
    )))
}

fn inherit(config: &Config, handed: Handed, origin: Origin) -> Result<Group, Error> {
    let address = handed.address;
    let mut group = Group::with_capacity(handed.sockets.len().max(config.workers));
    for socket in handed.sockets {
        let options = options(config, address, group.len());
        if (options.receive_offload, options.packet_info)
            != (handed.receive_offload, handed.packet_info)
        {
            return Err(Error::Usage(format!(
                "--io, --gro or --quit asks for sockets that are unlike those on {address}, on which datagrams are queued; restart it to change that"
            )));
        }
        let socket = Socket::inherit(socket, &options, origin)
            .map_err(|source| Error::Socket { address, source })?;
        group.push(Arc::new(socket));
    }
    Ok(group)
}

/// Opens further sockets for a group. The kernel leaves them out until the server has taken over: one
/// that fails before closes them again, and nothing must be queued there.
///
/// A socket that has been alone is no group before it has a second one, and takes no program: what
/// comes to the new one in these microseconds is answered if the server takes over, and lost if not.
fn join(config: &Config, group: &mut Group) -> Result<(), Error> {
    let first = Arc::clone(&group[0]);
    let (address, old) = (first.local_address(), group.len());
    let failed = |operation| {
        move |source| Error::Socket {
            address,
            source: SocketError { operation, source },
        }
    };
    let leave_out = || {
        choose_among_first(&first, old).map_err(failed("leave further sockets out for a while at"))
    };
    first.share().map_err(failed("share (SO_REUSEPORT)"))?;
    if old > 1 {
        leave_out()?;
    }
    while group.len() < config.workers {
        let options = SocketOptions {
            sharing: Sharing::Join,
            ..options(config, address, group.len())
        };
        let socket =
            Socket::bind(address, &options).map_err(|source| Error::Socket { address, source })?;
        group.push(Arc::new(socket));
        leave_out()?;
    }
    Ok(())
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
