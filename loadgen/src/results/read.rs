//! Reads result files back: whatever is wrong with one is said in a sentence that names the file,
//! the place and what was expected.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use thiserror::Error;

use super::{Comparison, EnvironmentFile, Period, Run, Search, Selftest, Sweep};
use crate::environment::Environment;
use crate::environment::build::Builds;
use crate::measure::Counts;

/// What a result file holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    /// One run.
    Run(Box<Run>),
    /// Runs at several rates.
    Sweep(Box<Sweep>),
    /// The search for a rate.
    Search(Box<Search>),
    /// What a machine can measure.
    Selftest(Box<Selftest>),
    /// Two sets of runs, compared.
    Comparison(Box<Comparison>),
}

impl Document {
    /// What it is, for people.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Run(_) => "a run",
            Self::Sweep(_) => "a sweep",
            Self::Search(_) => "a search",
            Self::Selftest(_) => "a selftest",
            Self::Comparison(_) => "a comparison",
        }
    }

    fn runs_mut(&mut self) -> Box<dyn Iterator<Item = &mut Run> + '_> {
        match self {
            Self::Run(run) => Box::new(std::iter::once(run.as_mut())),
            Self::Sweep(sweep) => Box::new(sweep.trials.iter_mut().map(|trial| &mut trial.run)),
            Self::Search(search) => Box::new(search.trials.iter_mut().map(|trial| &mut trial.run)),
            Self::Selftest(_) | Self::Comparison(_) => Box::new(std::iter::empty()),
        }
    }
}

/// Reads a result file of any kind.
///
/// # Errors
///
/// [`ReadError`], which names the file.
pub fn document(path: &Path) -> Result<Document, ReadError> {
    let failure = |cause| ReadError {
        path: path.to_owned(),
        cause,
    };
    let text = text(path).map_err(|source| failure(Cause::Unreadable(source)))?;
    parse(&text).map_err(failure)
}

/// Reads the file of a run.
///
/// # Errors
///
/// [`ReadError`], which names the file.
pub fn run(path: &Path) -> Result<Run, ReadError> {
    match document(path)? {
        Document::Run(run) => Ok(*run),
        other => Err(ReadError {
            path: path.to_owned(),
            cause: Cause::Kind {
                found: other.kind(),
                wanted: "a run",
            },
        }),
    }
}

/// What a file keeps of the machine that it was made on.
#[derive(Clone, Debug, PartialEq)]
pub struct Surroundings {
    /// The machine.
    pub environment: Environment,
    /// The programs, if they are known.
    pub builds: Option<Builds>,
}

/// Reads what the file of a run or of an environment alone keeps of the machine.
///
/// # Errors
///
/// [`ReadError`], which names the file.
pub fn surroundings(path: &Path) -> Result<Surroundings, ReadError> {
    let failure = |cause| ReadError {
        path: path.to_owned(),
        cause,
    };
    let text = text(path).map_err(|source| failure(Cause::Unreadable(source)))?;
    parse_surroundings(&text).map_err(failure)
}

/// Reads what the text of a file keeps of the machine.
///
/// # Errors
///
/// What is wrong with it.
pub fn parse_surroundings(text: &[u8]) -> Result<Surroundings, Cause> {
    if schema(text)? == "loadgen/environment/1" {
        let file: EnvironmentFile = json(text)?;
        return Ok(Surroundings {
            environment: file.environment,
            builds: Some(file.builds),
        });
    }
    match parse(text)? {
        Document::Run(run) => Ok(Surroundings {
            environment: run.environment.ok_or(Cause::NoEnvironment)?,
            builds: run.builds,
        }),
        other => Err(Cause::Kind {
            found: other.kind(),
            wanted: "a run or an environment",
        }),
    }
}

/// Reads the text of a result file of any kind.
///
/// # Errors
///
/// What is wrong with it.
pub fn parse(text: &[u8]) -> Result<Document, Cause> {
    let schema = schema(text)?;
    let mut document = match schema.as_str() {
        "loadgen/run/1" => json(text).map(|run| Document::Run(Box::new(run))),
        "loadgen/sweep/1" => json(text).map(|sweep| Document::Sweep(Box::new(sweep))),
        "loadgen/search/1" => json(text).map(|search| Document::Search(Box::new(search))),
        "loadgen/selftest/1" => json(text).map(|selftest| Document::Selftest(Box::new(selftest))),
        "loadgen/compare/1" => json(text).map(|one| Document::Comparison(Box::new(one))),
        other if is_newer(other) => Err(Cause::Newer(schema)),
        other => Err(Cause::Foreign(format!("its \"schema\" is {other:?}"))),
    }?;
    for run in document.runs_mut() {
        if !can_be_counted(run) {
            return Err(Cause::Counts);
        }
        if !follow_each_other(&run.intervals) {
            return Err(Cause::Rows);
        }
        run.plan.complete();
    }
    Ok(document)
}

