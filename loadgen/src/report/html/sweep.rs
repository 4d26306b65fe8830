//! Runs at several rates: latency against rate.

use super::chart::{Axis, Chart, Curve, Dash, Group, Kind, Mark, Scale, Shape, Unit, Value};
use super::page::{Block, Judgement, Section, Tone};
use super::runs::field;
use super::table::{Cell, Origin, Row, Table, Weight};
use crate::figures::{self, percent};
use crate::rate::Rate;
use crate::report::setting::target;
use crate::report::sweep::{conclusions, is_highest, load, objectives};
use crate::report::table::{COLUMNS, Column};
use crate::report::verdict_word;
use crate::results::{Run, Sweep, SweepTrial};
use crate::sweep::Direction;
use crate::verdict::Outcome;

/// Everything about a sweep.
pub(super) fn sections(name: &str, file: usize, sweep: &Sweep) -> Vec<Section> {
    let of = match name {
        "" => String::new(),
        name => format!(" of {name}"),
    };
    let trials: Vec<(Option<Rate>, &Run)> = sweep
        .trials
        .iter()
        .map(|trial| (trial.rate(), &trial.run))
        .collect();
    let mut verdict = vec![Block::Judgement(judgement(name, sweep))];
    verdict.extend(doubts(&trials));
    let mut figures = Vec::new();
    if let Some(first) = sweep.trials.first() {
        figures.push(Block::List(vec![
            ("target".to_owned(), target(&first.run.plan)),
            ("load".to_owned(), load(sweep, &first.run)),
        ]));
    }
    figures.push(Block::Table(table(file, sweep)));
    let mut charts = vec![latency(sweep).into(), answered(sweep).into()];
    if trials.iter().any(|(_, run)| missing(run) > 0) {
        charts.push(losses(sweep).into());
    }
    vec![
        Section::new(format!("Verdict{of}"), verdict),
        Section::new(format!("Latency against rate{of}"), charts),
        Section::new(format!("Figures{of}"), figures),
    ]
}

fn judgement(name: &str, sweep: &Sweep) -> Judgement {
    let word = match knee(sweep) {
        Some(knee) => format!("knee at {}/s", figures::rate(knee)),
        None if sweep.trials.len() < sweep.planned => "interrupted".to_owned(),
        None => "no knee".to_owned(),
    };
    let conclusions = conclusions(sweep).into_iter().chain(objectives(sweep));
    Judgement {
        subject: name.to_owned(),
        word,
        tone: Tone::Plain,
        sentences: conclusions
            .map(|(label, text)| format!("{label}: {text}"))
            .collect(),
    }
}

/// What there is to doubt about each of many runs, folded away.
pub(super) fn doubts(trials: &[(Option<Rate>, &Run)]) -> Option<Block> {
    let doubtful = trials
        .iter()
        .filter(|(_, run)| run.verdict.outcome != Outcome::Valid);
    let told: Vec<Block> = doubtful
        .clone()
        .map(|(rate, run)| {
            let (word, _) = verdict_word(run.verdict.outcome);
            let sentences = run.verdict.doubts.iter();
            Block::Judgement(Judgement {
                subject: rate.map_or_else(String::new, |rate| format!("{}/s", figures::rate(rate))),
                word: word.to_owned(),
                tone: run.verdict.outcome.into(),
                sentences: sentences
                    .map(|doubt| format!("{}: {}", doubt.code, doubt.message))
                    .collect(),
            })
        })
        .collect();
    (!told.is_empty()).then(|| Block::Folded {
        summary: format!("{} of {} runs are doubtful", told.len(), trials.len()),
        blocks: told,
    })
}

fn table(file: usize, sweep: &Sweep) -> Table {
    let names = DRAWN.map(|column| column.name);
    let columns = ["rate"].into_iter().chain(names).chain(["lost", "verdict"]);
    let mut table = Table::headed(columns);
    for (direction, title) in [
        (Direction::Up, "on the way up"),
        (Direction::Down, "on the way down"),
    ] {
        table.rows.push(Row::heading(title));
        let trials = sweep.trials.iter().enumerate();
        for (number, trial) in trials.filter(|(_, trial)| trial.direction == direction) {
            table.rows.push(row(file, number, trial.rate(), &trial.run));
        }
    }
    table
}

/// One run of many.
pub(super) fn row(file: usize, trial: usize, rate: Option<Rate>, run: &Run) -> Row {
    let origin = Origin::of_trial(file, trial);
    let quantiles = DRAWN.iter().map(|column| {
        let path = format!("rtt_ns.from_due.{}", field(column.name));
        origin.quantile(&path, (column.of)(&run.rtt_ns.from_due))
    });
    let (word, _) = verdict_word(run.verdict.outcome);
    let rest = [
        Cell::text(percent(missing(run), run.counts.sent)),
        Cell::text(word),
    ];
    let name = rate.map_or_else(
        || "unknown".to_owned(),
        |rate| format!("{}/s", figures::rate(rate)),
    );
    Row::new(name, quantiles.chain(rest).collect()).weighing(Weight::Normal)
}

/// Probes without an answer in time.
fn missing(run: &Run) -> u64 {
    run.counts.lost + run.counts.late
}

/// Median, 99th and 99.9th percentile.
pub(super) const DRAWN: [Column; 3] = [COLUMNS[0], COLUMNS[2], COLUMNS[3]];

