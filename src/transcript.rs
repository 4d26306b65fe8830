//! Prints sender and payload of datagrams, on a thread of its own: a worker that logs never waits,
//! and what the printer cannot take is counted.

use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use crate::udp::RawAddress;

/// Where workers hand in what shall be printed. Cloned once a worker.
#[derive(Clone, Debug)]
pub struct Transcript {
    queue: SyncSender<Entry>,
    missed: Arc<AtomicU64>,
}

/// The thread that prints.
#[derive(Debug)]
pub struct Printer {
    thread: JoinHandle<()>,
    missed: Arc<AtomicU64>,
}

/// What shall be printed, before there is a thread that does.
#[derive(Debug)]
pub struct Waiting {
    entries: Receiver<Entry>,
    missed: Arc<AtomicU64>,
}

/// Where to hand in datagrams, and what they wait in until they are printed.
#[must_use]
pub fn open() -> (Transcript, Waiting) {
    let (queue, entries) = sync_channel(QUEUE_LENGTH);
    let missed = Arc::new(AtomicU64::new(0));
    let transcript = Transcript {
        queue,
        missed: Arc::clone(&missed),
    };
    (transcript, Waiting { entries, missed })
}

impl Waiting {
    /// Starts a thread that writes one line a datagram to `output`.
    ///
    /// # Errors
    /// What the system said when it could not start a thread.
    pub fn print_to(self, output: impl Write + Send + 'static) -> io::Result<Printer> {
        let Self { entries, missed } = self;
        let counter = Arc::clone(&missed);
        let thread = thread::Builder::new()
            .name("transcript".to_owned())
            .spawn(move || print(&entries, output, &counter))?;
        Ok(Printer { thread, missed })
    }
}

impl Transcript {
    /// Hands in one datagram, or counts it as missed if the queue is full.
    pub fn note(&self, peer: &RawAddress, payload: &[u8]) {
        match self.queue.try_send(Entry::new(peer, payload)) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.missed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl Printer {
    /// Waits until all that was handed in is printed; returns how many datagrams were not. Every
    /// [`Transcript`] must be gone by then.
    #[must_use]
    pub fn finish(self) -> u64 {
        // A panic of the printer has lost lines that nobody counted; there is no number for them.
        let _ended: thread::Result<()> = self.thread.join();
        self.missed.load(Ordering::Relaxed)
    }
}

/// A datagram on its way to the printer: a copy of a fixed size, so that handing it in takes no
/// memory from the allocator.
#[derive(Debug)]
struct Entry {
    peer: Option<SocketAddr>,
    length: usize,
    shown: [u8; SHOWN],
}

impl Entry {
    fn new(peer: &RawAddress, payload: &[u8]) -> Self {
        let mut shown = [0; SHOWN];
        let kept = payload.len().min(SHOWN);
        shown[..kept].copy_from_slice(&payload[..kept]);
        Self {
            peer: peer.decode(),
            length: payload.len(),
            shown,
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.peer {
            Some(peer) => write!(formatter, "{peer}")?,
            None => formatter.write_str("unknown sender")?,
        }
        formatter.write_str(" \"")?;
        escape(&self.shown[..self.length.min(SHOWN)], formatter)?;
        formatter.write_str(if self.length > SHOWN { "\"... " } else { "\" " })?;
        let plural = if self.length == 1 { "" } else { "s" };
        write!(formatter, "({} byte{plural})", self.length)
    }
}

/// Text as it is, everything that could move a cursor or is no UTF-8 as an escape.
fn escape(bytes: &[u8], formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    for chunk in bytes.utf8_chunks() {
        write!(formatter, "{}", chunk.valid().escape_debug())?;
        for byte in chunk.invalid() {
            write!(formatter, "\\x{byte:02x}")?;
        }
    }
    Ok(())
}

fn print(entries: &Receiver<Entry>, output: impl Write, missed: &AtomicU64) {
    let mut output = io::BufWriter::new(output);
    while let Ok(first) = entries.recv() {
        let mut taken = 0;
        let written = std::iter::once(first)
            // Flushed now and then also when more keeps coming, so that little is in doubt if
            // the reader goes away.
            .chain(entries.try_iter().take(BURST))
            .try_for_each(|entry| {
                taken += 1;
                writeln!(output, "{entry}")
            })
            // Whoever reads along wants to see the lines as soon as no more are waiting.
            .and_then(|()| output.flush());
        if written.is_err() {
            // The reader is gone (`| head`). Nothing can be printed any more: count the rest.
            missed.fetch_add(taken, Ordering::Relaxed);
            let rest = entries.iter().count();
            missed.fetch_add(rest as u64, Ordering::Relaxed);
            return;
        }
    }
}

/// How many datagrams may wait for the printer.
const QUEUE_LENGTH: usize = 4_096;

/// How many lines are written between two flushes.
const BURST: usize = 256;

/// How many bytes of a payload are shown.
const SHOWN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    fn peer() -> RawAddress {
        RawAddress::from(SocketAddr::from(([127, 0, 0, 1], 4321)))
    }

    fn line(payload: &[u8]) -> String {
        Entry::new(&peer(), payload).to_string()
    }

    #[test]
    fn a_line_has_sender_payload_and_length() {
        assert_eq!(
            line(b"Hello, world"),
            "127.0.0.1:4321 \"Hello, world\" (12 bytes)"
        );
        assert_eq!(line(b""), "127.0.0.1:4321 \"\" (0 bytes)");
    }

    #[test]
    fn what_could_harm_a_terminal_is_escaped() {
        assert_eq!(
            line(b"\x1b[2J\xff\"\n"),
            "127.0.0.1:4321 \"\\u{1b}[2J\\xff\\\"\\n\" (7 bytes)"
        );
    }

    #[test]
    fn a_long_payload_is_cut_and_its_true_length_told() {
        let text = line(&vec![b'a'; 65_507]);
        assert!(text.ends_with("aaa\"... (65507 bytes)"), "{text}");
        assert_eq!(text.matches('a').count(), 64);
    }

    /// An output that takes nothing until it is let go.
    struct Stuck(Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().ok();
            self.1.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stuck_terminal_costs_lines_that_are_counted() {
        let (let_go, gate) = channel();
        let written = Arc::new(Mutex::new(Vec::new()));
        let (transcript, waiting) = open();
        let stuck = Stuck(gate, Arc::clone(&written));
        let printer = waiting.print_to(stuck).unwrap();
        let handed_in = 3 * QUEUE_LENGTH as u64;
        for _ in 0..handed_in {
            transcript.note(&peer(), b"x");
        }
        drop((let_go, transcript));
        let missed = printer.finish();
        let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        let lines = text.lines().count() as u64;
        assert_eq!(lines + missed, handed_in);
        assert!(missed > 0);
    }

    /// An output whose reader has gone.
    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_costs_every_line_and_nothing_else() {
        let (transcript, waiting) = open();
        let printer = waiting.print_to(Closed).unwrap();
        for _ in 0..10 {
            transcript.note(&peer(), b"x");
        }
        drop(transcript);
        assert_eq!(printer.finish(), 10);
    }
}
