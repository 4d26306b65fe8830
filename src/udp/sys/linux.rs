//! Socket options that socket2 does not offer.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::super::socket::Memory;
use super::checked;

/// Asks for `IP_PKTINFO` or `IPV6_PKTINFO` with every datagram.
pub(in crate::udp) fn enable_packet_info(socket: BorrowedFd<'_>, v6: bool) -> io::Result<()> {
    if v6 {
        set(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)
    } else {
        set(socket, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)
    }
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
    libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX) / 2 * 2
}

const SK_MEMINFO_VARS: usize = 9;
const SK_MEMINFO_RMEM_ALLOC: usize = 0;
const SK_MEMINFO_DROPS: usize = 8;
