//! Puts a view on a buffer of any size. What does not fit is cut off, and that is said.

use std::iter;
use std::time::Duration;

use humantime::format_duration;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::chart;
use super::palette::{self, Palette};
use super::state::{Phase, View};
use super::tables;
use crate::figures;

/// Draws `view` on all of `buffer`.
pub(super) fn draw(view: &View, buffer: &mut Buffer, palette: Palette) {
    let area = buffer.area;
    let Some(last) = area.height.checked_sub(1) else {
        return;
    };
    let height = usize::from(area.height);
    let width = usize::from(area.width);
    let page = page(view, width, height.saturating_sub(2), palette);
    let header = header(view, palette);
    put(buffer, 0, &header);
    let lines = page.lines.iter().take(height.saturating_sub(2));
    for (row, line) in (1..last).zip(lines) {
        put(buffer, row, line);
    }
    if last > 0 {
        let wants = (page.wants.0.max(header.width()), page.wants.1);
        put(buffer, last, &footer(wants, area));
    }
}

/// What stands between header and footer.
struct Page {
    lines: Vec<Line<'static>>,
    /// Columns and rows that would show all of it, header and footer included.
    wants: (usize, usize),
}

fn page(view: &View, width: usize, height: usize, palette: Palette) -> Page {
    if view.help {
        let lines = help(width.min(USUAL_WIDTH));
        // Where it does not fit, it takes a usual width rather than many rows.
        let longest = lines.iter().map(Line::width).max().unwrap_or(0);
        let wants = if longest <= width && lines.len() <= height {
            (longest, lines.len() + 2)
        } else {
            (USUAL_WIDTH, help(USUAL_WIDTH).len() + 2)
        };
        return Page { lines, wants };
    }
    let load = vec![Line::styled(view.setting.load.clone(), palette::LABEL)];
    let tables = tables(view, width, palette);
    let rest = tables::reactor_and_goal(view, palette);
    // The load, the title of the chart, and an empty line before each of three parts.
    let fixed = tables.len() + rest.len() + 2 + 3;
    let lines = tables.iter().chain(&rest).chain(&load);
    let longest = lines.map(Line::width).max().unwrap_or(0);
    let wants = (longest, fixed + LOWEST_CHART + 2);
    let empty = || vec![Line::default()];
    let parts = if height >= fixed + LOWEST_CHART {
        let rows = (height - fixed).min(HIGHEST_CHART);
        let chart = chart(view, width, rows, palette);
        vec![load, empty(), tables, empty(), chart, empty(), rest]
    } else if height > tables.len() + rest.len() + 2 {
        // Without the luxury of empty lines.
        let rows = height - tables.len() - rest.len() - 1;
        let chart = chart(view, width, rows.min(LOWEST_CHART), palette);
        vec![tables, chart, rest]
    } else {
        vec![tables, rest]
    };
    Page {
        lines: parts.into_iter().flatten().collect(),
        wants,
    }
}

/// Times and counts, side by side if there is room.
fn tables(view: &View, width: usize, palette: Palette) -> Vec<Line<'static>> {
    let times = tables::times(view, palette);
    let counts = tables::counts(view, palette);
    if width < tables::TIMES_WIDTH + GAP + tables::COUNTS_WIDTH {
        return times.into_iter().chain(counts).collect();
    }
    let rows = times.len().max(counts.len());
    let padded = |lines: Vec<Line<'static>>| {
        let more = iter::repeat_with(Line::default);
        lines.into_iter().chain(more).take(rows)
    };
    let beside = |(mut left, right): (Line<'static>, Line<'static>)| {
        let gap = (tables::TIMES_WIDTH + GAP).saturating_sub(left.width());
        left.spans.push(Span::raw(" ".repeat(gap)));
        left.spans.extend(right.spans);
        left
    };
    padded(times).zip(padded(counts)).map(beside).collect()
}

fn chart(view: &View, width: usize, rows: usize, palette: Palette) -> Vec<Line<'static>> {
    let shown = chart::newest(&view.history, width);
    let interval = format_duration(view.setting.interval);
    let scale = match chart::top(shown) {
        0 => String::new(),
        top => format!(", up to {}", figures::time(top)),
    };
    let title = format!("p99 of each {interval}{scale} (x: lost)");
    let mut lines = vec![Line::styled(title, palette::LABEL)];
    lines.extend(chart::bars(shown, width, rows, palette));
    lines
}

