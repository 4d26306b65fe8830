//! A sweep as text: a line a rate, both ways beside each other.

use std::collections::BTreeMap;

use super::run::{cell, sizes, target};
use super::{BOLD, Style, labelled, painted, verdict_word};
use crate::figures::{self, percent, time};
use crate::measure::Quantile;
use crate::rate::Rate;
use crate::results::{Run, Sweep};
use crate::sweep::Direction;

/// The report of a sweep. Ends with a line break.
#[must_use]
pub fn text(sweep: &Sweep, style: Style) -> String {
    let mut lines = Vec::new();
    if let Some(first) = sweep.trials.first() {
        lines.push(labelled("target", &target(&first.run.plan)));
        lines.push(labelled("load", &load(sweep, &first.run)));
        lines.push(String::new());
    }
    lines.push(format!(
        "{:<14}{:<37}{}",
        "", "  on the way up", "  on the way down"
    ));
    let header = "     p50      p99     lost  verdict  ";
    let heading = format!("{:<14}{header}{header}", "rate");
    lines.push(painted(heading.trim_end(), BOLD, style));
    for (rate, [up, down]) in rows(sweep) {
        let line = format!(
            "{:<14}{}{}",
            format!("{}/s", figures::rate(rate)),
            half(up, style),
            half(down, style)
        );
        lines.push(line.trim_end().to_owned());
    }
    lines.push(String::new());
    lines.extend(conclusions(sweep));
    lines.join("\n") + "\n"
}

fn load(sweep: &Sweep, first: &Run) -> String {
    let runs = sweep.trials.len();
    let planned = if runs < sweep.planned {
        format!(" of {} planned", sweep.planned)
    } else {
        String::new()
    };
    format!(
        "{runs} runs{planned}, {} a probe, {} each after {} of warm-up",
        sizes(&first.plan),
        time(first.plan.duration_ns),
        time(first.plan.warmup_ns)
    )
}

/// The rates in rising order, with the run of each direction.
fn rows(sweep: &Sweep) -> BTreeMap<Rate, [Option<&Run>; 2]> {
    let mut rows: BTreeMap<Rate, [Option<&Run>; 2]> = BTreeMap::new();
    for trial in &sweep.trials {
        if let Some(rate) = trial.rate() {
            let row = rows.entry(rate).or_default();
            match trial.direction {
                Direction::Up => row[0] = Some(&trial.run),
                Direction::Down => row[1] = Some(&trial.run),
            }
        }
    }
    rows
}

fn half(run: Option<&Run>, style: Style) -> String {
    let Some(run) = run else {
        return format!("{:37}", "");
    };
    let missing = run.counts.lost + run.counts.late;
    let (word, colour) = verdict_word(run.verdict.outcome);
    format!(
        "{:>8}{:>9}{:>9}  {}  ",
        cell(run.rtt_ns.from_due.p50),
        cell(run.rtt_ns.from_due.p99),
        percent(missing, run.counts.sent),
        // Padded before it is painted: escape sequences take no room.
        painted(&format!("{word:<7}"), colour, style)
    )
}

fn conclusions(sweep: &Sweep) -> Vec<String> {
    let knee = match &sweep.knee {
        Some(rate) => format!(
            "{}/s: the most answers a second for the median round trip",
            rate.parse()
                .map_or_else(|_not_a_rate| rate.clone(), figures::rate)
        ),
        None => "none: at no rate was the median answered both ways".to_owned(),
    };
    vec![
        labelled("knee", &knee),
        labelled("hysteresis", &hysteresis(sweep)),
    ]
}

/// Where the way down was worst compared with the way up; a median that is lost is the worst.
fn hysteresis(sweep: &Sweep) -> String {
    let worst = rows(sweep)
        .into_iter()
        .filter_map(|(rate, [up, down])| Some((rate, p50(up?)?, p50(down?)?)))
        .filter(|(_, up, down)| down.saturating_sub(*up) > up / 2)
        // By the ratio down / up, without a division.
        .max_by(|left, right| {
            let product = |up: u64, down: u64| u128::from(down) * u128::from(up);
            product(right.1, left.2).cmp(&product(left.1, right.2))
        });
    match worst {
        Some((rate, up, down)) => format!(
            "at {}/s the median was {} on the way up and {} on the way down",
            figures::rate(rate),
            time(up),
            if down == u64::MAX {
                "lost".to_owned()
            } else {
                time(down)
            }
        ),
        None => "none: no median was over 1.5 times as long on the way down".to_owned(),
    }
}

/// The median round trip; the longest there is if it was lost.
fn p50(run: &Run) -> Option<u64> {
    match run.rtt_ns.from_due.p50 {
        Quantile::Value(nanos) => Some(nanos),
        Quantile::Lost => Some(u64::MAX),
        Quantile::TooFew => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::SweepTrial;
    use crate::results::tests::run;

    fn trial(direction: Direction, rate: &str, median: u64) -> SweepTrial {
        let mut run = run();
        run.plan.rate = Some(rate.to_owned());
        run.rtt_ns.from_due.p50 = Quantile::Value(median);
        SweepTrial { direction, run }
    }

    #[test]
    fn a_server_that_never_recovers_shows_the_worst_hysteresis() {
        let mut lost = trial(Direction::Down, "10000", 1);
        lost.run.rtt_ns.from_due.p50 = Quantile::Lost;
        let trials = vec![
            trial(Direction::Up, "10000", 20_000),
            trial(Direction::Up, "40000", 25_000),
            trial(Direction::Down, "40000", 900_000),
            lost,
        ];
        let text = text(&Sweep::new(trials, 4), Style::Plain);
        let told = "at 10,000/s the median was 20.0 us on the way up and lost on the way down";
        assert!(text.contains(told), "{text}");
    }

    #[test]
    fn both_ways_stand_beside_each_other() {
        let trials = vec![
            trial(Direction::Up, "10000", 20_000),
            trial(Direction::Up, "40000", 25_000),
            trial(Direction::Down, "40000", 900_000),
        ];
        let expected = "\
target      127.0.0.1:50007 (embedded server, in this very process)
load        3 runs of 4 planned, 64 bytes a probe, 100 ms each after 0 ns of warm-up

                on the way up                        on the way down
rate               p50      p99     lost  verdict       p50      p99     lost  verdict
10,000/s       20.0 us  21.0 us  0.403 %  valid
40,000/s       25.0 us  21.0 us  0.403 %  valid      900 us  21.0 us  0.403 %  valid

knee        10,000/s: the most answers a second for the median round trip
hysteresis  at 40,000/s the median was 25.0 us on the way up and 900 us on the way down
";
        assert_eq!(text(&Sweep::new(trials, 4), Style::Plain), expected);
    }
}
