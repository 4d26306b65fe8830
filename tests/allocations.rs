//! A server in its steady state takes no memory from the allocator, whatever comes.

#![expect(
    unsafe_code,
    reason = "a global allocator that counts is an unsafe trait"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use echo_reactor::config::{Io, Wait};
use echo_reactor::udp::{Message, Outbox, Socket, SocketOptions};
use echo_reactor::{Config, Server};

/// The system's allocator, which counts what this process asks of it.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is handed to the system's allocator unchanged, whose contract is this one's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above; `pointer` came from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Clients that take no memory either: some that send one by one, and one that sends trains.
struct Clients {
    plain: Vec<UdpSocket>,
    train: Socket,
    outbox: Outbox,
    payload: Vec<u8>,
    reply: Vec<u8>,
}

impl Clients {
    fn to(server: SocketAddr) -> Self {
        let plain = std::iter::repeat_with(|| {
            let client = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
            client.connect(server).expect("the server has a route");
            client.set_read_timeout(PATIENCE).expect("it is not zero");
            client
        });
        let train = Socket::connect(server, &SocketOptions::default());
        let train = train.expect("the server has a route");
        train.as_std().set_nonblocking(false).expect("it is a mode");
        let timeout = train.as_std().set_read_timeout(PATIENCE);
        timeout.expect("it is not zero");
        Self {
            plain: plain.take(3).collect(),
            train,
            outbox: Outbox::new(1, 1),
            payload: vec![7; 2_048],
            reply: vec![0; 65_536],
        }
    }

    /// Sends 64 datagrams, 16 of them by each client, and wants as many back.
    fn round(&mut self) {
        for number in 0..16 {
            // Runs of one size, with a shorter one, a longer one and an empty one in between.
            let length = [64, 64, 64, 10, 64, 64, 1_400, 0][number % 8];
            for client in &self.plain {
                let sent = client.send(&self.payload[..length]);
                assert_eq!(sent.expect("the kernel sends it"), length);
            }
        }
        let mut round = self.outbox.round();
        let train = Message {
            segment: Some(100),
            ..Message::default()
        };
        assert!(round.push(&train, &self.payload[..1_550]));
        assert_eq!(round.send(&self.train).expect("the kernel sends it"), 1);
        for client in self.plain.iter().chain([self.train.as_std()]) {
            for _ in 0..16 {
                client.recv(&mut self.reply).expect("a reply comes");
            }
        }
    }
}

/// Allocations of the whole process while a server answers 20,000 datagrams.
fn allocations(config: &Config) -> u64 {
    let server = Server::bind(config).expect("a loopback port is free");
    let port = server.endpoints()[0].address.port();
    let running = server.start().expect("threads can be started");
    let mut clients = Clients::to(([127, 0, 0, 1], port).into());
    for _ in 0..WARM_UP {
        clients.round();
    }
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    assert_ne!(before, 0, "what was set up is counted");
    for _ in 0..ROUNDS {
        clients.round();
    }
    let after = ALLOCATIONS.load(Ordering::Relaxed);
    running.stopper().drain();
    let summary = running.join().expect("no worker fails");
    assert_eq!(summary.total.echoed, 64 * (WARM_UP + ROUNDS));
    after - before
}

/// One test alone, since the allocations of another one would count too.
#[test]
fn a_datagram_and_its_reply_take_no_memory_from_the_allocator() {
    for io in [Io::Single, Io::Batch, Io::Offload] {
        for address in ["127.0.0.1:0", "0.0.0.0:0"] {
            for (send, timestamps, wait) in [
                (true, false, Wait::Sleep),
                (false, true, Wait::Adaptive(Duration::from_micros(50))),
            ] {
                // Two workers, or one where everything has to go by the same slots.
                let workers = if send { 1 } else { 2 };
                let config = Config::on(address.parse().expect("it is one"))
                    .io(io)
                    .workers(workers)
                    .offloads(true, send)
                    .timestamps(timestamps)
                    .wait(wait);
                assert_eq!(allocations(&config), 0, "{io:?}, {address}, {wait:?}");
            }
        }
    }
}

const WARM_UP: u64 = 50;
/// 20,032 datagrams.
const ROUNDS: u64 = 313;
const PATIENCE: Option<Duration> = Some(Duration::from_secs(10));
