//! One thread: it sends and receives for its own flows from beginning to end.

use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use echo_reactor::affinity;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use super::clock::Clock;
use super::demand::Demand;
use super::flow::{BURST, Flow};
use super::pacer::{self, Outlook, Pause};
use super::receiver::Receiver;
use super::sampling::Sampling;
use super::sender::Sender;
use super::witness::Witness;
use crate::host::thread::Scheduling;
use crate::measure::{Live, Measured, Reason, Recorder, Terms, Turnover};
use crate::plan::{Plan, Timestamps, Waiting};
use crate::schedule::{Share, TraceError};
use crate::time::Offset;

/// A thread's flows, schedule and books.
pub(super) struct Prober {
    flows: Vec<Flow>,
    demand: Demand,
    recorder: Recorder,
    sender: Sender,
    receiver: Receiver,
    /// `None` if nothing is stamped.
    sampling: Option<Sampling>,
    poll: Poll,
    events: Events,
    waiting: Waiting,
    processor: Option<usize>,
    timeout: Duration,
    measured_from: Offset,
    /// After this nothing is sent, however far behind the schedule is.
    last_chance: Offset,
    /// The flow that is looked at next for answers.
    next_read: usize,
    /// How many flows wait for answers.
    waiting_flows: usize,
    last_sent: Offset,
    /// When the last probes were given up.
    last_given_up: Offset,
    /// Nothing more is sent.
    giving_up: bool,
    stop: Arc<AtomicBool>,
    enough: Arc<AtomicBool>,
}

/// What other threads see of a thread, or tell it.
pub(super) struct Observers {
    /// What a progress display reads.
    pub(super) live: Arc<Live>,
    /// Where its latencies go at the end of each interval.
    pub(super) turnover: Turnover,
    /// Ends the run early.
    pub(super) stop: Arc<AtomicBool>,
    /// Ends it when enough is known.
    pub(super) enough: Arc<AtomicBool>,
}

/// What one thread came to.
pub(super) struct Probed {
    pub(super) measured: Measured,
    /// When the thread was told to stop before its schedule was done.
    pub(super) stopped_at: Option<Offset>,
    /// What the scheduler did to the thread in the measured window.
    pub(super) scheduling: Scheduling,
    /// Why the schedule ended before its time, if it did.
    pub(super) fault: Option<TraceError>,
}

impl Prober {
    pub(super) fn new(
        plan: &Plan,
        share: Share,
        demand: Demand,
        flows: Vec<Flow>,
        observers: Observers,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        for (index, flow) in flows.iter().enumerate() {
            let source = flow.socket.as_fd().as_raw_fd();
            poll.registry()
                .register(&mut SourceFd(&source), Token(index), Interest::READABLE)?;
        }
        let terms = Terms {
            timeout: plan.timeout(),
            measured_from: plan.measured_from(),
        };
        Ok(Self {
            demand,
            waiting: plan.waiting(),
            processor: plan.processor(share.thread),
            recorder: Recorder::new(
                terms,
                flows.len(),
                plan.outstanding_a_flow(),
                observers.live,
            )
            .in_parts(plan.duration())
            .in_intervals(observers.turnover),
            sender: Sender::new(plan),
            receiver: Receiver::new(),
            sampling: (plan.timestamps() == Timestamps::Kernel).then(|| {
                let (load, seed, timeout) = (plan.load(), plan.seed(), plan.timeout());
                Sampling::new(load, share, seed, timeout, flows.len())
            }),
            poll,
            events: Events::with_capacity(flows.len().max(1)),
            timeout: plan.timeout(),
            measured_from: plan.measured_from(),
            last_chance: Offset::START + plan.span() + grace(plan.longest()),
            next_read: 0,
            waiting_flows: 0,
            last_sent: Offset::START,
            last_given_up: Offset::START,
            giving_up: false,
            stop: observers.stop,
            enough: observers.enough,
            flows,
        })
    }

