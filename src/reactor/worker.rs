//! Waits for datagrams, decides which socket is served next, drains and ends.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token, Waker};

use super::door::Door;
use super::echo::{Echo, Line, Outcome};
use super::refusals::Refusals;
use super::unsent::Unsent;
use crate::affinity;
use crate::config::{Config, Wait};
use crate::lifecycle::{Lifecycle, Phase};
use crate::stats::Counters;
use crate::transcript::Transcript;
use crate::udp::Socket;
use crate::udp::options::{self, Effect};

/// A worker without faults that is set up but has no thread yet.
pub(crate) struct PlainWorker {
    number: usize,
    poll: Poll,
    events: Events,
    stations: Vec<Station>,
    echo: Echo,
    wait: Wait,
    processor: Option<usize>,
    counters: Arc<Counters>,
}

/// A socket, and what is known of it between two polls.
struct Station {
    socket: Arc<Socket>,
    line: Line,
    /// Datagrams may be queued: an edge-triggered poll will not say so again.
    readable: bool,
}

/// What a worker is given.
pub(crate) struct Equipment {
    /// Which worker it is, counted from 0.
    pub(crate) number: usize,
    /// One socket an address.
    pub(crate) sockets: Vec<Arc<Socket>>,
    /// Datagrams in one message: what the kernel takes, or 1 to send no trains.
    pub(crate) segments: u32,
    /// The processor to stay on.
    pub(crate) processor: Option<usize>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) transcript: Option<Transcript>,
    /// What it judges datagrams by.
    pub(crate) door: Door,
}

impl Equipment {
    /// A poll that tells which of the sockets are readable, and what interrupts it.
    pub(super) fn poll(&self) -> io::Result<(Poll, Waker)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        for (index, socket) in self.sockets.iter().enumerate() {
            let source = socket.as_fd().as_raw_fd();
            poll.registry()
                .register(&mut SourceFd(&source), Token(index), Interest::READABLE)?;
        }
        Ok((poll, waker))
    }
}

impl PlainWorker {
    /// Prepares to serve its sockets, and gives the waker that makes it look at the lifecycle.
    ///
    /// # Errors
    /// What the kernel said, mostly that no more files may be open.
    pub(crate) fn new(config: &Config, equipment: Equipment) -> io::Result<(Self, Waker)> {
        let (poll, waker) = equipment.poll()?;
        let stations = equipment
            .sockets
            .into_iter()
            .map(|socket| Station::new(socket, equipment.segments));
        let worker = Self {
            number: equipment.number,
            poll,
            events: Events::with_capacity(EVENTS),
            stations: stations.collect(),
            echo: Echo::new(config, equipment.door, equipment.transcript),
            wait: config.wait,
            processor: equipment.processor,
            counters: equipment.counters,
        };
        Ok((worker, waker))
    }

    /// Lets the poll itself look at the device's queue for so many microseconds.
    pub(crate) fn busy_poll(&self, micros: u32) -> Effect<u32> {
        Effect::from_result(options::epoll_busy_poll(&self.poll, micros).map(|()| micros))
    }

    /// Serves until the lifecycle says otherwise, then answers what is queued.
    ///
    /// # Errors
    /// An error that no peer can cause.
    pub(crate) fn run(mut self, lifecycle: &Lifecycle) -> io::Result<()> {
        if let Some(processor) = self.processor {
            affinity::pin(processor)?;
        }
        let mut idle_since = Instant::now();
        while lifecycle.phase() == Phase::Running {
            lifecycle.answer(self.number);
            let spins = match self.wait {
                Wait::Sleep => false,
                Wait::Spin => true,
                Wait::Adaptive(patience) => idle_since.elapsed() < patience,
            };
            if spins {
                self.look_again()?;
            } else {
                let timeout = self.has_work().then_some(Duration::ZERO);
                self.poll(timeout)?;
            }
            let received = self.serve(lifecycle)?;
            if received > 0 && matches!(self.wait, Wait::Adaptive(_)) {
                idle_since = Instant::now();
            }
        }
        self.drain(lifecycle)
    }

    /// Whether a socket may still have datagrams that a poll will not tell of.
    fn has_work(&self) -> bool {
        self.stations.iter().any(Station::can_read)
    }

