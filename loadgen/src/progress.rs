//! A bar on a terminal while a run lasts; nothing elsewhere.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::engine::Underway;
use crate::figures;
use crate::gauge::Gauge;
use crate::measure::{Live, Snapshot};
use crate::plan::{Load, Plan};

/// Waits until `underway` has finished, has the `gauge` end it when it is time, and shows how it
/// goes behind a label, if there is one (an empty one, too) and standard error is a terminal.
///
/// `aside` is called now and again, and told whether there are new rows; it may say how soon it wants
/// to be called again.
pub fn watch(
    underway: &mut Underway,
    live: &[Arc<Live>],
    mut gauge: Option<&mut Gauge>,
    plan: &Plan,
    label: Option<&str>,
    mut aside: impl FnMut(&Underway, bool) -> Option<Duration>,
) {
    let bar = bar(plan, label);
    let begun = Instant::now();
    let mut before = (begun, Snapshot::default());
    while !underway.is_finished() {
        let news = underway.collect();
        if let Some(gauge) = &mut gauge
            && news
            && gauge.weigh(underway.series())
        {
            underway.end();
        }
        let soon = aside(underway, news).unwrap_or(DRAW);
        let usual = if bar.is_hidden() { LOOK } else { DRAW };
        // Twice an interval, so that no thread waits for an empty book.
        thread::sleep(usual.min(soon).min(plan.interval() / 2));
        let now = Instant::now();
        if bar.is_hidden() || now - before.0 < DRAW {
            continue;
        }
        let snapshot = together(live);
        let elapsed = u64::try_from((now - begun).as_millis()).unwrap_or(u64::MAX);
        bar.set_position(elapsed.min(bar.length().unwrap_or(0)));
        let kind = match plan.load() {
            Load::Open(_) => "",
            Load::Closed(_) => "closed loop: ",
        };
        let text = describe(&before.1, &snapshot, now - before.0);
        let goal = gauge
            .as_ref()
            .map_or(String::new(), |gauge| format!(", {}", gauge.describe()));
        bar.set_message(format!("{kind}{text}{goal}"));
        before = (now, snapshot);
    }
    bar.finish_and_clear();
}

fn bar(plan: &Plan, label: Option<&str>) -> ProgressBar {
    let target = match label {
        // Hidden by itself where standard error is no terminal.
        Some(_) => ProgressDrawTarget::stderr(),
        None => ProgressDrawTarget::hidden(),
    };
    let length = u64::try_from(plan.span().as_millis()).unwrap_or(u64::MAX);
    let style = ProgressStyle::with_template("{prefix}{bar:10} {percent:>3} % {wide_msg}")
        .unwrap_or_else(|_unreachable| ProgressStyle::default_bar());
    let prefix = match label {
        Some(label) if !label.is_empty() => format!("{label}  "),
        _ => String::new(),
    };
    ProgressBar::with_draw_target(Some(length), target)
        .with_style(style)
        .with_prefix(prefix)
}

fn together(live: &[Arc<Live>]) -> Snapshot {
    let mut sum = Snapshot::default();
    for thread in live {
        sum.merge(&thread.snapshot());
    }
    sum
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
