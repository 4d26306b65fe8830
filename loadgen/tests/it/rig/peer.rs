//! An echo server that does on purpose what networks do by accident, and keeps a record of it.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use loadgen::probe::{Decoded, Expected, HEADER_LENGTH, Probe};
use socket2::SockRef;

use super::PATIENCE;
use super::truth::{Given, Kind, Log};

/// A peer at work. Dropping it stops it.
pub(crate) struct Peer {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Log>>,
}

/// One probe that the peer received.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) from: SocketAddr,
    pub(crate) probe: Probe,
    pub(crate) bytes: Vec<u8>,
}

/// What the peer sends in answer to one probe, in this order.
#[derive(Default)]
pub(crate) struct Answers(Vec<Answer>);

struct Answer {
    given: Given,
    bytes: Vec<u8>,
    after: Duration,
}

#[derive(Default)]
struct Shared {
    over: AtomicBool,
    seen: Mutex<usize>,
    more: Condvar,
}

impl Peer {
    /// A peer on a free port of 127.0.0.1 that answers as `manner` says.
    pub(crate) fn start(manner: impl FnMut(&Seen, &mut Answers) + Send + 'static) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("the host has a loopback");
        Self::on(socket, manner)
    }

    /// A peer that sends back every probe.
    pub(crate) fn faithful() -> Self {
        Self::start(|seen, answers| answers.echo(seen))
    }

    pub(crate) fn on(
        socket: UdpSocket,
        manner: impl FnMut(&Seen, &mut Answers) + Send + 'static,
    ) -> Self {
        // Even where the host allows 416 KiB only, that is room for 512 small datagrams: runs of
        // fewer lose nothing that the peer does not know of, however slow it is.
        SockRef::from(&socket)
            .set_recv_buffer_size(4 << 20)
            .expect("the host cuts it down to what it allows");
        let address = socket.local_addr().expect("it is bound");
        let shared = Arc::new(Shared::default());
        let thread = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || serve(&socket, manner, &shared))
        };
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it has received `probes`.
    #[track_caller]
    pub(crate) fn until_seen(&self, probes: usize) {
        let seen = self.shared.seen.lock().expect("the peer has not panicked");
        let (seen, _) = self
            .shared
            .more
            .wait_timeout_while(seen, PATIENCE, |seen| *seen < probes)
            .expect("the peer has not panicked");
        assert!(*seen >= probes, "only {seen} probes came");
    }

    /// Ends it once it has read everything that came, and tells what happened.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Log {
        self.shared.over.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("it is finished once");
        thread.join().expect("every datagram was a sound probe")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // The test fails already if it did not get to `finish`.
            let _ended: thread::Result<Log> = thread.join();
        }
    }
}

impl Answers {
    /// The probe as it came.
    pub(crate) fn echo(&mut self, seen: &Seen) {
        self.echo_after(seen, Duration::ZERO);
    }

    /// The same, later; the delay must be that of the answers before it, or longer.
    pub(crate) fn echo_after(&mut self, seen: &Seen, after: Duration) {
        self.push(seen, Kind::Sound, seen.bytes.clone(), after);
    }

    /// The probe, no longer as it came.
    pub(crate) fn corrupted(&mut self, seen: &Seen, bytes: Vec<u8>) {
        self.push(seen, Kind::Corrupted, bytes, Duration::ZERO);
    }

    /// Something else, to where the probe came from.
    pub(crate) fn foreign(&mut self, seen: &Seen, bytes: Vec<u8>) {
        self.push(seen, Kind::Foreign, bytes, Duration::ZERO);
    }

    fn push(&mut self, seen: &Seen, kind: Kind, bytes: Vec<u8>, after: Duration) {
        let given = Given {
            to: seen.from,
            sequence: seen.probe.sequence,
            kind,
        };
        self.0.push(Answer {
            given,
            bytes,
            after,
        });
    }
}

fn serve(socket: &UdpSocket, mut manner: impl FnMut(&Seen, &mut Answers), shared: &Shared) -> Log {
    let mut log = Log::default();
    let mut waiting: VecDeque<(Instant, Answer)> = VecDeque::new();
    let mut buffer = vec![0; 65_536];
    loop {
        while waiting
            .front()
            .is_some_and(|(when, _)| *when <= Instant::now())
            && let Some((_, answer)) = waiting.pop_front()
        {
            give(socket, answer, &mut log);
        }
        let until_next = waiting
            .front()
            .map(|(when, _)| when.saturating_duration_since(Instant::now()));
        let wait = until_next.unwrap_or(TICK).clamp(SHORTEST, TICK);
        socket
            .set_read_timeout(Some(wait))
            .expect("it is above zero");
        let (length, from) = match socket.recv_from(&mut buffer) {
            Ok(received) => received,
            Err(error) if is_patience(&error) && shared.over.load(Ordering::Relaxed) => return log,
            Err(error) if is_patience(&error) => continue,
            Err(error) => panic!("the peer cannot receive: {error}"),
        };
        let seen = recognise(from, &buffer[..length]);
        let mut answers = Answers::default();
        manner(&seen, &mut answers);
        log.seen.push(seen);
        for answer in answers.0 {
            if answer.after.is_zero() {
                give(socket, answer, &mut log);
            } else {
                waiting.push_back((Instant::now() + answer.after, answer));
            }
        }
        *shared.seen.lock().expect("nobody panics with it") += 1;
        shared.more.notify_all();
    }
}

fn give(socket: &UdpSocket, answer: Answer, log: &mut Log) {
    let Answer { given, bytes, .. } = answer;
    let sent = socket.send_to(&bytes, given.to).expect("it can answer");
    assert_eq!(sent, bytes.len());
    log.given.push(given);
}

/// The generator sends nothing but sound probes.
fn recognise(from: SocketAddr, datagram: &[u8]) -> Seen {
    let header = datagram
        .first_chunk::<HEADER_LENGTH>()
        .expect("a probe has a whole header");
    let expected = Expected {
        flow: u16::from_be_bytes([header[6], header[7]]),
        run: u64::from_be_bytes(header[8..16].try_into().expect("eight bytes")),
    };
    let Decoded::Probe(probe) = Probe::decode(datagram, &expected) else {
        panic!("{datagram:x?} is no sound probe");
    };
    Seen {
        from,
        probe,
        bytes: datagram.to_vec(),
    }
}

fn is_patience(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

/// How long the peer waits for a datagram before it looks whether all is over.
const TICK: Duration = Duration::from_millis(20);

/// Zero would mean to wait for ever.
const SHORTEST: Duration = Duration::from_micros(1);
