//! The percentile distribution as text, as plotters of the `HdrHistogram` family read it: a value,
//! the part of all probes that took no longer, how many those are, and 1 / (1 - part).
//!
//! The format has no place for losses. Percentiles here are those of all probes that were sent: the
//! rows go as far as there are answers, and end below 1 where the lost begin. What is not a row
//! stands in comments.

use std::fmt::Write;

use super::{ExportError, distribution, histograms, micros};
use crate::measure::Distribution;
use crate::results::Run;

/// The round trips of a run from when probes were due, in microseconds.
///
/// # Errors
///
/// [`ExportError`] if the run has no histograms.
pub fn text(run: &Run) -> Result<String, ExportError> {
    let distribution = distribution(&histograms(run)?.from_due)?;
    let lost = run.counts.lost + run.counts.late;
    let mut text = String::new();
    // Writing to a string does not fail.
    let _written = write_all(&mut text, &distribution, lost);
    Ok(text)
}

fn write_all(text: &mut String, distribution: &Distribution, lost: u64) -> std::fmt::Result {
    writeln!(
        text,
        "#[Round trips from when a probe was due, in microseconds]"
    )?;
    writeln!(
        text,
        "{:>12} {:>14} {:>10} {:>14}\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    )?;
    for row in rows(distribution, lost) {
        row.write(text)?;
    }
    let summary = distribution.quantiles(0).summary;
    let (mean, deviation) = summary.map_or((0, 0), |summary| (summary.mean, summary.stdev));
    writeln!(
        text,
        "#[Mean    = {:>12}, StdDeviation   = {:>12}]",
        micros(mean),
        micros(deviation)
    )?;
    let max = distribution.exact().max;
    writeln!(
        text,
        "#[Max     = {:>12}, Total count    = {:>12}]",
        micros(max),
        distribution.count()
    )?;
    let histogram = distribution.histogram();
    writeln!(
        text,
        "#[Buckets = {:>12}, SubBuckets     = {:>12}]",
        histogram.buckets(),
        // As many as tell values of so many digits apart, both halves of a bucket counted.
        (2 * 10_u32.pow(histogram.sigfig().into())).next_power_of_two()
    )?;
    writeln!(
        text,
        "#[Lost    = {lost:>12}, Probes sent    = {:>12}]",
        distribution.count() + lost
    )
}

/// A line of the table.
struct Row {
    /// In nanoseconds.
    value: u64,
    /// 0 to 1.
    part: f64,
    count: u64,
}

impl Row {
    fn write(&self, text: &mut String) -> std::fmt::Result {
        let Self { value, part, count } = self;
        let value = micros(*value);
        write!(text, "{value:>12} {part:.12} {count:>10}")?;
        if *part < 1.0 {
            write!(text, " {:>14.2}", 1.0 / (1.0 - part))?;
        }
        writeln!(text)
    }
}

/// Rows at five steps to each halving of the part above, as the family has them; the last one is for
/// all answers.
#[expect(
    clippy::cast_precision_loss,
    reason = "as all readers and writers of the format reckon"
)]
fn rows(distribution: &Distribution, lost: u64) -> Vec<Row> {
    let population = distribution.count() + lost;
    let part = |count: u64| count as f64 / population as f64;
    let mut rows = Vec::new();
    let mut level = 0.0;
    let mut largest = None;
    for (value, count) in steps(distribution) {
        while 100.0 * part(count) >= level {
            rows.push(Row {
                value,
                part: level / 100.0,
                count,
            });
            let before = level;
            level = next(level);
            // Of very many probes the lost can be fewer than a real number tells from none.
            if count == population || level <= before {
                break;
            }
        }
        largest = Some((value, count));
    }
    rows.extend(largest.map(|(value, count)| Row {
        value,
        part: part(count),
        count,
    }));
    rows
}

/// The next percentile above one: a fifth of the way on that halves what is above.
fn next(level: f64) -> f64 {
    let halvings = (100.0 / (100.0 - level)).log2().floor() + 1.0;
    level + 100.0 / (STEPS * halvings.exp2())
}

/// Recorded values in rising order, rounded up as far as they are not told apart, each with how many
/// are no larger.
fn steps(distribution: &Distribution) -> impl Iterator<Item = (u64, u64)> {
    let histogram = distribution.histogram();
    let mut count = 0;
    let within = histogram.iter_recorded().map(move |bucket| {
        count += bucket.count_since_last_iteration();
        (
            histogram.highest_equivalent(bucket.value_iterated_to()),
            count,
        )
    });
    let over = (distribution.over() > 0).then(|| (distribution.exact().max, distribution.count()));
    within.chain(over)
}

/// Rows to a halving.
const STEPS: f64 = 5.0;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::results::tests::run;

    #[test]
    fn the_table_ends_where_the_lost_begin() {
        let expected = "\
#[Round trips from when a probe was due, in microseconds]
       Value     Percentile TotalCount 1/(1-Percentile)

      21.007 0.000000000000        989           1.00
      21.007 0.100000000000        989           1.11
      21.007 0.200000000000        989           1.25
";
        let text = text(&run()).unwrap();
        assert!(text.starts_with(expected), "{text}");
        let end = "
      21.007 0.995971802618        989         248.25
#[Mean    =       21.000, StdDeviation   =        0.000]
#[Max     =       21.000, Total count    =          989]
#[Buckets =           27, SubBuckets     =         2048]
#[Lost    =            4, Probes sent    =          993]
";
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn without_losses_the_last_row_is_that_of_all() {
        let mut run = run();
        (run.counts.lost, run.counts.late) = (0, 0);
        let text = text(&run).unwrap();
        assert!(
            text.contains("\n      21.007 1.000000000000        989\n#[Mean"),
            "{text}"
        );
    }

    #[test]
    fn a_run_without_answers_has_no_rows() {
        let mut text = String::new();
        write_all(&mut text, &Distribution::new(), 7).unwrap();
        assert!(text.contains("1/(1-Percentile)\n\n#[Mean"), "{text}");
        assert!(text.contains("#[Lost    =            7, Probes sent    =            7]"));
    }

    #[test]
    fn one_lost_of_very_many_does_not_go_on_for_ever() {
        let mut distribution = Distribution::new();
        distribution.record_many(1, 1 << 59);
        let rows = rows(&distribution, 1);
        assert!(rows.len() < 500, "{}", rows.len());
    }

    proptest! {
        #[test]
        fn rows_rise_and_each_has_as_many_as_its_part_of_all_probes(
            values in vec(0..200_000_000_000_u64, 1..200), lost in 0..100_u64,
        ) {
            let mut distribution = Distribution::new();
            for value in &values {
                distribution.record(*value);
            }
            let rows = rows(&distribution, lost);
            let population = values.len() as u64 + lost;
            for pair in rows.windows(2) {
                prop_assert!(pair[0].value <= pair[1].value && pair[0].count <= pair[1].count);
                prop_assert!(pair[0].part <= pair[1].part);
            }
            for row in &rows {
                let part = f64::from(u32::try_from(row.count).unwrap())
                    / f64::from(u32::try_from(population).unwrap());
                prop_assert!(part >= row.part - 1e-12);
            }
            let last = rows.last().unwrap();
            prop_assert_eq!(last.count, values.len() as u64);
            prop_assert_eq!(last.part < 1.0, lost > 0);
        }
    }
}
