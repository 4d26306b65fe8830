//! One batch there and back over loopback: every way to read and send, by size of the datagrams
//! and by number of peers.
//!
//! Client and server share the machine, so a figure is a round trip of both. It tells two builds
//! apart on one machine, and nothing more; `scripts/yardstick` compares servers by what they cost.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use echo_reactor::config::Io;
use echo_reactor::udp::{MAX_PAYLOAD, Message, Outbox};
use echo_reactor::{Config, Running, Server};

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_500))
        .configure_from_args();
    for way in WAYS {
        measure(&mut criterion, way);
    }
    criterion.final_summary();
}

/// How the server works, and how the datagrams reach it.
#[derive(Clone, Copy)]
struct Way {
    name: &'static str,
    io: Io,
    /// Whether the client sends trains. If not, the server has to gather what it can.
    trains: bool,
}

const WAYS: [Way; 4] = [
    Way {
        name: "single",
        io: Io::Single,
        trains: false,
    },
    Way {
        name: "batch",
        io: Io::Batch,
        trains: false,
    },
    Way {
        name: "offload",
        io: Io::Offload,
        trains: false,
    },
    Way {
        name: "offload, trains",
        io: Io::Offload,
        trains: true,
    },
];

fn measure(criterion: &mut Criterion, way: Way) {
    let mut group = criterion.benchmark_group(way.name);
    group.throughput(Throughput::Elements(DATAGRAMS as u64));
    for size in [64, 1_400] {
        for peers in [1, 16] {
            let (server, address) = started(way.io);
            let mut clients = Clients::new(address, peers, size, way.trains);
            let shape = BenchmarkId::new(format!("{size} bytes"), format!("peers: {peers}"));
            group.bench_function(shape, |bencher| {
                bencher.iter(|| clients.exchange().expect(ALL_COME_BACK));
            });
            server.stopper().drain();
            let summary = server.join().expect("the server ends without a fault");
            assert_eq!(summary.total.unaccounted(), 0, "{summary}");
        }
    }
    group.finish();
}

fn started(io: Io) -> (Running, SocketAddr) {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::bind(&Config::on(any_port).io(io)).expect("a port is free");
    let address = server.endpoints()[0].address;
    (server.start().expect("there is room for a thread"), address)
}

/// Peers of the server, which send one batch among them.
struct Clients {
    sockets: Vec<UdpSocket>,
    outbox: Outbox,
    payload: Vec<u8>,
    size: u16,
    trains: bool,
}

impl Clients {
    fn new(server: SocketAddr, peers: usize, size: u16, trains: bool) -> Self {
        let connected = |_peer| {
            let socket = UdpSocket::bind(("127.0.0.1", 0))?;
            socket.connect(server)?;
            socket.set_read_timeout(Some(PATIENCE))?;
            Ok(socket)
        };
        let sockets: io::Result<Vec<_>> = (0..peers).map(connected).collect();
        Self {
            sockets: sockets.expect("ports are free"),
            outbox: Outbox::new(DATAGRAMS, DATAGRAMS),
            payload: vec![0x5a; DATAGRAMS / peers * usize::from(size)],
            size,
            trains,
        }
    }

    /// Sends a batch and waits until all of it is back.
    fn exchange(&mut self) -> io::Result<()> {
        for socket in &self.sockets {
            if self.trains {
                send_trains(&mut self.outbox, socket, &self.payload, self.size)?;
            } else {
                for datagram in self.payload.chunks(self.size.into()) {
                    socket.send(datagram)?;
                }
            }
        }
        let mut answer = [0; 2_048];
        for socket in &self.sockets {
            for _ in 0..DATAGRAMS / self.sockets.len() {
                let length = socket.recv(&mut answer)?;
                assert_eq!(length, usize::from(self.size), "answers are as long");
            }
        }
        Ok(())
    }
}

/// Sends `payload` as datagrams of `size` bytes, as many of them together as one message takes.
fn send_trains(
    outbox: &mut Outbox,
    socket: &UdpSocket,
    payload: &[u8],
    size: u16,
) -> io::Result<()> {
    let mut round = outbox.round();
    let whole = MAX_PAYLOAD - MAX_PAYLOAD % usize::from(size);
    for train in payload.chunks(whole.min(LONGEST_TRAIN * usize::from(size))) {
        let message = Message {
            segment: (train.len() > size.into()).then_some(size),
            ..Message::default()
        };
        assert!(round.push(&message, train), "there is room for all trains");
    }
    while round.waiting() > 0 {
        round.send(socket)?;
    }
    Ok(())
}

/// Datagrams in a batch: as many as the server has slots.
const DATAGRAMS: usize = 64;

/// What every kernel that cuts messages takes (`UDP_MAX_SEGMENTS` before Linux 6.9).
const LONGEST_TRAIN: usize = 64;

/// Long after this, an answer is lost and not late.
const PATIENCE: Duration = Duration::from_secs(5);

const ALL_COME_BACK: &str = "loopback loses no datagram of a batch that fits every buffer";
