//! A worker whose answers go wrong on purpose: waits until something comes or is due, stalls,
//! drains and ends.
//!
//! - `intake`: reads and judges what comes, and draws its fate;
//! - `station`: a socket with the line of replies that leave by it, one a call.
//!
//! Unlike the worker without faults it takes memory for each reply that waits, and it spins while
//! something is due soon, since a poll is no more exact than a millisecond.

mod intake;
mod station;

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};

use self::intake::Intake;
use self::station::Station;
use super::worker::{DRAIN_LIMIT, EVENTS, Equipment};
use crate::affinity;
use crate::config::{Config, Wait, WhenFull};
use crate::faults::line::Load;
use crate::faults::{Faults, Stalls};
use crate::lifecycle::{Lifecycle, Phase};
use crate::stats::Counters;
use crate::stats::faults::FaultCounters;
use crate::udp::options::{self, Effect};

/// A worker with faults that is set up but has no thread yet.
pub(crate) struct FaultyWorker {
    number: usize,
    poll: Poll,
    events: Events,
    stations: Vec<Station>,
    /// The station that is read first in the next turn, so that a server serves all alike.
    first: usize,
    intake: Intake,
    stalls: Stalls,
    wait: Wait,
    when_full: WhenFull,
    processor: Option<usize>,
    counters: Arc<Counters>,
    /// Not once a successor does.
    reads: bool,
}

impl FaultyWorker {
    /// As for a worker without faults.
    ///
    /// # Errors
    /// What the kernel said, mostly that no more files may be open.
    pub(crate) fn new(
        config: &Config,
        faults: &Faults,
        equipment: Equipment,
    ) -> io::Result<(Self, Waker)> {
        let (poll, waker) = equipment.poll()?;
        // From the beginning on, so that a summary tells of faults also where none has come yet.
        equipment
            .counters
            .faults
            .get_or_init(FaultCounters::default);
        let sockets = equipment.sockets.into_iter();
        let stations = sockets.map(|socket| Station::new(socket, faults.delay.is_some()));
        let worker = Self {
            number: equipment.number,
            poll,
            events: Events::with_capacity(EVENTS),
            stations: stations.collect(),
            first: 0,
            intake: Intake::new(
                config,
                faults,
                equipment.number,
                equipment.door,
                equipment.transcript,
            ),
            stalls: Stalls::new(&faults.stalls),
            wait: config.wait,
            when_full: config.when_full,
            processor: equipment.processor,
            counters: equipment.counters,
            reads: true,
        };
        Ok((worker, waker))
    }

