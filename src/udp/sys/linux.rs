//! Socket options that socket2 does not offer.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::super::memory::Memory;
use super::checked;

/// Asks for `IP_PKTINFO` or `IPV6_PKTINFO` with every datagram.
pub(in crate::udp) fn enable_packet_info(socket: BorrowedFd<'_>, v6: bool) -> io::Result<()> {
    if v6 {
        set(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)
    } else {
        set(socket, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)
    }
}

/// Lets the kernel hand over trains of datagrams of one flow as one (`UDP_GRO`, Linux 5.0).
pub(in crate::udp) fn enable_receive_offload(socket: BorrowedFd<'_>) -> io::Result<()> {
    set(socket, libc::SOL_UDP, libc::UDP_GRO, 1)
}

/// Asks for a receive stamp with every datagram. It makes the whole host stamp every packet.
pub(in crate::udp) fn enable_stamps(socket: BorrowedFd<'_>) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)
}

/// Asks for no receive stamps any more.
pub(in crate::udp) fn disable_stamps(socket: BorrowedFd<'_>) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 0)
}

/// Asks for receive stamps of kernel and device, and lets a message ask for a stamp of its own as it
/// leaves (`SO_TIMESTAMPING`). It makes the whole host stamp every packet.
///
/// The flags are those of `include/uapi/linux/net_tstamp.h`. The id of a message that asks
/// (`OPT_ID`) is drawn from a counter of the socket that rises with such messages alone
/// (`__ip_append_data` in `net/ipv4/ip_output.c`, `__ip6_append_data` in `net/ipv6/ip6_output.c`).
pub(in crate::udp) fn enable_timestamping(socket: BorrowedFd<'_>) -> io::Result<()> {
    let wanted = libc::SOF_TIMESTAMPING_RX_SOFTWARE
        | libc::SOF_TIMESTAMPING_RX_HARDWARE
        // Hand over what was stamped by either clock, and both stamps of one message.
        | libc::SOF_TIMESTAMPING_SOFTWARE
        | libc::SOF_TIMESTAMPING_RAW_HARDWARE
        | libc::SOF_TIMESTAMPING_OPT_TX_SWHW
        | libc::SOF_TIMESTAMPING_OPT_ID
        // Without the payload, which would take room in the receive buffer.
        | libc::SOF_TIMESTAMPING_OPT_TSONLY;
    set(
        socket,
        libc::SOL_SOCKET,
        libc::SO_TIMESTAMPING,
        wanted.cast_signed(),
    )?;
    let mut flags: libc::c_uint = 0;
    let mut length = libc::socklen_t::try_from(size_of::<libc::c_uint>()).expect("4 bytes");
    // SAFETY: `flags` is writable for `length` bytes and any bit pattern is valid in it; `length`
    // is a live socklen_t. The kernel, which has a longer structure since Linux 5.14, copies no
    // more than `length` bytes of it, and the flags are its first word. Both outlive the call.
    let returned = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_TIMESTAMPING,
            (&raw mut flags).cast(),
            &raw mut length,
        )
    };
    checked(returned)?;
    if flags & wanted == wanted {
        Ok(())
    } else {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Polls the device's queue for so many microseconds instead of waiting for its interrupt, and maybe
/// prefers that to the interrupt (Linux 5.11). Raising it takes `CAP_NET_ADMIN`.
pub(in crate::udp) fn busy_poll(
    socket: BorrowedFd<'_>,
    micros: u32,
    prefer: bool,
) -> io::Result<()> {
    let micros = libc::c_int::try_from(micros).unwrap_or(libc::c_int::MAX);
    set(socket, libc::SOL_SOCKET, libc::SO_BUSY_POLL, micros)?;
    let prefer = libc::c_int::from(prefer);
    set(socket, libc::SOL_SOCKET, libc::SO_PREFER_BUSY_POLL, prefer)
}

/// Gives an epoll instance its own busy polling (`EPIOCSPARAMS`, Linux 6.9).
pub(in crate::udp) fn epoll_busy_poll(epoll: &impl AsRawFd, micros: u32) -> io::Result<()> {
    let parameters = libc::epoll_params {
        busy_poll_usecs: micros,
        // The most packets a poll may take without a privilege (ioctl_eventpoll(2)).
        busy_poll_budget: 64,
        prefer_busy_poll: 1,
        __pad: 0,
    };
    // SAFETY: EPIOCSPARAMS reads one epoll_params, which lives across the call.
    let returned =
        unsafe { libc::ioctl(epoll.as_raw_fd(), libc::EPIOCSPARAMS, &raw const parameters) };
    checked(returned).map(|_zero| ())
}

/// Lets a classic BPF program choose the socket of a `SO_REUSEPORT` group for each datagram: it
/// returns the index of a socket, in the order in which they were bound.
pub(in crate::udp) fn steer(
    socket: BorrowedFd<'_>,
    program: &[libc::sock_filter],
) -> io::Result<()> {
    let header = libc::sock_fprog {
        len: libc::c_ushort::try_from(program.len())
            .map_err(|_too_long| io::ErrorKind::InvalidInput)?,
        // The kernel copies the instructions and only reads them.
        filter: program.as_ptr().cast_mut(),
    };
    let length = libc::socklen_t::try_from(size_of::<libc::sock_fprog>()).expect("16 bytes");
    // SAFETY: the option value is one sock_fprog of `length` bytes, whose `filter` leads to `len`
    // instructions; both live across the call, and the kernel copies them.
    let returned = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_REUSEPORT_CBPF,
            (&raw const header).cast(),
            length,
        )
    };
    checked(returned).map(|_zero| ())
}

