//! A sweep as text: a line a rate, both ways beside each other.

use std::collections::BTreeMap;

use super::setting::{sizes, target, warmup};
use super::table::cell;
use super::{BOLD, Style, labelled, painted, verdict_word, wrapped};
use crate::figures::{self, percent, time};
use crate::measure::Quantile;
use crate::rate::Rate;
use crate::results::{Run, Sweep};
use crate::slo;
use crate::sweep::Direction;

/// The report of a sweep. Ends with a line break.
#[must_use]
pub fn text(sweep: &Sweep, style: Style) -> String {
    let mut lines = Vec::new();
    if let Some(first) = sweep.trials.first() {
        lines.extend(wrapped("target", &target(&first.run.plan)));
        lines.extend(wrapped("load", &load(sweep, &first.run)));
        lines.push(String::new());
    }
    lines.push(format!(
        "{:<12}{:<34}{}",
        "", "  on the way up", "  on the way down"
    ));
    let header = "     p50      p99     lost verdict";
    let heading = format!("{:<12}{header}{header}", "rate");
    lines.push(painted(heading.trim_end(), BOLD, style));
    for (rate, [up, down]) in rows(sweep) {
        let line = format!(
            "{:<12}{}{}",
            format!("{}/s", figures::rate(rate)),
            half(up, style),
            half(down, style)
        );
        lines.push(line.trim_end().to_owned());
    }
    lines.push(String::new());
    lines.extend(conclusions(sweep));
    lines.extend(objectives(sweep));
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
        "{runs} runs{planned}, {} a probe, {} each after {}",
        sizes(&first.plan),
        time(first.plan.duration_ns),
        warmup(&first.plan)
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
        return format!("{:34}", "");
    };
    let missing = run.counts.lost + run.counts.late;
    let (word, colour) = verdict_word(run.verdict.outcome);
    format!(
        "{:>8}{:>9}{:>9} {}",
        cell(run.rtt_ns.from_due.p50),
        cell(run.rtt_ns.from_due.p99),
        percent(missing, run.counts.sent),
        // Padded before it is painted: escape sequences take no room.
        painted(&format!("{word:<7}"), colour, style)
    )
}

fn conclusions(sweep: &Sweep) -> Vec<String> {
    if sweep.trials.len() < sweep.planned {
        let text = "the sweep was interrupted, so that nothing is said of knee and hysteresis";
        return wrapped("unknown", text);
    }
    let knee = match &sweep.knee {
        Some(rate) if is_highest(sweep, rate) => format!(
            "none up to {}/s: raise --to",
            rate.parse()
                .map_or_else(|_not_a_rate| rate.clone(), figures::rate)
        ),
        Some(rate) => format!(
            "{}/s: the most answers a second for the median round trip",
            rate.parse()
                .map_or_else(|_not_a_rate| rate.clone(), figures::rate)
        ),
        None => "none: at no rate was the median answered both ways".to_owned(),
    };
    let mut lines = wrapped("knee", &knee);
    lines.extend(wrapped("hysteresis", &hysteresis(sweep)));
    lines
}

/// At which rates the objectives are not met; nothing if there are none. A rate counts by the worse
/// of its two runs.
fn objectives(sweep: &Sweep) -> Vec<String> {
    let mut worst: BTreeMap<Rate, slo::Outcome> = BTreeMap::new();
    for trial in &sweep.trials {
        if let (Some(rate), Some(slo)) = (trial.rate(), &trial.run.slo) {
            let outcome = worst.entry(rate).or_insert(slo.outcome);
            *outcome = slo.outcome.max(*outcome);
        }
    }
    if worst.is_empty() {
        return Vec::new();
    }
    let at = |outcome| {
        let rates = worst.iter().filter(|(_, found)| **found == outcome);
        let rates = rates.map(|(rate, _)| format!("{}/s", figures::rate(*rate)));
        let rates: Vec<String> = rates.collect();
        (!rates.is_empty()).then(|| format!("{outcome} at {}", rates.join(", ")))
    };
    let told = [slo::Outcome::Missed, slo::Outcome::Undecided].map(at);
    let told: Vec<String> = told.into_iter().flatten().collect();
    match told.as_slice() {
        [] => vec![labelled("slo", "met at every rate")],
        told => wrapped("slo", &told.join("; ")),
    }
}

