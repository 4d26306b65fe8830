//! Sockets that somebody else has opened, bound, and maybe read.

use std::io;
use std::net::UdpSocket;
use std::os::fd::AsFd;

use super::{During, Effects, Socket, SocketError, SocketOptions};
use crate::udp::sys;

/// Who has set the options of a socket that is handed over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// A service manager, as its unit says: a buffer that is larger than what is asked for stays, and so does
    /// what nobody asks for.
    Manager,
    /// A server that opened it, by flags that may have been others: what nobody asks for any more is taken back.
    Predecessor,
}

impl Socket {
    /// Takes a socket that somebody else has bound, with the rest of `options`. A buffer is not made smaller
    /// than it is for want of a privilege.
    ///
    /// # Errors
    /// The operation that failed with the kernel's reason; [`io::ErrorKind::Unsupported`] for an IPv6
    /// socket that takes IPv4 too.
    pub fn adopt(
        bound: UdpSocket,
        options: &SocketOptions,
        origin: Origin,
    ) -> Result<Self, SocketError> {
        let local = bound.local_addr().during("read the port of")?;
        let socket = socket2::Socket::from(bound);
        let family =
            "take from its opener (it must be restricted to IPv6, as by BindIPv6Only=ipv6-only)";
        if local.is_ipv6() && !socket.only_v6().during(family)? {
            return Err(io::Error::from(io::ErrorKind::Unsupported)).during(family);
        }
        socket.set_nonblocking(true).during("keep from blocking")?;
        socket.set_cloexec(true).during("keep to itself")?;
        // Else a forged sender would have it answer a whole network at once.
        socket
            .set_broadcast(false)
            .during("keep from broadcasting")?;
        let effects = Effects::apply(options, &socket, local.is_ipv6(), Some(origin));
        if options.packet_info {
            sys::enable_packet_info(socket.as_fd(), local.is_ipv6())
                .during("ask for the local address of datagrams on")?;
        }
        Ok(Self {
            inner: UdpSocket::from(socket),
            local,
            options: options.clone(),
            effects,
            earlier_drops: 0,
        })
    }

    /// The same of a socket that another server has read, which has counted what was dropped so far.
    ///
    /// # Errors
    /// As [`Socket::adopt`].
    pub fn inherit(
        bound: UdpSocket,
        options: &SocketOptions,
        origin: Origin,
    ) -> Result<Self, SocketError> {
        let mut socket = Self::adopt(bound, options, origin)?;
        // A kernel that does not count has counted nothing.
        socket.earlier_drops = socket.memory().unwrap_or_default().drops;
        Ok(socket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::udp::socket::Stamping;

    fn opened(options: &SocketOptions) -> UdpSocket {
        let socket = Socket::bind(([127, 0, 0, 1], 0).into(), options).unwrap();
        socket.as_std().try_clone().unwrap()
    }

    fn with_receive_buffer(bytes: usize) -> SocketOptions {
        SocketOptions {
            receive_buffer: Some(bytes),
            ..SocketOptions::default()
        }
    }

    /// What a socket with a receive buffer of 256 KiB has when 64 KiB are asked for.
    fn receive_buffer_from(origin: Origin) -> usize {
        let socket = opened(&with_receive_buffer(262_144));
        let socket = Socket::adopt(socket, &with_receive_buffer(65_536), origin).unwrap();
        *socket.effects().receive_buffer.applied().unwrap() / 2
    }

    #[test]
    fn what_a_manager_gave_stays_and_a_predecessor_s_flag_does_not() {
        let given = opened(&with_receive_buffer(262_144));
        let given = socket2::SockRef::from(&given).recv_buffer_size().unwrap() / 2;
        assert_eq!(receive_buffer_from(Origin::Manager), given);
        assert_eq!(receive_buffer_from(Origin::Predecessor), 65_536);
    }

    #[test]
    fn what_nobody_asks_for_any_more_is_taken_back() {
        let usual = SocketOptions::default();
        let set = SocketOptions {
            send_buffer: Some(65_536),
            stamps: Stamping::Receive,
            traffic_class: Some(0xb8),
            busy_poll: Some(0),
            ..SocketOptions::default()
        };
        let look = |socket: &UdpSocket| {
            let socket = socket2::SockRef::from(socket);
            (socket.tos_v4().unwrap(), socket.send_buffer_size().unwrap())
        };
        let unset = look(&opened(&usual));
        let socket = opened(&set);
        assert_ne!(look(&socket), unset);
        let kept = Socket::adopt(socket, &usual, Origin::Manager).unwrap();
        assert_ne!(look(kept.as_std()), unset);
        let other = kept.as_std().try_clone().unwrap();
        let other = Socket::inherit(other, &usual, Origin::Predecessor).unwrap();
        assert_eq!(look(other.as_std()), unset);
        let effects = other.effects();
        assert_eq!((&effects.traffic_class, &effects.stamps), (&None, &None));
        assert_eq!(effects.busy_poll, None);
    }
}