    /// Makes every socket be read without asking the poll, which costs a call of its own. A worker
    /// that spins sees the lifecycle in every turn, so it needs no waking.
    fn look_again(&mut self) -> io::Result<()> {
        let mut blocked = false;
        for station in &mut self.stations {
            station.readable = true;
            blocked |= !station.line.unsent.is_empty();
        }
        if blocked {
            // Only the poll says when a socket takes more.
            self.poll(Some(Duration::ZERO))?;
        }
        Ok(())
    }

    fn poll(&mut self, timeout: Option<Duration>) -> io::Result<()> {
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

    /// Serves each socket that may have datagrams, none of them longer than its budget. Returns
    /// how many slots were filled.
    fn serve(&mut self, lifecycle: &Lifecycle) -> io::Result<usize> {
        let mut all = 0;
        for (index, station) in self.stations.iter_mut().enumerate() {
            let mut received = 0;
            let mut rounds = 0;
            while station.can_read() {
                if received >= BUDGET || rounds >= BUDGET {
                    self.counters.budget_cuts.add(1);
                    break;
                }
                let line = &mut station.line;
                let round = self.echo.round(&station.socket, line, &self.counters)?;
                received += round.received;
                rounds += 1;
                station.readable = round.outcome != Outcome::Drained;
                if round.outcome == Outcome::Blocked {
                    station.await_room(self.poll.registry(), Token(index))?;
                }
                if round.quit {
                    lifecycle.quit();
                }
            }
            all += received;
        }
        Ok(all)
    }

    /// Answers what is queued, for as long as that takes but no longer than [`DRAIN_LIMIT`]: under
    /// a flood it would never end. A successor answers what is queued by itself.
    fn drain(&mut self, lifecycle: &Lifecycle) -> io::Result<()> {
        let end = Instant::now() + DRAIN_LIMIT;
        for station in &mut self.stations {
            station.readable = true;
        }
        while lifecycle.phase() != Phase::Stopped && Instant::now() < end {
            if lifecycle.phase() == Phase::Draining {
                self.serve(lifecycle)?;
                if self.has_work() {
                    continue;
                }
            }
            let mut lines = self.stations.iter().map(|station| &station.line);
            if lines.all(|line| line.unsent.is_empty()) {
                break;
            }
            self.poll(Some(end.saturating_duration_since(Instant::now())))?;
        }
        for station in &mut self.stations {
            station.line.unsent.drop_all(&self.counters);
        }
        Ok(())
    }
}

impl Station {
    fn new(socket: Arc<Socket>, segments: u32) -> Self {
        Self {
            socket,
            line: Line {
                unsent: Unsent::new(),
                refusals: Refusals::new(segments),
            },
            readable: true,
        }
    }

    /// A socket whose replies wait is not read: there is nowhere to put more of them.
    fn can_read(&self) -> bool {
        self.readable && self.line.unsent.is_empty()
    }

    /// Asks to be told when the socket takes more. Only then: while it is asked for, every send
    /// that completes wakes the worker.
    fn await_room(&self, registry: &Registry, token: Token) -> io::Result<()> {
        self.reregister(registry, token, Interest::READABLE | Interest::WRITABLE)
    }

    fn flush(&mut self, registry: &Registry, token: Token, counters: &Counters) -> io::Result<()> {
        let unsent = &mut self.line.unsent;
        if !unsent.is_empty() && unsent.flush(&self.socket, counters)? {
            self.reregister(registry, token, Interest::READABLE)?;
        }
        Ok(())
    }

    fn reregister(&self, registry: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        let source = self.socket.as_fd().as_raw_fd();
        registry.reregister(&mut SourceFd(&source), token, interest)
    }
}

/// The token of the waker.
const WAKER: Token = Token(usize::MAX);

/// Events that one poll can tell; what does not fit is told by the next one.
pub(super) const EVENTS: usize = 64;

/// Slots that a socket may have filled before the next one gets its turn, and calls that it may
/// make. Small enough that eight batches pass in a few milliseconds, large enough that the poll
/// between two turns does not show.
const BUDGET: usize = 512;

/// How long a worker answers what is queued before it ends.
pub(super) const DRAIN_LIMIT: Duration = Duration::from_millis(500);
