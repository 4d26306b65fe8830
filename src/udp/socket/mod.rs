//! One nonblocking UDP socket, and what the kernel made of the options asked for.

use std::fmt;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

use socket2::{Domain, Protocol, SockAddr, Type};

use super::memory::Memory;
use super::sys;

mod effects;
mod handed;

pub use effects::Effects;
pub use handed::Origin;

/// What a socket should be like before it is bound.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SocketOptions {
    /// Whether further sockets may bind the same address later (`SO_REUSEPORT`).
    pub sharing: Sharing,
    /// The receive buffer in bytes of payload and overhead; the kernel doubles what is asked for.
    pub receive_buffer: Option<usize>,
    /// The send buffer in bytes; the kernel doubles what is asked for.
    pub send_buffer: Option<usize>,
    /// Whether each datagram says which address it was sent to and by which interface it came.
    pub packet_info: bool,
    /// Whether the kernel may hand over a train of datagrams as one (`UDP_GRO`).
    pub receive_offload: bool,
    /// What the kernel shall stamp.
    pub stamps: Stamping,
    /// The traffic class of what is sent: the byte that holds DSCP and ECN.
    pub traffic_class: Option<u8>,
    /// Microseconds to poll the device's queue before waiting for its interrupt (`SO_BUSY_POLL`).
    pub busy_poll: Option<u32>,
}

/// What the kernel stamps for a socket. Anything but `Off` makes it stamp every packet of the host.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Stamping {
    /// Nothing.
    #[default]
    Off,
    /// What is received (`SO_TIMESTAMPNS`): see [`Received::stamp`](super::Received::stamp).
    Receive,
    /// What is received, and what is sent where a message asks for it, by the kernel's clock and
    /// the device's (`SO_TIMESTAMPING`): see [`Stamps`](super::Stamps). Send stamps wait in the
    /// receive buffer until a [`StampBatch`](super::StampBatch) takes them.
    BothWays,
}

/// How a socket shares its address with others of the same user (`SO_REUSEPORT`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Sharing {
    /// It has the address to itself.
    #[default]
    Alone,
    /// It takes the address for itself, then lets others join.
    ///
    /// Binding before the option is set has two uses: an address that any other program holds is
    /// refused, even one that would share it; and the kernel never picks, for port 0, a port at
    /// which somebody else's group already listens.
    First,
    /// It joins the sockets that have the address.
    Join,
}

/// A bound or connected UDP socket that never blocks.
#[derive(Debug)]
pub struct Socket {
    inner: UdpSocket,
    local: SocketAddr,
    options: SocketOptions,
    effects: Effects,
    /// What was dropped before this program had it.
    earlier_drops: u32,
}

impl Socket {
    /// Opens a socket and binds it to `address`; port 0 lets the kernel choose one. An IPv6 socket
    /// takes IPv6 alone, also on the unspecified address.
    ///
    /// # Errors
    /// The operation that failed with the kernel's reason. A buffer size that is not granted is no
    /// error, nor is an option that the
    /// kernel does not know: see [`Socket::effects`].
    pub fn bind(address: SocketAddr, options: &SocketOptions) -> Result<Self, SocketError> {
        let domain = Domain::for_address(address);
        let socket = socket2::Socket::new(domain, Type::DGRAM.nonblocking(), Some(Protocol::UDP))
            .during("open a socket for")?;
        if address.is_ipv6() {
            socket
                .set_only_v6(true)
                .during("restrict to IPv6 the socket for")?;
        }
        let effects = Effects::apply(options, &socket, address.is_ipv6(), None);
        if options.packet_info {
            sys::enable_packet_info(socket.as_fd(), address.is_ipv6())
                .during("ask for the local address of datagrams on")?;
        }
        bind_shared(&socket, address, options.sharing)?;
        let inner = UdpSocket::from(socket);
        Ok(Self {
            local: inner.local_addr().during("read the port of")?,
            inner,
            options: options.clone(),
            effects,
            earlier_drops: 0,
        })
    }

    /// Opens a socket on a port of the kernel's choice that sends to `peer` and hears nobody else.
    ///
    /// # Errors
    /// The operation that failed with the kernel's reason.
    pub fn connect(peer: SocketAddr, options: &SocketOptions) -> Result<Self, SocketError> {
        let unspecified: SocketAddr = if peer.is_ipv6() {
            (std::net::Ipv6Addr::UNSPECIFIED, 0).into()
        } else {
            (std::net::Ipv4Addr::UNSPECIFIED, 0).into()
        };
        let mut socket = Self::bind(unspecified, options)?;
        socket.inner.connect(peer).during("connect to")?;
        socket.local = socket.inner.local_addr().during("read the port of")?;
        Ok(socket)
    }