    /// Sends what is scheduled and reads what comes back, until every probe is answered or given
    /// up.
    pub(super) fn run(mut self, clock: Clock) -> io::Result<Probed> {
        if let Some(processor) = self.processor {
            affinity::pin(processor)?;
        }
        let mut witness = Witness::new(self.measured_from);
        witness.look_before(Offset::START, &self.flows);
        // Asleep until shortly before the start, since a thread wakes up late.
        thread::sleep(clock.until_start().saturating_sub(HEAD_START));
        while !clock.until_start().is_zero() {
            std::hint::spin_loop();
        }
        let mut housekeeping = Offset::START;
        let mut stopped_at = None;
        loop {
            let mut now = clock.now();
            let sent = self.send_due(now, clock);
            if sent > 0 {
                now = clock.now();
            }
            // As many answers as probes, lest a thread that is behind does nothing but send.
            for _ in 0..sent.div_ceil(BURST).max(1) {
                self.read_next(clock)?;
            }
            if now >= housekeeping {
                housekeeping = now + HOUSEKEEPING;
                if stopped_at.is_none() && !self.demand.is_over(now) && self.is_stopped() {
                    stopped_at = Some(now);
                    // What was due before is given up too, if the thread is behind with it.
                    self.demand.cut(now);
                    self.last_chance = self.last_chance.min(now);
                }
                self.keep_house(now, clock)?;
                // What comes after a stop belongs to the interval that it cut short.
                if stopped_at.is_none() {
                    self.recorder.turn(now);
                }
                witness.look_before(now, &self.flows);
                if self.demand.is_over(now) && now.since(self.last_sent) > LINGER {
                    witness.look_after();
                }
                if self.is_done(now) {
                    break;
                }
            }
            self.rest(now, clock)?;
        }
        witness.look_after();
        Ok(self.finish(&witness, stopped_at))
    }

    fn finish(mut self, witness: &Witness, stopped_at: Option<Offset>) -> Probed {
        let (own_drops_measured, own_drops) = witness.drops(&self.flows);
        let effects = self.flows.iter().map(|flow| flow.socket.effects());
        let buffers = effects.filter_map(|effects| effects.receive_buffer.applied());
        let measured = Measured {
            own_drops,
            own_drops_measured,
            receive_buffer: buffers.min().copied(),
            trains: self.sender.trains,
            longest_train: self.sender.longest_train,
            unreachable: self.sender.unreachable + self.receiver.unreachable,
            receive_errors: self.receiver.errors,
            time_split: self.sampling.map(Sampling::finish),
            ..self.recorder.finish()
        };
        Probed {
            measured,
            stopped_at,
            scheduling: witness.scheduling(),
            fault: self.demand.take_fault(),
        }
    }

    /// Sends the probes that are due; returns how many.
    fn send_due(&mut self, now: Offset, clock: Clock) -> usize {
        if self.giving_up {
            return 0;
        }
        let due = self.demand.fill(&mut self.flows, now, &mut self.recorder);
        if due > 0 {
            for (index, flow) in self.flows.iter_mut().enumerate() {
                if !flow.due.is_empty() {
                    let waited = flow.in_flight > 0;
                    let sampling = self.sampling.as_mut();
                    self.last_sent =
                        self.sender
                            .send(flow, index, clock, &mut self.recorder, sampling);
                    self.waiting_flows += usize::from(!waited && flow.in_flight > 0);
                }
            }
        }
        due
    }

    /// Looks for answers: by asking the next flow that waits for some, or, where many do, by asking
    /// the poll which of them to ask.
    fn read_next(&mut self, clock: Clock) -> io::Result<()> {
        if self.waiting_flows == 0 {
            return Ok(());
        }
        if self.waiting_flows > ASKED_ONE_BY_ONE {
            return self.read_ready(clock, Duration::ZERO);
        }
        let flows = self.flows.len();
        let next = (0..flows)
            .map(|step| (self.next_read + step) % flows)
            .find(|index| self.flows[*index].in_flight > 0);
        if let Some(index) = next {
            self.read(index, clock);
            self.next_read = (index + 1) % flows;
        }
        Ok(())
    }

