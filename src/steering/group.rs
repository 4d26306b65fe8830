//! Hands a group the program that chooses among its sockets.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use tracing::warn;

use super::{Steer, program};
use crate::udp::{Effect, Socket};

/// What chooses among the sockets of each address of a server.
#[derive(Clone, Debug)]
pub struct Steering {
    /// How.
    pub steer: Steer,
    /// Among how many.
    pub workers: usize,
    /// The processor of each, if that is known.
    pub pinned: Vec<usize>,
}

impl Steering {
    /// Lets it choose for the group of which `first` is the first socket. The whole group obeys,
    /// members to come included. `None` where the kernel's own choice is wanted.
    #[must_use]
    pub fn attach(&self, first: &Socket) -> Option<Effect<Steer>> {
        let program = self.program()?;
        let steer = self.steer;
        Some(Effect::from_result(first.steer(&program).map(|()| steer)))
    }

    /// Lets it choose again after something else did, also where the kernel's own choice is wanted.
    pub fn restore(&self, groups: &[Vec<Arc<Socket>>]) {
        for group in groups {
            let first = &group[0];
            let restored = match self.program() {
                Some(program) => first.steer(&program),
                None => first.choose_by_hash(),
            };
            if let Err(error) = restored {
                let address = first.local_address();
                warn!("{address}: cannot steer by {} again: {error}", self.steer);
            }
        }
    }

    fn program(&self) -> Option<Vec<program::Instruction>> {
        let workers = u32::try_from(self.workers).unwrap_or(u32::MAX);
        program::program(self.steer, workers, &self.pinned)
    }
}

/// Has the kernel leave all sockets out but the first ones of a group: by processor, so that most
/// flows stay in order.
///
/// # Errors
/// The kernel's reason; the group goes on as before then.
pub fn choose_among_first(first: &Socket, sockets: usize) -> io::Result<()> {
    let sockets = u32::try_from(sockets).unwrap_or(u32::MAX);
    match program::program(Steer::Cpu, sockets, &[]) {
        Some(program) => first.steer(&program),
        None => Ok(()),
    }
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