fn is_highest(sweep: &Sweep, rate: &str) -> bool {
    let highest = rows(sweep).into_keys().next_back();
    highest.is_some_and(|highest| highest.to_string() == rate)
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
    use crate::results::tests::{asked, run};

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
        let told = "at 10,000/s the median was 20.0 us on the way up and lost on the way\n";
        assert!(text.contains(told), "{text}");
    }

    #[test]
    fn both_ways_stand_beside_each_other_in_eighty_columns() {
        let trials = vec![
            trial(Direction::Up, "10000", 20_000),
            trial(Direction::Up, "2000000", 25_000),
            trial(Direction::Down, "2000000", 900_000),
            trial(Direction::Down, "10000", 20_000),
        ];
        let expected = "\
target      127.0.0.1:50007 (embedded server, in this very process)
load        4 runs, 64 bytes a probe, 100 ms each after no warm-up

              on the way up                     on the way down
rate             p50      p99     lost verdict     p50      p99     lost verdict
10,000/s     20.0 us  21.0 us  0.403 % valid   20.0 us  21.0 us  0.403 % valid
2,000,000/s  25.0 us  21.0 us  0.403 % valid    900 us  21.0 us  0.403 % valid

knee        10,000/s: the most answers a second for the median round trip
hysteresis  at 2,000,000/s the median was 25.0 us on the way up and 900 us on
            the way down
";
        let text = text(&Sweep::new(trials, 4), Style::Plain);
        assert_eq!(text, expected);
        assert!(text.lines().all(|line| line.len() <= 80));
    }

    #[test]
    fn the_rates_are_named_at_which_an_objective_is_not_met() {
        let judged = |direction, rate, outcome| {
            let mut trial = trial(direction, rate, 20_000);
            trial.run.slo = asked().slo;
            trial.run.slo.as_mut().unwrap().outcome = outcome;
            trial
        };
        let (up, down) = (Direction::Up, Direction::Down);
        let (met, missed) = (slo::Outcome::Met, slo::Outcome::Missed);
        let told = |trials: Vec<SweepTrial>| {
            let planned = trials.len();
            text(&Sweep::new(trials, planned), Style::Plain)
        };
        let good = told(vec![judged(up, "1000", met), judged(down, "1000", met)]);
        assert!(
            good.ends_with("\nslo         met at every rate\n"),
            "{good}"
        );
        let bad = told(vec![
            judged(up, "1000", met),
            judged(up, "2000", slo::Outcome::Undecided),
            judged(up, "4000", met),
            judged(up, "8000", missed),
            judged(down, "8000", missed),
            judged(down, "4000", missed),
        ]);
        let line = "\nslo         missed at 4,000/s, 8,000/s; undecided at 2,000/s\n";
        assert!(bad.ends_with(line), "{bad}");
        assert!(!told(vec![trial(up, "1000", 1)]).contains("slo"));
    }

    #[test]
    fn an_interrupted_sweep_concludes_nothing() {
        let trials = vec![trial(Direction::Up, "10000", 20_000)];
        let text = text(&Sweep::new(trials, 4), Style::Plain);
        assert!(
            !text.contains("knee  ") && text.contains("interrupted"),
            "{text}"
        );
    }

    #[test]
    fn a_knee_that_may_lie_beyond_is_none() {
        let trials = vec![
            trial(Direction::Up, "10000", 20_000),
            trial(Direction::Down, "10000", 20_000),
        ];
        let text = text(&Sweep::new(trials, 2), Style::Plain);
        assert!(text.contains("knee        none up to 10,000/s"), "{text}");
    }
}
