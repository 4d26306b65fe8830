//! What the screen shows, worked out of what was read. Pure: it knows no clock and no terminal.

use std::collections::VecDeque;
use std::time::Duration;

use echo_reactor::stats::account::Account;

use crate::losses::{Losses, Server};
use crate::measure::{Latency, Quantile, Quantiles, Row, Tally};

/// What was read at one moment. Counts are those since the beginning, warm-up included.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    /// After the start of the run.
    pub(super) at: Duration,
    pub(super) sent: u64,
    pub(super) answered: u64,
    pub(super) lost: u64,
    /// Datagrams that the run's own sockets had no room for.
    pub(super) own_drops: u64,
    pub(super) server: Server,
    /// What the server in this process counted.
    pub(super) reactor: Option<Account>,
}

/// What does not change while a run lasts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    pub(super) target: String,
    pub(super) load: String,
    /// What the schedule asks for, as people write it.
    pub(super) asked: String,
    pub(super) warmup: Duration,
    /// The measured window, as long as it can be.
    pub(super) window: Duration,
    pub(super) interval: Duration,
}

/// What is kept from one drawing to the next.
#[derive(Debug)]
pub(super) struct State {
    setting: Setting,
    /// Readings of the last second, the oldest first.
    readings: VecDeque<Reading>,
    /// What the causes of losses count from, and in the warm-up all totals.
    origin: Option<Reading>,
    /// After the beginning of the measured window.
    reset_at: Option<Duration>,
    /// What had been measured at the last reset.
    before_reset: Option<Box<(Latency, Tally)>>,
    /// What the rows since then hold.
    counted: Counts,
    last_row: Option<Times>,
    since: Option<Times>,
    history: Vec<Quantile>,
    goal: Option<String>,
    ending: bool,
    paused: Option<Box<View>>,
    help: bool,
}

/// Everything that is on the screen.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct View {
    pub(super) setting: Setting,
    pub(super) phase: Phase,
    /// Whether the measured window has begun.
    pub(super) began: bool,
    /// Since the beginning of the warm-up while that lasts, then of the measured window.
    pub(super) elapsed: Duration,
    /// When the display was paused, if it is; counted as the time elapsed.
    pub(super) paused_at: Option<Duration>,
    pub(super) help: bool,
    /// How far into the measured window the totals were reset, if they were.
    pub(super) reset_at: Option<Duration>,
    pub(super) last_row: Option<Times>,
    pub(super) since: Option<Times>,
    /// The p99 of each row, the oldest first.
    pub(super) history: Vec<Quantile>,
    /// Each second, over the last one.
    pub(super) rates: Counts,
    /// Of the rows, as the times are; in the warm-up, which has none, of all of it.
    pub(super) totals: Counts,
    /// Of the lost among the totals.
    pub(super) losses: Losses,
    pub(super) reactor: Option<Reactor>,
    pub(super) goal: Option<String>,
}

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    WarmingUp,
    Measuring,
    /// Nothing more is sent; the last answers are waited for.
    Draining,
}

/// How long round trips took, from when probes were due, and how late these were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) from_due: Quantiles,
    pub(super) lateness: Quantiles,
}

/// Probes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) sent: u64,
    pub(super) answered: u64,
    pub(super) lost: u64,
}

/// What the server in this process does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reactor {
    /// Datagrams a second, over the last one.
    pub(super) received: u64,
    /// Datagrams a second, over the last one.
    pub(super) echoed: u64,
    /// Datagrams that a receive call brought, in hundredths, over the last second.
    pub(super) received_a_call: u64,
    /// Datagrams that a send call took, in hundredths, over the last second.
    pub(super) echoed_a_call: u64,
    /// Datagrams without an answer among the totals, by reason; none that never came.
    pub(super) dropped: Vec<(String, u64)>,
}

impl State {
    pub(super) fn new(setting: Setting) -> Self {
        Self {
            setting,
            readings: VecDeque::new(),
            origin: None,
            reset_at: None,
            before_reset: None,
            counted: Counts::default(),
            last_row: None,
            since: None,
            history: Vec::new(),
            goal: None,
            ending: false,
            paused: None,
            help: false,
        }
    }

