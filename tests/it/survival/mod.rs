//! What the server must survive, and what it must have counted then.
//!
//! - `flood`: more than it can answer, from a few sources and from a hundred thousand;
//! - `sizes`: every length that a datagram can have;
//! - `mangled`: datagrams in pieces, cut short, with wrong sums;
//! - `kernel`: a kernel that refuses: no memory, no room, no permission;
//! - `network`: peers that vanish, and an interface that goes down and comes back;
//! - `process`: too few descriptors, a worker that panics, a time in which nothing runs;
//! - `clock`: the time of day, stepped;
//! - `metrics_port`: scrapers that are slow, rude or many;
//! - `subject`: the server to which all this is done.
//!
//! What takes minutes or an idle machine is in `scripts/soak`. Full disks and closed pipes are in
//! `log`, `output` and `sentences`, since they are about what it prints.

mod clock;
mod flood;
mod kernel;
mod mangled;
mod metrics_port;
mod network;
mod process;
mod sizes;
mod subject;
