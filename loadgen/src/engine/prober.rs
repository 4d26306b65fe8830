//! One thread: it sends and receives for its own flows from beginning to end.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use super::clock::Clock;
use super::flow::{BURST, Flow};
use super::pacer::{self, Outlook, Pause};
use super::receiver::Receiver;
use super::sender::Sender;
use crate::measure::{Live, Measured, Reason, Recorder, Terms};
use crate::plan::Plan;
use crate::schedule::{Constant, Share};
use crate::time::Offset;

/// A thread's flows, schedule and books.
pub(super) struct Prober {
    flows: Vec<Flow>,
    schedule: Constant,
    recorder: Recorder,
    sender: Sender,
    receiver: Receiver,
    poll: Poll,
    events: Events,
    timeout: Duration,
    measured_from: Offset,
    /// After this nothing is sent, however far behind the schedule is.
    last_chance: Offset,
    /// The flow that the next probe is for.
    next_flow: usize,
    /// The flow that is looked at next for answers.
    next_read: usize,
    last_sent: Offset,
    stop: Arc<AtomicBool>,
}

/// What one thread came to.
pub(super) struct Probed {
    pub(super) measured: Measured,
    /// When the thread was told to stop before its schedule was done.
    pub(super) stopped_at: Option<Offset>,
}

impl Prober {
    pub(super) fn new(
        plan: &Plan,
        share: Share,
        flows: Vec<Flow>,
        live: Arc<Live>,
        stop: Arc<AtomicBool>,
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
            schedule: Constant::new(plan.rate(), plan.span(), share),
            recorder: Recorder::new(terms, flows.len(), plan.outstanding_a_flow(), live),
            sender: Sender::new(plan.size()),
            receiver: Receiver::new(),
            poll,
            events: Events::with_capacity(flows.len().max(1)),
            timeout: plan.timeout(),
            measured_from: plan.measured_from(),
            last_chance: Offset::START + plan.span() + plan.timeout(),
            next_flow: 0,
            next_read: 0,
            last_sent: Offset::START,
            stop,
            flows,
        })
    }

    /// Sends what is scheduled and reads what comes back, until every probe is answered or given
    /// up.
    pub(super) fn run(mut self, clock: Clock) -> io::Result<Probed> {
        // Asleep until shortly before the start, then the loop below spins towards it.
        thread::sleep(clock.until_start().saturating_sub(HEAD_START));
        let mut housekeeping = Offset::START;
        let mut stopped_at = None;
        loop {
            let mut now = clock.now();
            let mut sent = 0;
            if self.schedule.peek().is_some_and(|due| due <= now) {
                sent = self.send_due(now, clock);
                now = clock.now();
            }
            // As many answers as probes, lest a thread that is behind does nothing but send.
            for _ in 0..sent.div_ceil(BURST).max(1) {
                self.read_next(clock);
            }
            if now >= housekeeping {
                housekeeping = now + HOUSEKEEPING;
                if stopped_at.is_none() && self.stop.load(Ordering::Relaxed) {
                    stopped_at = Some(now);
                    self.schedule.cut(now);
                }
                self.keep_house(now, clock);
                if self.is_done(now) {
                    break;
                }
            }
            self.rest(now, clock)?;
        }
        let measured = Measured {
            unreachable: self.receiver.unreachable,
            receive_errors: self.receiver.errors,
            ..self.recorder.finish()
        };
        Ok(Probed {
            measured,
            stopped_at,
        })
    }

    /// Sends the probes that are due, spread over the flows in turn; returns how many.
    fn send_due(&mut self, now: Offset, clock: Clock) -> usize {
        let flows = self.flows.len();
        let first = self.next_flow;
        let most = BURST * flows;
        let mut taken = 0;
        while taken < most
            && let Some(due) = self.schedule.next_if(|due| due <= now)
        {
            self.flows[self.next_flow].due.push(due);
            self.next_flow = (self.next_flow + 1) % flows;
            taken += 1;
        }
        for step in 0..taken.min(flows) {
            let index = (first + step) % flows;
            let flow = &mut self.flows[index];
            self.last_sent = self.sender.send(flow, index, clock, &mut self.recorder);
        }
        taken
    }

    /// Reads from the next flow that waits for answers.
    fn read_next(&mut self, clock: Clock) {
        let flows = self.flows.len();
        for step in 0..flows {
            let index = (self.next_read + step) % flows;
            let flow = &mut self.flows[index];
            if flow.in_flight > 0 {
                self.receiver
                    .receive(flow, index, clock, &mut self.recorder);
                self.next_read = (index + 1) % flows;
                return;
            }
        }
    }

    /// Every millisecond: reads what nobody waits for, gives up what is overdue.
    fn keep_house(&mut self, now: Offset, clock: Clock) {
        for (index, flow) in self.flows.iter_mut().enumerate() {
            if flow.in_flight == 0 {
                self.receiver
                    .receive(flow, index, clock, &mut self.recorder);
            }
        }
        self.recorder.expire(now);
        for (index, flow) in self.flows.iter_mut().enumerate() {
            flow.in_flight = self.recorder.outstanding_on(index);
        }
        if now >= self.measured_from {
            // Warm-up that is late now would make the measured window late from its first probe.
            let overdue = self.schedule.before(self.measured_from);
            let skipped = self.schedule.skip_next(overdue);
            self.recorder.skip(0, skipped, 0, Reason::Behind);
        }
        if now > self.last_chance {
            self.give_up_schedule();
        }
    }

    /// Counts what is still to be sent as not sent: the thread could not keep up.
    fn give_up_schedule(&mut self) {
        let flows = self.flows.len() as u64;
        let measured = self.schedule.skip_next(u64::MAX);
        for index in 0..self.flows.len() {
            // As even as taking turns would have been.
            let share = measured / flows + u64::from((index as u64) < measured % flows);
            self.recorder.skip(index, 0, share, Reason::Behind);
        }
    }

    fn is_done(&self, now: Offset) -> bool {
        let overdue = now.since(self.last_sent) > self.timeout.saturating_add(LINGER);
        let answered = self.recorder.outstanding() == 0 && now.since(self.last_sent) > LINGER;
        self.schedule.peek().is_none() && (answered || overdue)
    }

    /// Spins on, or sleeps until an answer comes or the next probe is near.
    fn rest(&mut self, now: Offset, clock: Clock) -> io::Result<()> {
        let outlook = Outlook {
            now,
            next_due: self.schedule.peek(),
            last_sent: self.last_sent,
            in_flight: self.flows.iter().any(|flow| flow.in_flight > 0),
        };
        let Pause::Sleep(sleep) = pacer::pause(outlook) else {
            return Ok(());
        };
        match self.poll.poll(&mut self.events, Some(sleep)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            Ok(()) | Err(_) => {}
        }
        for event in &self.events {
            let index = event.token().0;
            if let Some(flow) = self.flows.get_mut(index) {
                while self
                    .receiver
                    .receive(flow, index, clock, &mut self.recorder)
                {}
            }
        }
        Ok(())
    }
}

/// How long before the start a thread stops sleeping.
const HEAD_START: Duration = Duration::from_millis(2);

/// How often a thread looks at what is not urgent.
const HOUSEKEEPING: Duration = Duration::from_millis(1);

/// How long a thread goes on listening when all is answered, for second copies.
const LINGER: Duration = Duration::from_millis(20);