fn header(view: &View, palette: Palette) -> Line<'static> {
    let phase = match view.phase {
        Phase::WarmingUp => "warming up",
        Phase::Measuring => "measuring",
        Phase::Draining => "draining",
    };
    let mut spans = vec![
        Span::styled(phase, palette.phase(view.phase)),
        Span::raw(format!(
            " {} of {}  ",
            seconds(view.elapsed),
            format_duration(if view.began {
                view.setting.window
            } else {
                view.setting.warmup
            })
        )),
    ];
    if let Some(at) = view.paused_at {
        let text = format!(" display paused at {} ", seconds(at));
        spans.push(Span::styled(text, palette::NOTICE));
        spans.push(Span::raw("  "));
    }
    spans.push(Span::styled(view.setting.target.clone(), palette::TITLE));
    Line::from(spans)
}

fn footer(wants: (usize, usize), area: Rect) -> Line<'static> {
    let (columns, rows) = (usize::from(area.width), usize::from(area.height));
    // Of a line that is cut, the most important key is left.
    let stop = Span::styled("q stop  ", palette::LABEL);
    let others = Span::styled("p pause  r reset  ? help", palette::LABEL);
    if columns >= wants.0 && rows >= wants.1 {
        return Line::from(vec![stop, others]);
    }
    let text = format!("cut: {}x{} shows all", wants.0.max(columns), wants.1);
    Line::from(vec![
        stop,
        Span::styled(text, palette::NOTICE),
        Span::raw("  "),
        others,
    ])
}

/// A point in time, to the second.
pub(super) fn seconds(time: Duration) -> String {
    format_duration(Duration::from_secs(time.as_secs())).to_string()
}

/// What keys do and figures mean, in lines of so many columns.
fn help(width: usize) -> Vec<Line<'static>> {
    let keys = KEYS.iter().flat_map(|(key, meaning)| {
        let lines = wrapped(meaning, width.saturating_sub(KEY_WIDTH));
        let keys = iter::once(*key).chain(iter::repeat(""));
        keys.zip(lines)
            .map(|(key, line)| format!("{key:<KEY_WIDTH$}{line}"))
            .collect::<Vec<_>>()
    });
    let meanings = MEANINGS.iter().flat_map(|text| wrapped(text, width));
    let gap = iter::once(String::new());
    keys.chain(gap).chain(meanings).map(Line::raw).collect()
}

/// A text in lines of at most so many columns, if its words are no longer than that.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn put(buffer: &mut Buffer, row: u16, line: &Line<'_>) {
    let area = buffer.area;
    buffer.set_style(Rect::new(area.x, area.y + row, area.width, 1), Style::new());
    buffer.set_line(area.x, area.y + row, line, area.width);
}

/// Rows of the chart without which empty lines are left out.
const LOWEST_CHART: usize = 3;
const HIGHEST_CHART: usize = 12;

/// Columns of most terminals.
const USUAL_WIDTH: usize = 80;

/// Columns between two tables.
const GAP: usize = 4;

/// Columns before the meaning of a key.
const KEY_WIDTH: usize = 8;

const KEYS: [(&str, &str); 5] = [
    (
        "q, Esc",
        "end the run, with the report of what was measured",
    ),
    ("Ctrl-C", "the same; once more: end the program at once"),
    ("p", "pause the display, or go on; the run goes on anyway"),
    (
        "r",
        "have the totals shown begin anew; the result keeps everything",
    ),
    ("?", "this help, or back"),
];

const MEANINGS: [&str; 4] = [
    "Times count from when a probe was due, over the last whole interval and over all intervals so \
     far. Late is how long after that a probe was sent.",
    "Totals and times since start are those of the whole intervals of the measured window; the \
     warm-up is in neither, and while it lasts its own totals are shown.",
    "Lost is what got no answer in time, a moment ago: causes are counted at once, the lost \
     themselves when their time is over. Some may yet turn out to be late.",
    "Rates are those of the last second. Nothing here goes into the result.",
];