/// Takes the program off a group again that chose among its sockets.
pub(in crate::udp) fn choose_by_hash(socket: BorrowedFd<'_>) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_DETACH_REUSEPORT_BPF, 0)
}

/// Sets the receive buffer past the limit of the host, which takes `CAP_NET_ADMIN`.
pub(in crate::udp) fn force_receive_buffer(socket: BorrowedFd<'_>, bytes: usize) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, clamp(bytes))
}

/// Sets the send buffer past the limit of the host, which takes `CAP_NET_ADMIN`.
pub(in crate::udp) fn force_send_buffer(socket: BorrowedFd<'_>, bytes: usize) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, clamp(bytes))
}

/// Reads `SO_MEMINFO`: 32-bit words, of which the first is the memory of unread datagrams and the
/// ninth the drops (`SK_MEMINFO_*` in `include/uapi/linux/sock_diag.h`).
pub(in crate::udp) fn memory(socket: BorrowedFd<'_>) -> io::Result<Memory> {
    let mut words = [0u32; SK_MEMINFO_VARS];
    let mut length = libc::socklen_t::try_from(size_of::<[u32; SK_MEMINFO_VARS]>())
        .expect("the structure is a few bytes long");
    // SAFETY: `words` is writable for `length` bytes and any bit pattern is valid in it; `length`
    // is a live socklen_t that the kernel lowers to what it wrote. Both outlive the call.
    let returned = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            words.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    checked(returned)?;
    Ok(Memory {
        queued: words[SK_MEMINFO_RMEM_ALLOC],
        drops: words[SK_MEMINFO_DROPS],
    })
}

/// Reads `SO_NETNS_COOKIE`: the number of the socket's network namespace, which no other one has until
/// the kernel starts anew (Linux 5.14).
pub(in crate::udp) fn network(socket: BorrowedFd<'_>) -> io::Result<u64> {
    let mut cookie: u64 = 0;
    let mut length = libc::socklen_t::try_from(size_of::<u64>()).expect("8 bytes");
    // SAFETY: `cookie` is writable for `length` bytes and any bit pattern is valid in it; `length`
    // is a live socklen_t that the kernel lowers to what it wrote. Both outlive the call, and the
    // descriptor is open for as long as it is borrowed.
    let returned = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_NETNS_COOKIE,
            (&raw mut cookie).cast(),
            &raw mut length,
        )
    };
    checked(returned).map(|_zero| cookie)
}

fn set(
    socket: BorrowedFd<'_>,
    level: libc::c_int,
    name: libc::c_int,
    value: libc::c_int,
) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<libc::c_int>()).expect("an int is small");
    // SAFETY: the option value is one int, `value` is one that lives across the call, and `length`
    // is its size; the kernel only reads it.
    let returned = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            (&raw const value).cast(),
            length,
        )
    };
    checked(returned).map(|_zero| ())
}

fn clamp(bytes: usize) -> libc::c_int {
    // The kernel doubles the value in an int of its own.
    libc::c_int::try_from(bytes)
        .unwrap_or(libc::c_int::MAX)
        .min(libc::c_int::MAX / 2)
}

const SK_MEMINFO_VARS: usize = 9;
const SK_MEMINFO_RMEM_ALLOC: usize = 0;
const SK_MEMINFO_DROPS: usize = 8;
