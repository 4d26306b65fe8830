//! Tells the service manager that started this program how it is (`sd_notify(3)`): ready, ending,
//! and, as long as every worker turns, alive.

use std::io;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use sd_notify::NotifyState;
use tracing::warn;

use crate::cue::Attention;
use crate::figures::grouped;
use crate::lifecycle::{Lifecycle, Phase};
use crate::log::Limiter;
use crate::notify::Notify;
use crate::server::Observer;
use crate::stats::Summary;

/// A thread that reports until the server ends. Dropping it waits for the last report.
#[derive(Debug)]
pub struct Reports {
    thread: Option<JoinHandle<()>>,
}

/// Starts to report when the word is given, if a service manager hears it.
///
/// # Errors
/// What the system said when it could not start a thread.
pub fn start(
    lifecycle: Lifecycle,
    observer: Observer,
    notify: Notify,
    attention: Attention,
) -> io::Result<Option<Reports>> {
    if !notify.is_heard() {
        return Ok(None);
    }
    let reporter = Reporter {
        lifecycle,
        observer,
        notify,
        watchdog: sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero()),
        complaints: Limiter::default(),
        since: Instant::now(),
    };
    let thread = thread::Builder::new()
        .name("systemd".to_owned())
        .spawn(move || {
            if attention.wait() {
                reporter.run();
            }
        })?;
    Ok(Some(Reports {
        thread: Some(thread),
    }))
}

impl Drop for Reports {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic there has been told by the hook that tells all of them.
            let _ended: thread::Result<()> = thread.join();
        }
    }
}

struct Reporter {
    lifecycle: Lifecycle,
    observer: Observer,
    notify: Notify,
    /// How long the manager waits for a sign of life; none if it does not want any.
    watchdog: Option<Duration>,
    complaints: Limiter<Complaint>,
    since: Instant,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Complaint {
    Silent,
    NotTaken,
}

impl Reporter {
    fn run(mut self) {
        while !self.lifecycle.is_ready() {
            if self.lifecycle.wait_for_end(GLANCE) != Phase::Running {
                break;
            }
        }
        // Also if it is ending by now: a manager takes a service that was never ready for a failed one.
        let status = self.status();
        let ready = [NotifyState::Ready, NotifyState::Status(&status)];
        let told = self.notify.tell_surely(&ready);
        self.complain_of(told);
        // Twice as often as the manager wants it, as it advises.
        let interval = self.watchdog.map_or(STATUS_INTERVAL, |limit| limit / 2);
        loop {
            let question = self.watchdog.map(|_| self.lifecycle.ask());
            let pause = interval.clamp(GLANCE, STATUS_INTERVAL);
            if self.lifecycle.wait_for_end(pause) != Phase::Running {
                break;
            }
            self.report(question);
        }
        if self.lifecycle.phase() == Phase::Replaced {
            // The service goes on, and whoever has taken over reports.
            return;
        }
        let status = NotifyState::Status("answering what is queued, then ending");
        self.tell(&[NotifyState::Stopping, status]);
    }

    /// A sign of life, unless a worker has left the question unanswered for a whole interval.
    fn report(&mut self, question: Option<u64>) {
        let silent = question.map_or_else(Vec::new, |question| self.lifecycle.silent(question));
        if !silent.is_empty() {
            let sentence = format!("workers {silent:?} do not turn");
            let now = self.since.elapsed();
            if let Some(more) = self.complaints.judge(Complaint::Silent, 1, now) {
                warn!("{sentence}, so the service manager gets no sign of life{more}");
            }
            self.tell(&[NotifyState::Status(&sentence)]);
            return;
        }
        let status = self.status();
        let status = NotifyState::Status(&status);
        match question {
            Some(_) => self.tell(&[NotifyState::Watchdog, status]),
            None => self.tell(&[status]),
        }
    }

    fn status(&self) -> String {
        let summary = self.observer.summary();
        summary.map_or_else(String::new, |summary| status(&summary))
    }

    fn tell(&mut self, states: &[NotifyState<'_>]) {
        let told = self.notify.tell(states);
        self.complain_of(told);
    }

    fn complain_of(&mut self, told: io::Result<()>) {
        let Err(error) = told else {
            return;
        };
        let now = self.since.elapsed();
        if let Some(more) = self.complaints.judge(Complaint::NotTaken, 1, now) {
            warn!("cannot tell the service manager how it is (NOTIFY_SOCKET): {error}{more}");
        }
    }
}

/// One line for `systemctl status`.
fn status(summary: &Summary) -> String {
    let total = &summary.total;
    format!(
        "answering: {} received, {} echoed, {} dropped by the kernel",
        grouped(total.received),
        grouped(total.echoed),
        grouped(total.kernel_drops)
    )
}

/// How often the status is told to a manager that wants no signs of life.
const STATUS_INTERVAL: Duration = Duration::from_secs(10);

/// How long to wait between two looks whether the workers have begun.
const GLANCE: Duration = Duration::from_millis(1);
