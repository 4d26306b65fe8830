//! Hands a group the program that chooses among its sockets.

use std::net::IpAddr;

use super::{Steer, program};
use crate::udp::{Effect, Socket};

/// Lets `steer` choose among `workers` sockets, the first of which is `first`. The whole group
/// obeys, members to come included. `None` where the kernel's own choice is wanted.
#[must_use]
pub fn attach(
    first: &Socket,
    steer: Steer,
    workers: usize,
    pinned: &[usize],
) -> Option<Effect<Steer>> {
    let workers = u32::try_from(workers).unwrap_or(u32::MAX);
    let program = program::program(steer, workers, pinned)?;
    Some(Effect::from_result(first.steer(&program).map(|()| steer)))
}

/// Why `steer` will not do what it promises for datagrams to `address`, if so.
#[must_use]
pub fn warning(steer: Steer, address: IpAddr) -> Option<&'static str> {
    let by_processor = matches!(steer, Steer::Cpu | Steer::RxQueueCpu);
    (by_processor && address.is_loopback()).then_some(
        "over the loopback interface a datagram comes in on its sender's processor, so that all \
         datagrams of one sending thread go to one worker",
    )
}
