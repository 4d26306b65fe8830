//! Probes as a file says.
//!
//! One line a probe: when it is due, in decimal seconds since the run's start, then its payload in
//! bytes if it shall not have the usual size; blanks between. What follows a `#` and lines without
//! anything else are left out. Times must not fall.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::{Arrival, Share, point};
use crate::rate::{NANOS_TIMES_THOUSAND, Rate};
use crate::sizes::{LARGEST, SMALLEST};
use crate::time::Offset;

/// A file of probes, every line of which has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    path: PathBuf,
    probes: u64,
    sized: u64,
    last: Offset,
    smallest: u16,
    largest: u16,
}

impl Trace {
    /// Reads the file at `path` from beginning to end, and keeps none of it.
    ///
    /// # Errors
    ///
    /// If it cannot be read or has no probe; else the first line that is wrong, by its number.
    pub fn check(path: &Path) -> Result<Self, TraceError> {
        let mut trace = Self {
            path: path.to_owned(),
            probes: 0,
            sized: 0,
            last: Offset::START,
            smallest: LARGEST,
            largest: SMALLEST,
        };
        let mut lines = Lines::open(path)?;
        while let Some(arrival) = lines.next_probe().map_err(|fault| TraceError::Line {
            path: path.to_owned(),
            line: lines.number,
            fault,
        })? {
            trace.probes += 1;
            trace.last = arrival.due;
            if let Some(size) = arrival.size {
                trace.sized += 1;
                trace.smallest = trace.smallest.min(size);
                trace.largest = trace.largest.max(size);
            }
        }
        if trace.probes == 0 {
            let path = path.to_owned();
            return Err(TraceError::Empty { path });
        }
        Ok(trace)
    }

    /// The file, as it was named.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its probes, at least one.
    #[must_use]
    pub fn probes(&self) -> u64 {
        self.probes
    }

    /// When the last one is due.
    #[must_use]
    pub fn last(&self) -> Offset {
        self.last
    }

    /// How long a run of the whole file takes: to the first full millisecond after its last probe.
    #[must_use]
    pub fn length(&self) -> Duration {
        let millis = self.last.as_nanos() / 1_000_000 + 1;
        Duration::from_millis(millis)
    }

    /// Its probes over its length, to a thousandth of a probe a second; at least that.
    ///
    /// # Panics
    ///
    /// Never: it is kept within the bounds of a rate.
    #[must_use]
    pub fn mean_rate(&self) -> Rate {
        let scaled = u128::from(self.probes) * NANOS_TIMES_THOUSAND;
        let thousandths = scaled / self.length().as_nanos();
        let thousandths = u64::try_from(thousandths).unwrap_or(u64::MAX);
        Rate::from_thousandths(thousandths.clamp(1, Rate::HIGHEST_THOUSANDTHS))
            .expect("it is within its bounds")
    }

    /// The smallest and the largest size in it, if lines have one.
    #[must_use]
    pub fn sizes(&self) -> Option<(u16, u16)> {
        (self.sized > 0).then_some((self.smallest, self.largest))
    }

    /// Whether every line has a size.
    #[must_use]
    pub fn sizes_every_probe(&self) -> bool {
        self.sized == self.probes
    }
}

/// One thread's part of a file: an iterator over its probes, read as they are needed.
///
/// The file is held to what was found in it before: if it says something else now, the schedule
/// ends there, and [`take_fault`](Self::take_fault) tells why.
#[derive(Debug)]
pub struct Replay {
    lines: Lines,
    trace: Trace,
    next: Option<Arrival>,
    /// The run's probes that have been read.
    read: u64,
    /// The run's probes between two of this thread.
    step: NonZeroU16,
    end: Offset,
    fault: Option<TraceError>,
}

impl Replay {
    /// The part of one thread in a run that lasts for `span`, its end excluded.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened any more.
    ///
    /// # Panics
    ///
    /// If the share's thread is not one of its threads.
    pub fn open(trace: &Trace, span: Duration, share: Share) -> Result<Self, TraceError> {
        let Share { threads, thread } = share;
        assert!(thread < threads.get(), "thread {thread} of {threads}");
        let mut replay = Self {
            lines: Lines::open(&trace.path)?,
            trace: trace.clone(),
            next: None,
            read: 0,
            step: threads,
            end: point(span),
            fault: None,
        };
        replay.advance(thread + 1);
        Ok(replay)
    }

