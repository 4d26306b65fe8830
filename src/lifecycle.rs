//! Running, then draining or replaced, then stopped: the one thing that workers tell each other. And whether
//! each of them still turns.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use mio::Waker;

/// How far a server is on its way to the end. It only ever moves forward.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Phase {
    /// It answers what comes.
    Running,
    /// It answers what is queued, then ends.
    Draining,
    /// It reads no more, since a successor does; it sends what it has taken, then ends.
    Replaced,
    /// It ends at once.
    Stopped,
}

/// The phase of a server, shared by its workers and whoever may stop it.
#[derive(Clone)]
pub struct Lifecycle {
    shared: Arc<Shared>,
}

struct Shared {
    phase: AtomicU8,
    /// Whether somebody wants the server to end, rather than this program to be replaced.
    told_to_end: AtomicBool,
    wakers: Vec<Waker>,
    /// The number of the last question whether the workers turn. The first is asked from the
    /// beginning on.
    asked: AtomicU64,
    /// The last question that each worker has answered; 0 before it turned at all.
    answers: Vec<AtomicU64>,
    /// For those who wait for the end.
    ends: Mutex<()>,
    ended: Condvar,
}

impl Lifecycle {
    /// A server that runs, with a waker for each worker.
    #[must_use]
    pub fn new(wakers: Vec<Waker>) -> Self {
        Self {
            shared: Arc::new(Shared {
                phase: AtomicU8::new(RUNNING),
                told_to_end: AtomicBool::new(false),
                asked: AtomicU64::new(FIRST_QUESTION),
                answers: wakers.iter().map(|_| AtomicU64::new(0)).collect(),
                wakers,
                ends: Mutex::new(()),
                ended: Condvar::new(),
            }),
        }
    }

    /// Answer what is queued, then end. Nothing happens if that is under way already.
    pub fn drain(&self) {
        self.advance(DRAINING);
    }

    /// The same on somebody's demand, which a successor that has just taken over has to learn of.
    pub fn quit(&self) {
        self.shared.told_to_end.store(true, Ordering::Release);
        self.drain();
    }

    /// Whether somebody has demanded that the server ends.
    #[must_use]
    pub fn is_told_to_end(&self) -> bool {
        self.shared.told_to_end.load(Ordering::Acquire)
    }

    /// Read no more, since a successor does. False if the server was ending already: then that goes
    /// on.
    #[must_use]
    pub fn hand_over(&self) -> bool {
        let handed = self.shared.phase.compare_exchange(
            RUNNING,
            REPLACED,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        if handed.is_ok() {
            self.tell();
        }
        handed.is_ok()
    }

    /// End at once, with what is queued unanswered.
    pub fn stop(&self) {
        self.advance(STOPPED);
    }

    /// How far it is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.shared.phase.load(Ordering::Acquire) {
            RUNNING => Phase::Running,
            DRAINING => Phase::Draining,
            REPLACED => Phase::Replaced,
            _ => Phase::Stopped,
        }
    }

    /// Waits until it no longer runs, but not longer than `patience`; tells how far it is then.
    #[must_use]
    pub fn wait_for_end(&self, patience: Duration) -> Phase {
        // Nothing is behind this lock, so that a panic while it was held has broken nothing.
        let guard = self.shared.ends.lock();
        let guard = guard.unwrap_or_else(PoisonError::into_inner);
        let runs = |(): &mut ()| self.phase() == Phase::Running;
        let waited = self.shared.ended.wait_timeout_while(guard, patience, runs);
        drop(waited);
        self.phase()
    }

    /// Asks every worker whether it turns, and wakes it for that; the number of the question comes
    /// back. A turn takes a worker microseconds to milliseconds, a deliberate stall excepted.
    #[must_use]
    pub fn ask(&self) -> u64 {
        let question = self.shared.asked.fetch_add(1, Ordering::Relaxed) + 1;
        self.wake_all();
        question
    }

    /// The workers that have not answered this question yet, counted from 0. Once a server no
    /// longer runs they need not.
    #[must_use]
    pub fn silent(&self, question: u64) -> Vec<usize> {
        let answers = self.shared.answers.iter().enumerate();
        let silent = answers.filter(|(_, answer)| answer.load(Ordering::Relaxed) < question);
        if self.phase() == Phase::Running {
            silent.map(|(worker, _)| worker).collect()
        } else {
            Vec::new()
        }
    }

    /// Whether it answers what comes: every worker has begun, and none shall end.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.phase() == Phase::Running && self.silent(FIRST_QUESTION).is_empty()
    }

    /// A worker turns. Called once a turn, so it writes only what is new.
    pub(crate) fn answer(&self, worker: usize) {
        let asked = self.shared.asked.load(Ordering::Relaxed);
        if let Some(answer) = self.shared.answers.get(worker)
            && answer.load(Ordering::Relaxed) != asked
        {
            answer.store(asked, Ordering::Relaxed);
        }
    }

    fn advance(&self, phase: u8) {
        if self.shared.phase.fetch_max(phase, Ordering::AcqRel) >= phase {
            return;
        }
        self.tell();
    }

    fn tell(&self) {
        // Whoever is about to wait has either seen the phase or waits by now.
        drop(self.shared.ends.lock());
        self.shared.ended.notify_all();
        self.wake_all();
    }

    fn wake_all(&self) {
        for waker in &self.shared.wakers {
            // An eventfd write fails only when its counter is full: then the worker is being
            // woken already.
            let _woken: io::Result<()> = waker.wake();
        }
    }
}

