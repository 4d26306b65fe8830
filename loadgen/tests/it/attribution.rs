//! Where lost probes died, against what each place counts for itself.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use echo_reactor::udp::{Socket, SocketOptions};
use loadgen::results::Known;
use rustix::process::Signal;

use crate::rig::PATIENCE;
use crate::rig::peer::Peer;
use crate::rig::run::{doubts, finish, measure, start};

#[test]
fn what_the_servers_socket_had_no_room_for_died_there() {
    let server = SlowServer::start(100);
    let arguments = "--rate 1000 --duration 300ms --warmup 0s --timeout 2s";
    let (_, run) = measure(server.address, arguments);
    let (received, drops) = server.finish();
    assert_eq!(received + drops, run.counts.sent);
    assert_eq!(run.counts.lost, drops);
    assert!(drops >= 100);
    let lost_by = run.lost_by.unwrap();
    assert_eq!(lost_by.server_known, Known::SameHost);
    assert_eq!(lost_by.server_socket, Some(drops));
    assert_eq!(
        (lost_by.own_socket, lost_by.server, lost_by.path),
        (0, None, 0)
    );
}

#[test]
fn what_a_server_does_not_answer_is_not_laid_at_any_socket() {
    let mut probes = 0_u64;
    let peer = Peer::start(move |seen, answers| {
        probes += 1;
        if !probes.is_multiple_of(10) {
            answers.echo(seen);
        }
    });
    let arguments = "--rate 1000 --duration 300ms --warmup 0s --timeout 500ms";
    let (_, run) = measure(peer.address(), arguments);
    peer.finish().assert_counted(&run.counts);
    let lost_by = run.lost_by.unwrap();
    assert!(run.counts.lost > 0);
    assert_eq!(lost_by.path, run.counts.lost);
    assert_eq!((lost_by.own_socket, lost_by.server_socket), (0, Some(0)));
}

#[test]
fn answers_that_our_own_socket_had_no_room_for_died_there() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let target = socket.local_addr().unwrap();
    let arguments = "--rate 1000 --duration 300ms --warmup 0s --timeout 2s --flows 1 --rcvbuf 1";
    let program = start(target, arguments);
    let mut probe = [0; 64];
    let held: Vec<_> = (0..100)
        .map(|_| socket.recv_from(&mut probe).map(|(_, from)| (probe, from)))
        .collect::<io::Result<_>>()
        .unwrap();
    // A stopped generator reads nothing, and its buffer is too small for a hundred answers.
    program.signal(Signal::STOP);
    program.until_stopped();
    for (probe, from) in held {
        socket.send_to(&probe, from).unwrap();
    }
    program.signal(Signal::CONT);
    let echo = Echo::start(socket);
    let (_, run) = finish(program);
    let echoed = 100 + echo.finish();
    // Every probe was answered.
    assert_eq!(echoed, run.counts.sent);
    assert!(run.counts.lost > 50, "{:?}", run.counts);
    assert_eq!(run.lost_by.unwrap().own_socket, run.counts.lost);
    assert_eq!(run.lost_by.unwrap().raw.own_socket, run.counts.lost);
    assert_eq!(run.lost_by.unwrap().path, 0);
    assert!(doubts(&run).contains(&"own_drops"), "{:?}", run.verdict);
}

/// A server that reads nothing until its socket, which has next to no room, has dropped datagrams,
/// and then answers everything.
struct SlowServer {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    /// Returns how many datagrams it received, and how many its socket dropped.
    thread: JoinHandle<(u64, u64)>,
}

impl SlowServer {
    fn start(until_dropped: u32) -> Self {
        let options = SocketOptions {
            receive_buffer: Some(1),
            ..SocketOptions::default()
        };
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let socket = Socket::bind(anywhere, &options).expect("a port is free");
        let over = Arc::new(AtomicBool::new(false));
        Self {
            address: socket.local_address(),
            over: Arc::clone(&over),
            thread: thread::spawn(move || serve_late(&socket, until_dropped, &over)),
        }
    }

    #[track_caller]
    fn finish(self) -> (u64, u64) {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().expect("it does not panic")
    }
}

fn serve_late(socket: &Socket, until_dropped: u32, over: &AtomicBool) -> (u64, u64) {
    let drops = || socket.memory().expect("the kernel counts drops").drops;
    let begun = Instant::now();
    while drops() < until_dropped {
        assert!(begun.elapsed() < PATIENCE, "nothing was dropped");
        thread::sleep(Duration::from_millis(1));
    }
    let received = echo_until(socket.as_std(), over);
    (received, drops().into())
}

/// Sends back what comes.
struct Echo {
    over: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Echo {
    fn start(socket: UdpSocket) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        Self {
            over,
            thread: thread::spawn(move || echo_until(&socket, &ends)),
        }
    }

    /// How many it sent back.
    #[track_caller]
    fn finish(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().expect("it does not panic")
    }
}

/// Sends back what comes until `over`, and all that came before; returns how many.
fn echo_until(socket: &UdpSocket, over: &AtomicBool) -> u64 {
    socket.set_nonblocking(true).expect("it is a socket");
    let mut buffer = [0; 2_048];
    let mut echoed = 0;
    loop {
        let ends = over.load(Ordering::Relaxed);
        match socket.recv_from(&mut buffer) {
            Ok((length, from)) => {
                socket
                    .send_to(&buffer[..length], from)
                    .expect("it can answer");
                echoed += 1;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if ends {
                    return echoed;
                }
                thread::sleep(Duration::from_micros(200));
            }
            Err(error) => panic!("it cannot receive: {error}"),
        }
    }
}