/// What a text says of what it is.
fn schema(text: &[u8]) -> Result<String, Cause> {
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

/// Whether sums of what a run counts are sure to fit.
fn can_be_counted(run: &Run) -> bool {
    let Counts {
        scheduled,
        sent,
        not_sent,
        received,
        late,
        lost,
        duplicated,
        reordered,
        corrupted,
        foreign,
        stale,
    } = run.counts;
    let probes = [scheduled, sent, not_sent, received, late, lost];
    let datagrams = [duplicated, reordered, corrupted, foreign, stale];
    let mut all = probes.iter().chain(&datagrams);
    all.all(|count| *count < MOST)
}

/// Whether rows are in order, and their sums sure to fit.
fn follow_each_other(rows: &[Period]) -> bool {
    let mut end = 0;
    rows.iter().all(|row| {
        let follows = row.from_ns >= end && row.to_ns >= row.from_ns;
        end = row.to_ns;
        let probes = [row.sent, row.not_sent, row.received, row.lost];
        let datagrams = [
            row.duplicated,
            row.reordered,
            row.corrupted,
            row.foreign,
            row.stale,
        ];
        let mut all = probes.iter().chain(&datagrams);
        follows && all.all(|count| *count < MOST / MOST_ROWS)
    })
}

/// More rows than a run has.
const MOST_ROWS: u64 = 1 << 14;

/// The probes of a year at the highest rate there is are fewer.
const MOST: u64 = 1 << 60;

/// Whether a schema is one of ours, of a version that is yet to come.
fn is_newer(schema: &str) -> bool {
    let kinds = [
        "run",
        "sweep",
        "search",
        "selftest",
        "compare",
        "environment",
    ];
    kinds.iter().any(|kind| {
        let version = schema.strip_prefix(&format!("loadgen/{kind}/"));
        version.is_some_and(|version| version.parse().is_ok_and(|version: u32| version > 1))
    })
}

fn json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Cause> {
    serde_json::from_slice(text).map_err(Cause::from)
}

/// No file of ours is longer, and one that is must not take all memory.
const LARGEST: u64 = 256 << 20;

fn text(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let read = File::open(path)?.take(LARGEST + 1).read_to_end(&mut text)?;
    if read as u64 > LARGEST {
        return Err(io::Error::other(
            "it is longer than 256 MiB, as no result is",
        ));
    }
    Ok(text)
}

/// What is looked at first.
#[derive(Deserialize)]
struct Head {
    schema: Option<String>,
}

/// A file that cannot be used.
#[derive(Debug, Error)]
#[error("cannot read {}: {cause}", path.display())]
pub struct ReadError {
    path: PathBuf,
    cause: Cause,
}

/// Why a file cannot be used: the end of a sentence.
#[derive(Debug, Error)]
pub enum Cause {
    /// The system does not hand it out.
    #[error("{0}")]
    Unreadable(io::Error),
    /// It has nothing in it.
    #[error("it is empty, where a result of loadgen --json was expected")]
    Empty,
    /// It ends too early.
    #[error("it ends too early, at line {line}, column {column}: it was cut, or is being written")]
    Cut {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// It is JSON that does not have the form of a result, or no JSON.
    #[error("line {line}, column {column}: {what}")]
    Form {
        /// Counted from 1.
        line: usize,
        /// Counted from 1; 0 if only the line is known.
        column: usize,
        /// What was found, and what was expected.
        what: String,
    },
    /// It has counts of which none can be true.
    #[error("it counts more than a run can send")]
    Counts,
    /// It is somebody else's.
    #[error("it is no result of loadgen: {0}, where \"loadgen/run/1\" or the like was expected")]
    Foreign(String),
    /// It was written by a later version of this program.
    #[error("it has the format {0}, which this version of loadgen does not know: use a newer one")]
    Newer(String),
    /// Its rows are not those of a run.
    #[error("its intervals do not follow each other, or count more than a run can send")]
    Rows,
    /// It is of a time when runs kept none.
    #[error("it holds no environment: an older loadgen has written it, so measure again")]
    NoEnvironment,
    /// It holds something else.
    #[error("it holds {found}, where {wanted} was expected")]
    #[expect(missing_docs, reason = "the sentence names its fields")]
    Kind {
        found: &'static str,
        wanted: &'static str,
    },
}

impl From<serde_json::Error> for Cause {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        if error.is_eof() {
            return Self::Cut { line, column };
        }
        let text = error.to_string();
        let place = format!(" at line {line} column {column}");
        let what = text.strip_suffix(&place).unwrap_or(&text);
        let what = if error.is_syntax() {
            format!("it is no JSON there ({what})")
        } else {
            what.to_owned()
        };
        Self::Form { line, column, what }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::EnvironmentSchema;
    use super::super::tests::run;
    use super::*;

    fn refusal(text: &str) -> String {
        parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_run_is_read_as_it_was_written() {
        let text = serde_json::to_vec(&run()).unwrap();
        assert_eq!(parse(&text).unwrap(), Document::Run(Box::new(run())));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_in_a_sentence() {
        let whole = serde_json::to_string_pretty(&run()).unwrap();
        assert!(refusal("  \n").starts_with("it is empty"));
        assert!(refusal(&whole[..whole.len() / 2]).starts_with("it ends too early, at line"));
        assert!(refusal("{}").contains("no \"schema\""));
        assert!(refusal("[1]").contains("it is JSON, but no object"));
        let nested = "[".repeat(100_000);
        assert!(refusal(&nested).starts_with("it ends too early"));
        assert!(refusal(&(nested + &"]".repeat(100_000))).contains("no object"));
        assert!(refusal("{\"schema\": 1}").contains("expected a string"));
        assert!(refusal(&r#"{"a":"#.repeat(100_000)).starts_with("it ends too early"));
        assert!(
            refusal("hello").starts_with("line 1, column 1: it is no JSON there (expected value)")
        );
        assert!(refusal(r#"{"schema": "iperf"}"#).contains("its \"schema\" is \"iperf\""));
        assert!(refusal(r#"{"schema": "loadgen/run/2"}"#).contains("use a newer one"));
        assert!(refusal(r#"{"schema": "loadgen/run/0"}"#).contains("no result of loadgen"));
        let many = whole.replacen("\"sent\": 993", "\"sent\": 18446744073709551615", 1);
        assert_eq!(refusal(&many), "it counts more than a run can send");
        let wrong = whole.replacen("\"window_ns\": 100000000", "\"window_ns\": -1", 1);
        assert!(
            refusal(&wrong).contains("expected u64"),
            "{}",
            refusal(&wrong)
        );
    }

    #[test]
    fn what_is_wrong_with_an_environment_is_said_in_the_same_words() {
        let environment = Environment::read(None);
        let builds = Builds::read(false);
        let file = EnvironmentFile {
            schema: EnvironmentSchema::Environment1,
            environment: environment.clone(),
            builds: builds.clone(),
        };
        let mut run = run();
        let refusal = |text: &str| {
            let refused = parse_surroundings(text.as_bytes()).unwrap_err();
            refused.to_string()
        };
        let alone = serde_json::to_string(&run).unwrap();
        assert!(refusal(&alone).starts_with("it holds no environment"));
        run.environment = Some(environment.clone());
        run.builds = Some(builds.clone());
        let kept = Surroundings {
            environment,
            builds: Some(builds),
        };
        for text in [
            serde_json::to_string(&file).unwrap(),
            serde_json::to_string(&run).unwrap(),
        ] {
            assert_eq!(parse_surroundings(text.as_bytes()).unwrap(), kept);
            assert!(refusal(&text[..text.len() / 2]).starts_with("it ends too early"));
            let newer = refusal(&text.replacen("/1\"", "/2\"", 1));
            assert!(newer.contains("use a newer one"), "{newer}");
        }
        assert!(refusal("").starts_with("it is empty"));
        assert!(refusal(r#"{"schema": "loadgen/environment/1"}"#).contains("`environment`"));
        let sweep = serde_json::to_string(&Sweep::new(Vec::new(), 2)).unwrap();
        let words = "it holds a sweep, where a run or an environment was expected";
        assert_eq!(refusal(&sweep), words);
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(bytes: Vec<u8>) {
            let _parsed: Result<Document, Cause> = parse(&bytes);
            let _parsed: Result<Surroundings, Cause> = parse_surroundings(&bytes);
        }

        #[test]
        fn a_file_that_is_cut_or_damaged_anywhere_is_refused_or_read(
            at in 0.0..1.0_f64, byte: Option<u8>,
        ) {
            let mut text = serde_json::to_vec(&run()).unwrap();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a place in a short text"
            )]
            let place = (at * text.len() as f64) as usize;
            match byte {
                None => {
                    text.truncate(place);
                    let cut = matches!(parse(&text), Err(Cause::Cut { .. } | Cause::Empty));
                    prop_assert!(cut);
                }
                Some(byte) => {
                    text[place] = byte;
                    let _parsed: Result<Document, Cause> = parse(&text);
                }
            }
        }
    }
}
