//! Batched UDP over nonblocking sockets: datagrams in and out by the dozen, each with its peer,
//! the local address that it was sent to, and the segment size of the train that it came in.
//!
//! This module is shared by both programs and imports nothing else from the crate. Its parts, from
//! the top down:
//!
//! - [`offload`]: how long a train the kernel takes;
//! - [`socket`]: opens a nonblocking socket and binds it, or takes one that is handed over, and keeps what
//!   took effect;
//! - [`batch`]: [`RecvBatch`], slots that are allocated once and filled by one call, and
//!   [`StampBatch`], the same for stamps of what was sent;
//! - [`outbox`]: [`Outbox`], messages that leave by one call without copying their payloads;
//! - [`network`]: which network namespace this is;
//! - [`options`]: what became of a kernel option that somebody asked for;
//! - `sys`: the system calls. The one place for `unsafe`;
//! - [`message`]: what is known of a message that came or shall go;
//! - [`memory`]: how slots lie in memory, and how much a socket holds;
//! - [`errors`]: what the errors of sends mean;
//! - [`stamps`]: when a message came or left, as bytes;
//! - [`cmsg`]: control messages as bytes, decoded and encoded without `unsafe`;
//! - [`address`]: socket addresses in the kernel's own layout.

pub mod address;
pub mod batch;
pub mod cmsg;
pub mod errors;
pub mod memory;
pub mod message;
pub mod network;
pub mod offload;
pub mod options;
pub mod outbox;
pub mod socket;
pub mod stamps;
mod sys;

pub use address::RawAddress;
pub use batch::{RecvBatch, StampBatch};
pub use cmsg::LocalAddress;
pub use memory::{Layout, Memory};
pub use message::{Message, Received};
pub use options::Effect;
pub use outbox::{Outbox, Round};
pub use socket::{Socket, SocketOptions, Stamping};
pub use stamps::Stamps;

/// The largest payload that a UDP datagram over IPv4 can carry: 65,535 bytes less 20 bytes of IP
/// header and 8 bytes of UDP header (RFC 791, RFC 768).
pub const MAX_PAYLOAD: usize = 65_507;

/// The longest payload that passes through the kernel as one train: a device takes 65,536 bytes
/// (`GSO_LEGACY_MAX_SIZE` in `include/linux/netdevice.h`), headers of Ethernet (14), IPv6 (40) and
/// UDP (8) included. A longer one is allowed, but is cut up before it gets to the device.
pub const MAX_TRAIN: usize = 65_536 - 14 - 40 - 8;

/// The most messages that one `sendmmsg` takes; a longer vector is cut by the kernel (`UIO_MAXIOV`).
pub const MAX_MESSAGES: usize = 1_024;
