//! One run, or several beside each other.

use serde_json::{Map, Value};

use super::page::{Block, Judgement, Section, Tone};
use super::table::{Cell, Origin, Row, Table, Weight};
use super::{over_time, percentiles, time_split};
use crate::figures::{count, percent};
use crate::report::accounts::{self, elsewhere};
use crate::report::run::objectives_word;
use crate::report::setting::described;
use crate::report::table::{COLUMNS, legend};
use crate::report::verdict_word;
use crate::results::{Distribution, Run};
use crate::slo;

/// A run with what it is called.
pub(super) struct Named<'a> {
    /// Empty if it is the only one.
    pub(super) name: String,
    pub(super) origin: Origin,
    pub(super) run: &'a Run,
}

/// Whether a run ended before its measured window began, or before anything came due in it.
pub(super) fn is_empty(run: &Run) -> bool {
    run.counts.scheduled == 0
}

/// Everything about these runs.
pub(super) fn sections(runs: &[Named<'_>]) -> Vec<Section> {
    let verdicts = runs.iter().flat_map(judgements).map(Block::Judgement);
    let mut sections = vec![
        Section::new("Verdict", verdicts.collect()),
        Section::new("Figures", figures(runs)),
        Section::new("Distribution", percentiles::blocks(runs)),
        Section::new("Over time", over_time::blocks(runs)),
    ];
    let splits = time_split::blocks(runs);
    if !splits.is_empty() {
        sections.push(Section::new("Where the time went", splits));
    }
    sections.push(Section::new("Everything else", rest(runs)));
    sections
}

/// The verdict of the run, and of its objectives.
fn judgements(named: &Named<'_>) -> Vec<Judgement> {
    let run = named.run;
    let doubts = run.verdict.doubts.iter();
    let (word, _) = verdict_word(run.verdict.outcome);
    let mut judgements = vec![Judgement {
        subject: named.name.clone(),
        word: word.to_owned(),
        tone: Tone::from(run.verdict.outcome),
        sentences: doubts
            .map(|doubt| format!("{}: {}", doubt.code, doubt.message))
            .collect(),
    }];
    judgements.extend(run.slo.as_ref().map(|slo| {
        let (word, _) = objectives_word(slo.outcome);
        let messages = slo.objectives.iter();
        Judgement {
            subject: named.name.clone(),
            word: format!("objectives {word}"),
            tone: match slo.outcome {
                slo::Outcome::Met => Tone::Good,
                slo::Outcome::Undecided => Tone::Doubtful,
                slo::Outcome::Missed => Tone::Bad,
            },
            sentences: messages.map(|one| one.message.clone()).collect(),
        }
    }));
    judgements.extend(run.until.as_ref().map(|until| Judgement {
        subject: named.name.clone(),
        word: "until".to_owned(),
        tone: Tone::Plain,
        sentences: vec![until.message.clone()],
    }));
    judgements
}

fn figures(runs: &[Named<'_>]) -> Vec<Block> {
    let settings = runs.iter().flat_map(|named| {
        let mut entries: Vec<(String, String)> = described(named.run)
            .into_iter()
            .map(|(label, text)| (label.to_owned(), text))
            .collect();
        if !named.name.is_empty() {
            entries.insert(0, ("run".to_owned(), named.name.clone()));
        }
        entries.push(("host".to_owned(), accounts::host(&named.run.host)));
        let gaps = named.run.gaps_ns.as_ref().and_then(accounts::gaps);
        entries.extend(gaps.map(|gaps| ("gaps".to_owned(), gaps)));
        [Block::List(entries)]
    });
    let mut blocks: Vec<Block> = settings.collect();
    blocks.push(Block::Table(quantiles(runs)));
    blocks.push(Block::Table(counts(runs)));
    blocks
}

/// How long answers took, by both clocks, and how late probes were.
fn quantiles(runs: &[Named<'_>]) -> Table {
    let names = COLUMNS.iter().map(|column| column.name);
    let mut table = Table::headed(
        ["round trip"]
            .into_iter()
            .chain(names)
            .chain(["mean", "count"]),
    );
    for named in runs {
        if !named.name.is_empty() {
            table.rows.push(Row::heading(&named.name));
        }
        let run = named.run;
        let of = |path, name, shown| distribution(&named.origin, path, name, shown);
        let due = of("rtt_ns.from_due", "from due", &run.rtt_ns.from_due);
        table.rows.push(due.weighing(Weight::Strong));
        let intervals = &run.rtt_ns.from_due.intervals;
        if COLUMNS
            .iter()
            .any(|column| (column.interval)(intervals).is_some())
        {
            table.rows.push(ends(named, "95 % from", 0));
            table.rows.push(ends(named, "to", 1));
        }
        table
            .rows
            .push(of("rtt_ns.from_send", "from send", &run.rtt_ns.from_send));
        table
            .rows
            .push(of("lateness_ns", "lateness", &run.lateness_ns));
    }
    let shown = runs.iter().flat_map(|named| {
        let trips = &named.run.rtt_ns;
        [&trips.from_due, &trips.from_send, &named.run.lateness_ns]
    });
    let words = legend(&shown.collect::<Vec<_>>());
    table.legend = words
        .into_iter()
        .map(|(word, meaning)| (word.to_owned(), meaning))
        .collect();
    table
}

fn distribution(origin: &Origin, path: &str, name: &str, shown: &Distribution) -> Row {
    let quantiles = COLUMNS.iter().map(|column| {
        let path = format!("{path}.{}", field(column.name));
        origin.quantile(&path, (column.of)(shown))
    });
    let mean = origin.time(&format!("{path}.mean"), shown.mean);
    let count = origin.count(&format!("{path}.count"), shown.count);
    Row::new(name, quantiles.chain([mean, count]).collect())
}

fn ends(named: &Named<'_>, name: &str, end: usize) -> Row {
    let intervals = &named.run.rtt_ns.from_due.intervals;
    let cells = COLUMNS.iter().map(|column| {
        let path = format!("rtt_ns.from_due.intervals.{}.{end}", field(column.name));
        let edge = (column.interval)(intervals).map(|ends| ends[end]);
        named.origin.edge(&path, edge)
    });
    let none = [Cell::default(), Cell::default()];
    Row::new(name, cells.chain(none).collect()).weighing(Weight::Weak)
}

/// The name of a column, as result files have it.
pub(super) fn field(column: &str) -> String {
    column.replace('.', "_")
}

/// What became of the probes: a row a figure, a column a run.
fn counts(runs: &[Named<'_>]) -> Table {
    let names = runs.iter().map(|named| match named.name.as_str() {
        "" => "count",
        name => name,
    });
    let mut table = Table::headed(["probes"].into_iter().chain(names));
    let mut row = |name: String, weight, of: &dyn Fn(&Named<'_>) -> Cell| {
        let cells = runs.iter().map(of).collect();
        table.rows.push(Row::new(name, cells).weighing(weight));
    };
    for (name, path, of) in RATES {
        row(format!("{name}, a second"), Weight::Normal, &|named| {
            named
                .origin
                .count(&format!("rate_pps.{path}"), of(named.run))
        });
    }
    let mut none = Vec::new();
    for (name, path, of) in COUNTS {
        let is_usual = USUAL.contains(path);
        if !is_usual && runs.iter().all(|named| of(named.run) == 0) {
            none.push(*name);
            continue;
        }
        row((*name).to_owned(), Weight::Normal, &|named| {
            let cell = named.origin.count(path, of(named.run));
            cell.and(&share(path, of(named.run), named.run))
        });
        if *path == "counts.not_sent" {
            for reason in reasons(runs) {
                row(format!("because of {reason}"), Weight::Weak, &|named| {
                    let probes = named.run.not_sent_by.get(&reason).copied();
                    Cell::text(count(probes.unwrap_or(0)))
                });
            }
        }
        if *path == "counts.lost" {
            for (place, path, of) in places(runs) {
                row(format!("at {place}"), Weight::Weak, &|named| {
                    named.origin.known(path, of(named.run))
                });
            }
        }
    }
    if !none.is_empty() {
        table.legend.push(("none".to_owned(), none.join(", ")));
    }
    table
}

/// Why probes were not sent, of all runs.
fn reasons(runs: &[Named<'_>]) -> Vec<String> {
    let reasons = runs.iter().flat_map(|named| named.run.not_sent_by.keys());
    let mut reasons: Vec<String> = reasons.cloned().collect();
    reasons.sort();
    reasons.dedup();
    reasons
}

/// Counts that are told even if they are zero.
const USUAL: [&str; 5] = [
    "counts.scheduled",
    "counts.sent",
    "counts.not_sent",
    "counts.received",
    "counts.lost",
];

type Figure<T> = (&'static str, &'static str, fn(&Run) -> T);

/// Where lost probes died; nowhere if none was lost.
fn places(runs: &[Named<'_>]) -> Vec<Figure<Option<u64>>> {
    if runs.iter().all(|named| named.run.counts.lost == 0) {
        return Vec::new();
    }
    let known = runs.first().and_then(|named| named.run.lost_by.as_ref());
    let rest = known.map_or("path or server", elsewhere);
    vec![
        ("own sockets", "lost_by.own_socket", |run| {
            Some(run.lost_by.as_ref()?.own_socket)
        }),
        ("server's socket", "lost_by.server_socket", |run| {
            run.lost_by.as_ref()?.server_socket
        }),
        ("server", "lost_by.server", |run| {
            run.lost_by.as_ref()?.server
        }),
        (rest, "lost_by.path", |run| Some(run.lost_by.as_ref()?.path)),
    ]
}

/// What part of the probes sent some are, where that is asked.
fn share(path: &str, part: u64, run: &Run) -> String {
    match path {
        "counts.received" | "counts.late" | "counts.lost" if part > 0 => {
            format!(" ({})", percent(part, run.counts.sent))
        }
        _ => String::new(),
    }
}

const RATES: &[Figure<u64>] = &[
    ("scheduled", "scheduled", |run| run.rate_pps.scheduled),
    ("sent", "sent", |run| run.rate_pps.sent),
    ("answered in time", "received", |run| run.rate_pps.received),
];

const COUNTS: &[Figure<u64>] = &[
    ("scheduled", "counts.scheduled", |run| run.counts.scheduled),
    ("sent", "counts.sent", |run| run.counts.sent),
    ("not sent", "counts.not_sent", |run| run.counts.not_sent),
    ("answered in time", "counts.received", |run| {
        run.counts.received
    }),
    ("late", "counts.late", |run| run.counts.late),
    ("lost", "counts.lost", |run| run.counts.lost),
    ("reordered", "counts.reordered", |run| run.counts.reordered),
    ("duplicated", "counts.duplicated", |run| {
        run.counts.duplicated
    }),
    ("corrupted", "counts.corrupted", |run| run.counts.corrupted),
    ("foreign", "counts.foreign", |run| run.counts.foreign),
    ("stale", "counts.stale", |run| run.counts.stale),
    ("dropped by our own full buffers", "own_drops", |run| {
        run.own_drops.unwrap_or(0)
    }),
    ("port unreachable", "unreachable", |run| run.unreachable),
    ("receive errors", "receive_errors", |run| run.receive_errors),
];

/// All that the page does not show elsewhere, whatever it is: plan, environment, flows ...
fn rest(runs: &[Named<'_>]) -> Vec<Block> {
    let mut blocks = Vec::new();
    for named in runs {
        let of = match named.name.as_str() {
            "" => String::new(),
            name => format!(" of {name}"),
        };
        let Value::Object(fields) = unseen(named.run) else {
            continue;
        };
        let (nested, plain) = fields
            .into_iter()
            .partition::<Map<String, Value>, _>(|(_, value)| value.is_object() || value.is_array());
        let folded = |(name, value): (String, Value)| Block::Folded {
            summary: format!("{}{of}", name.replace('_', " ")),
            blocks: vec![Block::Fields(value)],
        };
        blocks.extend(nested.into_iter().map(folded));
        blocks.push(folded(("rest".to_owned(), Value::Object(plain))));
    }
    blocks
}

fn unseen(run: &Run) -> Value {
    // A run always has a form in JSON: it is read from one.
    let mut fields = serde_json::to_value(run).unwrap_or_default();
    if let Some(fields) = fields.as_object_mut() {
        fields.retain(|name, value| !SEEN.contains(&name.as_str()) && !is_blank(value));
    }
    fields
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        simple => simple.is_null(),
    }
}

const SEEN: &[&str] = &[
    "counts",
    "gaps_ns",
    "histograms",
    "intervals",
    "lateness_ns",
    "not_sent_by",
    "own_drops",
    "rate_pps",
    "receive_errors",
    "rtt_ns",
    "slo",
    "time_split",
    "unreachable",
    "until",
    "verdict",
];
