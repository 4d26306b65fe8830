//! The figures of a view as lines.

use std::iter;

use humantime::format_duration;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::draw::seconds;
use super::palette::{self, Palette};
use super::state::{Reactor, Times, View};
use crate::figures::{count, percent, time};
use crate::losses::Server;
use crate::measure::Quantile;

/// Columns of [`times`].
pub(super) const TIMES_WIDTH: usize = 9 + 11 + 15;

/// Columns of [`counts`].
pub(super) const COUNTS_WIDTH: usize = 16 + 11 + 13;

/// One of several times.
type Which = fn(&Times) -> Quantile;

/// Round trips and lateness, over the last interval and all of them.
pub(super) fn times(view: &View, palette: Palette) -> Vec<Line<'static>> {
    let interval = format_duration(view.setting.interval);
    let title = format!(
        "{:<9}{:>11}{:>15}",
        "",
        format!("last {interval}"),
        since(view)
    );
    let row = |(name, which): (&str, Which)| {
        let mut spans = vec![Span::styled(format!("{name:<9}"), palette::LABEL)];
        for (times, width) in [(&view.last_row, 11), (&view.since, 15)] {
            let quantile = times.as_ref().map(which);
            let style = match quantile {
                Some(Quantile::Lost) => palette.bad(),
                _ => Style::new(),
            };
            spans.push(Span::styled(
                format!("{:>width$}", written(quantile)),
                style,
            ));
        }
        Line::from(spans)
    };
    let rows: [(&str, Which); 7] = [
        ("p50", |times| times.from_due.p50),
        ("p90", |times| times.from_due.p90),
        ("p99", |times| times.from_due.p99),
        ("p99.9", |times| times.from_due.p99_9),
        ("max", |times| times.from_due.max),
        ("late p50", |times| times.lateness.p50),
        ("late p99", |times| times.lateness.p99),
    ];
    let title = Line::styled(title, palette::LABEL);
    iter::once(title).chain(rows.map(row)).collect()
}

/// Rates, totals, and where the lost died.
pub(super) fn counts(view: &View, palette: Palette) -> Vec<Line<'static>> {
    let title = format!("{:<16}{:>11}{:>13}", "", "a second", since(view));
    let (rates, totals, losses) = (&view.rates, &view.totals, &view.losses);
    let row = |name: &str, rate: &str, total: &str, style: Style| {
        Line::from(vec![
            Span::styled(format!("{name:<16}"), palette::LABEL),
            Span::styled(format!("{rate:>11}{total:>13}"), style),
        ])
    };
    let of_lost = |number: Option<u64>| match number {
        Some(0) => ("0".to_owned(), Style::new()),
        Some(number) => (count(number), palette.bad()),
        None => ("unknown".to_owned(), palette::LABEL),
    };
    let plain = Style::new();
    let lost = of_lost(Some(totals.lost)).1;
    let mut lines = vec![
        Line::styled(title, palette::LABEL),
        row("asked", &view.setting.asked, "", plain),
        row("sent", &count(rates.sent), &count(totals.sent), plain),
        row(
            "answered",
            &count(rates.answered),
            &count(totals.answered),
            plain,
        ),
        row("lost", &count(rates.lost), &count(totals.lost), lost),
        row(
            "  of the sent",
            "",
            &percent(totals.lost, totals.sent),
            lost,
        ),
    ];
    let elsewhere = match losses.server_drops {
        Server::Embedded { .. } => "  elsewhere",
        Server::SameHost { .. } | Server::Unknown => "  path or server",
    };
    let causes = [
        ("  own sockets", Some(losses.own_socket)),
        ("  its sockets", losses.server_socket),
        ("  the server", losses.server),
        (elsewhere, Some(losses.path)),
    ];
    lines.extend(causes.map(|(name, number)| {
        let (text, style) = of_lost(number);
        row(name, "", &text, style)
    }));
    lines
}

/// The server in this process, and the goal of the run, as far as there are such.
pub(super) fn reactor_and_goal(view: &View, palette: Palette) -> Vec<Line<'static>> {
    let reactor = view
        .reactor
        .as_ref()
        .map(|reactor| self::reactor(reactor, palette));
    let goal = view.goal.as_ref().map(|goal| named("until", goal.clone()));
    reactor.into_iter().flatten().chain(goal).collect()
}

fn reactor(reactor: &Reactor, palette: Palette) -> Vec<Line<'static>> {
    let decimal = |hundredths: u64| format!("{}.{:02}", count(hundredths / 100), hundredths % 100);
    let causes = reactor.dropped.iter();
    let causes: Vec<_> = causes
        .map(|(reason, number)| format!("{} {reason}", count(*number)))
        .collect();
    let dropped = if causes.is_empty() {
        Span::raw("none")
    } else {
        Span::styled(causes.join(", "), palette.bad())
    };
    let rates = format!(
        "received {}/s, sent {}/s",
        count(reactor.received),
        count(reactor.echoed)
    );
    let calls = format!(
        "{} datagrams a receive call, {} a send call",
        decimal(reactor.received_a_call),
        decimal(reactor.echoed_a_call)
    );
    let mut last = named("  dropped", String::new());
    last.spans.push(dropped);
    vec![named("server", rates), named("  batches", calls), last]
}

fn named(name: &str, text: String) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("{name:<11}"), palette::LABEL),
        Span::raw(text),
    ])
}

/// What totals count from.
fn since(view: &View) -> String {
    match view.reset_at {
        None if !view.began => "in warm-up".to_owned(),
        None => "since start".to_owned(),
        Some(at) => format!("since {}", seconds(at)),
    }
}

fn written(quantile: Option<Quantile>) -> String {
    match quantile {
        Some(Quantile::Value(nanos)) => time(nanos),
        Some(Quantile::Lost) => "lost".to_owned(),
        Some(Quantile::TooFew) | None => "-".to_owned(),
    }
}
