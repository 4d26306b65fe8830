//! A plain socket that talks to a server.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::{PATIENCE, uninterrupted};

/// A connected socket: it hears only the address that it talks to.
pub(crate) struct Client {
    pub(crate) socket: UdpSocket,
}

impl Client {
    /// Talks to `server` from whatever address the kernel picks.
    pub(crate) fn to(server: SocketAddr) -> Self {
        let anywhere: IpAddr = if server.is_ipv6() {
            Ipv6Addr::UNSPECIFIED.into()
        } else {
            Ipv4Addr::UNSPECIFIED.into()
        };
        Self::from_to(anywhere, server)
    }

    /// Talks to `server` from `local`.
    pub(crate) fn from_to(local: IpAddr, server: SocketAddr) -> Self {
        Self::between((local, 0).into(), server)
    }

    /// The same, where an address needs an interface too.
    pub(crate) fn between(local: SocketAddr, server: SocketAddr) -> Self {
        let socket = UdpSocket::bind(local).expect("a port is free");
        socket.connect(server).expect("the server has a route");
        socket
            .set_read_timeout(Some(PATIENCE))
            .expect("the timeout is not zero");
        Self { socket }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("it is bound")
    }

    #[track_caller]
    pub(crate) fn send(&self, payload: &[u8]) {
        let sent = self.socket.send(payload);
        assert_eq!(sent.expect("the kernel sends it"), payload.len());
    }

    #[track_caller]
    pub(crate) fn receive(&self) -> Vec<u8> {
        let mut buffer = vec![0; 65_536];
        let length = match uninterrupted(|| self.socket.recv(&mut buffer)) {
            Ok(length) => length,
            Err(error) => panic!("no reply: {error}"),
        };
        buffer.truncate(length);
        buffer
    }

    /// Sends `payload` and wants exactly that back.
    #[track_caller]
    pub(crate) fn assert_echo(&self, payload: &[u8]) {
        self.send(payload);
        let reply = self.receive();
        let length = payload.len();
        assert_eq!(reply.len(), length, "the reply to {length} bytes");
        assert!(
            reply == payload,
            "the reply to {length} bytes has other content"
        );
    }

    /// Nothing more is queued. Says something only after a later datagram was answered, since
    /// replies on one flow keep their order.
    #[track_caller]
    pub(crate) fn assert_nothing_queued(&self) {
        self.socket
            .set_nonblocking(true)
            .expect("a mode of sockets");
        let more = self.socket.recv(&mut [0; 64]);
        let kind = more.map_err(|error| error.kind());
        assert_eq!(kind, Err(io::ErrorKind::WouldBlock));
    }
}

/// Bytes without any regularity that a shift by a few of them would leave unseen.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ length as u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    })
    .take(length)
    .collect()
}
