//! Datagrams that pass through the kernel together: sent and received by the calls that the
//! programs use, judged by their content alone.

use std::io;
use std::net::{IpAddr, SocketAddr};

use echo_reactor::udp::{Layout, Message, Outbox, RecvBatch, Socket, SocketOptions};

/// A connected socket that sends trains, and takes replies one by one or as trains.
pub(crate) struct TrainClient {
    pub(crate) socket: Socket,
}

impl TrainClient {
    /// Takes replies as trains if `trains` is set, else one by one.
    pub(crate) fn to(server: SocketAddr, trains: bool) -> Self {
        let options = SocketOptions {
            receive_offload: trains,
            receive_buffer: Some(4 << 20),
            ..SocketOptions::default()
        };
        let socket = Socket::connect(server, &options).expect("the server has a route");
        Self { socket }
    }

    /// Talks to `server` from `local`, and takes replies one by one.
    pub(crate) fn from_to(local: IpAddr, server: SocketAddr) -> Self {
        let socket = Socket::bind((local, 0).into(), &SocketOptions::default());
        let socket = socket.expect("a port is free");
        let connected = socket.as_std().connect(server);
        connected.expect("the server has a route");
        Self { socket }
    }

    /// Sends `payload` as datagrams of `segment` bytes, the last of which may be shorter.
    #[track_caller]
    pub(crate) fn send(&self, payload: &[u8], segment: u16) {
        let sent = self.try_send(payload, segment);
        assert_eq!(sent.expect("the kernel takes the train"), 1);
    }

    /// The same, where the kernel may have no room or nobody may be there; how many trains it took.
    pub(crate) fn try_send(&self, payload: &[u8], segment: u16) -> io::Result<usize> {
        let mut outbox = Outbox::new(1, 1);
        let mut round = outbox.round();
        let message = Message {
            segment: Some(segment),
            ..Message::default()
        };
        assert!(round.push(&message, payload));
        round.send(&self.socket)
    }

    /// One reply, taken by the standard library.
    #[track_caller]
    pub(crate) fn receive(&self) -> Vec<u8> {
        self.wait();
        let mut buffer = vec![0; 65_536];
        let length = self.socket.as_std().recv(&mut buffer);
        buffer.truncate(length.expect("a reply is there"));
        buffer
    }

    /// What one call brings: each reply with the size of its datagrams if it is a train.
    #[track_caller]
    pub(crate) fn receive_trains(&self) -> Vec<(Vec<u8>, Option<u16>)> {
        self.wait();
        let mut batch = RecvBatch::new(Layout::whole_datagrams(16));
        let received = batch.receive(&self.socket).expect("a reply is there");
        (0..received)
            .map(|slot| {
                let segment = batch.received()[slot].segment;
                (batch.payload(slot).to_vec(), segment)
            })
            .collect()
    }

    /// Until a reply is there.
    #[track_caller]
    fn wait(&self) {
        super::lines::wait_for(std::os::fd::AsFd::as_fd(&self.socket), "a reply");
    }
}
