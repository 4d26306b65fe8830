//! Bars of the p99 over time, in text.

use ratatui::text::{Line, Span};

use super::palette::Palette;
use crate::measure::Quantile;

/// The newest of `values` as bars, one a column and as many as there are columns, scaled so that
/// the largest value shown is as high as `rows`. What was lost took for ever: it is full of crosses.
pub(super) fn bars(
    values: &[Quantile],
    columns: usize,
    rows: usize,
    palette: Palette,
) -> Vec<Line<'static>> {
    let shown = newest(values, columns);
    let top = top(shown);
    let row = |from_below: usize| {
        let cells = shown.iter().map(|value| match value {
            Quantile::Lost => Span::styled("x", palette.bad()),
            Quantile::TooFew => Span::raw(if from_below == 0 { "." } else { " " }),
            Quantile::Value(nanos) => {
                let eighths = height(*nanos, top, rows);
                let cell = eighths.saturating_sub(from_below * 8).min(8);
                Span::styled(LEVELS[cell], palette.curve())
            }
        });
        cells.collect()
    };
    (0..rows).rev().map(row).collect()
}

/// Those that as many columns show.
pub(super) fn newest(values: &[Quantile], columns: usize) -> &[Quantile] {
    &values[values.len().saturating_sub(columns)..]
}

/// The largest time among them in nanoseconds; 0 if there is none.
pub(super) fn top(values: &[Quantile]) -> u64 {
    let times = values.iter().filter_map(|value| match value {
        Quantile::Value(nanos) => Some(*nanos),
        Quantile::Lost | Quantile::TooFew => None,
    });
    times.max().unwrap_or(0)
}

/// How high a bar is in eighths of a row: at least one, so that every value is seen.
fn height(nanos: u64, top: u64, rows: usize) -> usize {
    let full = rows as u128 * 8;
    let scaled = (u128::from(nanos) * full).checked_div(u128::from(top));
    usize::try_from(scaled.unwrap_or(0).clamp(1, full.max(1))).unwrap_or(1)
}

/// Eighths of a cell, from none to all.
const LEVELS: [&str; 9] = [
    " ", "\u{2581}", "\u{2582}", "\u{2583}", "\u{2584}", "\u{2585}", "\u{2586}", "\u{2587}",
    "\u{2588}",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn text(values: &[Quantile], columns: usize, rows: usize) -> Vec<String> {
        let lines = bars(values, columns, rows, Palette::Plain);
        lines.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_largest_value_is_as_high_as_the_chart() {
        let values = [8, 4, 1, 0].map(Quantile::Value);
        assert_eq!(text(&values, 4, 1), ["\u{2588}\u{2584}\u{2581}\u{2581}"]);
        let two = text(&values, 4, 2);
        assert_eq!(two, ["\u{2588}   ", "\u{2588}\u{2588}\u{2582}\u{2581}"]);
    }

    #[test]
    fn what_is_lost_is_full_of_crosses_and_does_not_count_for_the_scale() {
        let values = [Quantile::Lost, Quantile::Value(3), Quantile::TooFew];
        assert_eq!(text(&values, 9, 2), ["x\u{2588} ", "x\u{2588}."]);
    }

    #[test]
    fn the_newest_values_are_shown_and_scaled() {
        let values = [900, 2, 1].map(Quantile::Value);
        assert_eq!(text(&values, 2, 1), ["\u{2588}\u{2584}"]);
    }
}
