//! One worker: a thread with one mio loop, its sockets, and one batch of slots for all of them.
//!
//! From the top down:
//!
//! - `choice`: which of the two workers it is, chosen once;
//! - `worker`: waits, decides which socket is served next, drains and ends;
//! - `faulty`: the same for a worker whose answers go wrong on purpose. Besides `worker` the only
//!   mio code;
//! - `echo`: one batch there and back;
//! - `door`: what it judges by: the newest rules, and the time;
//! - `unsent`: what the kernel would not take yet;
//! - `transmit`: what to do after each answer of the kernel to a send. Pure;
//! - `batch` and `single`: the two ways to read and send, behind `exchange::Exchange`;
//! - `rehearsal`: rounds without a thread, for benches.
//!
//! A worker never waits for anything but its poll, allocates nothing once it runs, and accounts
//! for every datagram once: echoed, refused, failed or dropped. `faulty` keeps the last of these
//! alone.

mod batch;
mod choice;
mod door;
mod echo;
mod exchange;
mod faulty;
mod gather;
mod refusals;
pub mod rehearsal;
mod single;
mod transmit;
mod unsent;
mod worker;

pub(crate) use choice::Worker;
pub(crate) use door::Door;
pub(crate) use worker::Equipment;
