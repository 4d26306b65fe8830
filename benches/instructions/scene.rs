//! What the work is done on.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use echo_reactor::Config;
use echo_reactor::config::Io;
use echo_reactor::rehearsal::Rehearsal;
use echo_reactor::udp::{Message, Outbox, RawAddress, Received, Socket, SocketOptions, cmsg};

use crate::work;

/// Datagrams in a batch.
pub(crate) const BATCH: usize = 64;

/// Datagrams that one message may have: what every kernel takes that cuts messages at all.
pub(crate) const SEGMENTS: u32 = 64;

/// Bytes of a datagram.
pub(crate) const SIZE: u16 = 64;

/// A datagram as it comes in.
pub(crate) type Arrival = (RawAddress, Received);

/// One batch from so many peers in turn.
pub(crate) fn arrivals(peers: u16) -> Vec<Arrival> {
    let received = Received {
        length: SIZE.into(),
        ..Received::default()
    };
    (0..peers)
        .cycle()
        .map(|peer| SocketAddr::from(([127, 0, 0, 1], 40_000 + peer)))
        .map(|peer| (RawAddress::from(peer), received))
        .take(BATCH)
        .collect()
}

/// What the kernel says of each train of a batch: where it was sent to, and its segment size.
pub(crate) fn controls() -> Vec<cmsg::Buffer> {
    let mut room = work::room();
    work::encode(&mut room);
    for buffer in &mut room {
        // A size comes in as another type than it goes out (udp(7)), and as a word of four bytes.
        buffer.0[32..40].copy_from_slice(&20_u64.to_ne_bytes());
        buffer.0[44..48].copy_from_slice(&libc::UDP_GRO.to_ne_bytes());
        buffer.0[48..52].copy_from_slice(&i32::from(SIZE).to_ne_bytes());
    }
    room
}

/// A worker with one batch of datagrams waiting in its socket.
pub(crate) struct Scene {
    worker: Rehearsal,
    /// Open, since a reply to a closed port comes back as an error.
    clients: Vec<UdpSocket>,
    slots: usize,
}

impl Scene {
    /// Datagrams of so many peers in turn.
    pub(crate) fn with_datagrams(io: Io, peers: usize) -> Self {
        Self::warmed_up(io, peers, BATCH, Self::send_datagrams)
    }

    /// The datagrams of one peer as one train.
    pub(crate) fn with_train() -> Self {
        Self::warmed_up(Io::Offload, 1, 1, Self::send_train)
    }

    /// Receives, judges and answers all of it.
    pub(crate) fn answer_all(&mut self) {
        let mut answered = 0;
        while answered < self.slots {
            answered += self.worker.round().expect("the socket is sound");
        }
    }

    /// Answers one batch, so that everything of the first time is over, and queues the next one.
    fn warmed_up(io: Io, peers: usize, slots: usize, send: fn(&Self) -> io::Result<()>) -> Self {
        let mut scene = Self::new(io, peers, slots).expect("ports are free");
        send(&scene).expect("loopback takes everything");
        scene.answer_all();
        assert_eq!(scene.worker.counters().echoed.read(), BATCH as u64);
        send(&scene).expect("loopback takes everything");
        scene
    }

    fn new(io: Io, peers: usize, slots: usize) -> io::Result<Self> {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let options = SocketOptions {
            receive_offload: io == Io::Offload,
            ..SocketOptions::default()
        };
        let socket = Socket::bind(any_port, &options).map_err(|error| error.source)?;
        let connected = |_peer| {
            let client = UdpSocket::bind(any_port)?;
            client.connect(socket.local_address())?;
            Ok(client)
        };
        let clients: io::Result<_> = (0..peers).map(connected).collect();
        let config = Config::on(any_port).io(io).batch(BATCH);
        let segments = if io == Io::Offload { SEGMENTS } else { 1 };
        Ok(Self {
            clients: clients?,
            worker: Rehearsal::new(&config, socket, segments),
            slots,
        })
    }

    fn send_datagrams(&self) -> io::Result<()> {
        let mut one = None;
        for client in self.clients.iter().cycle().take(BATCH) {
            client.send(&[0x5a; SIZE as usize])?;
            // All of them are of one size in the kernel too.
            if one.is_none() {
                one = Some(self.await_queued(1)?);
            }
        }
        self.await_queued(one.unwrap_or(0) * u32::try_from(BATCH).unwrap_or(0))?;
        Ok(())
    }

    fn send_train(&self) -> io::Result<()> {
        let payload = [0x5a; SIZE as usize * BATCH];
        let mut outbox = Outbox::new(1, 1);
        let mut round = outbox.round();
        let train = Message {
            segment: Some(SIZE),
            ..Message::default()
        };
        assert!(round.push(&train, &payload), "there is room for one");
        round.send(&self.clients[0])?;
        self.await_queued(1).map(|_bytes| ())
    }

    /// Waits until at least so many bytes are queued, which the kernel may do in its own time;
    /// returns how many are.
    fn await_queued(&self, bytes: u32) -> io::Result<u32> {
        let end = Instant::now() + PATIENCE;
        loop {
            let queued = self.worker.socket().memory()?.queued;
            if queued >= bytes {
                return Ok(queued);
            }
            if Instant::now() > end {
                return Err(io::ErrorKind::TimedOut.into());
            }
            std::thread::yield_now();
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(5);
