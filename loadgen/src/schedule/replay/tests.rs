//! Files that a test writes, and what becomes of them.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::rate::Rate;
use crate::schedule::tests::share;
use crate::schedule::{Arrivals, Schedule};
use crate::sizes::{LARGEST, SMALLEST};

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
    let text = "# from a capture\n0.000000000\t64\n\n 0.000125 1400 # large\r\n1\n1.0000000019 40";
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
}
