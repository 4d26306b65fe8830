//! Writes lines on a thread of its own: whoever says something never waits for whoever reads it.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Takes lines, one a write. What finds no room is counted and lost.
#[derive(Clone, Debug)]
pub(super) struct Sink {
    queue: SyncSender<Entry>,
    unwritten: Unwritten,
}

/// How many lines got lost, from any thread.
#[derive(Clone, Debug, Default)]
pub struct Unwritten(Arc<AtomicU64>);

impl Unwritten {
    /// How many so far.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Lines that nobody writes yet.
#[derive(Debug)]
pub(super) struct Waiting {
    entries: Receiver<Entry>,
    unwritten: Unwritten,
}

#[derive(Debug)]
enum Entry {
    Line(Vec<u8>),
    /// All before it is written when this is answered.
    Mark(SyncSender<()>),
}

impl Sink {
    /// Where to hand in lines, and what they wait in until they are written.
    pub(super) fn open() -> (Self, Waiting) {
        let (queue, entries) = sync_channel(QUEUE_LENGTH);
        let unwritten = Unwritten::default();
        let waiting = Waiting {
            entries,
            unwritten: unwritten.clone(),
        };
        (Self { queue, unwritten }, waiting)
    }

    pub(super) fn unwritten(&self) -> Unwritten {
        self.unwritten.clone()
    }

    /// Waits until all lines so far are written, but no longer than [`LAST_WORDS`].
    pub(super) fn finish(&self) {
        let end = Instant::now() + LAST_WORDS;
        let (tell, told) = sync_channel(1);
        let mut mark = Entry::Mark(tell);
        while let Err(TrySendError::Full(back)) = self.queue.try_send(mark) {
            if Instant::now() >= end {
                return;
            }
            mark = back;
            thread::sleep(Duration::from_millis(1));
        }
        let left = end.saturating_duration_since(Instant::now());
        // Either way the program ends now.
        let _written: Result<(), RecvTimeoutError> = told.recv_timeout(left);
    }
}

impl Waiting {
    /// Starts the thread that writes to `output`.
    ///
    /// # Errors
    /// What the system said when it could not start a thread.
    pub(super) fn write_to(self, output: impl Write + Send + 'static) -> io::Result<()> {
        let Self { entries, unwritten } = self;
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_all(&entries, output, &unwritten))?;
        Ok(())
    }
}

impl Write for Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.queue.try_send(Entry::Line(line.to_vec())).is_err() {
            self.unwritten.add_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_all(entries: &Receiver<Entry>, mut output: impl Write, unwritten: &Unwritten) {
    for entry in entries {
        match entry {
            Entry::Line(line) => {
                // A full disk may have room again, so every line is tried.
                let written = output.write_all(&line).and_then(|()| output.flush());
                if written.is_err() {
                    unwritten.add_one();
                }
            }
            Entry::Mark(tell) => {
                // Nobody waits any more: the program ends anyway.
                let _heard: Result<(), TrySendError<()>> = tell.try_send(());
            }
        }
    }
}

/// How many lines may wait.
const QUEUE_LENGTH: usize = 1_024;

/// How long a program that ends may take to write them.
const LAST_WORDS: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

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
    fn an_output_that_is_stuck_costs_lines_that_are_counted() {
        let (let_go, gate) = channel();
        let written = Arc::new(Mutex::new(Vec::new()));
        let (mut sink, waiting) = Sink::open();
        waiting.write_to(Stuck(gate, Arc::clone(&written))).unwrap();
        let said = 3 * QUEUE_LENGTH;
        for _ in 0..said {
            sink.write_all(b"a line\n").unwrap();
        }
        drop(let_go);
        sink.finish();
        let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        let lost = usize::try_from(sink.unwritten().lines()).unwrap();
        assert!(lost > 0);
        assert_eq!(text.lines().count() + lost, said);
    }

    /// An output that has no room, but for every third line.
    struct Full(u32);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            if self.0.is_multiple_of(3) {
                Ok(bytes.len())
            } else {
                Err(io::ErrorKind::StorageFull.into())
            }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_disk_that_is_full_costs_lines_and_every_further_one_is_tried() {
        let (mut sink, waiting) = Sink::open();
        waiting.write_to(Full(0)).unwrap();
        for _ in 0..9 {
            sink.write_all(b"a line\n").unwrap();
        }
        sink.finish();
        assert_eq!(sink.unwritten().lines(), 6);
    }
}