    /// The address that it is bound to, with the port that the kernel chose.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.local
    }

    /// Whether received datagrams say which address they were sent to.
    #[must_use]
    pub fn has_packet_info(&self) -> bool {
        self.options.packet_info
    }

    /// What was asked for.
    #[must_use]
    pub fn options(&self) -> &SocketOptions {
        &self.options
    }

    /// What became of the options that were asked for.
    #[must_use]
    pub fn effects(&self) -> &Effects {
        &self.effects
    }

    /// The plain socket of the standard library.
    #[must_use]
    pub fn as_std(&self) -> &UdpSocket {
        &self.inner
    }

    /// Lets a classic BPF program choose among the sockets that share this one's address: it
    /// returns the index of a socket, in the order in which they were bound.
    ///
    /// # Errors
    /// The kernel's reason; the group goes on as before then.
    pub fn steer(&self, program: &[libc::sock_filter]) -> io::Result<()> {
        sys::steer(self.inner.as_fd(), program)
    }

    /// Has the kernel choose by its hash again among the sockets that share this one's address.
    ///
    /// # Errors
    /// The kernel's reason.
    pub fn choose_by_hash(&self) -> io::Result<()> {
        match sys::choose_by_hash(self.inner.as_fd()) {
            // There is no program, or no group.
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::EINVAL)) => {
                Ok(())
            }
            done => done,
        }
    }

    /// Lets others join it that bind the same address later.
    ///
    /// # Errors
    /// The kernel's reason.
    pub fn share(&self) -> io::Result<()> {
        socket2::SockRef::from(&self.inner).set_reuse_port(true)
    }

    /// Reads what the kernel counts for this socket (`SO_MEMINFO`).
    ///
    /// # Errors
    /// The kernel's reason; Linux before 4.12 does not know the option.
    pub fn memory(&self) -> io::Result<Memory> {
        let mut memory = sys::memory(self.inner.as_fd())?;
        memory.drops = memory.drops.wrapping_sub(self.earlier_drops);
        Ok(memory)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

/// What went wrong with which operation on a socket.
#[derive(Debug, thiserror::Error)]
pub struct SocketError {
    /// The operation, as a phrase that an address completes: "bind to".
    pub operation: &'static str,
    /// The kernel's reason.
    pub source: io::Error,
}

impl fmt::Display for SocketError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot {} it: {}", self.operation, self.source)
    }
}

trait During<T> {
    fn during(self, operation: &'static str) -> Result<T, SocketError>;
}

impl<T> During<T> for io::Result<T> {
    fn during(self, operation: &'static str) -> Result<T, SocketError> {
        self.map_err(|source| SocketError { operation, source })
    }
}

fn bind_shared(
    socket: &socket2::Socket,
    address: SocketAddr,
    sharing: Sharing,
) -> Result<(), SocketError> {
    let share = || socket.set_reuse_port(true).during("share (SO_REUSEPORT)");
    let bind = || socket.bind(&SockAddr::from(address)).during("bind to");
    match sharing {
        Sharing::Alone => bind(),
        Sharing::First => bind().and_then(|()| share()),
        Sharing::Join => share().and_then(|()| bind()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 0))
    }

    fn options(sharing: Sharing) -> SocketOptions {
        SocketOptions {
            sharing,
            ..SocketOptions::default()
        }
    }

    #[test]
    fn port_0_gives_a_real_port() {
        let socket = Socket::bind(loopback(), &SocketOptions::default()).unwrap();
        assert_ne!(socket.local_address().port(), 0);
    }

    #[test]
    fn a_first_socket_lets_others_join_it() {
        let first = Socket::bind(loopback(), &options(Sharing::First)).unwrap();
        let join = Socket::bind(first.local_address(), &options(Sharing::Join)).unwrap();
        assert_eq!(first.local_address(), join.local_address());
    }

    #[test]
    fn a_first_socket_refuses_an_address_that_a_group_already_has() {
        let first = Socket::bind(loopback(), &options(Sharing::First)).unwrap();
        let second = Socket::bind(first.local_address(), &options(Sharing::First)).unwrap_err();
        assert_eq!(second.source.kind(), io::ErrorKind::AddrInUse);
        assert_eq!(second.operation, "bind to");
    }

    #[test]
    fn the_receive_buffer_is_read_back_as_the_kernel_has_it() {
        let wanted = SocketOptions {
            receive_buffer: Some(65_536),
            ..SocketOptions::default()
        };
        let socket = Socket::bind(loopback(), &wanted).unwrap();
        assert_eq!(socket.effects().receive_buffer.applied(), Some(&131_072));
    }

    #[test]
    fn what_does_not_fit_into_the_receive_buffer_is_counted_as_drops() {
        let small = SocketOptions {
            receive_buffer: Some(4_096),
            ..SocketOptions::default()
        };
        let socket = Socket::bind(loopback(), &small).unwrap();
        let sender = Socket::connect(socket.local_address(), &SocketOptions::default()).unwrap();
        for _ in 0..100 {
            sender.as_std().send(b"x").unwrap();
        }
        let mut kept = 0;
        let mut buffer = [0; 16];
        while socket.as_std().recv(&mut buffer).is_ok() {
            kept += 1;
        }
        let memory = socket.memory().unwrap();
        assert_eq!(kept + memory.drops, 100);
        assert!(memory.drops > 0);
    }
}
