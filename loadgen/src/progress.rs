//! How a run goes, while it lasts: on a bar, or wherever else a [`Display`] puts it.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::engine::{Engine, Sockets, Underway};
use crate::figures;
use crate::gauge::Gauge;
use crate::losses::Source;
use crate::measure::{Live, Snapshot};
use crate::plan::{Load, Plan};

/// Shows a run to people while it lasts, on the thread that waits for its end.
pub trait Display {
    /// Shows what is known now.
    fn show(&mut self, moment: &Moment<'_>);

    /// How often it wants to show something; as often it is looked whether the run is over.
    fn pace(&self) -> Duration;

    /// Waits for so long, or until it has something to show.
    fn rest(&mut self, at_most: Duration) {
        thread::sleep(at_most);
    }
}

/// What is known of a run under way.
pub struct Moment<'a> {
    /// What was asked for.
    pub plan: &'a Plan,
    /// What was measured up to the last row.
    pub underway: &'a Underway,
    /// Whether there are rows that were not there the last time.
    pub news: bool,
    /// How well the quantile of `--until` is known.
    pub gauge: Option<&'a Gauge>,
    /// Where to look for the rest.
    pub sources: &'a Sources,
}

/// What may be read while a run lasts without slowing it.
pub struct Sources {
    /// What the threads show, one each.
    pub live: Vec<Arc<Live>>,
    /// The run's own sockets.
    pub sockets: Sockets,
    /// What counts the losses of the server.
    pub server: Source,
}

impl Sources {
    /// Those of a run against a server whose losses are counted by `server`.
    #[must_use]
    pub fn of(engine: &Engine, server: Source) -> Self {
        Self {
            live: engine.live(),
            sockets: engine.sockets(),
            server,
        }
    }

    /// What all threads have done so far.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut sum = Snapshot::default();
        for thread in &self.live {
            sum.merge(&thread.snapshot());
        }
        sum
    }
}

/// Waits until `underway` has finished, has the `gauge` end it when it is time, and lets the
/// `display` show how it goes.
///
/// `aside` is called now and again, and told whether there are new rows; it may say how soon it wants
/// to be called again.
pub fn watch(
    underway: &mut Underway,
    sources: &Sources,
    mut gauge: Option<&mut Gauge>,
    plan: &Plan,
    display: &mut dyn Display,
    mut aside: impl FnMut(&Underway, bool) -> Option<Duration>,
) {
    while !underway.is_finished() {
        let news = underway.collect();
        if let Some(gauge) = &mut gauge
            && news
            && gauge.weigh(underway.series())
        {
            underway.end();
        }
        let soon = aside(underway, news).unwrap_or(Duration::MAX);
        display.show(&Moment {
            plan,
            underway,
            news,
            gauge: gauge.as_deref(),
            sources,
        });
        // Twice an interval, so that no thread waits for an empty book.
        display.rest(display.pace().min(soon).min(plan.interval() / 2));
    }
}

/// Shows nothing.
#[derive(Debug)]
pub struct Nothing;

impl Display for Nothing {
    fn show(&mut self, _moment: &Moment<'_>) {}

    fn pace(&self) -> Duration {
        LOOK
    }
}

/// A bar on standard error if that is a terminal; nothing elsewhere.
#[derive(Debug)]
pub struct Bar {
    drawn: ProgressBar,
    begun: Instant,
    /// What the counters said when it was last drawn.
    before: (Instant, Snapshot),
}

impl Bar {
    /// A bar for a run, behind a label, which may be empty.
    #[must_use]
    pub fn new(plan: &Plan, label: &str) -> Self {
        let length = u64::try_from(plan.span().as_millis()).unwrap_or(u64::MAX);
        let style = ProgressStyle::with_template("{prefix}{bar:10} {percent:>3} % {wide_msg}")
            .unwrap_or_else(|_unreachable| ProgressStyle::default_bar());
        let prefix = match label {
            "" => String::new(),
            label => format!("{label}  "),
        };
        let begun = Instant::now();
        Self {
            // Hidden by itself where standard error is no terminal.
            drawn: ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr())
                .with_style(style)
                .with_prefix(prefix),
            begun,
            before: (begun, Snapshot::default()),
        }
    }
}

impl Display for Bar {
    fn show(&mut self, moment: &Moment<'_>) {
        let now = Instant::now();
        if self.drawn.is_hidden() || now - self.before.0 < DRAW {
            return;
        }
        let snapshot = moment.sources.snapshot();
        let elapsed = u64::try_from((now - self.begun).as_millis()).unwrap_or(u64::MAX);
        self.drawn
            .set_position(elapsed.min(self.drawn.length().unwrap_or(0)));
        let kind = match moment.plan.load() {
            Load::Open(_) => "",
            Load::Closed(_) => "closed loop: ",
        };
        let text = describe(&self.before.1, &snapshot, now - self.before.0);
        let goal = moment
            .gauge
            .map_or(String::new(), |gauge| format!(", {}", gauge.describe()));
        self.drawn.set_message(format!("{kind}{text}{goal}"));
        self.before = (now, snapshot);
    }

    fn pace(&self) -> Duration {
        if self.drawn.is_hidden() { LOOK } else { DRAW }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.drawn.finish_and_clear();
    }
}

fn describe(before: &Snapshot, now: &Snapshot, elapsed: Duration) -> String {
    let rate = |from: u64, to: u64| {
        let nanos = elapsed.as_nanos().max(1);
        let each_second = u128::from(to.saturating_sub(from)) * 1_000_000_000 / nanos;
        figures::count(u64::try_from(each_second).unwrap_or(u64::MAX))
    };
    let quantile = |percent| now.quantile(percent).map_or("-".to_owned(), figures::time);
    format!(
        "{}/s, back {}/s, lost {}, p50 {}, p99 {}",
        rate(before.sent, now.sent),
        rate(before.answered, now.answered),
        figures::percent(now.lost, now.sent),
        quantile(50),
        quantile(99),
    )
}

/// How often the bar is drawn: seldom enough to cost the measurement nothing.
const DRAW: Duration = Duration::from_millis(200);

/// How often it is looked whether the run is over when nothing is drawn.
const LOOK: Duration = Duration::from_millis(20);