    /// Takes what was read, `ending` if the run was told to end.
    pub(super) fn read(&mut self, reading: Reading, goal: Option<String>, ending: bool) {
        let warmup = self.setting.warmup;
        let was_warming_up = |origin: &Reading| origin.at < warmup && reading.at >= warmup;
        if self.origin.as_ref().is_none_or(was_warming_up) {
            self.origin = Some(reading.clone());
            self.reset_at = None;
        }
        self.readings.push_back(reading);
        while self.readings.len() > 2 && self.over(1) >= RATES_OVER {
            self.readings.pop_front();
        }
        self.goal = goal;
        self.ending = ending;
    }

    /// Takes all rows there are, and their sum.
    pub(super) fn measured(&mut self, rows: &[Row], total: &Latency, tally: &Tally) {
        let new = rows.get(self.history.len()..).unwrap_or_default();
        self.history.extend(new.iter().map(|row| row.from_due.p99));
        let Some(row) = rows.last() else {
            return;
        };
        self.last_row = Some(Times {
            from_due: row.from_due,
            lateness: row.lateness,
        });
        let times = |latency: &Latency, tally: &Tally| Times {
            from_due: latency.from_due.quantiles(tally.given_up),
            lateness: latency.lateness.quantiles(0),
        };
        let (since, counted) = match self.before_reset.as_deref() {
            Some((latency, before)) => {
                let counted = tally.since(before);
                (times(&total.since(latency), &counted), counted)
            }
            None => (times(total, tally), *tally),
        };
        self.since = Some(since);
        self.counted = Counts::from(&counted);
    }

    /// Has totals count from now on. `total` and `tally` are the sum of all rows so far.
    pub(super) fn reset(&mut self, total: &Latency, tally: &Tally) {
        self.origin = self.readings.back().cloned();
        let origin = self.origin.as_ref();
        self.reset_at = origin.and_then(|origin| origin.at.checked_sub(self.setting.warmup));
        self.before_reset = Some(Box::new((total.clone(), *tally)));
        self.since = None;
        self.counted = Counts::default();
        if self.paused.is_some() {
            // Whoever resets wants to see it.
            self.paused = None;
            self.pause();
        }
    }

    /// Freezes what is shown, or lets it go on.
    pub(super) fn pause(&mut self) {
        self.paused = match self.paused {
            Some(_) => None,
            None => Some(Box::new(self.current())),
        };
    }

    /// Shows the help, or hides it.
    pub(super) fn help(&mut self) {
        self.help = !self.help;
    }

    pub(super) fn hide_help(&mut self) {
        self.help = false;
    }

    pub(super) fn view(&self) -> View {
        let current = self.current();
        match &self.paused {
            None => current,
            Some(frozen) => View {
                phase: current.phase,
                elapsed: current.elapsed,
                help: current.help,
                paused_at: Some(frozen.elapsed),
                ..View::clone(frozen)
            },
        }
    }

    fn current(&self) -> View {
        let at = self.readings.back().map_or(Duration::ZERO, |last| last.at);
        let phase = self.phase(at);
        let measured = at.checked_sub(self.setting.warmup);
        let totals = match measured {
            None => self.increase(self.origin.as_ref()),
            Some(_) => self.counted,
        };
        View {
            setting: self.setting.clone(),
            phase,
            began: measured.is_some(),
            elapsed: measured.map_or(at, |elapsed| elapsed.min(self.setting.window)),
            paused_at: None,
            help: self.help,
            reset_at: self.reset_at,
            last_row: self.last_row,
            since: self.since,
            history: self.history.clone(),
            rates: self.increase(self.readings.front()).each(self.over(0)),
            totals,
            losses: self.losses(totals.lost),
            reactor: self.reactor(),
            goal: self.goal.clone(),
        }
    }

    fn phase(&self, at: Duration) -> Phase {
        let measured = at.checked_sub(self.setting.warmup);
        if self.ending || measured.is_some_and(|elapsed| elapsed >= self.setting.window) {
            Phase::Draining
        } else if measured.is_none() {
            Phase::WarmingUp
        } else {
            Phase::Measuring
        }
    }

