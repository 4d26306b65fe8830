//! A row a run of a tuning experiment: enough for other programs to reckon its effects anew.

use super::record::{quantile, text, verdict};
use crate::measure::Quantile;
use crate::results::{Experiment, ExperimentQuantity, ExperimentRun, Unit};

/// A row a run, in the order in which they were made, those that do not count among them. Blocks and
/// attempts count from 0, as in the file of the experiment.
#[must_use]
pub fn experiment(experiment: &Experiment) -> String {
    let factors = experiment.factors.iter();
    let header = ["block", "variant"]
        .into_iter()
        .map(str::to_owned)
        // Lest one be called like another column.
        .chain(factors.map(|factor| format!("factor_{}", factor.name)))
        .chain(ABOUT.map(str::to_owned))
        .chain(experiment.quantities.iter().map(column));
    let header: Vec<String> = header.collect();
    let runs = experiment.runs.iter();
    let rows: Vec<Vec<String>> = runs.map(|run| row(experiment, run)).collect();
    text(&header, &rows)
}

const ABOUT: [&str; 6] = [
    "attempt",
    "began_unix_ns",
    "verdict",
    "doubts",
    "left_out",
    "file",
];

/// `p99_9_ns`.
fn column(quantity: &ExperimentQuantity) -> String {
    let unit = match quantity.unit {
        Unit::Nanoseconds => "ns",
        Unit::Billionths => "ppb",
    };
    format!("{}_{unit}", quantity.name.replace('.', "_"))
}

fn row(experiment: &Experiment, run: &ExperimentRun) -> Vec<String> {
    let variant = experiment.variants.get(run.variant as usize);
    let name = variant.map(|variant| variant.name.clone());
    let levels = experiment
        .factors
        .iter()
        .enumerate()
        .map(|(number, factor)| {
            let level = variant.and_then(|variant| variant.levels.get(number));
            let level = level.and_then(|level| factor.levels.get(*level as usize));
            level.cloned().unwrap_or_default()
        });
    let began = run.began_unix_ns.map(|began| began.to_string());
    let about = [
        run.attempt.to_string(),
        began.unwrap_or_default(),
        run.verdict.map_or("", verdict).to_owned(),
        run.doubts.join(" "),
        run.left_out.clone().unwrap_or_default(),
        run.file.clone().unwrap_or_default(),
    ];
    let values = (0..experiment.quantities.len()).map(|number| {
        let value = run.values.get(number);
        quantile(value.copied().unwrap_or(Quantile::TooFew))
    });
    let mut row = vec![run.block.to_string(), name.unwrap_or_default()];
    row.extend(levels);
    row.extend(about);
    row.extend(values);
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::csv::record::read;
    use crate::results::examples::{empty, factorial, hostile, lost};

    fn rows(text: &str) -> Vec<Vec<String>> {
        text.split_inclusive("\r\n").map(read).collect()
    }

    #[test]
    fn a_run_is_a_row_with_the_levels_of_its_variant() {
        let made = factorial();
        let rows = rows(&experiment(&made));
        let names = "block,variant,factor_busy_poll,factor_workers,attempt,began_unix_ns,verdict,\
                     doubts,left_out,file,p50_ns,p99_ns,loss_ppb,cpu_ns";
        assert_eq!(rows[0].join(","), names);
        assert_eq!(rows.len(), 1 + made.runs.len());
        for (row, run) in rows[1..].iter().zip(&made.runs) {
            assert_eq!(row.len(), rows[0].len());
            let variant = &made.variants[run.variant as usize];
            assert_eq!(row[..2], [run.block.to_string(), variant.name.clone()]);
            let levels = [0, 1].map(|number| {
                let level = variant.levels[number] as usize;
                made.factors[number].levels[level].clone()
            });
            assert_eq!(row[2..4], levels);
        }
    }

    #[test]
    fn runs_that_do_not_count_say_why_and_have_what_they_measured() {
        let text = experiment(&factorial());
        let again = "2,busy_poll=50,50,1,0,";
        let rows = rows(&text);
        let of = |start: &str| {
            let mut rows = rows.iter().map(|row| row.join(","));
            rows.find(|row| row.starts_with(start)).unwrap()
        };
        assert!(of(again).contains(
            ",invalid,generator_late,its verdict is invalid: generator_late,block-2-variant-1.json,"
        ));
        assert!(of("2,busy_poll=50,50,1,1,").contains(",valid,,,block-2-variant-1.json,"));
        let never = of("5,busy_poll=50 workers=4,50,4,0,");
        assert!(
            never.ends_with(",the server did not listen within 5 s,,,,,"),
            "{never}"
        );
    }

    #[test]
    fn what_is_lost_is_written_as_that() {
        let text = experiment(&lost());
        assert!(text.contains(",lost,31000000,"), "{text}");
    }

    #[test]
    fn any_text_stays_in_its_field() {
        let made = hostile("a,\"b\"\r\nc");
        let text = experiment(&made);
        assert_eq!(
            text.matches("\"a,\"\"b\"\"\r\nc\"").count(),
            text.matches("\r\nc").count() - 3
        );
        assert_eq!(experiment(&empty()).matches("\r\n").count(), 1);
    }
}
