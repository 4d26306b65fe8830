//! The system calls that the standard library and socket2 lack, and the one place for `unsafe`.
//!
//! Each operating system has a file that provides:
//!
//! - `RecvTable`: slots that the kernel fills by one call;
//! - `SendTable` and `SendRound`: messages that the kernel takes by one call;
//! - the socket options that socket2 does not offer.
//!
//! Linux alone has calls for many datagrams at once; elsewhere there is nothing to build on yet.

#![allow(
    unsafe_code,
    reason = "the raw system calls of the whole workspace are made here"
)]

#[cfg(not(target_os = "linux"))]
compile_error!("this program needs recvmmsg and sendmmsg, which Linux alone has");

#[cfg(not(target_pointer_width = "64"))]
compile_error!("control messages are laid out for 64-bit systems alone");

mod linux;
mod recv_table;
mod send_table;

pub(super) use linux::{
    busy_poll, choose_by_hash, disable_stamps, enable_packet_info, enable_receive_offload,
    enable_stamps, enable_timestamping, epoll_busy_poll, force_receive_buffer, force_send_buffer,
    memory, network, steer,
};
pub(super) use recv_table::RecvTable;
pub(super) use send_table::{SendRound, SendTable};

use std::io;

/// Turns what a system call returned into a count or the error that it left in `errno`.
fn checked(returned: libc::c_int) -> io::Result<usize> {
    usize::try_from(returned).map_err(|_negative| io::Error::last_os_error())
}