impl fmt::Debug for Lifecycle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.phase())
    }
}

const RUNNING: u8 = 0;
const DRAINING: u8 = 1;
const REPLACED: u8 = 2;
const STOPPED: u8 = 3;

/// What [`Lifecycle::new`] has asked.
const FIRST_QUESTION: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_only_moves_forward() {
        let lifecycle = Lifecycle::new(Vec::new());
        assert_eq!(lifecycle.phase(), Phase::Running);
        lifecycle.stop();
        lifecycle.drain();
        assert_eq!(lifecycle.phase(), Phase::Stopped);
    }

    #[test]
    fn a_server_that_ends_cannot_be_replaced_and_one_that_is_replaced_can_be_ended() {
        let ending = Lifecycle::new(Vec::new());
        ending.drain();
        assert!(!ending.hand_over());
        assert_eq!(ending.phase(), Phase::Draining);
        let replaced = Lifecycle::new(Vec::new());
        assert!(replaced.hand_over());
        replaced.drain();
        assert_eq!(replaced.phase(), Phase::Replaced);
        assert!(!replaced.is_told_to_end());
        replaced.quit();
        assert!(replaced.is_told_to_end());
        replaced.stop();
        assert_eq!(replaced.phase(), Phase::Stopped);
    }

    fn of(workers: usize) -> Lifecycle {
        let wakers = (0..workers).map(|_| {
            let poll = mio::Poll::new().unwrap();
            Waker::new(poll.registry(), mio::Token(0)).unwrap()
        });
        Lifecycle::new(wakers.collect())
    }

    #[test]
    fn it_is_ready_when_every_worker_has_turned_and_until_one_ends() {
        let lifecycle = of(2);
        lifecycle.answer(1);
        assert!(!lifecycle.is_ready());
        lifecycle.answer(0);
        assert!(lifecycle.is_ready());
        lifecycle.drain();
        assert!(!lifecycle.is_ready());
    }

    #[test]
    fn a_worker_that_does_not_turn_is_silent_until_it_does() {
        let lifecycle = of(3);
        (0..3).for_each(|worker| lifecycle.answer(worker));
        let question = lifecycle.ask();
        lifecycle.answer(0);
        lifecycle.answer(2);
        assert_eq!(lifecycle.silent(question), [1]);
        lifecycle.answer(1);
        assert!(lifecycle.silent(question).is_empty());
    }

    #[test]
    fn a_server_that_ends_owes_no_answer() {
        let lifecycle = of(1);
        let question = lifecycle.ask();
        lifecycle.drain();
        assert!(lifecycle.silent(question).is_empty());
    }

    #[test]
    fn whoever_waits_for_the_end_is_told_at_once() {
        let lifecycle = of(1);
        assert_eq!(lifecycle.wait_for_end(Duration::ZERO), Phase::Running);
        let waiting = std::thread::spawn({
            let lifecycle = lifecycle.clone();
            move || lifecycle.wait_for_end(Duration::MAX)
        });
        lifecycle.drain();
        assert_eq!(waiting.join().unwrap(), Phase::Draining);
    }
}