    /// Ends the schedule early: of the probes not yet taken, only those due before `end` remain.
    pub fn cut(&mut self, end: Offset) {
        self.end = self.end.min(end);
    }

    /// Takes the next probe if it is due before `point`.
    pub(super) fn next_before(&mut self, point: Offset) -> Option<Arrival> {
        self.peek().filter(|due| *due < point)?;
        self.next()
    }

    /// When the next probe is due, without taking it.
    #[must_use]
    pub fn peek(&self) -> Option<Offset> {
        let due = self.next?.due;
        (due < self.end).then_some(due)
    }

    /// What the file says that it did not say before, if that ended the schedule.
    pub fn take_fault(&mut self) -> Option<TraceError> {
        self.fault.take()
    }

    /// Reads on to the next probe of this thread, which is so many of the run's probes ahead.
    fn advance(&mut self, probes: u16) {
        self.next = None;
        if self.trace.probes - self.read < probes.into() {
            self.read = self.trace.probes;
            return;
        }
        for _ in 0..probes {
            match self.lines.next_probe() {
                Ok(Some(arrival)) if self.was_possible(arrival) => self.next = Some(arrival),
                Ok(_) => return self.end_with(LineFault::Different),
                Err(fault) => return self.end_with(fault),
            }
            self.read += 1;
        }
    }

    /// Whether `arrival` is within what the file held when it was checked; there is room for no
    /// more than that.
    fn was_possible(&self, arrival: Arrival) -> bool {
        let sizes = self.trace.smallest..=self.trace.largest;
        arrival.due <= self.trace.last && arrival.size.is_none_or(|size| sizes.contains(&size))
    }

    fn end_with(&mut self, fault: LineFault) {
        self.next = None;
        self.fault = Some(TraceError::Changed {
            path: self.trace.path.clone(),
            line: self.lines.number,
            fault,
        });
        // No further line is looked at.
        self.read = self.trace.probes;
    }
}

impl Iterator for Replay {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        self.peek()?;
        let arrival = self.next;
        self.advance(self.step.get());
        arrival
    }
}

/// Why a file cannot be replayed.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum TraceError {
    /// The system does not give it.
    #[error("cannot read the file of --arrivals replay:{path}: {source}", path = path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// It has to be read twice.
    #[error("--arrivals replay:{path}: that is not a regular file", path = path.display())]
    NotAFile { path: PathBuf },
    /// Nothing to send.
    #[error("--arrivals replay:{path}: the file has no probe", path = path.display())]
    Empty { path: PathBuf },
    /// A line that is no probe.
    #[error("--arrivals replay:{path}: line {line}: {fault}", path = path.display())]
    Line {
        path: PathBuf,
        line: u64,
        fault: LineFault,
    },
    /// The file is not what it was before the run.
    #[error(
        "{path} was changed while it was replayed (line {line}: {fault}): run again, and leave \
         the file alone meanwhile",
        path = path.display()
    )]
    Changed {
        path: PathBuf,
        line: u64,
        fault: LineFault,
    },
}

/// What is wrong with a line.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum LineFault {
    #[error("'{typed}' is not a time in decimal seconds, as in 0.000125")]
    Time { typed: String },
    #[error("'{typed}' is too late: at most 365 days are possible")]
    TooLate { typed: String },
    #[error("'{typed}' is before the time of the probe above it")]
    Falls { typed: String },
    #[error("'{typed}' is not a size in bytes: {SMALLEST} to {LARGEST} are possible")]
    Size { typed: String },
    #[error("'{typed}' is one word too many: a line holds a time and a size")]
    Excess { typed: String },
    #[error("it is not text")]
    NotText,
    #[error("it is longer than {LONGEST_LINE} bytes")]
    TooLong,
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("it is not what it was when the run began")]
    Different,
}

