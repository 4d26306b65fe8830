//! The text of a file, before it is known what it holds.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::cause::Cause;

pub(super) fn text(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let read = File::open(path)?.take(LARGEST + 1).read_to_end(&mut text)?;
    if read as u64 > LARGEST {
        return Err(io::Error::other(
            "it is longer than 256 MiB, as no result is",
        ));
    }
    Ok(text)
}

/// What a text says of what it is.
pub(super) fn schema(text: &[u8]) -> Result<String, Cause> {
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(Cause::Empty);
    }
    if text.trim_ascii_start().first() != Some(&b'{') {
        // What is not even JSON is told where.
        let _valid: IgnoredAny = json(text)?;
        return Err(Cause::Foreign("it is JSON, but no object".to_owned()));
    }
    let head: Head = json(text)?;
    head.schema
        .ok_or_else(|| Cause::Foreign("it has no \"schema\"".to_owned()))
}

/// What is looked at first.
#[derive(Deserialize)]
struct Head {
    schema: Option<String>,
}

pub(super) fn json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Cause> {
    serde_json::from_slice(text).map_err(|error| {
        if error.is_syntax() && ends_within_a_number(text, &error) {
            return Cause::Cut {
                line: error.line(),
                column: error.column(),
            };
        }
        Cause::from(error)
    })
}

/// Whether a text stops where a number would have gone on: the parser takes that for a bad number, and
/// not for an end that comes too early.
fn ends_within_a_number(text: &[u8], error: &serde_json::Error) -> bool {
    let lines = || text.split(|byte| *byte == b'\n');
    let end = (lines().count(), lines().next_back().map_or(0, <[u8]>::len));
    let is_open = matches!(text.last(), Some(b'.' | b'-' | b'+' | b'e' | b'E'));
    is_open && (error.line(), error.column()) == end
}

/// Whether a schema is one of ours, of a version that is yet to come.
pub(super) fn is_newer(schema: &str) -> bool {
    let kinds = [
        "run",
        "sweep",
        "search",
        "selftest",
        "compare",
        "environment",
        "tune",
    ];
    kinds.iter().any(|kind| {
        let version = schema.strip_prefix(&format!("loadgen/{kind}/"));
        version.is_some_and(|version| version.parse().is_ok_and(|version: u32| version > 1))
    })
}

/// No file of ours is longer, and one that is must not take all memory.
const LARGEST: u64 = 256 << 20;
