//! What a line holds, and the lines of a file one after another.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::fault::{LONGEST_LINE, LineFault, TraceError};
use crate::schedule::Arrival;
use crate::sizes::{LARGEST, SMALLEST};
use crate::time::Offset;

/// The probes of a file, one after another, through a buffer of constant size.
#[derive(Debug)]
pub(super) struct Lines {
    file: BufReader<File>,
    /// The line that is looked at; its memory is kept from one to the next.
    line: Vec<u8>,
    /// Its number, from 1; 0 before the first.
    pub(super) number: u64,
    /// When the probe before it was due.
    before: Offset,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self, TraceError> {
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
    pub(super) fn next_probe(&mut self) -> Result<Option<Arrival>, LineFault> {
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

/// Bytes that are read by one call.
const READ_AHEAD: usize = 1 << 16;
const MOST_SECONDS: u64 = 365 * 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "[0-9. #\\t-]{0,30}") {
            let _outcome: Result<Option<Arrival>, LineFault> = parse(&line, Offset::START);
        }
    }
}