/// The probes of a file, one after another, through a buffer of constant size.
#[derive(Debug)]
struct Lines {
    file: BufReader<File>,
    /// The line that is looked at; its memory is kept from one to the next.
    line: Vec<u8>,
    /// Its number, from 1; 0 before the first.
    number: u64,
    /// When the probe before it was due.
    before: Offset,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, TraceError> {
        let unreadable = |source| TraceError::Unreadable {
            path: path.to_owned(),
            source,
        };
        // Looked at first, since opening a pipe would wait for somebody to write to it.
        if !fs::metadata(path).map_err(unreadable)?.is_file() {
            let path = path.to_owned();
            return Err(TraceError::NotAFile { path });
        }
        let file = File::open(path).map_err(unreadable)?;
        Ok(Self {
            file: BufReader::with_capacity(READ_AHEAD, file),
            line: Vec::with_capacity(LONGEST_LINE + 1),
            number: 0,
            before: Offset::START,
        })
    }

    /// The next probe, or `None` after the last.
    fn next_probe(&mut self) -> Result<Option<Arrival>, LineFault> {
        while self.read_line()? {
            let text = str::from_utf8(&self.line).map_err(|_| LineFault::NotText)?;
            if let Some(arrival) = parse(text, self.before)? {
                self.before = arrival.due;
                return Ok(Some(arrival));
            }
        }
        Ok(None)
    }

    /// Reads a line; false if there is none.
    fn read_line(&mut self) -> Result<bool, LineFault> {
        self.line.clear();
        self.number += 1;
        // One byte more than may be, to see that it is too long.
        let mut limited = self.file.by_ref().take(LONGEST_LINE as u64 + 1);
        let read = limited
            .read_until(b'\n', &mut self.line)
            .map_err(LineFault::Unreadable)?;
        if read > LONGEST_LINE {
            return Err(LineFault::TooLong);
        }
        Ok(read > 0)
    }
}

/// The probe of a line, or `None` if it is blank or a comment.
fn parse(line: &str, before: Offset) -> Result<Option<Arrival>, LineFault> {
    let said = line.split_once('#').map_or(line, |(said, _)| said);
    let mut words = said.split_ascii_whitespace();
    let Some(time) = words.next() else {
        return Ok(None);
    };
    let due = parse_time(time)?;
    if due < before {
        let typed = time.to_owned();
        return Err(LineFault::Falls { typed });
    }
    let size = words.next().map(parse_size).transpose()?;
    match words.next() {
        None => Ok(Some(Arrival { due, size })),
        Some(excess) => Err(LineFault::Excess {
            typed: excess.to_owned(),
        }),
    }
}

