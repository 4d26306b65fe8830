//! The interval log of `HdrHistogram`, version 1.3: a line an interval with its whole histogram.
//!
//! The lines are put together here and not by the `hdrhistogram` crate, since the file of a run has
//! the compressed histograms already, and the crate writes no line with the names of the columns.

use std::fmt::Write;
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
    let mut text = header(run);
    if run.intervals.is_empty() {
        let lost = run.counts.lost + run.counts.late;
        text += &line(0, run.window_ns, &whole.hdr, lost)?;
    }
    for row in &run.intervals {
        text += &line(row.from_ns, row.to_ns, &row.histogram, row.lost)?;
    }
    if whole.over > 0 {
        text += &format!("#[Over two minutes: {}, in no histogram]\n", whole.over);
    }
    Ok(text)
}

fn header(run: &Run) -> String {
    let mut text = "#[Histogram log format version 1.3]\n".to_owned();
    text +=
        "#[Round trips from when a probe was due, in nanoseconds; Interval_Max in milliseconds]\n";
    if let Some(began) = run.began_unix_ns {
        let date = humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_nanos(began));
        let began = seconds(began);
        // With both of them no reader has to guess whether the times of the lines count from it.
        text += &format!("#[StartTime: {began} (seconds since epoch), {date}]\n");
        text += &format!("#[BaseTime: {began} (seconds since epoch)]\n");
    }
    text + "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n"
}

/// An interval, and a comment if it has losses, for which the format has no place.
fn line(from: u64, to: u64, histogram: &Encoded, lost: u64) -> Result<String, ExportError> {
    let decoded = histogram.histogram().map_err(ExportError::BadHistogram)?;
    let length = to.saturating_sub(from);
    let max = if decoded.is_empty() { 0 } else { decoded.max() };
    let mut text = format!(
        "{},{},{}.{:03},{}\n",
        seconds(from),
        seconds(length),
        max / 1_000_000,
        max / 1_000 % 1_000,
        histogram.text()
    );
    if lost > 0 {
        // Writing to a string does not fail.
        let _written = writeln!(
            text,
            "#[Lost: {lost}, from {} to {}]",
            seconds(from),
            seconds(to)
        );
    }
    Ok(text)
}

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
