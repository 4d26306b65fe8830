//! Reads and judges what comes, and draws its fate.

use std::io;
use std::num::NonZeroU64;
use std::time::{Duration, Instant, SystemTime};

use super::station::Station;
use crate::access::Verdict;
use crate::config::{Config, Io};
use crate::faults::line::Reply;
use crate::faults::{Fate, Fates, Faults, SingleServer};
use crate::reactor::door::Door;
use crate::reactor::echo::{Outcome, after_receive_error};
use crate::stats::Counters;
use crate::stats::faults::FaultCounters;
use crate::stats::spread::queue_delay;
use crate::transcript::Transcript;
use crate::udp::{Layout, RecvBatch};

/// The slots of a worker, and what it needs to judge what comes into them.
pub(super) struct Intake {
    slots: RecvBatch,
    door: Door,
    transcript: Option<Transcript>,
    fates: Fates,
    delay: Duration,
    server: Option<SingleServer>,
    /// Datagrams until the worker panics.
    until_panic: Option<u64>,
    /// Nothing was queued the last time that the server was free.
    idle: bool,
}

/// What one call brought.
pub(super) struct Taken {
    /// How many datagrams.
    pub(super) received: usize,
    /// When they were there.
    pub(super) at: Instant,
    /// Whether one of them stops the server.
    pub(super) quit: bool,
}

impl Intake {
    pub(super) fn new(
        config: &Config,
        faults: &Faults,
        worker: usize,
        door: Door,
        transcript: Option<Transcript>,
    ) -> Self {
        let slots = match config.io_in_force() {
            Io::Single => 1,
            Io::Batch | Io::Offload => config.batch,
        };
        Self {
            slots: RecvBatch::new(Layout::whole_datagrams(slots)),
            door,
            transcript,
            fates: Fates::new(faults, worker),
            delay: faults.delay.unwrap_or_default(),
            server: SingleServer::new(faults, worker, Instant::now()),
            until_panic: faults.panic_after.map(NonZeroU64::get),
            idle: true,
        }
    }

    /// Whether it takes a datagram now: a server that is busy leaves them in the kernel's queue.
    pub(super) fn is_free(&self, now: Instant) -> bool {
        let server = self.server.as_ref();
        server.is_none_or(|server| server.free_at() <= now)
    }

    /// When a server that is busy will be free.
    pub(super) fn busy_until(&self, now: Instant) -> Option<Instant> {
        let free_at = self.server.as_ref().map(SingleServer::free_at);
        free_at.filter(|free_at| *free_at > now)
    }

    /// Whether it is a server that takes its time for each datagram.
    pub(super) fn serves(&self) -> bool {
        self.server.is_some()
    }

    /// The server is free, and there is nothing to take.
    pub(super) fn note_idle(&mut self) {
        self.idle = true;
    }

    /// Nothing is served until `end`.
    pub(super) fn pause_until(&mut self, end: Instant) {
        if let Some(server) = &mut self.server {
            server.pause_until(end);
        }
    }

    /// Takes what is queued on the socket, one batch of it; the replies get into its line.
    ///
    /// # Errors
    /// An error that no peer can cause.
    pub(super) fn take(&mut self, station: &mut Station, counters: &Counters) -> io::Result<Taken> {
        counters.receive_calls.add(1);
        let result = self.slots.receive(&station.socket);
        // After the call, so that nothing leaves before its time.
        let mut taken = Taken {
            received: 0,
            at: Instant::now(),
            quit: false,
        };
        match result {
            Ok(received) => {
                taken.received = received;
                station.readable = received == self.slots.capacity();
            }
            Err(error) => {
                let round = after_receive_error(error, counters)?;
                station.readable = round.outcome != Outcome::Drained;
                return Ok(taken);
            }
        }
        self.panic_if_told_to(taken.received);
        self.door.begin();
        let clock = self.stamp_clock();
        let mut bytes = 0;
        for slot in 0..taken.received {
            bytes += u64::from(self.slots.received()[slot].length);
            let age = clock.and_then(|clock| self.age(slot, clock, counters));
            taken.quit |= self.judge(slot, station, taken.at, age, counters);
        }
        self.idle = false;
        counters.received.add(taken.received as u64);
        counters.received_bytes.add(bytes);
        counters.received_a_call.note(taken.received as u64);
        Ok(taken)
    }

    /// Ends the worker in the worst way, with all that a call has just brought.
    fn panic_if_told_to(&mut self, received: usize) {
        if let Some(left) = &mut self.until_panic {
            *left = left.saturating_sub(received as u64);
            assert!(*left > 0, "on purpose, by --fault panic-after");
        }
    }

    /// Judges the datagram in a slot and puts its reply into the line. True if it is a `quit` that
    /// counts: that one meets no fate, and takes none from the others.
    fn judge(
        &mut self,
        slot: usize,
        station: &mut Station,
        now: Instant,
        age: Option<Duration>,
        counters: &Counters,
    ) -> bool {
        let (peer, received) = (self.slots.peer(slot), &self.slots.received()[slot]);
        let payload = self.slots.payload(slot);
        if let Some(transcript) = &self.transcript {
            transcript.note(peer, payload);
        }
        match self.door.judge(peer, received) {
            Verdict::Echo => {}
            Verdict::Refuse(reason) => {
                counters.refuse(reason, 1);
                return false;
            }
            // A worker with faults takes no trains, so this is the one datagram.
            Verdict::Part(share) => {
                counters.refuse_share(share);
                return false;
            }
        }
        let bound = station.socket.local_address().ip();
        let wish = self
            .door
            .look_for_quit(peer, received.local, bound, payload, counters);
        let quits = wish.stops;
        let faults = counters.faults.get_or_init(FaultCounters::default);
        let mut done = now;
        if let Some(server) = &mut self.server {
            // A server that had nothing to do begins when it notices; a busy one goes on.
            let age = age.filter(|_| !self.idle).unwrap_or_default();
            done = server.serve(now.checked_sub(age).unwrap_or(now));
            faults.served.add(1);
        }
        let mut fate = if quits { Fate::Pass } else { self.fates.draw() };
        if fate == Fate::Drop {
            faults.dropped_by_fault.add(1);
            return quits;
        }
        let mut reply = Reply {
            to: *peer,
            from: received.reply_source(bound),
            payload: wish.answer.as_ref().map_or(payload, |answer| answer).into(),
        };
        if fate == Fate::Corrupt && !self.fates.flip(&mut reply.payload) {
            fate = Fate::Pass;
        }
        station.line.push(done + self.delay, fate, reply);
        quits
    }

    /// The clock that stamps are of, if there are any.
    fn stamp_clock(&self) -> Option<u64> {
        self.slots.received().first()?.stamp?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        u64::try_from(now.ok()?.as_nanos()).ok()
    }

    /// How long ago the kernel received what is in the slot.
    fn age(&self, slot: usize, clock: u64, counters: &Counters) -> Option<Duration> {
        let age = queue_delay(self.slots.received()[slot].stamp?, clock)?;
        counters.queue_delay.note(age);
        Some(Duration::from_nanos(age))
    }
}