/// Decimal seconds, exactly; digits beyond the nanosecond are dropped.
fn parse_time(typed: &str) -> Result<Offset, LineFault> {
    let (whole, fraction) = typed.split_once('.').unwrap_or((typed, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        let typed = typed.to_owned();
        return Err(LineFault::Time { typed });
    }
    let places = fraction.bytes().chain([b'0'; 9]).take(9);
    let nanos = places.fold(0, |nanos, digit| nanos * 10 + u64::from(digit - b'0'));
    let seconds = whole.parse().ok().filter(|seconds| *seconds < MOST_SECONDS);
    let seconds: u64 = seconds.ok_or_else(|| LineFault::TooLate {
        typed: typed.to_owned(),
    })?;
    Ok(Offset::from_nanos(seconds * 1_000_000_000 + nanos))
}

fn parse_size(typed: &str) -> Result<u16, LineFault> {
    let only_digits = typed.bytes().all(|byte| byte.is_ascii_digit());
    let size = typed.parse().ok().filter(|_| only_digits);
    size.filter(|size| (SMALLEST..=LARGEST).contains(size))
        .ok_or_else(|| LineFault::Size {
            typed: typed.to_owned(),
        })
}

/// Bytes of a line, its end included.
const LONGEST_LINE: usize = 1_024;
/// Bytes that are read by one call.
const READ_AHEAD: usize = 1 << 16;
const MOST_SECONDS: u64 = 365 * 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::schedule::tests::share;
    use crate::schedule::{Arrivals, Schedule};

    /// A file of a test, which goes away with the value.
    struct Written(PathBuf);

    impl Written {
        fn new(name: &str, text: impl AsRef<[u8]>) -> Self {
            let name = format!("loadgen-replay-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::write(&path, text).unwrap();
            Self(path)
        }

        fn trace(&self) -> Trace {
            Trace::check(&self.0).unwrap()
        }
    }

    impl Drop for Written {
        fn drop(&mut self) {
            fs::remove_file(&self.0).unwrap();
        }
    }

    fn arrival(nanos: u64, size: Option<u16>) -> Arrival {
        Arrival {
            due: Offset::from_nanos(nanos),
            size,
        }
    }

    fn replay(trace: &Trace, span: Duration, threads: u16, thread: u16) -> Replay {
        Replay::open(trace, span, share(threads, thread)).unwrap()
    }

    #[test]
    fn a_line_is_a_time_and_perhaps_a_size() {
        let text =
            "# from a capture\n0.000000000\t64\n\n 0.000125 1400 # large\r\n1\n1.0000000019 40";
        let file = Written::new("lines", text);
        let trace = file.trace();
        assert_eq!((trace.probes(), trace.sizes()), (4, Some((40, 1_400))));
        assert_eq!(trace.last(), Offset::from_nanos(1_000_000_001));
        assert_eq!(trace.length(), Duration::from_millis(1_001));
        assert!(!trace.sizes_every_probe());
        let expected = [
            arrival(0, Some(64)),
            arrival(125_000, Some(1_400)),
            arrival(1_000_000_000, None),
            arrival(1_000_000_001, Some(40)),
        ];
        let read: Vec<Arrival> = replay(&trace, trace.length(), 1, 0).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn a_wrong_line_is_named_by_its_number_and_the_wrong_part() {
        let long = "0".repeat(2_000);
        for (name, line, complaint) in [
            (
                "time",
                "x",
                "'x' is not a time in decimal seconds, as in 0.000125",
            ),
            ("sign", "-1", "'-1' is not a time"),
            ("float", "1e-05", "'1e-05' is not a time"),
            ("point", "1.", "'1.' is not a time"),
            (
                "late",
                "31536000.0",
                "'31536000.0' is too late: at most 365 days",
            ),
            (
                "falls",
                "0.4",
                "'0.4' is before the time of the probe above it",
            ),
            (
                "small",
                "1 39",
                "'39' is not a size in bytes: 40 to 65507 are possible",
            ),
            ("large", "1 65508", "'65508' is not a size"),
            ("plus", "1 +64", "'+64' is not a size"),
            ("excess", "1 64 x", "'x' is one word too many"),
            ("long", &long, "it is longer than 1024 bytes"),
        ] {
            let file = Written::new(name, format!("0.5\n\n{line}\n2\n"));
            let error = Trace::check(&file.0).unwrap_err().to_string();
            let place = format!("replay:{}: line 3: {complaint}", file.0.display());
            assert!(error.contains(&place), "{error}");
        }
        let file = Written::new("bytes", b"0.5\n\xff\n");
        let error = Trace::check(&file.0).unwrap_err().to_string();
        assert!(error.ends_with("line 2: it is not text"), "{error}");
    }

    #[test]
    fn what_holds_no_probe_is_refused() {
        let file = Written::new("empty", "# nothing\n\n");
        let error = Trace::check(&file.0).unwrap_err();
        assert!(matches!(error, TraceError::Empty { .. }), "{error}");
        let error = Trace::check(&std::env::temp_dir()).unwrap_err();
        assert!(matches!(error, TraceError::NotAFile { .. }), "{error}");
        let error = Trace::check(Path::new("/no/such/file")).unwrap_err();
        assert!(
            error.to_string().contains("replay:/no/such/file"),
            "{error}"
        );
    }

    #[test]
    fn a_file_that_changes_ends_the_schedule_with_a_sentence() {
        let file = Written::new("changes", "0\n1 100\n2 200\n3 100\n");
        let trace = file.trace();
        for (text, line, complaint) in [
            ("0\n1 100\nx\n", 3, "'x' is not a time"),
            ("0\n1 100\n0.5\n", 3, "'0.5' is before the time"),
            ("0\n1 100\n", 3, "it is not what it was"),
            ("0\n1 100\n2 201\n3\n", 3, "it is not what it was"),
            ("0\n1 100\n4\n4\n", 3, "it is not what it was"),
        ] {
            fs::write(&file.0, text).unwrap();
            let mut replay = replay(&trace, trace.length(), 1, 0);
            assert_eq!(replay.by_ref().count(), 2);
            let fault = replay.take_fault().unwrap().to_string();
            let place = format!("was changed while it was replayed (line {line}: {complaint}");
            assert!(fault.contains(&place), "{fault}");
            assert!(replay.take_fault().is_none());
        }
        // What is added behind was not part of the plan.
        fs::write(&file.0, "0\n1 100\n2 200\n3 100\nx").unwrap();
        let mut replay = replay(&trace, trace.length(), 1, 0);
        assert_eq!(replay.by_ref().count(), 4);
        assert!(replay.take_fault().is_none());
    }

    #[test]
    fn a_thread_without_a_probe_has_none() {
        let file = Written::new("lone", "0\n1\n");
        let trace = file.trace();
        let mut lone = replay(&trace, trace.length(), 3, 2);
        assert_eq!((lone.peek(), lone.next()), (None, None));
        assert!(lone.take_fault().is_none());
    }

    fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
        let line = (0..2_000_000_000_u64, prop::option::of(SMALLEST..=LARGEST));
        vec(line, 1..60).prop_map(|mut lines| {
            lines.sort_unstable_by_key(|(nanos, _)| *nanos);
            let arrivals = lines.into_iter();
            arrivals.map(|(nanos, size)| arrival(nanos, size)).collect()
        })
    }

    fn text(arrivals: &[Arrival]) -> String {
        let mut text = String::new();
        for Arrival { due, size } in arrivals {
            let nanos = due.as_nanos();
            let (seconds, nanos) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
            let size = size.map_or(String::new(), |size| format!(" {size}"));
            writeln!(text, "{seconds}.{nanos:09}{size}").unwrap();
        }
        text
    }

    proptest! {
        #[test]
        fn a_schedule_is_read_as_it_was_written(written in arrivals(), threads in 1..5_u16) {
            let file = Written::new("round-trip", text(&written));
            let trace = file.trace();
            let known = Arrivals::Replay(trace.clone())
                .due_between(Rate::per_second(1).unwrap(), Duration::ZERO, trace.length());
            prop_assert_eq!(known, Some(written.len() as u64));
            let mut read = vec![None; written.len()];
            for thread in 0..threads {
                let indices = (usize::from(thread)..).step_by(threads.into());
                for (index, arrival) in indices.zip(replay(&trace, trace.length(), threads, thread)) {
                    read[index] = Some(arrival);
                }
            }
            prop_assert_eq!(read, written.into_iter().map(Some).collect::<Vec<_>>());
        }

        #[test]
        fn leaving_out_and_cutting_agree_with_enumerating(
            written in arrivals(), taken in 0..10_usize, point in 0..2_100_000_000_u64,
        ) {
            let file = Written::new("cutting", text(&written));
            let trace = file.trace();
            let begun = || {
                let mut schedule = Schedule::Replay(Box::new(replay(&trace, trace.length(), 2, 0)));
                schedule.by_ref().take(taken).for_each(drop);
                schedule
            };
            let point = Offset::from_nanos(point);
            let (before, after): (Vec<_>, Vec<_>) = begun().partition(|arrival| arrival.due < point);
            let mut cut = begun();
            cut.cut(point);
            prop_assert_eq!(cut.collect::<Vec<_>>(), before.clone());
            let mut left_out = begun();
            prop_assert_eq!(left_out.skip_before(point), before.len() as u64);
            prop_assert_eq!(left_out.collect::<Vec<_>>(), after);
        }

        #[test]
        fn nothing_in_a_file_makes_it_panic(bytes in vec(any::<u8>(), 0..200)) {
            let file = Written::new("noise", bytes);
            let _outcome: Result<Trace, TraceError> = Trace::check(&file.0);
        }

        #[test]
        fn no_line_makes_it_panic(line in "[0-9. #\\t-]{0,30}") {
            let _outcome: Result<Option<Arrival>, LineFault> = parse(&line, Offset::START);
        }
    }
}
