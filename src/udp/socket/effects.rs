//! What becomes of the options of a socket: what is asked for is set and read back, and what another
//! program has set before is kept or taken back.

use std::io;
use std::os::fd::AsFd;

use socket2::{Domain, Protocol, Type};

use super::{Origin, SocketOptions, Stamping};
use crate::udp::options::Effect;
use crate::udp::sys;

/// What became of the options of a socket; `None` where nothing was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Effects {
    /// The receive buffer in force, in bytes as the kernel counts them (overhead included).
    pub receive_buffer: Effect<usize>,
    /// The send buffer in force, in bytes as the kernel counts them (overhead included).
    pub send_buffer: Effect<usize>,
    /// Whether trains are handed over as one.
    pub receive_offload: Option<Effect<bool>>,
    /// Whether there are stamps.
    pub stamps: Option<Effect<bool>>,
    /// The traffic class of what is sent.
    pub traffic_class: Option<Effect<u32>>,
    /// Microseconds for which the device's queue is polled.
    pub busy_poll: Option<Effect<u32>>,
}

impl Effects {
    /// Sets the options of a socket that is new, or has been `handed` over.
    pub(super) fn apply(
        options: &SocketOptions,
        socket: &socket2::Socket,
        v6: bool,
        handed: Option<Origin>,
    ) -> Self {
        let setter = Setter { socket, v6, handed };
        let receive_offload = options.receive_offload.then(|| {
            let set = sys::enable_receive_offload(socket.as_fd());
            Effect::from_result(set.map(|()| true))
        });
        Self {
            receive_buffer: setter.buffer(Buffer::Receive, options.receive_buffer),
            send_buffer: setter.buffer(Buffer::Send, options.send_buffer),
            receive_offload,
            stamps: setter.stamps(options.stamps),
            traffic_class: setter.traffic_class(options.traffic_class),
            busy_poll: setter.busy_poll(options.busy_poll),
        }
    }
}

struct Setter<'a> {
    socket: &'a socket2::Socket,
    v6: bool,
    handed: Option<Origin>,
}

impl Setter<'_> {
    /// Sets a buffer size, past the host's limit where that is allowed, and reads back what is in force.
    fn buffer(&self, which: Buffer, wanted: Option<usize>) -> Effect<usize> {
        let set = match (wanted, self.handed) {
            (Some(bytes), None) => which
                .force(self.socket, bytes)
                .or_else(|_needs_a_privilege| which.set(self.socket, bytes)),
            (Some(bytes), Some(origin)) => self.adjust(which, bytes, origin),
            (None, Some(Origin::Predecessor)) => self
                .fresh()
                .and_then(|fresh| which.get(&fresh))
                .and_then(|usual| which.set(self.socket, usual / 2)),
            (None, _) => Ok(()),
        };
        Effect::from_result(set.and_then(|()| which.get(self.socket)))
    }

    /// Sets the size of a buffer that another program has set before, maybe with a privilege that this one
    /// lacks: what cannot be had again is not given up for less.
    fn adjust(&self, which: Buffer, bytes: usize, origin: Origin) -> io::Result<()> {
        let present = which.get(self.socket)?;
        // An administrator has asked the manager for more (`ReceiveBuffer=`, `SendBuffer=`).
        let is_plenty = origin == Origin::Manager && present / 2 >= bytes;
        if is_plenty || which.force(self.socket, bytes).is_ok() {
            return Ok(());
        }
        let fresh = self.fresh()?;
        which.set(&fresh, bytes)?;
        let possible = which.get(&fresh)?;
        if possible / 2 >= bytes || possible > present {
            which.set(self.socket, bytes)?;
        }
        Ok(())
    }

    fn stamps(&self, wanted: Stamping) -> Option<Effect<bool>> {
        let fd = self.socket.as_fd();
        let set = match wanted {
            Stamping::Off if self.is_inherited() => return taken_back(sys::disable_stamps(fd)),
            Stamping::Off => return None,
            Stamping::Receive => sys::enable_stamps(fd),
            Stamping::BothWays => sys::enable_timestamping(fd),
        };
        Some(Effect::from_result(set.map(|()| true)))
    }

    fn traffic_class(&self, wanted: Option<u8>) -> Option<Effect<u32>> {
        let set = |class: u8| {
            if self.v6 {
                let set = self.socket.set_tclass_v6(class.into());
                set.and_then(|()| self.socket.tclass_v6())
            } else {
                let set = self.socket.set_tos_v4(class.into());
                set.and_then(|()| self.socket.tos_v4())
            }
        };
        match wanted {
            Some(class) => Some(Effect::from_result(set(class))),
            None if self.is_inherited() => taken_back(set(0).map(drop)),
            None => None,
        }
    }

    fn busy_poll(&self, wanted: Option<u32>) -> Option<Effect<u32>> {
        let fd = self.socket.as_fd();
        match wanted {
            Some(micros) => {
                let set = sys::busy_poll(fd, micros, true);
                Some(Effect::from_result(set.map(|()| micros)))
            }
            None if self.is_inherited() => {
                let usual = self.fresh().and_then(|fresh| fresh.busy_poll());
                let lower = usual.and_then(|usual| Ok(usual.min(self.socket.busy_poll()?)));
                // More than there is now takes a privilege, and nobody has asked for it.
                taken_back(lower.and_then(|lower| sys::busy_poll(fd, lower, false)))
            }
            None => None,
        }
    }

    /// Whether a predecessor has set what its flags said, which may be others than those of this program. What a
    /// service manager has opened may be as its unit says.
    fn is_inherited(&self) -> bool {
        self.handed == Some(Origin::Predecessor)
    }

    /// A socket of the same kind that nobody has set anything of.
    fn fresh(&self) -> io::Result<socket2::Socket> {
        let domain = if self.v6 { Domain::IPV6 } else { Domain::IPV4 };
        socket2::Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))
    }
}

/// Nothing to tell, unless what was set before is still in force.
fn taken_back<T>(result: io::Result<()>) -> Option<Effect<T>> {
    match Effect::from_result(Err(result.err()?)) {
        // Then it has not been set before either.
        Effect::Unsupported => None,
        refused => Some(refused),
    }
}

#[derive(Clone, Copy)]
enum Buffer {
    Receive,
    Send,
}

impl Buffer {
    fn get(self, socket: &socket2::Socket) -> io::Result<usize> {
        match self {
            Self::Receive => socket.recv_buffer_size(),
            Self::Send => socket.send_buffer_size(),
        }
    }

    fn set(self, socket: &socket2::Socket, bytes: usize) -> io::Result<()> {
        match self {
            Self::Receive => socket.set_recv_buffer_size(bytes),
            Self::Send => socket.set_send_buffer_size(bytes),
        }
    }

    fn force(self, socket: &socket2::Socket, bytes: usize) -> io::Result<()> {
        match self {
            Self::Receive => sys::force_receive_buffer(socket.as_fd(), bytes),
            Self::Send => sys::force_send_buffer(socket.as_fd(), bytes),
        }
    }
}
