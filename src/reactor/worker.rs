//! Waits for datagrams, decides which socket is served next, drains and ends.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token, Waker};

use super::echo::{Echo, Outcome};
use super::unsent::Unsent;
use crate::config::Config;
use crate::lifecycle::{Lifecycle, Phase};
use crate::stats::Counters;
use crate::transcript::Transcript;
use crate::udp::Socket;

/// A worker that is set up but has no thread yet.
pub(crate) struct Worker {
    poll: Poll,
    events: Events,
    stations: Vec<Station>,
    echo: Echo,
    counters: Arc<Counters>,
}

/// A socket, and what is known of it between two polls.
struct Station {
    socket: Arc<Socket>,
    unsent: Unsent,
    /// Datagrams may be queued: an edge-triggered poll will not say so again.
    readable: bool,
}

impl Worker {
    /// Prepares to serve `sockets`, and gives the waker that makes it look at the lifecycle.
    ///
    /// # Errors
    /// What the kernel said, mostly that no more files may be open.
    pub(crate) fn new(
        config: &Config,
        sockets: Vec<Arc<Socket>>,
        counters: Arc<Counters>,
        transcript: Option<Transcript>,
    ) -> io::Result<(Self, Waker)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        for (index, socket) in sockets.iter().enumerate() {
            let source = socket.as_fd().as_raw_fd();
            poll.registry()
                .register(&mut SourceFd(&source), Token(index), Interest::READABLE)?;
        }
        let stations = sockets.into_iter().map(Station::new).collect();
        let worker = Self {
            poll,
            events: Events::with_capacity(EVENTS),
            stations,
            echo: Echo::new(config.io, config.quit, transcript),
            counters,
        };
        Ok((worker, waker))
    }

    /// Serves until the lifecycle says otherwise, then answers what is queued.
    ///
    /// # Errors
    /// An error that no peer can cause.
    pub(crate) fn run(mut self, lifecycle: &Lifecycle) -> io::Result<()> {
        while lifecycle.phase() == Phase::Running {
            let timeout = self.has_work().then_some(Duration::ZERO);
            self.wait(timeout)?;
            self.serve(lifecycle)?;
        }
        self.drain(lifecycle)
    }

    /// Whether a socket may still have datagrams that a poll will not tell of.
    fn has_work(&self) -> bool {
        self.stations.iter().any(Station::can_read)
    }

    fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            // A signal came in between: whatever was ready is told by the next poll.
            Ok(()) | Err(_) => {}
        }
        self.counters.wakes.add(1);
        for event in &self.events {
            let Some(station) = self.stations.get_mut(event.token().0) else {
                continue;
            };
            station.readable |= event.is_readable();
            if event.is_writable() {
                station.flush(self.poll.registry(), event.token(), &self.counters)?;
            }
        }
        Ok(())
    }

    /// Serves each socket that may have datagrams, none of them longer than its budget.
    fn serve(&mut self, lifecycle: &Lifecycle) -> io::Result<()> {
        for (index, station) in self.stations.iter_mut().enumerate() {
            let mut received = 0;
            let mut rounds = 0;
            while station.can_read() && received < BUDGET && rounds < BUDGET {
                let unsent = &mut station.unsent;
                let round = self.echo.round(&station.socket, unsent, &self.counters)?;
                received += round.received;
                rounds += 1;
                station.readable = round.outcome != Outcome::Drained;
                if round.outcome == Outcome::Blocked {
                    station.await_room(self.poll.registry(), Token(index))?;
                }
                if round.quit {
                    lifecycle.drain();
                }
            }
        }
        Ok(())
    }

    /// Answers what is queued, for as long as that takes but no longer than [`DRAIN_LIMIT`]: under
    /// a flood it would never end.
    fn drain(&mut self, lifecycle: &Lifecycle) -> io::Result<()> {
        let end = Instant::now() + DRAIN_LIMIT;
        for station in &mut self.stations {
            station.readable = true;
        }
        while lifecycle.phase() != Phase::Stopped && Instant::now() < end {
            self.serve(lifecycle)?;
            if self.has_work() {
                continue;
            }
            if self
                .stations
                .iter()
                .all(|station| station.unsent.is_empty())
            {
                break;
            }
            self.wait(Some(end.saturating_duration_since(Instant::now())))?;
        }
        for station in &mut self.stations {
            station.unsent.drop_all(&self.counters);
        }
        Ok(())
    }
}

impl Station {
    fn new(socket: Arc<Socket>) -> Self {
        Self {
            socket,
            unsent: Unsent::new(),
            readable: true,
        }
    }

    /// A socket whose replies wait is not read: there is nowhere to put more of them.
    fn can_read(&self) -> bool {
        self.readable && self.unsent.is_empty()
    }

    /// Asks to be told when the socket takes more. Only then: while it is asked for, every send
    /// that completes wakes the worker.
    fn await_room(&self, registry: &Registry, token: Token) -> io::Result<()> {
        self.reregister(registry, token, Interest::READABLE | Interest::WRITABLE)
    }

    fn flush(&mut self, registry: &Registry, token: Token, counters: &Counters) -> io::Result<()> {
        if !self.unsent.is_empty() && self.unsent.flush(&self.socket, counters)? {
            self.reregister(registry, token, Interest::READABLE)?;
        }
        Ok(())
    }

    fn reregister(&self, registry: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        let source = self.socket.as_fd().as_raw_fd();
        registry.reregister(&mut SourceFd(&source), token, interest)
    }
}

const WAKER: Token = Token(usize::MAX);

/// Events that one poll can tell: more than a worker has sockets.
const EVENTS: usize = 64;

/// Datagrams that a socket may have before the next one gets its turn, and calls that it may make.
/// Small enough that eight batches pass in a few milliseconds, large enough that the poll between
/// two turns does not show.
const BUDGET: usize = 512;

/// How long a worker answers what is queued before it ends.
const DRAIN_LIMIT: Duration = Duration::from_millis(500);