    /// As for a worker without faults.
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
            self.pause(spins, None)?;
            self.stall(lifecycle);
            if self.turn(lifecycle)? > 0 && matches!(self.wait, Wait::Adaptive(_)) {
                idle_since = Instant::now();
            }
        }
        self.drain(lifecycle)
    }

    /// Sends what is due, reads what is queued, and sends what of that is due at once. Returns how
    /// many datagrams came.
    fn turn(&mut self, lifecycle: &Lifecycle) -> io::Result<usize> {
        self.release(Instant::now())?;
        let received = self.read(lifecycle)?;
        if received > 0 {
            self.release(Instant::now())?;
        }
        Ok(received)
    }

    /// Waits until there is something to do, but not beyond `end`.
    fn pause(&mut self, spins: bool, end: Option<Instant>) -> io::Result<()> {
        let now = Instant::now();
        let due = self.next_moment(now);
        let soon = due.is_some_and(|due| due <= now + POLL_COARSENESS);
        // A poll will not tell of datagrams that may be queued already.
        if spins || soon || self.can_read(now) {
            return self.look_again();
        }
        let due = due.and_then(|due| due.checked_sub(POLL_COARSENESS));
        let patience = self
            .stations
            .iter()
            .filter_map(Station::next_end_of_patience);
        let first = due.into_iter().chain(patience).chain(end).min();
        self.poll(first.map(|first| first.saturating_duration_since(now)))
    }

    /// Whether a socket may be read that may have datagrams.
    fn can_read(&self, now: Instant) -> bool {
        self.intake.is_free(now) && self.has_room() && self.stations.iter().any(Station::can_read)
    }

    /// Whether the replies that wait leave room for another batch.
    fn has_room(&self) -> bool {
        let load = self.stations.iter().map(Station::load);
        let load = load.fold(Load::default(), |sum, load| Load {
            replies: sum.replies + load.replies,
            bytes: sum.bytes + load.bytes,
        });
        self.reads && load.replies < MOST_REPLIES && load.bytes < MOST_BYTES
    }

    /// When the next thing has to happen on the microsecond.
    fn next_moment(&self, now: Instant) -> Option<Instant> {
        let due = self.stations.iter().filter_map(Station::next_due);
        let free = self.intake.busy_until(now);
        due.chain(free).chain(self.stalls.next_begin()).min()
    }

    /// Makes every socket be read without asking the poll, which costs a call of its own.
    fn look_again(&mut self) -> io::Result<()> {
        let mut blocked = false;
        for station in &mut self.stations {
            station.readable = self.reads;
            blocked |= station.blocked;
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
            station.readable |= self.reads && event.is_readable();
            if event.is_writable() {
                station.unblock(self.poll.registry(), event.token())?;
            }
        }
        Ok(())
    }

    /// Does nothing for as long as a stall lasts that has begun, unless the server shall end.
    fn stall(&mut self, lifecycle: &Lifecycle) {
        let Some(end) = self.stalls.take_begun(Instant::now()) else {
            return;
        };
        let faults = self.counters.faults.get_or_init(FaultCounters::default);
        faults.stalls.add(1);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || lifecycle.phase() != Phase::Running {
                break;
            }
            thread::sleep(left.min(STALL_SLICE));
        }
        self.intake.pause_until(end.min(Instant::now()));
    }

    /// Sends what is due by `now`.
    fn release(&mut self, now: Instant) -> io::Result<()> {
        for (index, station) in self.stations.iter_mut().enumerate() {
            if !station.blocked {
                station.release(now, self.when_full, &self.counters)?;
                if station.blocked {
                    station.await_room(self.poll.registry(), Token(index))?;
                }
            }
        }
        Ok(())
    }

    /// Reads one batch from each socket that may have datagrams; with service times, one datagram
    /// from one of them. Returns how many datagrams came.
    fn read(&mut self, lifecycle: &Lifecycle) -> io::Result<usize> {
        if !self.intake.is_free(Instant::now()) {
            return Ok(0);
        }
        let mut all = 0;
        for turn in 0..self.stations.len() {
            let index = (self.first + turn) % self.stations.len();
            let has_room = self.has_room();
            let station = &mut self.stations[index];
            if !has_room || !station.can_read() {
                continue;
            }
            let taken = self.intake.take(station, &self.counters)?;
            if taken.received > 0 {
                self.stalls.note_datagram(taken.at);
            }
            if taken.quit {
                lifecycle.quit();
            }
            all += taken.received;
            if all > 0 && self.intake.serves() {
                break;
            }
        }
        self.first = (self.first + 1) % self.stations.len();
        if all == 0 {
            self.intake.note_idle();
        }
        Ok(all)
    }

    /// Answers what is queued and lets replies wait as they should, for as long as that takes but no
    /// longer than [`DRAIN_LIMIT`]; then all of them leave at once.
    fn drain(&mut self, lifecycle: &Lifecycle) -> io::Result<()> {
        let end = Instant::now() + DRAIN_LIMIT;
        self.stalls.clear();
        self.reads = lifecycle.phase() == Phase::Draining;
        for station in &mut self.stations {
            station.readable = self.reads;
        }
        while lifecycle.phase() != Phase::Stopped && Instant::now() < end {
            self.pause(false, Some(end))?;
            self.turn(lifecycle)?;
            let mut stations = self.stations.iter();
            if stations.all(Station::waits_for_others_alone) {
                break;
            }
        }
        if lifecycle.phase() != Phase::Stopped {
            self.stations.iter_mut().for_each(Station::hurry);
            self.release(Instant::now())?;
            self.stations.iter_mut().for_each(Station::end_patience);
            self.release(Instant::now())?;
        }
        for station in &mut self.stations {
            station.drop_all(&self.counters);
        }
        Ok(())
    }
}

/// Before what is due by less than this a worker spins: a poll wakes up to a millisecond late, and
/// the kernel takes its time to run the worker then.
const POLL_COARSENESS: Duration = Duration::from_millis(2);

/// How long a worker that stalls does not see that the server shall end.
const STALL_SLICE: Duration = Duration::from_millis(10);

/// Replies that a worker lets wait; with so many it reads no more until some have left.
const MOST_REPLIES: usize = 65_536;

/// The same in bytes of payload.
const MOST_BYTES: usize = 256 << 20;
