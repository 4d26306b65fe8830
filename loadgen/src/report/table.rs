//! The table of round trips, by both clocks.

use super::{BOLD, Style, labelled, painted};
use crate::figures::{count, time};
use crate::measure::{Edge, Fraction, Quantile};
use crate::results::{Distribution, Intervals, Run};

pub(super) fn latencies(run: &Run, style: Style) -> Vec<String> {
    let rows = [
        ("from due", &run.rtt_ns.from_due),
        ("from send", &run.rtt_ns.from_send),
        ("lateness", &run.lateness_ns),
    ];
    let header = COLUMNS.map(|column| column.name.to_owned());
    let mut lines = vec![row("round trip", &header)];
    for (name, distribution) in rows {
        let cells = COLUMNS.map(|column| cell((column.of)(distribution)));
        lines.push(row(name, &cells));
    }
    // The headline: what a user of the service would have waited, and how sure that is.
    lines[1] = painted(&lines[1], BOLD, style);
    lines.splice(2..2, bounds(rows[0].1));
    let distributions = rows.map(|(_, distribution)| distribution);
    let legend = legend(&distributions);
    lines.extend(legend.iter().map(|(word, text)| labelled(word, text)));
    lines
}

/// The rows of the intervals, if any quantile has one.
fn bounds(distribution: &Distribution) -> Vec<String> {
    let ends = COLUMNS.map(|column| (column.interval)(&distribution.intervals));
    if ends.iter().all(Option::is_none) {
        return Vec::new();
    }
    let bound = |name, end: usize| {
        let cells = ends.map(|ends| ends.map_or(String::new(), |ends| cell(ends[end].into())));
        row(name, &cells).trim_end().to_owned()
    };
    vec![bound(" 95 % from", 0), bound("        to", 1)]
}

/// What the words in place of a number mean, if there are any.
pub(super) fn legend(distributions: &[&Distribution]) -> Vec<(&'static str, String)> {
    let any = |of: fn(&Distribution) -> Quantile, quantile| {
        distributions.iter().any(|one| of(one) == quantile)
    };
    let mut lines = Vec::new();
    if COLUMNS.iter().any(|column| any(column.of, Quantile::Lost)) {
        let meaning = "the rank falls among probes that were sent and had no answer in time";
        lines.push(("lost", meaning.to_owned()));
    }
    let needs: Vec<String> = COLUMNS
        .iter()
        .filter(|column| any(column.of, Quantile::TooFew))
        .filter_map(|column| Some((column.name, column.fraction?)))
        .map(|(name, fraction)| {
            format!(
                "{name} (needs {} answers)",
                count(fraction.smallest_population())
            )
        })
        .collect();
    if !needs.is_empty() {
        lines.push(("n/a", needs.join(", ")));
    }
    lines
}

/// One column of the table.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) of: fn(&Distribution) -> Quantile,
    /// `None` for the maximum, which takes but one value.
    pub(super) fraction: Option<Fraction>,
    pub(super) interval: fn(&Intervals) -> Option<[Edge; 2]>,
}

pub(super) const COLUMNS: [Column; 6] = [
    quantile("p50", Fraction::P50, |it| it.p50, |it| it.p50),
    quantile("p90", Fraction::P90, |it| it.p90, |it| it.p90),
    quantile("p99", Fraction::P99, |it| it.p99, |it| it.p99),
    quantile("p99.9", Fraction::P99_9, |it| it.p99_9, |it| it.p99_9),
    quantile("p99.99", Fraction::P99_99, |it| it.p99_99, |it| it.p99_99),
    Column {
        name: "max",
        of: |distribution| distribution.max,
        fraction: None,
        interval: |_intervals| None,
    },
];

const fn quantile(
    name: &'static str,
    fraction: Fraction,
    of: fn(&Distribution) -> Quantile,
    interval: fn(&Intervals) -> Option<[Edge; 2]>,
) -> Column {
    Column {
        name,
        of,
        fraction: Some(fraction),
        interval,
    }
}

pub(super) fn cell(quantile: Quantile) -> String {
    match quantile {
        Quantile::Value(nanos) => time(nanos),
        Quantile::Lost => "lost".to_owned(),
        Quantile::TooFew => "n/a".to_owned(),
    }
}

fn row(name: &str, cells: &[String]) -> String {
    let cells = cells.iter().map(|cell| format!("{cell:>9}"));
    format!("{name:<10}{}", cells.collect::<String>())
}