    /// What came between two readings, the later one the newest.
    fn increase(&self, from: Option<&Reading>) -> Counts {
        let (Some(from), Some(to)) = (from, self.readings.back()) else {
            return Counts::default();
        };
        Counts {
            sent: to.sent.saturating_sub(from.sent),
            answered: to.answered.saturating_sub(from.answered),
            lost: to.lost.saturating_sub(from.lost),
        }
    }

    /// Drops count at once and losses after the timeout, so that right after a reset some of the
    /// lost have no cause.
    fn losses(&self, lost: u64) -> Losses {
        let (Some(from), Some(to)) = (&self.origin, self.readings.back()) else {
            return Losses::attribute(lost, 0, Server::Unknown);
        };
        let own = to.own_drops.saturating_sub(from.own_drops);
        Losses::attribute(lost, own, to.server.since(from.server))
    }

    fn reactor(&self) -> Option<Reactor> {
        let before = self.readings.front()?.reactor.as_ref()?;
        let now = self.readings.back()?.reactor.as_ref()?;
        let origin = self.origin.as_ref()?.reactor.as_ref()?;
        let over = self.over(0);
        let received = now.received.saturating_sub(before.received);
        let echoed = now.echoed.saturating_sub(before.echoed);
        let hundredths = |datagrams: u64, now: u64, before: u64| {
            let calls = now.saturating_sub(before).max(1);
            datagrams.saturating_mul(100).saturating_add(calls / 2) / calls
        };
        Some(Reactor {
            received: each_second(received, over),
            echoed: each_second(echoed, over),
            received_a_call: hundredths(received, now.receive_calls, before.receive_calls),
            echoed_a_call: hundredths(echoed, now.send_calls, before.send_calls),
            dropped: dropped(now, origin),
        })
    }

    /// How far the newest reading is from the one at `index`.
    fn over(&self, index: usize) -> Duration {
        match (self.readings.get(index), self.readings.back()) {
            (Some(from), Some(to)) => to.at.saturating_sub(from.at),
            _ => Duration::ZERO,
        }
    }
}

impl Counts {
    /// Each second, if they came within `over`; none if that is no time at all.
    fn each(self, over: Duration) -> Self {
        Self {
            sent: each_second(self.sent, over),
            answered: each_second(self.answered, over),
            lost: each_second(self.lost, over),
        }
    }
}

/// Whoever is given up counts as lost, since nobody knows yet which of them are late.
impl From<&Tally> for Counts {
    fn from(tally: &Tally) -> Self {
        Self {
            sent: tally.sent,
            answered: tally.received,
            lost: tally.given_up,
        }
    }
}

/// How often each second, rounded, if it was so often within `over`.
fn each_second(often: u64, over: Duration) -> u64 {
    let nanos = over.as_nanos();
    let scaled = u128::from(often) * 1_000_000_000 + nanos / 2;
    let each = scaled.checked_div(nanos).unwrap_or(0);
    u64::try_from(each).unwrap_or(u64::MAX)
}

/// What a server received, or should have, and did not send back, by reason.
fn dropped(now: &Account, origin: &Account) -> Vec<(String, u64)> {
    let on_purpose = |account: &Account| account.faults.map_or(0, |faults| faults.dropped_by_fault);
    let mut reasons = vec![
        (
            "receive buffer full".to_owned(),
            now.kernel_drops.saturating_sub(origin.kernel_drops),
        ),
        (
            "send buffer full".to_owned(),
            now.dropped.saturating_sub(origin.dropped),
        ),
        (
            "fault".to_owned(),
            on_purpose(now).saturating_sub(on_purpose(origin)),
        ),
    ];
    reasons.extend(now.refused.iter().map(|(reason, datagrams)| {
        let before = origin.refused.get(reason).copied().unwrap_or(0);
        ((*reason).to_owned(), datagrams.saturating_sub(before))
    }));
    reasons.extend(now.failed.iter().map(|(error, datagrams)| {
        let before = origin.failed.get(error).copied().unwrap_or(0);
        (error.clone(), datagrams.saturating_sub(before))
    }));
    reasons.retain(|(_, datagrams)| *datagrams > 0);
    reasons
}

/// What rates are taken over, at least: long enough that they do not flicker.
const RATES_OVER: Duration = Duration::from_secs(1);