    /// Waits for answers, no longer than `timeout`, and reads them.
    fn read_ready(&mut self, clock: Clock, timeout: Duration) -> io::Result<()> {
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            Ok(()) | Err(_) => {}
        }
        // Set aside for the loop; an empty one takes no memory.
        let events = mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            // Stamps wake the poll as errors do, once for many; those that nobody waits for any more
            // are taken here alone, lest they fill the receive buffer.
            if event.is_error()
                && let Some(sampling) = &mut self.sampling
            {
                let index = event.token().0;
                sampling.collect(index, &self.flows[index].socket);
            }
            // A target that floods may not keep the thread from sending; what is left raises
            // another event, or is asked for because its flow waits for answers.
            let mut batches = 0;
            while batches < MOST_BATCHES && self.read(event.token().0, clock) {
                batches += 1;
            }
        }
        self.events = events;
        Ok(())
    }

    /// Reads one batch of a flow; true if there may be more.
    fn read(&mut self, index: usize, clock: Clock) -> bool {
        let flow = &mut self.flows[index];
        let waited = flow.in_flight > 0;
        let sampling = self.sampling.as_mut();
        let more = self
            .receiver
            .receive(flow, index, clock, &mut self.recorder, sampling);
        self.waiting_flows -= usize::from(waited && flow.in_flight == 0);
        more
    }

    /// Every millisecond: reads what nobody waits for, gives up what is overdue.
    fn keep_house(&mut self, now: Offset, clock: Clock) -> io::Result<()> {
        self.read_ready(clock, Duration::ZERO)?;
        if self.recorder.expire(now) > 0 {
            self.last_given_up = now;
        }
        if let Some(sampling) = &mut self.sampling {
            for (index, flow) in self.flows.iter().enumerate() {
                if sampling.await_stamps(index) {
                    sampling.collect(index, &flow.socket);
                }
            }
            sampling.keep_house(now);
        }
        self.waiting_flows = 0;
        for (index, flow) in self.flows.iter_mut().enumerate() {
            flow.in_flight = self.recorder.outstanding_on(index);
            self.waiting_flows += usize::from(flow.in_flight > 0);
        }
        if now >= self.measured_from {
            // Warm-up that is late now would make the measured window late from its first probe.
            let skipped = self.demand.skip_before(self.measured_from);
            self.recorder.skip(0, skipped, 0, Reason::Behind);
        }
        self.giving_up |= now > self.last_chance;
        if self.giving_up {
            self.give_up_schedule();
        }
        Ok(())
    }

    /// Counts what is still to be sent as not sent: the thread could not keep up. A part of it at a
    /// time, so that answers do not wait meanwhile.
    fn give_up_schedule(&mut self) {
        let flows = self.flows.len() as u64;
        let measured = self.demand.skip_rest();
        for index in 0..self.flows.len() {
            // As even as taking turns would have been.
            let share = measured / flows + u64::from((index as u64) < measured % flows);
            self.recorder.skip(index, 0, share, Reason::Behind);
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.enough.load(Ordering::Relaxed)
    }

    fn is_done(&self, now: Offset) -> bool {
        // While late answers come, more of them are likely, and each takes a probe off the lost.
        let last_event = self
            .last_sent
            .max(self.last_given_up)
            .max(self.receiver.last_late);
        let settled = self.recorder.outstanding() == 0 && now.since(last_event) > LINGER;
        let longest = self.timeout.saturating_add(LATEST);
        self.demand.is_over(now) && (settled || now.since(self.last_sent) > longest)
    }

    /// Spins on, or sleeps until an answer comes or the next probe is near.
    fn rest(&mut self, now: Offset, clock: Clock) -> io::Result<()> {
        let outlook = Outlook {
            now,
            next_due: self.demand.next_due(&self.flows, now),
            last_sent: self.last_sent,
            in_flight: self.waiting_flows > 0,
        };
        let Pause::Sleep(sleep) = pacer::pause(outlook, self.waiting) else {
            return Ok(());
        };
        self.read_ready(clock, sleep)
    }
}

/// How long after its last probe was due a thread may go on sending what it is behind with: enough
/// for a pause by the system, and too little to make up for a rate that it cannot keep.
fn grace(duration: Duration) -> Duration {
    (duration / 200).clamp(Duration::from_millis(20), Duration::from_millis(50))
}

/// Up to so many waiting flows are asked in turn for their answers; asking the poll first takes a
/// call more, but finds the flow that has some at once.
const ASKED_ONE_BY_ONE: usize = 8;

/// How long before the start a thread stops sleeping.
const HEAD_START: Duration = Duration::from_millis(2);

/// Batches of a flow that are read before anything else is done.
const MOST_BATCHES: usize = 16;

/// How often a thread looks at what is not urgent.
const HOUSEKEEPING: Duration = Duration::from_millis(1);

/// How long after the last timeout late answers are waited for at most.
const LATEST: Duration = Duration::from_secs(10);

/// How long a thread goes on listening when all is answered or given up, for second copies and late
/// answers.
const LINGER: Duration = Duration::from_millis(20);
