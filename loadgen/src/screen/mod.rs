//! A run on the whole terminal while it lasts: `--tui`.
//!
//! Lives on the thread that waits for the end of the run and reads what the measuring threads write
//! anyway; it shares no lock with them. From the top down:
//!
//! - `keys`: what keys mean. Pure;
//! - `state`: what is shown, worked out of what was read. Pure;
//! - `draw`, `tables`, `chart`, `palette`: how it looks. Pure;
//! - `terminal`: taken over, and given back whatever happens.

mod chart;
mod draw;
mod keys;
mod palette;
mod state;
mod tables;
mod terminal;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ratatui::crossterm::event;

use self::keys::Wish;
use self::palette::Palette;
use self::state::{Reading, Setting, State};
use self::terminal::Taken;
use crate::figures;
use crate::losses::{Server, Source};
use crate::plan::{Load, Plan};
use crate::progress::{Display, Moment};
use crate::time::Offset;

/// A screen on standard error. Dropping it gives the terminal back.
pub struct Screen {
    taken: Taken,
    palette: Palette,
    state: State,
    stop: Arc<AtomicBool>,
    drawn: Option<Instant>,
    /// What the tables of the kernel said, and when to look again.
    same_host: Option<(Instant, Server)>,
    /// What was wished for since the last look.
    wishes: Vec<Wish>,
}

impl Screen {
    /// Takes the terminal for a run. Keys, SIGINT and SIGTERM raise `stop`; the second of them ends
    /// the program.
    ///
    /// # Errors
    /// What the terminal or the kernel said.
    pub fn open(plan: &Plan, stop: &Arc<AtomicBool>, colour: bool) -> io::Result<Self> {
        Ok(Self {
            taken: Taken::take(stop)?,
            palette: if colour {
                Palette::Colour
            } else {
                Palette::Plain
            },
            state: State::new(setting(plan)),
            stop: Arc::clone(stop),
            drawn: None,
            same_host: None,
            wishes: Vec::new(),
        })
    }

    fn grant(&mut self, wish: Wish, moment: &Moment<'_>) {
        let series = moment.underway.series();
        match wish {
            Wish::Pause => self.state.pause(),
            Wish::Reset => self.state.reset(series.total(), series.tally()),
            Wish::Help => self.state.help(),
            Wish::Stop => {
                self.state.hide_help();
                self.stop.store(true, Ordering::Relaxed);
            }
            Wish::Interrupt => {
                if self.stop.swap(true, Ordering::Relaxed) {
                    self.taken.interrupt();
                }
            }
            Wish::Redraw => {
                // A terminal that cannot be cleared is drawn on as it is.
                let _cleared: io::Result<()> = self.taken.terminal.clear();
            }
        }
    }

    fn reading(&mut self, moment: &Moment<'_>) -> Reading {
        let snapshot = moment.sources.snapshot();
        let (server, reactor) = match &moment.sources.server {
            Source::Embedded(observer) => {
                let account = observer.summary().map(|summary| summary.total);
                (Server::of(account.as_ref()), account)
            }
            source => (self.seldom(source), None),
        };
        Reading {
            at: moment.underway.now().since(Offset::START),
            sent: snapshot.sent,
            answered: snapshot.answered,
            lost: snapshot.lost,
            own_drops: moment.sources.sockets.drops(),
            server,
            reactor,
        }
    }

    /// What `source` says, or said a moment ago: the kernel walks through the sockets of the whole
    /// host for it.
    fn seldom(&mut self, source: &Source) -> Server {
        let now = Instant::now();
        match self.same_host {
            Some((next, server)) if now < next => server,
            _ => {
                let server = source.read();
                self.same_host = Some((now + LOOK_AT_HOST, server));
                server
            }
        }
    }
}

impl Display for Screen {
    fn show(&mut self, moment: &Moment<'_>) {
        if moment.news {
            let series = moment.underway.series();
            self.state
                .measured(series.rows(), series.total(), series.tally());
        }
        let wishes = std::mem::take(&mut self.wishes);
        let due = self.drawn.is_none_or(|drawn| drawn.elapsed() >= DRAW);
        if !self.taken.is_held() || (wishes.is_empty() && !due) {
            return;
        }
        let reading = self.reading(moment);
        let goal = moment.gauge.map(crate::gauge::Gauge::describe);
        let ending = self.stop.load(Ordering::Relaxed) || moment.underway.is_ending();
        self.state.read(reading, goal, ending);
        for wish in wishes {
            self.grant(wish, moment);
        }
        let (view, palette) = (self.state.view(), self.palette);
        // A terminal that takes nothing now may do so later; the run does not depend on it.
        let _drawn: Result<_, io::Error> = self
            .taken
            .terminal
            .draw(|frame| draw::draw(&view, frame.buffer_mut(), palette));
        self.drawn = Some(Instant::now());
    }

    fn pace(&self) -> Duration {
        if !self.taken.is_held() {
            // A panic has given the terminal back, and the other threads go on for now.
            return DRAW;
        }
        let next = self.drawn.map(|drawn| drawn + DRAW);
        next.map_or(Duration::ZERO, |next| {
            next.saturating_duration_since(Instant::now())
        })
    }

    fn rest(&mut self, at_most: Duration) {
        if !self.taken.is_held() {
            // Keys are no longer meant for the screen.
            thread::sleep(at_most);
            return;
        }
        let begun = Instant::now();
        let Ok(true) = event::poll(at_most) else {
            // Of a terminal that has gone away the poll fails at once.
            thread::sleep(at_most.saturating_sub(begun.elapsed()));
            return;
        };
        let typed = std::iter::from_fn(|| {
            let ready = event::poll(Duration::ZERO).unwrap_or(false);
            ready.then(|| event::read().ok()).flatten()
        });
        self.wishes.extend(
            typed
                .take(MOST_AT_ONCE)
                .filter_map(|event| keys::wish(&event)),
        );
    }
}

fn setting(plan: &Plan) -> Setting {
    let embedded = if plan.embedded() {
        " (embedded server)"
    } else {
        ""
    };
    let (asked, kind) = match plan.load() {
        Load::Open(rate) => {
            let rate = figures::rate(rate);
            (rate.clone(), format!("{rate} probes/s"))
        }
        Load::Closed(window) => (
            "-".to_owned(),
            format!(
                "closed loop, {} probes outstanding a flow",
                figures::count(window.get().into())
            ),
        ),
    };
    let bytes = match plan.size_bounds() {
        (smallest, largest) if smallest == largest => format!("{smallest} bytes"),
        (smallest, largest) => format!("{smallest} to {largest} bytes"),
    };
    Setting {
        target: format!("{}{embedded}", plan.target_name()),
        load: format!(
            "{kind}, {bytes}, flows {}, threads {}",
            plan.flows(),
            plan.threads()
        ),
        asked,
        warmup: plan.warmup(),
        window: plan.span().saturating_sub(plan.warmup()),
        interval: plan.interval(),
    }
}

/// How often the screen is drawn: seldom enough to cost the measurement nothing.
const DRAW: Duration = Duration::from_millis(200);

/// How often it is looked what the kernel dropped at a server's sockets.
const LOOK_AT_HOST: Duration = Duration::from_secs(1);

/// Of keys that come faster than this for a drawing, the rest waits for the next.
const MOST_AT_ONCE: usize = 64;