fn latency(sweep: &Sweep) -> Chart {
    Chart {
        name: "latency",
        title: "Round trip against rate, from due (us, ms or s; both scales logarithmic)"
            .to_owned(),
        caption:
            "Percentiles at each rate with their 95 % intervals, on the way up (solid) and on \
                  the way down again (dashed); a triangle at the top stands for a percentile that \
                  is lost. Beyond the knee the round trip grows faster than what comes back."
                .to_owned(),
        kind: Kind::Curves,
        x: rates(),
        y: Axis::latency("round trip"),
        groups: both(sweep, |trials, dash| {
            let curves = DRAWN.iter().enumerate();
            curves
                .map(|(colour, column)| Curve {
                    dash,
                    ..against(column, colour, trials)
                })
                .collect()
        }),
        marks: marks(sweep),
    }
}

/// A percentile of each run with its interval.
pub(super) fn against(column: &Column, colour: usize, runs: &[&Run]) -> Curve {
    let quantile = |run: &&Run| Value::from((column.of)(&run.rtt_ns.from_due));
    let within = |run: &&Run| {
        let ends = (column.interval)(&run.rtt_ns.from_due.intervals)?;
        Some(ends.map(Value::from))
    };
    Curve {
        shape: Shape::Beads,
        within: runs.iter().map(within).collect(),
        ..Curve::line(column.name, colour, runs.iter().map(quantile).collect())
    }
}

fn answered(sweep: &Sweep) -> Chart {
    Chart {
        name: "answered",
        title: "Answered against asked (probes/s; both scales logarithmic)".to_owned(),
        caption: "What was sent and what came back in time at each rate. Sent below asked is the \
                  generator's limit, answered below sent the server's or the path's."
            .to_owned(),
        kind: Kind::Curves,
        x: rates(),
        y: Axis::new("probes/s", Unit::Rate, Scale::Log),
        groups: both(sweep, |trials, dash| {
            let line = |name, colour, of: fn(&Run) -> u64| Curve {
                dash,
                shape: Shape::Beads,
                ..Curve::line(
                    name,
                    colour,
                    trials.iter().map(|run| Value::Whole(of(run))).collect(),
                )
            };
            vec![
                line("sent", 0, |run| run.rate_pps.sent),
                line("answered", 1, |run| run.rate_pps.received),
            ]
        }),
        marks: marks(sweep),
    }
}

fn losses(sweep: &Sweep) -> Chart {
    Chart {
        name: "losses",
        title: "Losses against rate (% of the probes sent)".to_owned(),
        caption: "Probes without an answer in time at each rate.".to_owned(),
        kind: Kind::Curves,
        x: rates(),
        y: Axis::new("lost", Unit::Share, Scale::Linear),
        groups: both(sweep, |trials, dash| {
            let lost = trials
                .iter()
                .map(|run| share(missing(run), run.counts.sent));
            vec![Curve {
                dash,
                shape: Shape::Beads,
                ..Curve::line("lost", 1, lost.collect())
            }]
        }),
        marks: marks(sweep),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a place on a screen needs no more than 53 bits"
)]
fn share(part: u64, whole: u64) -> Value {
    if whole == 0 {
        return Value::Unknown;
    }
    Value::Real(part as f64 / whole as f64)
}

fn rates() -> Axis {
    Axis::new("rate asked for, probes/s", Unit::Rate, Scale::Log)
}

/// The runs of each way, by rising rate.
fn both(sweep: &Sweep, curves: impl Fn(&[&Run], Dash) -> Vec<Curve>) -> Vec<Group> {
    let ways = [
        (Direction::Up, "up", Dash::Solid),
        (Direction::Down, "down", Dash::Dashed),
    ];
    let way = |(direction, name, dash): (Direction, &str, Dash)| {
        let of_it = |trial: &&SweepTrial| trial.direction == direction;
        let trials = sweep.trials.iter().filter(of_it);
        let mut runs: Vec<(Rate, &Run)> = trials
            .filter_map(|trial| Some((trial.rate()?, &trial.run)))
            .collect();
        runs.sort_by_key(|(rate, _)| *rate);
        runs.dedup_by_key(|(rate, _)| *rate);
        let (rates, runs): (Vec<Rate>, Vec<&Run>) = runs.into_iter().unzip();
        Group {
            name: name.to_owned(),
            x: rates.into_iter().map(per_second).collect(),
            curves: curves(&runs, dash),
        }
    };
    let groups = ways.into_iter().map(way);
    groups.filter(|group| !group.x.is_empty()).collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a place on a screen needs no more than 53 bits"
)]
pub(super) fn per_second(rate: Rate) -> Value {
    match rate.thousandths() {
        whole if whole % 1_000 == 0 => Value::Whole(whole / 1_000),
        thousandths => Value::Real(thousandths as f64 / 1_000.0),
    }
}

/// The knee, if the sweep says where it is: the highest rate may be one or not.
fn knee(sweep: &Sweep) -> Option<Rate> {
    let typed = sweep.knee.as_ref()?;
    let known = sweep.trials.len() >= sweep.planned && !is_highest(sweep, typed);
    typed.parse().ok().filter(|_| known)
}

fn marks(sweep: &Sweep) -> Vec<Mark> {
    let mark = knee(sweep).map(|rate| Mark {
        x: per_second(rate),
        label: format!("knee: {}/s", figures::rate(rate)),
    });
    mark.into_iter().collect()
}
