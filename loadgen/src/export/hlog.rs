//! The interval log of `HdrHistogram`, version 1.3: a line an interval with its whole histogram.
//!
//! The lines are put together here and not by the `hdrhistogram` crate, since the file of a run has
//! the compressed histograms already, and the crate writes no line with the names of the columns.

use std::time::{Duration, UNIX_EPOCH};

use super::{ExportError, histograms, seconds};
use crate::results::{Encoded, Run};

/// The round trips of a run from when probes were due, in nanoseconds. A run without intervals has
/// one line, for the whole window.
///
/// # Errors
///
/// [`ExportError`] if the run has no histograms, or a broken one.
pub fn text(run: &Run) -> Result<String, ExportError> {
    let whole = &histograms(run)?.from_due;
    let mut lines = header(run);
    if run.intervals.is_empty() {
        let lost = run.counts.lost + run.counts.late;
        lines.extend(interval(0, run.window_ns, &whole.hdr, lost)?);
    }
    for row in &run.intervals {
        lines.extend(interval(row.from_ns, row.to_ns, &row.histogram, row.lost)?);
    }
    if whole.over > 0 {
        lines.push(format!(
            "#[Over two minutes: {}, in no histogram]",
            whole.over
        ));
    }
    Ok(lines.join("\n") + "\n")
}

fn header(run: &Run) -> Vec<String> {
    let mut lines = vec![
        "#[Histogram log format version 1.3]".to_owned(),
        "#[Round trips from when a probe was due, in nanoseconds; Interval_Max in milliseconds]"
            .to_owned(),
    ];
    if let Some(began) = run.began_unix_ns {
        let date = humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_nanos(began));
        let began = seconds(began);
        // With both of them no reader has to guess whether the times of the lines count from it.
        lines.push(format!(
            "#[StartTime: {began} (seconds since epoch), {date}]"
        ));
        lines.push(format!("#[BaseTime: {began} (seconds since epoch)]"));
    }
    lines.push(COLUMNS.to_owned());
    lines
}

/// An interval, and a comment if it has losses, for which the format has no place.
fn interval(
    from: u64,
    to: u64,
    histogram: &Encoded,
    lost: u64,
) -> Result<Vec<String>, ExportError> {
    let decoded = histogram.histogram().map_err(ExportError::BadHistogram)?;
    let max = if decoded.is_empty() { 0 } else { decoded.max() };
    let mut lines = vec![format!(
        "{},{},{}.{:03},{}",
        seconds(from),
        seconds(to.saturating_sub(from)),
        max / 1_000_000,
        max / 1_000 % 1_000,
        histogram.text()
    )];
    if lost > 0 {
        let (from, to) = (seconds(from), seconds(to));
        lines.push(format!("#[Lost: {lost}, from {from} to {to}]"));
    }
    Ok(lines)
}

/// What the family's own writers put before the first interval.
const COLUMNS: &str =
    r#""StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram""#;

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;
    use crate::results::tests::{in_intervals, run};

    #[test]
    fn the_lines_before_the_first_interval_say_what_follows() {
        let expected = "\
#[Histogram log format version 1.3]
#[Round trips from when a probe was due, in nanoseconds; Interval_Max in milliseconds]
#[StartTime: 1700000000.000 (seconds since epoch), 2023-11-14T22:13:20.000Z]
#[BaseTime: 1700000000.000 (seconds since epoch)]
\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"
0.000,0.100,0.021,HISTFAAAA";
        let mut run = run();
        run.intervals.clear();
        let text = text(&run).unwrap();
        assert!(text.starts_with(expected), "{text}");
        assert!(
            text.ends_with("\n#[Lost: 4, from 0.000 to 0.100]\n"),
            "{text}"
        );
    }

    #[test]
    fn a_reader_of_the_family_finds_every_interval() {
        let run = in_intervals();
        let text = text(&run).unwrap();
        let entries = IntervalLogIterator::new(text.as_bytes());
        let entries: Vec<LogEntry<'_>> = entries.map(|entry| entry.unwrap()).collect();
        let intervals = entries.iter().filter_map(|entry| match entry {
            LogEntry::Interval(interval) => Some(interval),
            LogEntry::StartTime(_) | LogEntry::BaseTime(_) => None,
        });
        let intervals: Vec<_> = intervals.collect();
        assert_eq!((entries.len(), intervals.len()), (4, 2));
        assert_eq!(intervals[1].start_timestamp(), Duration::from_secs(1));
        assert_eq!(intervals[1].duration(), Duration::from_millis(1_500));
        assert_eq!(
            intervals[1].encoded_histogram(),
            run.intervals[1].histogram.text()
        );
        assert!(
            text.contains("\n#[Lost: 2, from 0.000 to 1.000]\n"),
            "{text}"
        );
    }

    #[test]
    fn a_run_of_old_has_no_log() {
        let mut run = run();
        run.histograms = None;
        assert_eq!(text(&run), Err(ExportError::NoHistograms));
    }
}
